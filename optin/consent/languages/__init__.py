"""The languages of opt-out words, one file each: how to add one is told in docs/recipes.md. Pure.

English has more rows than any (english*.py); what is no language's own stands in
consent/phrase_tables.py.
"""

from optin.consent.languages.arabic import ARABIC, HEBREW
from optin.consent.languages.chinese import CHINESE, JAPANESE
from optin.consent.languages.french import FRENCH
from optin.consent.languages.german import GERMAN
from optin.consent.languages.italian import ITALIAN
from optin.consent.languages.korean import KOREAN
from optin.consent.languages.portuguese import PORTUGUESE
from optin.consent.languages.russian import RUSSIAN
from optin.consent.languages.spanish import SPANISH
from optin.consent.languages.tagalog import TAGALOG
from optin.consent.languages.vietnamese import VIETNAMESE

LANGUAGES = (
    SPANISH,
    FRENCH,
    PORTUGUESE,
    GERMAN,
    ITALIAN,
    RUSSIAN,
    CHINESE,
    JAPANESE,
    ARABIC,
    HEBREW,
    KOREAN,
    VIETNAMESE,
    TAGALOG,
)
