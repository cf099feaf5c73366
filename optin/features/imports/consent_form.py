"""The form of the consent step: the keyword, what is said once for the file, and the name that vouches for it."""

from collections.abc import Mapping, Sequence

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField, DateField, HiddenField, RadioField, SelectField, ValidationError
from wtforms.fields import Field, SelectChoice
from wtforms.validators import InputRequired, Length, Optional

from optin import clock
from optin.enums import ConsentWay
from optin.evidence import documents
from optin.evidence.documents import Document
from optin.features.imports.consent_choice import (
    FIRST_TEXTS,
    LONGEST_BY,
    LONGEST_TOLD,
    OF_THE_DAY,
    PASTED,
    ConsentChoice,
    Told,
)
from optin.features.imports.fields import CONSENT_BY, CONSENT_WAY
from optin.models import EvidenceFile, Keyword
from optin.refused import Refused
from optin.web.fields import Line, Text, clean, one_line
from optin.web.filters import current_zone, day

MONTH_FIRST, DAY_FIRST = "month", "day"


class ConsentForm(FlaskForm):  # type: ignore[misc]
    """What is said of the consent of everybody in a file; `columns` are the fields that the file says for each row.

    `document` is the evidence that was uploaded, after `validate`. A browser never fills a file in again, so
    `kept_evidence` names the one of a form that was refused.
    """

    document: Document | None = None

    keyword = SelectField("Keyword", coerce=int, validators=[InputRequired("Choose the keyword.")])
    date = DateField("Date on which they agreed", [Optional()])
    order = RadioField(
        "Dates such as 3/4/2026 mean",
        choices=[SelectChoice(MONTH_FIRST, "March 4"), SelectChoice(DAY_FIRST, "3 April")],
    )
    way = SelectField("How they agreed")
    told = SelectField("What they were told")
    text = Text("The text", [Length(max=LONGEST_TOLD)])
    by = Line("Who collected it", [Length(max=LONGEST_BY)])
    evidence = FileField("A scan or photo that shows it")
    kept_evidence = HiddenField(filters=[clean])
    remove_evidence = BooleanField("Remove this file")
    attested = BooleanField("These people agreed to be texted by us, as it is said here. I can show it.")
    name = Line("Your name", [Length(max=120)])

    def __init__(self, keywords: Sequence[Keyword], columns: Sequence[str], user_name: str, **given: object) -> None:
        """Make the form with the keywords that one can opt in with."""
        super().__init__(**given)
        self.keywords, self.columns, self.user_name = keywords, columns, user_name
        self.keyword.choices = [SelectChoice(str(each.id), each.word) for each in keywords]
        ways = [SelectChoice(way.value, way.label) for way in ConsentWay]
        self.way.choices = [SelectChoice("", "Only as the column says" if CONSENT_WAY in columns else "Choose"), *ways]
        self.told.choices = [
            SelectChoice(OF_THE_DAY, "What the keyword said on that day"),
            *(SelectChoice(str(each.id), f"{keyword.word}: {_version(each)}")
              for keyword in keywords for each in _versions(keyword)),
            SelectChoice(PASTED, "Another text"),
        ]  # fmt: skip

    def validate_date(self, field: Field) -> None:
        """Refuse a day on which nobody can have agreed."""
        if field.data and field.data > clock.now().astimezone(current_zone()).date():
            raise ValidationError("Choose today or an earlier day.")
        if field.data and field.data.year < FIRST_TEXTS:
            raise ValidationError("That is before the first text message. Check the year.")

    def validate_way(self, field: Field) -> None:
        """Ask for the way where no column has it."""
        if not field.data and CONSENT_WAY not in self.columns:
            raise ValidationError("Choose how they agreed.")

    def validate_told(self, field: Field) -> None:
        """Refuse a version of another keyword."""
        versions = [str(told.id) for told in self.versions_of(self.keyword.data)]
        if field.data not in (OF_THE_DAY, PASTED, *versions):
            raise ValidationError("Choose what this keyword says.")

    def validate_text(self, field: Field) -> None:
        """Ask for the text where it is another one."""
        if self.told.data == PASTED and not field.data:
            raise ValidationError("Paste the text that they read or heard.")

    def validate_by(self, field: Field) -> None:
        """Ask for who collected it where no column has it."""
        if not field.data and CONSENT_BY not in self.columns:
            raise ValidationError("Say who collected it: a person, a team or a website.")

    def validate_evidence(self, field: Field) -> None:
        """Take a document by its content, whatever its name says."""
        if not field.data:
            return
        document = documents.read(field.data.read(documents.LARGEST + 1), one_line(field.data.filename))
        if isinstance(document, Refused):
            raise ValidationError(document.sentence)
        self.document, self.remove_evidence.data = document, False

    def validate_attested(self, field: Field) -> None:
        """Ask for the tick."""
        if not field.data:
            raise ValidationError("Tick this: without it nobody is opted in.")

    def validate_name(self, field: Field) -> None:
        """Ask for the user's own name, as it is known here."""
        if field.data.casefold() != " ".join(self.user_name.split()).casefold():
            raise ValidationError(f"Type your name as it stands in Optin: {self.user_name}.")

    def versions_of(self, keyword_id: int | None) -> Sequence[Told]:
        """Return the versions of what a keyword tells people, newest first."""
        return next((_versions(each) for each in self.keywords if each.id == keyword_id), [])

    def choice(self, zone: str, evidence: EvidenceFile | None) -> ConsentChoice:
        """Return what was said, `zone` being where the dates are days, and `evidence` the file that shows it."""
        return ConsentChoice(
            keyword_id=self.keyword.data,
            word=next(each.word for each in self.keywords if each.id == self.keyword.data),
            date=self.date.data.isoformat() if self.date.data else "",
            way=self.way.data,
            told=self.told.data,
            text=self.text.data if self.told.data == PASTED else "",
            by=self.by.data,
            evidence=evidence.name if evidence else "",
            evidence_digest=evidence.digest if evidence else "",
            zone=zone,
            day_first=self.order.data == DAY_FIRST,
        )


def answers(stored: Mapping[str, object] | None) -> dict[str, object]:
    """Return what was answered before, by the names of the form's fields."""
    said = dict(stored or {})
    given = {name: said[name] for name in ("way", "told", "text", "by") if said.get(name)}
    return {**given, **({"keyword": said["keyword_id"]} if said.get("keyword_id") else {})}


def _versions(keyword: Keyword) -> Sequence[Told]:
    return [Told(each.id, each.version, each.created_at) for each in keyword.disclosures]


def _version(told: Told) -> str:
    return f"version {told.version}, since {day(told.since)}"
