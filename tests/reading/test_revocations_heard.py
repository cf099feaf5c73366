"""Short revocations in words that also mean other things: each is at least held for a person to decide."""

from itertools import product

import pytest

from tests.reading.confusion import outcome, reading_of

STOP_FOR = [
    "stop for all",
    "stop for all campaigns",
    "stop for God's sake",
    "stop for real",
    "stop for both of us",
    "stop for today",
    "stop for Maria",
    "stop for my wife",
    "stop for this number",
    "stop for good",
    "stop for ever",
    "stop for everyone",
    "stop for a while",
    "stop for personal reasons",
    "stop for the last time",
    "stop for us",
    "stop by request",
    "stop by order of my lawyer",
    "stop by law",
    "stop by choice",
    "stop by court order",
    "stop in the name of god",
    "stop in the future",
    "stop in this house",
    "stop in peace",
    "stop on this number",
    "stop on every list",
    "stop on my phone",
    "stop on all of them",
    "stop at once",
    "stop at this number",
    "stop at 5",
    "stop with this",
    "stop with the texts",
    "stop with all of it",
    "stop over and over",
    "stop up here",
    "stop off my phone",
    "stop near me",
    "you need to stop for real",
    "can you stop for good",
    "this has to stop for good",
    "I want it to stop for real",
]
DONT_TEXT = [
    f"{forbids} {whom}"
    for forbids, whom in product(
        ("don't text", "do not text", "never text", "Please don't message", "dont call or text"),
        (
            "my wife",
            "my husband",
            "my son",
            "my kid",
            "my mother",
            "him",
            "her",
            "them",
            "the church",
            "the school",
            "my old phone",
            "my work phone",
            "the house phone",
            "the office",
            "my workplace",
            "strangers",
            "a minor",
            "grandma",
            "this line",
            "my daughter anymore",
        ),
    )
]
BESIDE_A_ROBOT = [
    "thank you for contacting me, now stop",
    "thanks for texting, stop",
    "Thanks for reaching out but stop",
    "Thanks for your interest. Stop",
    "we received your text, stop",
    "We are closed, so stop",
    "I'm driving, stop",
    "welcome to my world\nend",
    "thank you for your message. Unsubscribe",
    "thanks for texting so unsubscribe",
    "I was told to reply STOP to end so STOP",
    "reply STOP to end, ok stop",
    "It says text STOP to opt out, then stop",
    "To stop these texts reply STOP and STOP",
    "Reply START to restart but stop",
    "Reply STOP to end. STOP",
    "You are removed from my life stop texting",
    "You have been removed from my contacts",
    "You're opted out of my life",
    "You have been unsubscribed by me",
    "You will not get texts from me so stop",
    "You will no longer text me",
    "no more texts will be tolerated",
    "no further messages will be accepted",
    "when I say stop I mean stop",
    "if I text STOP, stop",
    "if I text STOP, remove me",
    "what does stop mean, so stop",
    "you sent reply yes, so stop",
]
NEVER_STOPS = [
    f"{what} {never}{after}"
    for what, never, after in product(
        ("this", "these", "these texts", "the messages", "they", "it", "your texts", "my phone", "all this"),
        ("doesn't stop", "don't stop", "won't stop", "never stops", "never end", "will not stop"),
        ("", ", I sue", " at all"),
    )
]
CANCELLED = [
    "end 4155550134",
    "end 415-555-0134",
    "cancel 4155550134",
    "cancel my phone",
    "cancel my number",
    "cancel my cell",
    "cancel my name",
    "cancel my pledge",
    "cancel my wife",
    "cancel my contact info",
    "cancel my sign up",
    "quit my texts",
    "end of my patience",
    "end of conversation",
]
UNHEARD = [
    "drop 4155550134 from the list",
    "take 4155550134 off",
    "take 415 555 0134 off your list",
    "this number no longer wants these",
    "she no longer wants your texts",
    "leave this number alone",
    "leave my phone alone",
    "Please remove John Smith from your list",
    "take Maria Lopez off the list",
    "I never consented",
    "we didn't consent",
    "pause texts",
    "please pause these messages",
    "suspend alerts",
    "turn off alerts",
    "turn these off",
    "off the list",
    "off your list please",
    "off list",
    "You will not text this number again",
    "you must never contact us",
    "You are not authorized to text me",
    "you're not allowed to message my phone",
    "you will no longer have my consent",
    "dnc",
    "DNC please",
]


@pytest.mark.parametrize("text", [*STOP_FOR, *DONT_TEXT, *BESIDE_A_ROBOT, *NEVER_STOPS, *CANCELLED, *UNHEARD])
@pytest.mark.parametrize("around", ["{}", "{}!", "hey {}"])
def test_a_short_revocation_is_at_least_held(text: str, around: str) -> None:
    assert outcome(reading_of(around.format(text))) in ("hold", "optout")


@pytest.mark.parametrize(
    "text",
    [
        "do not text my son",
        "don't text my kid",
        "Do not text my work phone",
        "don't text my old phone anymore",
        "don't text the house phone",
        "never text our kids",
        "end 415-555-0134",
        "take 4155550134 off",
        "turn off alerts",
        "leave this number alone",
        "You are removed from my life stop texting",
    ],
)
def test_what_can_only_mean_the_phone_that_we_text_opts_out(text: str) -> None:
    assert outcome(reading_of(text)) == "optout"


@pytest.mark.parametrize(
    "text",
    [
        "don't text Bob he's asleep",
        "do not text and drive",
        "don't call, text me instead",
        "don't text the driver",
        "don't text my son, text me instead",
        "Don't text my wife until noon",
        "I don't text my kids in class",
        "remove Bob from the list",
        "we never text volunteers on Sunday",
    ],
)
def test_what_is_said_of_others_opts_nobody_out(text: str) -> None:
    assert outcome(reading_of(text)) in ("ordinary", "hold")


@pytest.mark.parametrize(
    "text",
    [
        "I'll stop by",
        "We can stop by the church",
        "stop by the booth",
        "Stop in anytime",
        "stop at the office",
        "can you stop by later",
        "stop and smell the roses",
        "I will stop at home first",
        "it won't stop snowing",
        "hope these don't stop",
        "please don't stop",
        "cancel my shift",
        "I have to cancel Saturday",
        "You have been unsubscribed. No more messages will be sent. Reply START to resubscribe.",
        "Thanks for texting Oak Dental! Reply STOP to stop receiving messages.",
        "Will texting STOP remove me?",
        "the end of the month",
        "I had to quit my job",
    ],
)
def test_what_plainly_means_something_else_stays_ordinary(text: str) -> None:
    assert outcome(reading_of(text)) == "ordinary"
