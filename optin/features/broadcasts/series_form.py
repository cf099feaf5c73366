"""What the form of a series says: its name, its texts and what each waits for. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from werkzeug.datastructures import MultiDict

from optin.features.broadcasts.series_acts import MOST_STEPS, SeriesContent, Text
from optin.models import Series, SeriesStep
from optin.sending.series_turns import DAY, HOUR, Wait
from optin.web.record_ids import record_id

HOURS, DAYS = "hours", "days"
MINUTES = {HOURS: HOUR, DAYS: DAY}


@dataclass(frozen=True)
class TypedText:
    """A text and its wait as they were typed: so many (`count`) hours or days, and then at a time ("" for none)."""

    body: str = ""
    count: str = "1"
    unit: str = DAYS
    at: str = ""

    @property
    def text(self) -> Text:
        """Return it as a series has it; what can't be read waits for nothing, which no series may."""
        count = int(self.count) if self.count.isascii() and self.count.isdigit() and len(self.count) <= 4 else 0
        return Text(self.body, Wait(count * MINUTES[self.unit], _minutes(self.at)))

    @property
    def at_fault(self) -> bool:
        """Tell whether its time of day is none."""
        return bool(self.at) and _minutes(self.at) is None


@dataclass(frozen=True)
class TypedSeries:
    """A series as it was typed; `seen` is the version that was changed."""

    name: str = ""
    texts: Sequence[TypedText] = (TypedText(),)
    sender_id: int | None = None
    takes_all: bool = False
    seen: int = 0

    @property
    def faults(self) -> list[str]:
        """Say what can't be read."""
        return [
            f"Enter the time of day of text {number} as hours and minutes, such as 10:00."
            for number, text in enumerate(self.texts, 1)
            if text.at_fault
        ]

    def content(self, user_id: int) -> SeriesContent:
        """Return what a user wants it to be."""
        return SeriesContent(self.name, [each.text for each in self.texts], self.sender_id, self.takes_all, user_id)

    def with_text(self) -> "TypedSeries":
        """Return it with one more text, at most as many as a series may have."""
        return replace(self, texts=[*self.texts, TypedText()][:MOST_STEPS])

    def without_text(self, number: int) -> "TypedSeries":
        """Return it without the so-many-th text; one stays."""
        left = [text for place, text in enumerate(self.texts, 1) if place != number]
        return replace(self, texts=left or [TypedText()])


def of_form(form: MultiDict[str, str], clean: Callable[[str], str]) -> TypedSeries:
    """Read the form; `clean` makes texts as they are sent."""
    many = form.get("texts", "1")
    count = int(many) if many.isascii() and many.isdigit() and len(many) <= 2 else 1
    texts = [_text(form, number, clean) for number in range(1, min(max(count, 1), MOST_STEPS) + 1)]
    sender, seen = form.get("sender", type=record_id), form.get("version", 0, type=record_id)
    name = " ".join(form.get("name", "").replace("\0", "").split())
    return TypedSeries(name, texts, sender or None, form.get("takes") == "all", seen)


def of_series(found: Series, steps: Sequence[SeriesStep]) -> TypedSeries:
    """Return a series as somebody would type it."""
    texts = [_typed(step) for step in steps]
    return TypedSeries(found.name, texts, found.sender_id, found.takes_all, found.version)


def _text(form: Mapping[str, str], number: int, clean: Callable[[str], str]) -> TypedText:
    unit = form.get(f"unit-{number}", DAYS)
    count, at = (form.get(f"{name}-{number}", "").replace("\0", "").strip() for name in ("count", "at"))
    return TypedText(clean(form.get(f"body-{number}", "")), count, unit if unit in MINUTES else DAYS, at)


def _typed(step: SeriesStep) -> TypedText:
    unit = DAYS if step.wait % DAY == 0 else HOURS
    at = "" if step.at is None else f"{step.at // HOUR:02}:{step.at % HOUR:02}"
    return TypedText(step.body, str(step.wait // MINUTES[unit]), unit, at)


def _minutes(typed: str) -> int | None:
    """Read a time of day such as 10:00; None for none and for what is none."""
    hours, _, minutes = typed[:5].partition(":")
    if not all(len(part) == 2 and part.isascii() and part.isdigit() for part in (hours, minutes)):
        return None
    return int(hours) * HOUR + int(minutes) if int(hours) < 24 and int(minutes) < 60 else None
