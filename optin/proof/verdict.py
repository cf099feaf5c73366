"""The verdict of a proof, in one sentence: what began a consent, and whether it stands or what ended it. Pure.

All of it follows from the events of the log; the texts are those of their personal part.
"""

from collections.abc import Callable, Mapping, Sequence

from optin import phone
from optin.consent.replay import ACTIVATING, OPT_IN_EFFECTS, RETURNING, NumberReplay, replay
from optin.enums import EventKind, OptInSource, OptInStatus
from optin.proof.material import ProofEvent, ProofOptIn
from optin.proof.wording import day_or_moment, inside, moment, quoted

GOODBYES = frozenset({EventKind.OPTED_OUT, EventKind.OPTED_OUT_KEYWORD, EventKind.DECLINED})
_BY_PHONE = (OptInSource.SMS, OptInSource.FORM)
NONE = "so there is no consent."
Clause = Callable[[ProofEvent], str]


def of_opt_in(number: str, keyword: str, events: Sequence[ProofEvent], ours: Mapping[str, str]) -> str:
    """Return the verdict on an opt-in from its own events, in their order.

    `number` is as people write it; `ours` gives the address of ours that received a message, by its SID.
    """
    if not events:
        return f"The log has no event of this opt-in of {number} with “{keyword}”."
    changes = [event for event in events if event.what in OPT_IN_EFFECTS]
    began, last = (changes or events)[0], (changes or events)[-1]
    if began.what is EventKind.MIGRATED_INACTIVE:
        return (
            f"{number} was inactive with “{keyword}” in the records that were moved from Twilio for Salesforce on "
            f"{moment(began.at)}, {NONE}"
        )
    begin = _began(number, keyword, began, ours.get(began.message_sid or "", ""))
    agreed = next((event for event in changes if event.what is EventKind.CONFIRMED), None)
    if began.what is EventKind.REQUESTED and agreed:
        begin += f", and confirmed it on {moment(agreed.when)} by texting {quoted(agreed.text)}"
    status = replay(events).opt_ins.get(began.opt_in_id or 0)
    if last.what in RETURNING and status and status.was_active:
        since = f"it stands again since {moment(last.at)} ({inside(last.what.label)})"
        return f"{begin}; the consent {_ended(changes[-2])}, and {since}."
    if last.what in ACTIVATING or (status and status.status == OptInStatus.ACTIVE):
        return f"{begin}; the consent stands."
    if last.what is EventKind.REQUESTED or last.what in RETURNING:
        return f"{begin}; the question whether they agree has not been answered, so there is no consent yet."
    if last.what is EventKind.EXPIRED:
        return f"{begin}; the question whether they agree was not answered by {moment(last.when)}, {NONE}"
    if last.what is EventKind.DECLINED:
        return f"{begin}; they declined on {moment(last.when)} by texting {quoted(last.text)}, {NONE}"
    if status and status.was_active:
        return f"{begin}; the consent {_ended(last)}."
    return f"{begin}; the question whether they agree {_ended(last)}, {NONE}"


def of_number(number: str, events: Sequence[ProofEvent], opt_ins: Sequence[ProofOptIn]) -> str:
    """Return the verdict on a number from all of its events and opt-ins, the oldest first."""
    state = replay(events)
    if state.suppressed:
        if opt_ins and opt_ins[-1].events and opt_ins[-1].events[-1].what is EventKind.OPTED_OUT:
            return opt_ins[-1].verdict
        last = _last(events, EventKind.OPTED_OUT)
        return f"{number} opted out of everything on {moment(last.when)} {_by(last)}; there is no consent."
    active = [each for each in opt_ins if each.status == OptInStatus.ACTIVE]
    if len(active) == 1:
        return active[0].verdict
    if active:
        with_keywords = [f"“{each.keyword}” since {moment(_agreed(each).when)}" for each in active]
        return f"{number} is opted in with {', '.join(with_keywords[:-1])} and {with_keywords[-1]}; the consents stand."
    if opt_ins:
        return opt_ins[-1].verdict
    if events:
        return f"The log has no opt-in of {number}: there is no consent."
    return f"The log has no event of {number}: there is no consent, and none is known to have been given."


def besides(events: Sequence[ProofEvent], region: str) -> list[str]:
    """Return what else stands against texting the number now, in sentences; our addresses as `region` writes them."""
    state: NumberReplay = replay(events)
    said = []
    if state.suppressed and any(each.status == OptInStatus.ACTIVE for each in state.opt_ins.values()):
        said.append(f"The number opted out of everything on {moment(_last(events, EventKind.OPTED_OUT).when)}.")
    if state.held:
        said.append(f"The number is on hold for review since {moment(min(state.held.values()))}.")
    if state.lost:
        said.append(f"The number counts as not in use since {moment(min(state.lost.values()))}.")
    if state.blocked:
        ours = ", ".join(phone.display(scope, region) for scope in sorted(state.blocked))
        said.append(f"Twilio refuses to send to it from {ours}.")
    return said


def _began(number: str, keyword: str, event: ProofEvent, to: str) -> str:
    at, said, to = moment(event.when), quoted(event.text), f" to {to}" if to else ""
    if event.by is OptInSource.SMS:
        asked = "asked to opt in" if event.what is EventKind.REQUESTED else "so opted in"
        return f"On {at} {number} texted {said}{to} and {asked} with “{keyword}”"
    if event.by is OptInSource.FORM:
        return f"On {at} {number} was entered in the web form of “{keyword}”"
    if event.by is OptInSource.IMPORT:
        says = f"as {_whose(event)} import of {moment(event.at)} says"
        return f"On {day_or_moment(event.when)} {number} agreed to “{keyword}”, {says}"
    if event.by is OptInSource.MIGRATED:
        moved = f"as the records say that were moved from Twilio for Salesforce on {moment(event.at)}"
        return f"On {at} {number} opted in with “{keyword}”{_note(event)}, {moved}"
    who = event.actor or ("a user" if event.by is OptInSource.USER else "the API")
    return f"On {at} {who} recorded that {number} had agreed to “{keyword}”{_note(event)}"


def _ended(event: ProofEvent) -> str:
    return f"ended on {moment(event.when)} {_by(event)}"


def _by(event: ProofEvent) -> str:
    """Say by what or whom a consent ended."""
    if event.what in _HOW:
        return _HOW[event.what](event)
    if event.by in _BY_PHONE:
        return f"by {'a text that has been erased' if event.text is None else f'the text {quoted(event.text)}'}"
    if event.by is OptInSource.IMPORT:
        return f"by {_whose(event)} import of {moment(event.at)}"
    if event.by is OptInSource.MIGRATED:
        return f"as the records say that were moved from Twilio for Salesforce on {moment(event.at)}"
    return f"by {event.actor or event.by.label}, on their behalf{_note(event)}"


def _note(event: ProofEvent) -> str:
    return f" ({quoted(event.text)})" if event.text else ""


def _whose(event: ProofEvent) -> str:
    return f"{event.actor}’s" if event.actor else "an"


_HOW: dict[EventKind, Clause] = {
    EventKind.NUMBER_CHANGED: lambda event: (
        f"because the number was changed{f' by {event.actor}' if event.actor else ''}"
    ),
    EventKind.NUMBER_LOST: lambda _: "because the number was no longer in use",
    EventKind.ENDED_BY_USER: lambda event: f"by {event.actor or 'a user'}{_note(event)}",
    EventKind.IMPORT_WITHDRAWN: lambda _: "because the import was undone",
    EventKind.MIGRATED_INACTIVE: lambda _: "before the move, as the moved records say",
}


def _last(events: Sequence[ProofEvent], kind: EventKind) -> ProofEvent:
    return next(event for event in reversed(events) if event.what is kind)


def _agreed(opt_in: ProofOptIn) -> ProofEvent:
    return next((each for each in opt_in.events if each.what in ACTIVATING), opt_in.events[0])
