"""What a proof does not show, in sentences: who reads it should not have to find out. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from optin.enums import OptInSource
from optin.proof.material import Log, ProofEvent, is_covered
from optin.proof.wording import moment

FOREIGN = {
    OptInSource.IMPORT: "an import",
    OptInSource.MIGRATED: "the move from Twilio for Salesforce",
    OptInSource.USER: "what users entered by hand",
    OptInSource.API: "the API",
}


@dataclass(frozen=True)
class Horizon:
    """From when on something is known: the first checkpoint of the log, how often it had to go on under a new name,
    and the first text that this installation received."""

    first_checkpoint_at: datetime | None
    restarts: Sequence[datetime]
    first_text_at: datetime | None


def sentences(events: Sequence[ProofEvent], log: Log | None, horizon: Horizon) -> list[str]:
    """Return what is not known of a number with these events."""
    said = [*_of_events(events, log, horizon), *_of_log(horizon)]
    if horizon.first_text_at:
        said.append(
            f"Optin has received texts since {moment(horizon.first_text_at)}. What was texted before that, to other "
            "numbers or in other ways is not here, unless it was brought in."
        )
    else:
        said.append("Optin has not received any text yet. What was texted elsewhere is not here.")
    said.append("The log knows the number, and not who held the phone.")
    said.append(
        "What people were told is what was entered for the keyword before they opted in. The log names its version; "
        "that its text and picture were shown is what the team says. Messages that went out are as the database has "
        "them."
    )
    return said


def _of_events(events: Sequence[ProofEvent], log: Log | None, horizon: Horizon) -> list[str]:
    said = []
    unsealed = sum(not is_covered(event, log) for event in events)
    if unsealed:
        said.append(
            f"{_events(unsealed)} not sealed yet, so nobody else can check {'it' if unsealed == 1 else 'them'}. "
            "Optin seals within seconds: load the page again."
        )
    erased = sum(event.text is None for event in events)
    if erased:
        said.append(
            f"The personal part of {erased:,} of the events has been erased. That the events happened, and when, is "
            "still shown; their number and text are gone."
        )
    if horizon.first_checkpoint_at:
        before = sum(event.at < horizon.first_checkpoint_at for event in events)
        if before:
            they, them = ("it", "it") if before == 1 else ("they", "them")
            said.append(
                f"{_events(before)} older than the first checkpoint of {moment(horizon.first_checkpoint_at)}: the log "
                f"shows how {they} stood then, and not that nobody had changed {them} before."
            )
    foreign = [name for source, name in FOREIGN.items() if any(event.source == source for event in events)]
    if foreign:
        said.append(
            f"Others recorded what came by {_listed(foreign)}: the log shows that it was brought in, by whom and when, "
            "and what it said; that it was true is what they vouched for."
        )
    return said


def _of_log(horizon: Horizon) -> list[str]:
    if not horizon.restarts:
        return []
    when = _listed([moment(at) for at in horizon.restarts])
    return [
        f"The log goes on under a new name since {when}, after a restore from a backup or with a new key. Whoever kept "
        "an older checkpoint can ask whether it still fits."
    ]


def _events(count: int) -> str:
    return "One event is" if count == 1 else f"{count:,} events are"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
