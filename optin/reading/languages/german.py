"""German: "Abmelden", "keine SMS mehr bitte", "löschen Sie meine Nummer". Pure."""

from optin.reading.languages.language import Language

_MESSAGES = r"(?:nachricht|nachrichten|sms|texte|werbung|mitteilungen|infos)\b"
_YOU = r"(?: (?:sie|du|ihr|bitte|endlich|mir|mich|uns|doch))*"

GERMAN = Language(
    requests=(
        ("keine", (rf"(?: (?:weiteren|solchen|diese))? {_MESSAGES} mehr\b", rf" weiteren {_MESSAGES}")),
        ("bitte will mochte wunsche", (rf"(?: ich)? keine(?: weiteren| solchen)? {_MESSAGES}",)),
        (
            "will mochte wunsche",
            (r"(?: ich)?(?: mich)? (?:abmelden|abgemeldet werden|nicht mehr (?:kontaktiert|angeschrieben))\b",),
        ),
        ("nicht nichts", (r" mehr (?:an)?(?:schreiben|kontaktieren|texten|anrufen|belastigen|senden|schicken)\b",)),
        (
            "schreiben schreibt schicken schickt senden sendet kontaktieren",
            (rf"{_YOU} (?:nicht|nichts|keine \w+) mehr\b",),
        ),
        ("horen hort hor", (rf"{_YOU} auf\b",)),
        ("stoppen stoppt stopp stop", (rf"{_YOU}(?: (?:die|diese|alle|mit den))* {_MESSAGES}",)),
        (
            "loschen losche loscht entfernen entferne streichen streicht nehmen",
            (
                rf"{_YOU} (?:meine|diese|unsere) (?:\w*nummer|daten)\b",
                r"(?: (?:sie|bitte))* (?:mich|uns)(?: bitte)? (?:aus|von)\b",
            ),
        ),
        ("melden melde meldet", (r"(?: (?:sie|bitte))* (?:mich|uns)(?: bitte)? ab\b",)),
        ("falsche", (r" (?:\w*nummer|person)\b",)),
        ("falsch", (r" verbunden\b",)),
        ("lassen lasst lass", (r"(?: sie)? (?:mich|uns)(?: \w+)? in (?:ruhe|frieden)\b",)),
        ("widerrufe", (r"(?: \w+)? (?:meine|die|jede) (?:einwilligung|zustimmung)\b",)),
    ),
    doubts=(("abmelden abbestellen abmeldung austragen", ("",)),),
    clear=r"abmelden|abbestellen|austragen|abmeldung|aufhoren|stoppen|nicht mehr schreiben",
    vague=r"kundigen|beenden|loschen|ende|schluss",
    polite=r"bitte|danke|vielen dank|hallo|guten (?:tag|morgen|abend)|sofort|jetzt",
    denied=r"\b(?:nicht|kein) $",
    held=r"kein interesse|nein danke|lass mich|stopp",
    refusals=r"nein(?: danke)?|kein interesse|doch nicht",
)
