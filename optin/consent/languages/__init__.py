"""Further languages of opt-out words, one file each: how to add one is told in docs/recipes.md. Pure.

English and Spanish stand in consent/phrase_tables.py, with the parts that are no language's own.
"""

from optin.consent.languages.french import FRENCH

LANGUAGES = (FRENCH,)
