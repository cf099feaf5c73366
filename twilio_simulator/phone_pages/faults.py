"""The drawer of network faults in words: its knobs in groups, and what a thread says when one has struck."""

from dataclasses import dataclass

from optin.provider import statuses
from twilio_simulator.phone_pages.control import Faults

CARRIER_CODES = ("30003", "30004", "30005", "30006", "30007", "30008", "30017", "30034", "30001", "30022")


@dataclass(frozen=True)
class Knob:
    """One fault, with how often it is to happen in percent."""

    name: str
    label: str
    help: str


@dataclass(frozen=True)
class Group:
    """Knobs of one stretch of a text's way."""

    title: str
    knobs: tuple[Knob, ...]


GROUPS = (
    Group(
        "When the app asks Twilio to send",
        (
            Knob("refused", "Refused, too many requests", "429. Nothing was sent; the app tries again."),
            Knob("failed_before", "Error before accepting", "503. Nothing was sent, but the app can’t know."),
            Knob("failed_after", "Error after accepting", "500. It was sent, but the app can’t know."),
            Knob("dropped", "Answer cut off", "It was sent; the connection breaks before the app knows."),
            Knob("slow", "Slow answer", "It was sent; the answer takes the seconds below."),
        ),
    ),
    Group(
        "On the way to the phone",
        (
            Knob("carrier", "Carrier error", "The text ends with the error code below."),
            Knob("no_receipt", "No receipt", "It arrives, but no receipt comes: it stays “sent”."),
        ),
    ),
    Group(
        "When Twilio reports the status to the app",
        (
            Knob("callback_lost", "Callback lost", "The app never hears of it."),
            Knob("callback_late", "Callback late", "Late by the seconds below."),
            Knob("callback_twice", "Callback twice", "The same status again."),
            Knob("callback_shuffled", "Callbacks out of order", "“Delivered” comes before “sent”."),
        ),
    ),
    Group(
        "When somebody texts us",
        (
            Knob("webhook_lost", "Webhook lost", "The app never gets the text."),
            Knob("webhook_late", "Webhook late", "Late by the seconds below."),
            Knob("webhook_twice", "Webhook twice", "The same text, at the same moment."),
        ),
    ),
)
FIELDS = (
    *(knob.name for group in GROUPS for knob in group.knobs), "code", "seconds", "only", "per_second", "at_once", "seed"
)  # fmt: skip
_LABELS = {knob.name: knob.label for group in GROUPS for knob in group.knobs}
_LABELS |= {"per_second": "Segments a second", "at_once": "Requests at once"}
_OTHERS = {"seconds": "Seconds", "seed": "Seed", "code": "Carrier’s error code"}
_SENTENCES = {
    "callback_lost": "The status “{about}” of this text was lost",
    "callback_late": "The status “{about}” of this text is late",
    "callback_twice": "The status “{about}” of this text came twice",
    "callback_shuffled": "The status “{about}” of this text waits until a later one has come",
    "webhook_lost": "The app was not told of this text: the webhook was lost",
    "webhook_late": "The app will be told of this text late",
    "webhook_twice": "The app was told of this text twice",
}


def codes() -> list[tuple[str, str]]:
    """Return the carrier's error codes to choose from, with their meaning."""
    return [(code, f"{code}: {statuses.meaning(int(code)).text}") for code in CARRIER_CODES]


def on(faults: Faults) -> list[str]:
    percent = {knob.name for group in GROUPS for knob in group.knobs}
    return [
        f"{label} {faults.plan[name]}{'%' if name in percent else ''}"
        for name, label in _LABELS.items()
        if faults.plan.get(name, "0") != "0"
    ]


def struck(faults: Faults) -> list[tuple[str, int]]:
    """List what has happened since the plan is in force, with how often."""
    return [(label, faults.struck[name]) for name, label in _LABELS.items() if name in faults.struck]


def refusal(simulators: str) -> str:
    """Say which field the simulator did not understand; its own words name it last."""
    name = simulators.rpartition(" ")[2]
    return f"{(_LABELS | _OTHERS).get(name, name)}: enter a whole number within the field’s limits."


def sentence(body: str) -> str:
    """Say what a fault did to the text above; `body` is the simulator's name of it, and then what it struck."""
    name, _, about = body.partition(" ")
    return _SENTENCES.get(name, "A network fault: {about}").format(about=about or name)
