"""+ Add Opt-Ins for a keyword with very many opt-ins: what add_opt_ins.py does, for some of them at a time."""

from dataclasses import asdict

from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.database import postgresql
from optin.enums import OptInStatus
from optin.features.campaigns import add_opt_ins, leads
from optin.features.campaigns.add_opt_ins import AddOptInsReport, Choices
from optin.jobs import background
from optin.models import BackgroundTask, Campaign, CampaignMember, OptIn

NAME = "add opt-ins"
AT_ONCE = 1000
GONE = "The campaign has been deleted."
OTHER_KEYWORD = "The campaign’s opt-in keyword has been changed."
STOPPED = "It was stopped."


def is_large(session: Session, keyword_id: int) -> bool:
    """Tell whether a keyword has too many opt-ins for a request."""
    return add_opt_ins.count_opted_in(session, keyword_id, add_opt_ins.MANY) >= add_opt_ins.MANY


def begin(session: Session, campaign_id: int, keyword_id: int, user_id: int, choices: Choices) -> int:
    """Have the opt-ins added in the background; return the task's id, or that of the one that is at it already."""
    arguments = {"campaign_id": campaign_id, "keyword_id": keyword_id, "choices": asdict(choices)}
    total = add_opt_ins.count_opted_in(session, keyword_id)
    return background.begin(session, NAME, _key(campaign_id), arguments, total=total, user_id=user_id)


def under_way(session: Session, campaign_id: int) -> BackgroundTask | None:
    """Return the task that adds opt-ins to the campaign now, None while there is none."""
    return background.under_way(session, _key(campaign_id))


def find(session: Session, campaign_id: int, task_id: int) -> BackgroundTask | None:
    """Return the task, finished or not, if it adds or added opt-ins to the campaign."""
    task = session.get(BackgroundTask, task_id)
    mine = task is not None and task.name == NAME and task.arguments["campaign_id"] == campaign_id
    return task if mine else None


def report(task: BackgroundTask) -> AddOptInsReport:
    """Return what was done so far."""
    return AddOptInsReport(**task.state["report"]) if task.state else AddOptInsReport()


@background.task(NAME)
def step(session: Session, task: BackgroundTask) -> None:
    """Add those who come next in the order in which they opted in; who opted in meanwhile comes last."""
    campaign_id, keyword_id = task.arguments["campaign_id"], task.arguments["keyword_id"]
    leads.one_at_a_time(session)
    campaign = session.scalars(Campaign.locked(campaign_id)).one_or_none()
    if campaign is None or campaign.keyword_id != keyword_id or task.stop_asked_at:
        because = STOPPED if task.stop_asked_at else GONE if campaign is None else OTHER_KEYWORD
        _finish(session, task, because)
        return
    ids = _next(session, keyword_id, task.state.get("after", 0))
    if ids:
        choices = Choices(**task.arguments["choices"])
        added = add_opt_ins.add_some(session, campaign_id, keyword_id, task.created_by_id, choices, ids)
        task.state = {"after": ids[-1], "report": asdict(report(task) + added)}
        if task.done.bit_length() < (task.done + len(ids)).bit_length():
            postgresql.analyse(session, CampaignMember)
        task.done += len(ids)
    if len(ids) < AT_ONCE:
        _finish(session, task)


def _finish(session: Session, task: BackgroundTask, because: str = "") -> None:
    add_opt_ins.record(session, task.arguments["campaign_id"], task.created_by_id, report(task))
    background.finish(task, because)


def _next(session: Session, keyword_id: int, after: int) -> list[int]:
    """List the opt-ins that come next, by the index on keyword, status and id."""
    mine = (OptIn.keyword_id == keyword_id, OptIn.status == OptInStatus.ACTIVE, OptIn.id > after)
    return list(session.scalars(select(OptIn.id).where(*mine).order_by(OptIn.id).limit(AT_ONCE)))


def _key(campaign_id: int) -> str:
    return f"add-opt-ins-{campaign_id}"
