"""The form of an opt-in keyword. Only the word is required; everything else has a default."""

import re
from unicodedata import normalize

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField, HiddenField, IntegerField, RadioField, SelectField, StringField, ValidationError
from wtforms.fields import Field, SelectChoice
from wtforms.validators import Length, NumberRange, Optional

from optin.consent.promises import Promise
from optin.enums import Per
from optin.evidence import pictures
from optin.evidence.pictures import Picture
from optin.features.keywords.saving import KeywordContent
from optin.models import DisclosureImage
from optin.models.keyword import CONFIRMATION, MERGE_FIELDS, QUESTION
from optin.reading.words import KEYWORD_LENGTH, normalise, refusal_as_keyword
from optin.refused import Refused
from optin.texts import merge_fields
from optin.web.fields import Line, Text, clean

MOST_ALIASES = 20
MOST_PROMISED = 1000
LONGEST_WORD = 30
SINGLE, DOUBLE = "single", "double"
OPT_IN = [
    SelectChoice(SINGLE, "Single: the word alone opts them in"),
    SelectChoice(DOUBLE, "Double: they also answer a question with YES"),
]
_URL = re.compile(r"https?://[^\s/]+\.[^\s]+", re.IGNORECASE)


def one_spelling(text: str | None) -> str:
    """Return typed words with compatibility characters folded (Unicode NFKC), so that what is shown is what matches."""
    return normalize("NFKC", clean(text))


def split(text: str | None) -> list[str]:
    """Return the words of a list that is written with commas, spaces or lines."""
    return [word for word in re.split(r"[\s,;]+", clean(text)) if word]


class KeywordForm(FlaskForm):  # type: ignore[misc]
    """What a user says about a keyword; `extra_opt_out` are the admin's opt-out words, which are reserved too.

    `picture` is the image that was uploaded, after `validate`. A browser never fills a file in again, so `kept_image`
    names the one of a form that was refused.
    """

    picture: Picture | None = None

    word = StringField("Keyword", filters=[one_spelling])
    aliases = StringField("Aliases", filters=[one_spelling])
    description = Text("Description", [Length(max=2000)])
    disclosure = Text("What people are told", [Length(max=5000)])
    disclosure_url = Line("Web address where they see it", [Length(max=500)])
    image = FileField("Image of what they see")
    kept_image = HiddenField(filters=[clean])
    remove_image = BooleanField("Remove the image")
    promised_most = IntegerField("Texts at most", [Optional(), NumberRange(1, MOST_PROMISED)])
    promised_per = SelectField("In what time", choices=[SelectChoice(per, per.label) for per in Per], default=Per.MONTH)
    frequency = Line("Frequency", [Length(max=80)])
    opt_in = RadioField("Opt-in", choices=OPT_IN)
    confirmation = Text("Confirmation reply", [Length(max=1600)])
    question = Text("Question for double opt-in", [Length(max=1600)])

    def __init__(self, *args: object, extra_opt_out: tuple[str, ...] = (), **kwargs: object) -> None:
        """Make the form from the request, or from what WTForms is given."""
        super().__init__(*args, **kwargs)
        self.extra_opt_out = extra_opt_out
        self.opt_in.data = self.opt_in.data or SINGLE

    def content(self, image: DisclosureImage | None) -> KeywordContent:
        """Return what was entered, with defaults in the place of empty templates; `image` as it was chosen."""
        return KeywordContent(
            word=self.word.data,
            aliases=tuple(split(self.aliases.data)),
            description=self.description.data,
            disclosure=self.disclosure.data,
            disclosure_url=self.disclosure_url.data,
            frequency=self.frequency.data,
            double_opt_in=self.opt_in.data == DOUBLE,
            confirmation=self.confirmation.data or CONFIRMATION,
            question=self.question.data or QUESTION,
            image=None if self.remove_image.data else image,
            promise=Promise(self.promised_most.data, Per(self.promised_per.data)) if self.promised_most.data else None,
        )

    def validate_word(self, field: Field) -> None:
        """Refuse what cannot be a keyword, with the sentence why."""
        self._check(field.data)

    def validate_aliases(self, field: Field) -> None:
        """Refuse aliases that cannot be keywords, too many of them, and one word twice."""
        aliases = split(field.data)
        if len(aliases) > MOST_ALIASES:
            raise ValidationError(f"Enter at most {MOST_ALIASES} aliases.")
        seen = {normalise(self.word.data)}
        for alias in aliases:
            self._check(alias)
            if normalise(alias) in seen:
                raise ValidationError(f"“{alias}” is entered twice.")
            seen.add(normalise(alias))

    def validate_disclosure_url(self, field: Field) -> None:
        """Ask for a web address that a browser can open."""
        if field.data and not _URL.fullmatch(field.data):
            raise ValidationError("Enter a full web address, such as https://example.org/volunteer.")

    def validate_image(self, field: Field) -> None:
        """Take a picture by its content, whatever its name says."""
        if not field.data:
            return
        picture = pictures.read(field.data.read(pictures.LARGEST + 1))
        if isinstance(picture, Refused):
            raise ValidationError(picture.sentence)
        self.picture, self.remove_image.data = picture, False

    def validate_confirmation(self, field: Field) -> None:
        """Refuse a template that could not be filled in."""
        _check_template(field.data)

    def validate_question(self, field: Field) -> None:
        """Refuse a template that could not be filled in."""
        _check_template(field.data)

    def _check(self, word: str) -> None:
        if refused := refusal_as_keyword(word, self.extra_opt_out):
            raise ValidationError(refused.sentence)
        if len(word) > LONGEST_WORD:
            raise ValidationError(KEYWORD_LENGTH)


def _check_template(text: str) -> None:
    if problems := merge_fields.problems(text, MERGE_FIELDS):
        raise ValidationError(" ".join(problems))
