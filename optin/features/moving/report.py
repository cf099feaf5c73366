"""What the page of a move shows: by object how many rows become what, and what can't be known. Pure."""

from optin.features.moving.terms import UNDER_WAY, ExportObject, MoveOutcome, MoveState
from optin.models import ImportRun, Move

FOLLOWED = (*UNDER_WAY, MoveState.PAUSED)


def of(run: ImportRun, move: Move) -> dict[str, object]:
    """Return what the templates need; the counts are of what will happen until the move has begun."""
    state = MoveState(run.state)
    has_begun = run.started_at is not None
    counts = move.counts if has_begun else move.checked
    there = [which for which in ExportObject if which.value in move.files]
    done = sum(each.get("found", 0) for each in counts.values())
    return {
        "run": run,
        "move": move,
        "state": state,
        "has_begun": has_begun,
        "there": there,
        "missing": [which for which in ExportObject if which not in there],
        "others": move.files.get("others", {}),
        "counts": {which: counts.get(which.value, {}) for which in ExportObject},
        "outcomes": list(MoveOutcome),
        "stage": _stage(move.stage),
        "done": done,
        "total": run.total,
        "to_move": sum(each.get("moved", 0) + each.get("conflict", 0) for each in counts.values()),
    }


def _stage(name: str) -> str:
    """Return in words what is at work."""
    return ExportObject(name).label if name in list(ExportObject) else "Consent, number by number"
