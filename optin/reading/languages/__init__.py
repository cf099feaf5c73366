"""The languages of opt-out words, one file each: how to add one is told in docs/recipes.md. Pure.

English has more rows than any (english*.py); what is no language's own stands in
reading/phrase_tables.py.
"""

from optin.reading.languages.arabic import ARABIC, HEBREW
from optin.reading.languages.chinese import CHINESE, JAPANESE
from optin.reading.languages.french import FRENCH
from optin.reading.languages.german import GERMAN
from optin.reading.languages.italian import ITALIAN
from optin.reading.languages.korean import KOREAN
from optin.reading.languages.portuguese import PORTUGUESE
from optin.reading.languages.russian import RUSSIAN
from optin.reading.languages.spanish import SPANISH
from optin.reading.languages.tagalog import TAGALOG
from optin.reading.languages.vietnamese import VIETNAMESE

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
