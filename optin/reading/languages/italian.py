"""Italian: "disiscrivimi", "non mandatemi più messaggi", "numero sbagliato". Pure."""

from optin.reading.languages.language import Language

_MESSAGES = r"(?:messaggi|messaggio|sms|notifiche)\b"
_THESE = r"(?: (?:piu|ricevere|i|questi|vostri|altri|di|con|nessun|la|mia))*"

ITALIAN = Language(
    requests=(
        (
            "non",
            (
                r" (?:mi|ci) (?:mand|invi|scriv|contatt|disturb|chiam)\w+",
                r" (?:mand|invi|scriv|contatt|disturb|chiam)(?:a|e|i|ate|ete|ar|er)(?:mi|ci)\b",
                rf" (?:voglio|desidero|vogliamo)(?= (?:piu|ricevere|i|questi|vostri)){_THESE} {_MESSAGES}",
            ),
        ),
        ("basta stop", (rf"{_THESE} {_MESSAGES}",)),
        ("smettetela smettete smetta smettila", (r" di (?:mandar|scriver|inviar|contattar|disturbar|chiamar)\w+",)),
        (
            "cancellatemi cancellami toglietemi toglimi rimuovetemi rimuovimi eliminatemi disiscrivetemi disiscrivimi",
            ("",),
        ),
        ("cancellate rimuovete eliminate togliete cancella rimuovi", (r"(?: il)? (?:mio|questo) (?:numero|nome)\b",)),
        ("numero persona", (r" sbagliat[oa]\b",)),
        ("revoco", (r" il (?:mio )?consenso\b",)),
        ("annulla annullare annullate", (rf"{_THESE} l?(?:iscrizione|abbonamento)\b",)),
        ("lasciatemi lasciami", (r" (?:in pace|stare)\b",)),
    ),
    clear=r"basta|disiscrizione|disiscriviti|disiscriversi|cancellazione",
    vague=r"annulla|annullare|cancella",
    polite=r"per favore|grazie|ciao|buongiorno|salve|subito",
    denied=r"\bnon $",
    held=r"non mi interessa|non sono interessat[oa]|no grazie",
    refusals=r"no grazie|non mi interessa|lascia perdere",
)
