"""The fields that the columns of a file may be, for each kind of import. Pure."""

from collections.abc import Mapping, Sequence

from optin.features.imports.terms import ImportKind
from optin.refused import Refused
from optin.spreadsheets.guess import Field

NAME, MOBILE, EMAIL, OPTED_OUT, US_STATE = "name", "mobile", "email", "opted_out", "us_state"
_PHONES = (
    "mobile, cell, cell phone, phone, phone number, telephone, tel, sms, number, handy, handynummer, mobil, telefon, "
    "rufnummer, móvil, celular, teléfono, portable, téléphone"
)
_OUTS = (
    "opted out, opt out, do not text, do not sms, do not message, do not contact, don’t text, don’t contact, no "
    "texts, no sms, unsubscribed, unsubscribe, suppressed, blocked, stop, dnt, dnc, abgemeldet, abmeldung, nicht "
    "anschreiben, nicht kontaktieren, nicht schreiben, keine sms, keine nachrichten, kein kontakt, gesperrt, "
    "sperrvermerk, widerspruch, widerrufen, baja, no contactar, no enviar, no escribir, no molestar, désinscrit, "
    "désabonné, ne pas contacter, ne pas envoyer, pas de sms, não contatar, não contactar, não enviar"
)
CONSENT_DATE, CONSENT_WAY, CONSENT_TOLD, CONSENT_BY = "consent_date", "consent_way", "consent_told", "consent_by"
CONSENT_FIELDS = (CONSENT_DATE, CONSENT_WAY, CONSENT_TOLD, CONSENT_BY)
NUMBER = "Mobile phone"
_STATES = "state, us state, state province, mailing state, home state, address state, billing state, state code"
_PHONE = Field(MOBILE, NUMBER, tuple(_PHONES.split(", ")), "phone")
_OUT = Field(OPTED_OUT, "Opted out", tuple(_OUTS.split(", ")), "yes_no")
_DATES = (
    "consent date, date of consent, opt in date, opted in on, opted in at, agreed on, signed on, sign up date, "
    "signed up, einwilligung am, eingewilligt am, fecha de consentimiento, date de consentement"
)
_WAYS = "consent method, consent way, how they agreed, opt in method, consent source, opt in source"
_TOLD = "what they were told, consent text, opt in text, consent language, consent wording, disclosure"
_BY = "collected by, consent collected by, taken by, recorded by, signed up by, recruited by, erfasst von"
CONSENT = (
    Field(CONSENT_DATE, "Consent: date", tuple(_DATES.split(", ")), "date"),
    Field(CONSENT_WAY, "Consent: way", tuple(_WAYS.split(", "))),
    Field(CONSENT_TOLD, "Consent: what they were told", tuple(_TOLD.split(", "))),
    Field(CONSENT_BY, "Consent: collected by", tuple(_BY.split(", "))),
)
_SIGNED = Field(CONSENT_DATE, "Consent: date", (*CONSENT[0].headers, "date", "signed", "datum", "fecha"), "date")
"""In a list of opt-ins a date is that of the opt-in; of people it may be anything."""
PEOPLE = (
    Field("first_name", "First name", ("first", "given name", "forename", "vorname", "nombre", "prénom")),
    Field(
        "last_name",
        "Last name",
        ("last", "surname", "family name", "nachname", "familienname", "apellido", "apellidos", "nom"),
    ),
    Field(NAME, "Name (first and last)", ("name", "full name", "contact", "volunteer", "member", "nombre completo")),
    _PHONE,
    Field(EMAIL, "Email", ("e-mail", "email address", "mail", "correo", "courriel"), "email"),
    Field(
        "company",
        "Company",
        ("organisation", "organization", "employer", "account", "firma", "verein", "empresa", "société"),
    ),
    Field(US_STATE, "State (US)", tuple(_STATES.split(", "))),
    Field("notes", "Notes", ("note", "comment", "comments", "remarks", "bemerkung", "notizen", "notas", "remarques")),
    _OUT,
)


def to_guess(kind: ImportKind, more: Sequence[Field] = ()) -> tuple[Field, ...]:
    """Return the fields that a column may be, with what they are called in files.

    `more` are those that people may have besides: fields of one's own, and CONSENT where the user may import that.
    """
    if kind is ImportKind.OPT_IN:
        return (_PHONE, _SIGNED, *CONSENT[1:], _OUT)
    if kind is ImportKind.MEMBER:  # of members no consent is made
        more = [field for field in more if field.name not in CONSENT_FIELDS]
    return (_PHONE, _OUT) if kind is ImportKind.OPTED_OUT else (*PEOPLE, *more)


def fields_of(kind: ImportKind, more: Sequence[Field] = ()) -> Mapping[str, str]:
    """Return the fields that a column may be, by their names, with their labels."""
    return {field.name: field.label for field in to_guess(kind, more)}


def unused(headers: Sequence[str], mapping: Mapping[int, str]) -> list[str]:
    """Return the names of the columns that become nothing."""
    return [header for index, header in enumerate(headers) if index not in mapping]


def refusal(kind: ImportKind, fields: Sequence[str], own: Sequence[Field] = ()) -> Refused | None:
    """Refuse columns from which nobody can be imported; `fields` are the names of the chosen ones."""
    labels = fields_of(kind, (*own, *CONSENT))
    twice = sorted({labels[name] for name in fields if fields.count(name) > 1})
    if twice:
        return Refused(f"Choose one column alone for {', '.join(twice)}.")
    if not kind.person_kind and MOBILE not in fields:
        return Refused("Choose the column with the mobile phone.")
    if MOBILE not in fields and EMAIL not in fields:
        return Refused("Choose the column with the mobile phone, or the one with the email address.")
    if NAME in fields and {"first_name", "last_name"} & set(fields):
        return Refused("Choose either Name (first and last), or First name and Last name.")
    return None
