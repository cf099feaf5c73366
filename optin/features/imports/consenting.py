"""What becomes of the consent in some rows, by what the file says and by what the numbers did. It only reads."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from optin import clock
from optin.consent import ledger
from optin.consent.ledger import Obstacle, ObstacleKind
from optin.features.imports.consent_choice import Agreed, ConsentChoice, NotAgreed, Told, read
from optin.features.imports.rows import ImportedRow
from optin.features.imports.terms import Outcome
from optin.models import Disclosure, ImportRun


class ConsentDecision(NamedTuple):
    """What becomes of a row's consent, and why in a sentence; `agreed` where it makes an opt-in."""

    outcome: Outcome
    sentence: str = ""
    agreed: Agreed | None = None


def choice_of(session: Session, run: ImportRun) -> ConsentChoice | None:
    """Return what an admin has vouched for, None where nobody has."""
    if run.attested_name is None or run.consent is None:
        return None
    return ConsentChoice.of(run.consent, versions(session, run.consent["keyword_id"]))


def versions(session: Session, keyword_id: int) -> Sequence[Told]:
    """Return the versions of what a keyword tells people, newest first."""
    columns = (Disclosure.id, Disclosure.version, Disclosure.created_at)
    asked = select(*columns).where(Disclosure.keyword_id == keyword_id).order_by(Disclosure.version.desc())
    return [Told(*row) for row in session.execute(asked)]


def decide(session: Session, choice: ConsentChoice, rows: Sequence[ImportedRow]) -> dict[int, ConsentDecision]:
    """Say by their lines what becomes of the consent of rows, of which no number comes twice."""
    now = clock.now()
    said = {row.line: read(row, choice, now) for row in rows}
    agreed = {row.number: each for row in rows if isinstance(each := said[row.line], Agreed)}
    against = ledger.obstacles(session, choice.keyword_id, {number: each.at for number, each in agreed.items()})
    return {row.line: _decision(said[row.line], against.get(row.number), choice) for row in rows}


def left_out(obstacle: Obstacle, choice: ConsentChoice) -> ConsentDecision:
    """Say why a number is not opted in."""
    when = f" on {choice.day(obstacle.at)}" if obstacle.at else ""
    by_text = " by text" if obstacle.by_text else ""
    since = f" since {choice.day(obstacle.at)}" if obstacle.at else ""
    match obstacle.kind:
        case ObstacleKind.ACTIVE:
            return ConsentDecision(Outcome.IN_ALREADY, "Opted in already.")
        case ObstacleKind.WAITING:
            return ConsentDecision(Outcome.IN_ALREADY, "Was asked to confirm, and has not answered yet.")
        case ObstacleKind.OPTED_OUT:
            said = f"Opted out{when}{by_text}. Only they can come back, by texting the keyword."
        case ObstacleKind.LEFT_KEYWORD:
            said = f"Opted out of “{choice.word}”{when}{by_text}. Only they can come back, by texting the keyword."
        case ObstacleKind.DECLINED:
            said = f"Answered no to “{choice.word}”{when}. Only they can come back, by texting the keyword."
        case ObstacleKind.ENDED:
            said = f"A user ended their opt-in{when}, and the file has no later date."
        case ObstacleKind.NUMBER_CHANGED:
            said = f"The number was given up{when}, and the file has no later date."
        case ObstacleKind.LOST:
            said = f"The number was not in use{when}: it may be somebody else’s now."
        case ObstacleKind.ON_HOLD:
            said = f"On hold{since}. Decide under Review first."
        case ObstacleKind.BLOCKED:
            said = f"Blocked at Twilio{since}. They must text START first."
    return ConsentDecision(Outcome.NO_CONSENT, said)


def _decision(said: Agreed | NotAgreed, obstacle: Obstacle | None, choice: ConsentChoice) -> ConsentDecision:
    if isinstance(said, NotAgreed):
        return ConsentDecision(said.outcome, said.sentence)
    if obstacle is not None:
        return left_out(obstacle, choice)
    return ConsentDecision(Outcome.OPTED_IN, agreed=said)
