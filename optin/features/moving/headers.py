"""Which object a file has, and which of its columns is what, by the names that Data Loader gives them. Pure."""

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from optin.features.moving.terms import ExportObject

PREFIX = "twiliosf__"
_PERSON = {
    "first_name": ("firstname",),
    "last_name": ("lastname",),
    "mobile": ("mobilephone",),
    "email": ("email",),
    "notes": ("description",),
    "us_state": ("mailingstatecode", "mailingstate", "statecode", "state"),
}
_SHARED = {"id": ("id",), "deleted": ("isdeleted",), "created_at": ("createddate",)}
COLUMNS: Mapping[ExportObject, Mapping[str, Sequence[str]]] = {
    ExportObject.KEYWORD: {**_SHARED, "name": ("name", "keyword__c"), "description": ("description__c", "description")},
    ExportObject.CONTACT: {**_SHARED, **_PERSON, "company": ("account.name", "company")},
    ExportObject.LEAD: {**_SHARED, **_PERSON, "company": ("company",), "contact": ("convertedcontactid",)},
    ExportObject.OPT_IN: {
        **_SHARED,
        "unique": ("uniqueid__c",),
        "number": ("opt_in_phone_number_unformatted__c", "opt_in_phone_number__c", "phone_number__c"),
        "keyword": ("opt_in_keyword__c",),
        "keyword_name": ("opt_in_keyword__r.name",),
        "active": ("active__c",),
        "opted_in_at": ("opt_in_date_time__c",),
        "opted_out_at": ("opt_out_date_time__c",),
        "contact": ("contact__c",),
        "lead": ("lead__c",),
        "text": ("message_body__c", "opt_in_message__c", "body__c"),
        "sid": ("message_sid__c", "external_id__c"),
    },
    ExportObject.CAMPAIGN: {
        **_SHARED,
        "name": ("name",),
        "description": ("description",),
        "status": ("status",),
        "keyword": ("opt_in_keyword__c",),
        "keyword_name": ("opt_in_keyword__r.name",),
    },
    ExportObject.MEMBER: {
        **_SHARED,
        "campaign": ("campaignid",),
        "contact": ("contactid",),
        "lead": ("leadid",),
    },
    ExportObject.MESSAGE: {
        **_SHARED,
        "sid": ("external_id__c", "message_sid__c"),
        "direction": ("direction__c",),
        "body": ("body__c",),
        "to": ("to_number__c",),
        "from": ("from_number__c",),
        "status": ("status__c",),
        "sent_at": ("sent_date__c", "date_sent__c", "date_time__c"),
        "campaign": ("campaign__c", "campaignid"),
        "media_count": ("num_media__c",),
    },
}
"""For each object the columns that are read, and what they are called without the prefix, in small letters."""
NEEDED: Mapping[ExportObject, Sequence[Sequence[str]]] = {
    ExportObject.KEYWORD: (("id",), ("name",)),
    ExportObject.CONTACT: (("id",),),
    ExportObject.LEAD: (("id",),),
    ExportObject.OPT_IN: (("number",), ("active",), ("keyword", "keyword_name")),
    ExportObject.CAMPAIGN: (("id",), ("name",)),
    ExportObject.MEMBER: (("campaign",), ("contact", "lead")),
    ExportObject.MESSAGE: (("direction",), ("body",), ("to", "from")),
}
"""What a file must have: of each group one."""
_BY_FILE = (
    ("member", ExportObject.MEMBER),
    ("keyword", ExportObject.KEYWORD),
    ("message", ExportObject.MESSAGE),
    ("opt_in", ExportObject.OPT_IN),
    ("optin", ExportObject.OPT_IN),
    ("campaign", ExportObject.CAMPAIGN),
    ("contact", ExportObject.CONTACT),
    ("lead", ExportObject.LEAD),
)


def plain(header: str) -> str:
    """Return a header in small letters and without the prefix of the package, also within a path (`a__r.b__c`)."""
    return ".".join(part.strip().removeprefix(PREFIX) for part in header.casefold().split("."))


def object_of(headers: Sequence[str], file_name: str) -> ExportObject | None:
    """Return which object a file has, by its columns and, where they leave it open, by its name; None for none."""
    names = {plain(header) for header in headers}
    if "direction__c" in names and "body__c" in names:
        return ExportObject.MESSAGE
    if names & {"opt_in_date_time__c", "opt_out_date_time__c", "opt_in_phone_number_unformatted__c"}:
        return ExportObject.OPT_IN
    if "campaignid" in names and names & {"contactid", "leadid"}:
        return ExportObject.MEMBER
    if "isconverted" in names or "convertedcontactid" in names:
        return ExportObject.LEAD
    if names & {"accountid", "account.name"} and "lastname" in names:
        return ExportObject.CONTACT
    return _by_file(names, file_name)


def columns(which: ExportObject, headers: Sequence[str]) -> dict[str, int]:
    """Return in which column each field of an object stands.

    Of two columns that have the same name but for the prefix, that of the package counts; of two others the first.
    """
    found = sorted(enumerate(headers), key=lambda each: (PREFIX in each[1].casefold(), -each[0]))
    at = {plain(header): index for index, header in found}
    return {
        field: next(at[name] for name in names if name in at)
        for field, names in COLUMNS[which].items()
        if any(name in at for name in names)
    }


def missing(which: ExportObject, found: Mapping[str, int]) -> str:
    """Return the name of the first column that a file lacks, "" where it has all that is needed."""
    for group in NEEDED[which]:
        if not any(field in found for field in group):
            return COLUMNS[which][group[0]][0]
    return ""


def _by_file(names: set[str], file_name: str) -> ExportObject | None:
    stem = PurePosixPath(file_name.replace("\\", "/")).stem.casefold().replace("-", "_").replace(" ", "_")
    said = next((which for part, which in _BY_FILE if part in stem), None)
    if said is not None and not missing(said, columns(said, sorted(names))):
        return said
    if "lastname" in names:
        return ExportObject.LEAD if "company" in names else ExportObject.CONTACT
    if "name" in names and "id" in names:
        return ExportObject.CAMPAIGN if "status" in names else ExportObject.KEYWORD
    return None
