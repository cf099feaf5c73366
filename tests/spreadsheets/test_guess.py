"""Which column is which, in the exports of several programs and languages."""

import pytest

from optin.spreadsheets.guess import Field, guess, plain

FIELDS = (
    Field("first_name", "First Name", ("First", "Given Name", "Vorname", "Prénom", "Nombre", "Nome")),
    Field("last_name", "Last Name", ("Surname", "Family Name", "Nachname", "Nom", "Apellidos", "Sobrenome", "Name")),
    Field(
        "mobile",
        "Mobile Phone",
        (
            *("Mobile", "Cell", "Handy", "Mobilnummer", "Mobil", "Portable", "Móvil", "Celular", "Telemóvel"),
            *("Mobile Number", "Phone (Mobile)", "Phone", "Phone Number", "Telefon", "Téléphone", "Teléfono"),
        ),
        "phone",
    ),
    Field("email", "Email", ("E-Mail", "Email Address", "Courriel", "Correo electrónico", "Mail"), "email"),
    Field("company", "Company", ("Account Name", "Organization", "Firma", "Société", "Empresa")),
    Field("opted_out", "Opted Out", ("Do Not Text", "SMS Opt Out", "Unsubscribed", "Abgemeldet"), "yes_no"),
    Field("opted_in", "Opt-In Date", ("Consent Date", "Signed Up", "Date", "Datum"), "date"),
    Field("keyword", "Keyword", ("Opt-In Keyword",)),
    Field("source", "Source", ("Lead Source", "Quelle")),
)
NUMBER, OTHER = "(415) 555-0100", "(415) 555-0101"
EXPORTS = {
    "German": (
        ["Vorname", "Nachname", "Handy", "E-Mail", "Firma", "Datum"],
        ["Zoë", "Groß", "0151 12345678", "z@b.de", "X", "03.05.2026"],
        {0: "first_name", 1: "last_name", 2: "mobile", 3: "email", 4: "company", 5: "opted_in"},
    ),
    "French": (
        ["PRÉNOM", "Nom", "Téléphone portable", "Courriel"],
        ["Zoë", "Petit", "06 12 34 56 78", "z@b.fr"],
        {0: "first_name", 1: "last_name", 2: "mobile", 3: "email"},
    ),
    "Spanish": (
        ["Nombre", "Apellidos", "Teléfono móvil", "Correo electrónico"],
        ["Ana", "Peña", "+34 612 345 678", "a@b.es"],
        {0: "first_name", 1: "last_name", 2: "mobile", 3: "email"},
    ),
    "Portuguese": (
        ["Nome", "Sobrenome", "Celular", "Empresa"],
        ["Ana", "Simões", "+55 11 91234-5678", "X"],
        {0: "first_name", 1: "last_name", 2: "mobile", 3: "company"},
    ),
    "Salesforce": (
        ["Id", "FirstName", "LastName", "Phone", "MobilePhone", "Email", "HasOptedOutOfEmail", "LeadSource"],
        ["003A", "Ada", "Lopez", OTHER, NUMBER, "a@b.co", "0", "Web"],
        {1: "first_name", 2: "last_name", 4: "mobile", 5: "email", 7: "source"},
    ),
    "HubSpot, the number elsewhere than it says": (
        ["Record ID", "First Name", "Mobile Phone Number", "Phone Number", "Email Opt Out", "SMS Opt Out"],
        ["12", "Ada", "", NUMBER, "1", "0"],
        {1: "first_name", 2: "mobile", 5: "opted_out"},
    ),
    "a sign-up sheet": (
        ["Column A", "", "Column C", "Opt-In Date/Time"],
        ["Ada Lopez", NUMBER, "a@b.co", "2026-05-03 09:14"],
        {1: "mobile", 2: "email", 3: "opted_in"},
    ),
    "two phones": (["Home Phone", "Work Phone", "Cell"], [NUMBER, OTHER, NUMBER], {2: "mobile"}),
    "a company's phone": (["Company Name", "Company Phone"], ["X", NUMBER], {0: "company", 1: "mobile"}),
    "names that say something else": (
        ["Mobile", "Email", "Date of birth", "Signed", "Fax"],
        ["yes", "no", "1990-05-03", "x", NUMBER],
        {},
    ),
    "nothing but names": (
        ["Name", "Phone", "Do not text", "Keyword"],
        None,
        {0: "last_name", 1: "mobile", 2: "opted_out", 3: "keyword"},
    ),
}


@pytest.mark.parametrize("name", EXPORTS)
def test_columns_are_guessed(name: str) -> None:
    headers, sample, expected = EXPORTS[name]
    assert guess(headers, [sample] * 3 if sample else [], FIELDS) == expected


def test_a_column_that_is_badly_filled_in_is_found_by_its_name() -> None:
    samples = [["ask Jo"], [NUMBER], [""], ["?"], ["1.41555E+10"]]
    assert guess(["Mobile"], samples, FIELDS) == {0: "mobile"}


def test_rows_may_be_shorter_than_the_header() -> None:
    assert guess(["First", "Cell", "Email"], [["Ada"], []], FIELDS) == {0: "first_name", 1: "mobile", 2: "email"}


def test_names_are_compared_without_accents_and_signs() -> None:
    assert plain(" MobilePhone (Straße)  N° 1_é") == "mobile phone strasse n 1 e"
