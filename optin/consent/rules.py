"""May this be sent? The one rule, as an ordered table of steps over plain facts.

It is asked when a page is drawn, when a message is queued, and in the statement that starts each message. Pure: facts
in, Decision out. consent/facts.py looks each fact up, consent/conditions.py makes SQL of this table; tests prove on
every combination of facts, purposes and settings that both say the same.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from functools import cache

from optin.enums import MessageStatus, Purpose, Reason, ReplyKind


@dataclass(frozen=True)
class Facts:
    """What is known of one number, for one campaign's keyword and one sender.

    `has_number` is true of a phone's number only: not of a short code, a name or an address of another channel. `lost`:
    the carrier or a user says that it is not theirs any more. `opted_in` and `pending` are about the campaign's keyword
    (where there is none, about any keyword). `too_late`: the broadcast's last time has come, or comes before the
    number's sending hours begin. `empty_field`: the person has nothing in a merge field of the text that has no
    default, and its broadcast leaves them out for that. `promise_reached`: it got as many texts with the keyword as
    its owner was told that there are at most. `often_texted`: it got many lately (consent/often.py), and the broadcast
    leaves such people out. `own`: it is the number of the user who sends. The last three are about
    automatic replies: this kind of answer went out since the suppression began, so many went out within the last hour
    that no more may, and an opt-out confirmation was among them.
    """

    has_number: bool = True
    own: bool = False
    suppressed: bool = False
    lost: bool = False
    held: bool = False
    duplicate: bool = False
    pending: bool = False
    opted_in: bool = False
    any_opt_in: bool = False
    blocked: bool = False
    too_late: bool = False
    empty_field: bool = False
    promise_reached: bool = False
    often_texted: bool = False
    outside_hours: bool = False
    cap_reached: bool = False
    answered: bool = False
    many_replies: bool = False
    confirmed: bool = False


@dataclass(frozen=True)
class Decision:
    """Allowed, or not and why; `waits`: it goes later by itself; `notice` is said although allowed."""

    allowed: bool
    reason: Reason | None = None
    waits: bool = False
    notice: Reason | None = None


@dataclass(frozen=True)
class Case:
    """What is to be sent and under which settings (optin/policy/policy.py): all that is the same for every number.

    `has_keyword` tells whether the campaign requires one; `reply_kind` says which automatic reply it is.
    """

    purpose: Purpose
    has_keyword: bool = False
    keywordless_needs_opt_in: bool = True
    one_to_one_needs_opt_in: bool = False
    cap_waits: bool = True
    reply_kind: ReplyKind | None = None


class Effect(Enum):
    """What a step does to the message: refuses it for good, lets it go later by itself, or only says something."""

    REFUSAL = auto()
    WAIT = auto()
    NOTICE = auto()


Literal = tuple[str, bool]
"""The name of a fact, and whether it is so."""


def _always(_case: Case) -> bool:
    return True


@dataclass(frozen=True)
class Step:
    """One row of the rule: it speaks where all of `when` is so, for these purposes, in the cases where it `applies`.

    `at_start`: the statement that starts the message asks it again. What is not asked there cannot change any more, or
    is asked by the start just before its statement. `settings`: those of the policy that it depends on.
    """

    reason: Reason
    when: tuple[Literal, ...]
    purposes: frozenset[Purpose]
    applies: Callable[[Case], bool] = _always
    effect: Effect = Effect.REFUSAL
    at_start: bool = True
    settings: tuple[str, ...] = ()

    def speaks(self, facts: Facts) -> bool:
        """Tell whether the facts are those of this step."""
        return all(bool(getattr(facts, fact)) is is_so for fact, is_so in self.when)


REPLIES_AN_HOUR = 10
"""So many automatic answers a number gets in a rolling hour; an opt-out confirmation may be one more."""
ONCE_UNDER_SUPPRESSION = (ReplyKind.OPT_OUT, ReplyKind.HELP)
"""The automatic answers that an opted-out number still gets, once each since its opt-out."""

_EVERY = frozenset(Purpose)
_CAMPAIGN, _ONE_TO_ONE, _REPLY = (frozenset({each}) for each in (Purpose.CAMPAIGN, Purpose.ONE_TO_ONE, Purpose.REPLY))
_OWN = frozenset({Purpose.TEST, Purpose.CODE})
_NOT_ASKED_FOR = frozenset({Purpose.CAMPAIGN, Purpose.ONE_TO_ONE, Purpose.VERIFICATION})
_BY_STATE = ("state_rules", "state_strictest", "state_by_address")
_SENDING_HOURS = ("sending_hours", "sending_from", "sending_to", *_BY_STATE)
_CAPS = ("cap_per_day", "cap_per_week", "cap_waits", *_BY_STATE)


def _is_stopped(case: Case) -> bool:
    """A suppression stops it whatever else is so: all but three kinds of replies."""
    passes = (*ONCE_UNDER_SUPPRESSION, ReplyKind.QUESTION)
    return case.purpose != Purpose.REPLY or case.reply_kind not in passes


STEPS: Sequence[Step] = (
    Step(Reason.NO_NUMBER, (("has_number", False),), _EVERY),
    Step(Reason.NOT_OWN, (("own", False),), _OWN),
    Step(Reason.OPTED_OUT, (("suppressed", True),), _EVERY, _is_stopped),
    # The double opt-in question that the person has texted for since, while it waits for its answer, may go.
    Step(
        Reason.OPTED_OUT,
        (("suppressed", True), ("pending", False)),
        _REPLY,
        lambda case: case.reply_kind == ReplyKind.QUESTION,
    ),
    Step(
        Reason.OPTED_OUT,
        (("suppressed", True), ("answered", True)),
        _REPLY,
        lambda case: case.reply_kind in ONCE_UNDER_SUPPRESSION,
        at_start=False,
    ),
    Step(Reason.NUMBER_LOST, (("lost", True),), _NOT_ASKED_FOR),
    Step(Reason.ON_HOLD, (("held", True),), _CAMPAIGN),
    Step(Reason.ON_HOLD, (("held", True),), _ONE_TO_ONE, effect=Effect.NOTICE),
    # A broadcast has one message for each number, so it is not asked again at the start.
    Step(Reason.DUPLICATE, (("duplicate", True),), _CAMPAIGN, at_start=False),
    Step(Reason.PENDING, (("opted_in", False), ("pending", True)), _CAMPAIGN, lambda case: case.has_keyword),
    Step(Reason.NOT_OPTED_IN, (("opted_in", False),), _CAMPAIGN, lambda case: case.has_keyword),
    Step(
        Reason.NO_OPT_IN,
        (("any_opt_in", False),),
        _CAMPAIGN,
        lambda case: not case.has_keyword and case.keywordless_needs_opt_in,
        settings=("keywordless_needs_opt_in",),
    ),
    Step(
        Reason.NO_OPT_IN,
        (("any_opt_in", False),),
        _ONE_TO_ONE,
        lambda case: case.one_to_one_needs_opt_in,
        settings=("require_opt_in_for_one_to_one",),
    ),
    Step(Reason.BLOCKED, (("blocked", True),), _EVERY),
    Step(Reason.TOO_LATE, (("too_late", True),), _CAMPAIGN),
    # A choice of the broadcast. The start asks it of the very text that it sends.
    Step(Reason.EMPTY_FIELD, (("empty_field", True),), _CAMPAIGN),
    Step(Reason.PROMISE_REACHED, (("promise_reached", True),), _CAMPAIGN, lambda case: case.has_keyword),
    Step(Reason.OFTEN_TEXTED, (("often_texted", True),), _CAMPAIGN),  # a choice of the broadcast
    # Time zones are no SQL: the start looks at the clock where the number is before its statement.
    Step(
        Reason.OUTSIDE_HOURS,
        (("outside_hours", True),),
        _CAMPAIGN,
        effect=Effect.WAIT,
        at_start=False,
        settings=_SENDING_HOURS,
    ),
    Step(
        Reason.CAP_REACHED,
        (("cap_reached", True),),
        _CAMPAIGN,
        lambda case: case.cap_waits,
        Effect.WAIT,
        settings=_CAPS,
    ),
    Step(Reason.CAP_REACHED, (("cap_reached", True),), _CAMPAIGN, lambda case: not case.cap_waits, settings=_CAPS),
    # Counted when the answer is written: another automaton that answers ours must not keep the two talking.
    Step(
        Reason.TOO_MANY_REPLIES,
        (("many_replies", True),),
        _REPLY,
        lambda case: case.reply_kind != ReplyKind.OPT_OUT,
        at_start=False,
    ),
    Step(
        Reason.TOO_MANY_REPLIES,
        (("many_replies", True), ("confirmed", True)),
        _REPLY,
        lambda case: case.reply_kind == ReplyKind.OPT_OUT,
        at_start=False,
    ),
)
"""The rule (docs/rules.md): the first step that speaks decides. In one case a reason has one step at most."""

MAY_WAIT = tuple(step.reason for step in STEPS if step.effect is Effect.WAIT)
"""The reasons with which a message may go later by itself."""


SETTINGS = tuple(dict.fromkeys(name for step in STEPS for name in step.settings))
"""The settings that the rule depends on."""
MAY_WAIT_BY = tuple(dict.fromkeys(name for step in STEPS if step.effect is Effect.WAIT for name in step.settings))
"""The settings that such a wait follows from."""


@cache
def steps(case: Case) -> tuple[Step, ...]:
    """Return the steps that are asked in a case, in their order."""
    return tuple(step for step in STEPS if case.purpose in step.purposes and step.applies(case))


def obstacles(case: Case) -> tuple[Step, ...]:
    """Return the steps that keep a message from going now."""
    return tuple(step for step in steps(case) if step.effect is not Effect.NOTICE)


def asked_at_start(case: Case) -> tuple[Step, ...]:
    """Return the steps that keep a message from going and that the statement that starts it asks again."""
    return tuple(step for step in obstacles(case) if step.at_start)


def row(step: Step) -> int | None:
    """Return the row of the rule that a step belongs to, as docs/rules.md counts them; None: it concerns neither a
    campaign nor a 1:1 message."""
    listed = dict.fromkeys((each.reason, each.settings) for each in STEPS if each.purposes & (_CAMPAIGN | _ONE_TO_ONE))
    known = list(listed)
    key = (step.reason, step.settings)
    return known.index(key) + 1 if key in known else None


def waits(case: Case) -> tuple[Reason, ...]:
    """Return the reasons with which a message goes later by itself in this case."""
    return tuple(step.reason for step in steps(case) if step.effect is Effect.WAIT)


def reasons_of(purpose: Purpose) -> list[Reason]:
    """Return the reasons that there may be against a message of this purpose, each once, in the order of the rule."""
    return list(dict.fromkeys(step.reason for step in STEPS if purpose in step.purposes))


def purposes_of(reason: Reason) -> list[Purpose]:
    """Return the purposes whose messages this reason keeps back, in alphabetical order; a notice keeps back none."""
    refusing = [step.purposes for step in STEPS if step.reason is reason and step.effect is not Effect.NOTICE]
    return sorted(frozenset().union(*refusing))


def facts_of(purpose: Purpose) -> set[str]:
    """Return the names of the facts that the rule of a purpose looks at, in any case."""
    return {fact for step in STEPS if purpose in step.purposes for fact, _ in step.when}


def decide(case: Case, facts: Facts) -> Decision:
    """Decide about one number: the first obstacle that is there refuses."""
    speaking = [step for step in steps(case) if step.speaks(facts)]
    for step in speaking:
        if step.effect is not Effect.NOTICE:
            return Decision(False, step.reason, waits=step.effect is Effect.WAIT)
    return Decision(True, notice=speaking[0].reason if speaking else None)


def ends_as(reason: Reason) -> MessageStatus:
    """Return what becomes of a message that waited and is refused for good: an opt-out takes it back."""
    return MessageStatus.CANCELLED if reason == Reason.OPTED_OUT else MessageStatus.SKIPPED


def decide_reply(
    facts: Facts, kind: ReplyKind, *, answered: bool = False, replies: int = 0, confirmed: bool = False
) -> Decision:
    """Decide about the automatic answer to the person's own text.

    It needs no opt-in and no sending hours. Under a suppression only the opt-out confirmation and help may go, once
    each (`answered` tells that this kind went out since the suppression began), and the double opt-in question while
    it waits for an answer (`pending`), since the person's own newer act asked for it; a block at Twilio stops all.

    `replies` is how many automatic answers the number got within the last hour, `confirmed` whether an opt-out
    confirmation was among them.
    """
    given = replace(facts, answered=answered, many_replies=replies >= REPLIES_AN_HOUR, confirmed=confirmed)
    return decide(Case(Purpose.REPLY, reply_kind=kind), given)
