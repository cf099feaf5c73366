"""+ Add Opt-Ins for a keyword with very many opt-ins: what add_opt_ins.py does, for some of them at a time."""

from dataclasses import asdict

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from optin.database import postgresql
from optin.enums import OptInStatus
from optin.features.campaigns import add_opt_ins
from optin.features.campaigns.add_opt_ins import AddOptInsReport, Choices, Part
from optin.jobs import background
from optin.models import BackgroundTask, Campaign, CampaignMember, OptIn
from optin.person.one_at_a_time import make_people_alone

NAME = "add opt-ins"
AT_ONCE = 20_000
"""So many opt-ins are looked at in one step: with fewer, the same pages of the indexes are written more often."""
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
    make_people_alone(session)
    campaign = session.scalars(Campaign.locked(campaign_id)).one_or_none()
    if campaign is None or campaign.keyword_id != keyword_id or task.stop_asked_at:
        because = STOPPED if task.stop_asked_at else GONE if campaign is None else OTHER_KEYWORD
        _finish(session, task, because)
        return
    after = task.state.get("after", 0)
    up_to, count = _next(session, keyword_id, after)
    if count:
        choices, part = Choices(**task.arguments["choices"]), Part(after, up_to)
        added = add_opt_ins.add_some(session, campaign_id, keyword_id, task.created_by_id, choices, part)
        task.state = {"after": up_to, "report": asdict(report(task) + added)}
        if background.progress(task, count):
            postgresql.analyse(session, CampaignMember)
    if count < AT_ONCE:
        _finish(session, task)


def _finish(session: Session, task: BackgroundTask, because: str = "") -> None:
    add_opt_ins.record(session, task.arguments["campaign_id"], task.created_by_id, report(task))
    background.finish(task, because)


def _next(session: Session, keyword_id: int, after: int) -> tuple[int, int]:
    """Return the last of the opt-ins that come next, by the index on keyword, status and id, and how many they are."""
    mine = (OptIn.keyword_id == keyword_id, OptIn.status == OptInStatus.ACTIVE, OptIn.id > after)
    part = select(OptIn.id).where(*mine).order_by(OptIn.id).limit(AT_ONCE).subquery()
    up_to, count = session.execute(select(func.max(part.c.id), func.count())).one()
    return up_to or after, count


def _key(campaign_id: int) -> str:
    return f"add-opt-ins-{campaign_id}"
