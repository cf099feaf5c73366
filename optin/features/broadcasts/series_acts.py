"""What users do to a series after a keyword: make it, start it, pause it, let it go on, end it, change what it says.

Each act is under the campaign's lock, which what puts its texts out takes too: those go out before it, or as it says.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, delete, select, update
from sqlalchemy.orm import Session, joinedload

from optin import clock
from optin.enums import BroadcastState, SeriesState
from optin.features.broadcasts import changing
from optin.models import AuditEntry, Broadcast, Campaign, Sender, Series, SeriesStep
from optin.own_fields import merging
from optin.policy import audit
from optin.policy.policy import Policy
from optin.provider import senders
from optin.refused import Refused
from optin.sending import broadcast_text, put_out, series
from optin.sending.series_turns import DAY, HOUR, Wait

MOST_STEPS = 20
LONGEST_WAIT = 365 * DAY
NAME = 120
NO_KEYWORD = "The campaign has no opt-in keyword, and a series begins with one. Give it a keyword first."
STARTED = "It has been started: only its texts can be changed now. Nothing was changed."
OVER = "It has ended. Nothing was changed."
ENDED = "the series was ended"
FROM: Mapping[SeriesState, tuple[SeriesState, ...]] = {
    SeriesState.ACTIVE: (SeriesState.DRAFT, SeriesState.PAUSED),
    SeriesState.PAUSED: (SeriesState.ACTIVE,),
    SeriesState.ENDED: (SeriesState.DRAFT, SeriesState.ACTIVE, SeriesState.PAUSED),
}
"""The states that a user may bring a series to, each with those that it may come from."""
DONE = {SeriesState.ACTIVE: "started", SeriesState.PAUSED: "paused", SeriesState.ENDED: "ended"}


@dataclass(frozen=True)
class Text:
    """A text of a series, and what it waits for."""

    body: str
    wait: Wait


@dataclass(frozen=True)
class SeriesContent:
    """What a user wants a series to be; `sender_id` None is the default. `takes_all`: also who has opted in before."""

    name: str
    texts: Sequence[Text]
    sender_id: int | None
    takes_all: bool
    user_id: int


def make(session: Session, campaign_id: int, content: SeriesContent, given: Policy) -> Series | Refused:
    """Store a series that is not started, or say why not; the caller commits or undoes it."""
    campaign = session.scalars(Campaign.locked(campaign_id)).one()
    if campaign.keyword_id is None:
        return Refused(NO_KEYWORD)
    sender = _checked_sender(session, campaign_id, content, given)
    if isinstance(sender, Refused):
        return sender
    made = Series(
        channel=sender.channel,
        campaign_id=campaign_id,
        keyword_id=campaign.keyword_id,
        sender_id=sender.id,
        name=content.name,
        state=SeriesState.DRAFT,
        takes_all=content.takes_all,
        created_at=clock.now(),
        created_by_id=content.user_id,
    )
    session.add(made)
    session.flush()
    _write_steps(session, made, content.texts)
    audit.record(session, content.user_id, "created", series.SUBJECT, made.id, {"Name": ("", made.name)})
    return made


def change(session: Session, series_id: int, seen: int, content: SeriesContent, given: Policy) -> Series | Refused:
    """Change a series, of which the user saw a version, or say why not; the caller commits or undoes it.

    After its start only what it says, for all who have not got that text yet.
    """
    found = series.locked(session, series_id)
    before = told(found, series.steps(session, series_id))
    if found.state == SeriesState.ENDED:
        return Refused(OVER)
    if found.version != seen:
        return (
            found if found.version == seen + 1 and before == _told_of(content, found) else Refused(changing.MEANWHILE)
        )
    sender = _checked_sender(session, found.campaign_id, content, given)
    if isinstance(sender, Refused):
        return sender
    if found.state == SeriesState.DRAFT:
        _rewrite(session, found, sender, content)
    elif not _change_texts(session, found, content):
        return Refused(STARTED)
    found.name = content.name
    session.flush()
    after = dict.fromkeys(before, "") | told(found, series.steps(session, series_id))  # a text may be gone
    if differs := audit.differences(before, after):
        found.version += 1
        audit.record(session, content.user_id, "changed", series.SUBJECT, series_id, differs)
    return found


def bring_to(session: Session, series_id: int, state: SeriesState, user_id: int) -> Refused | None:
    """Start, pause, resume or end it, or say what forbids that; the caller commits.

    What waits in the outbox waits with it, or is cancelled with the end.
    """
    found = series.locked(session, series_id)
    if found.state not in FROM[state]:
        return Refused(f"It can no longer be {DONE[state]}: its state has changed.")
    if state is SeriesState.ACTIVE and (why := series.hindrance(found)):
        return Refused(f"It can’t be started: {why}.")
    if found.state == SeriesState.DRAFT and state is SeriesState.ACTIVE:
        series.begin(session, found, user_id)
        return None
    now = clock.now()
    if state is SeriesState.ACTIVE:
        _move(session, series_id, (BroadcastState.PAUSED,), state=BroadcastState.SENDING)
        found.passed_to = now if found.is_copy else found.passed_to
        found.is_copy = False
    elif state is SeriesState.PAUSED:
        _move(session, series_id, (BroadcastState.SENDING,), state=BroadcastState.PAUSED)
    else:
        ends = {"finished_at": now, "ended_because": put_out.not_sent(ENDED)}
        _move(session, series_id, _UNFINISHED, state=BroadcastState.CANCELLED, **ends)
        found.finished_at = now
    found.state = state
    done = "resumed" if state is SeriesState.ACTIVE else DONE[state]
    audit.record(session, user_id, done, series.SUBJECT, series_id)
    return None


def changes(series_id: int) -> Select[AuditEntry]:
    """Select what was done to it, the newest first."""
    return audit.history(series.SUBJECT, series_id).options(joinedload(AuditEntry.user)).limit(changing.SHOWN)


def told(found: Series, steps: Sequence[SeriesStep]) -> dict[str, object]:
    """Return what a series is, as the trail tells of it."""
    texts = [Text(step.body, series.wait_of(step)) for step in steps]
    return _told(found.name, texts, found.takes_all)


_UNFINISHED = (BroadcastState.SENDING, BroadcastState.PAUSED)


def _told_of(content: SeriesContent, found: Series) -> dict[str, object]:
    takes_all = content.takes_all if found.state == SeriesState.DRAFT else found.takes_all
    return _told(content.name, content.texts, takes_all)


def _told(name: str, texts: Sequence[Text], takes_all: bool) -> dict[str, object]:
    numbered = list(enumerate(texts, 1))
    said = {f"Text {number}": text.body for number, text in numbered}
    waits = {f"Text {number} goes out": series.when(number, text.wait) for number, text in numbered}
    return {"Name": name, **said, **waits, "Takes in earlier opt-ins": "yes" if takes_all else "no"}


def _move(session: Session, series_id: int, where: Sequence[BroadcastState], **values: object) -> None:
    """Change the broadcasts of its steps that are in one of some states; what paused by itself stays so."""
    mine = select(SeriesStep.broadcast_id).where(SeriesStep.series_id == series_id)
    of_steps = update(Broadcast).where(Broadcast.id.in_(mine), Broadcast.state.in_(where))
    if values["state"] == BroadcastState.SENDING:
        of_steps = of_steps.where(Broadcast.paused_because.is_(None))
    session.execute(of_steps.values(**values).execution_options(synchronize_session=False))


def _write_steps(session: Session, of: Series, texts: Sequence[Text]) -> None:
    session.add_all(
        SeriesStep(series_id=of.id, place=place, body=text.body, wait=text.wait.minutes, at=text.wait.at)
        for place, text in enumerate(texts, 1)
    )
    session.flush()


def _rewrite(session: Session, of: Series, sender: Sender, content: SeriesContent) -> None:
    """Give a series that is not started other steps and all else."""
    of.sender, of.channel, of.takes_all = sender, sender.channel, content.takes_all
    session.execute(delete(SeriesStep).where(SeriesStep.series_id == of.id))
    _write_steps(session, of, content.texts)


def _change_texts(session: Session, of: Series, content: SeriesContent) -> bool:
    """Give the steps other texts, and to their broadcasts; tell whether it is nothing but texts that differ."""
    steps = series.steps(session, of.id)
    if [series.wait_of(step) for step in steps] != [text.wait for text in content.texts]:
        return False
    for step, text in zip(steps, content.texts, strict=True):
        step.body = text.body
        if step.broadcast is not None:
            step.broadcast.body = text.body
    return True


def _checked_sender(session: Session, campaign_id: int, content: SeriesContent, given: Policy) -> Sender | Refused:
    """Return from whom it is sent, or say what forbids what a user wants."""
    usable = senders.all_in_use(session)
    sender = next((each for each in usable if content.sender_id in (None, each.id)), None)
    if sender is None:
        said = "That number is no longer in use. Choose another one to send from." if usable else senders.NONE_YET
        return Refused(said)
    faults = [*_own_faults(content), *_text_faults(session, campaign_id, content, sender.channel, given.brand)]
    return Refused(" ".join(faults)) if faults else sender


def _own_faults(content: SeriesContent) -> list[str]:
    if not content.name or len(content.name) > NAME:
        return [f"Give the series a name of at most {NAME} characters."]
    if not 1 <= len(content.texts) <= MOST_STEPS:
        return [f"A series has 1 to {MOST_STEPS} texts."]
    fine = (HOUR <= text.wait.minutes <= LONGEST_WAIT for text in content.texts)
    return [
        f"Enter how long text {number} waits: 1 hour to 365 days."
        for number, is_fine in enumerate(fine, 1)
        if not is_fine
    ]


def _text_faults(session: Session, campaign_id: int, content: SeriesContent, channel: str, brand: str) -> list[str]:
    bodies = [text.body for text in content.texts]
    merging.hold(session, *bodies)
    found: list[str] = []
    for number, body in enumerate(bodies, 1):
        faults = broadcast_text.faults(body, broadcast_text.known(session, body), channel)
        if not faults:
            worst = broadcast_text.longest(session, campaign_id, body, brand, channel=channel)
            faults = [*filter(None, [broadcast_text.too_long_filled_in(worst)])]
        found += [f"Text {number}: {fault}" for fault in faults]
    return found
