"""Looking at the people of a source and adding them to a campaign, each as a background task in parts.

First `look` counts what would happen, then `begin` adds the same people: whoever the source selects when their part
comes. Two tasks may add the same people at once; each becomes a member once.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy.orm import Session

from optin import clock
from optin.campaign_members import adding, sources
from optin.campaign_members.adding import Added, Kind
from optin.campaign_members.sources import People
from optin.consent import audience, facts
from optin.database import postgresql
from optin.enums import Reason
from optin.jobs import background
from optin.models import BackgroundTask, Campaign, CampaignMember
from optin.policy import audit, cache
from optin.provider import senders

LOOKING, ADDING = "look at people to add", "add members"
LOOKED_AT_ONCE, ADDED_AT_ONCE = 4000, 10_000
CAMPAIGN_GONE = "The campaign has been deleted."
SOURCE_GONE = "Where these people come from has been deleted."
STOPPED = "It was stopped."


@dataclass(frozen=True)
class Preview:
    """What adding would do: how many come in, are members, were removed by hand.

    `reasons` counts the new ones, `removed_reasons` the removed, by why a message would not go to them now; those who
    would receive it are under "".
    """

    already: int
    reasons: Mapping[str, int]
    removed_reasons: Mapping[str, int]

    @property
    def new(self) -> int:
        """Count those who come in."""
        return sum(self.reasons.values())

    @property
    def removed(self) -> int:
        """Count those who were removed by hand."""
        return sum(self.removed_reasons.values())

    @property
    def will_receive(self) -> int:
        """Count those of the new ones who would receive a message now."""
        return self.reasons.get("", 0)

    @property
    def will_not(self) -> list[tuple[Reason, int]]:
        """Count the others of them by reason, in the order of the rule."""
        return [(why, self.reasons[why]) for why in Reason if self.reasons.get(why)]

    @property
    def removed_will_receive(self) -> int:
        """Count those of the removed who would receive a message now."""
        return self.removed_reasons.get("", 0)


def look(session: Session, campaign_id: int, source: str, about: Mapping[str, Any], user_id: int) -> int:
    """Begin to count what adding the people of a source would do, the first of them at once; return the task's id.

    `about` tells the source which people, as JSON knows it. The caller commits; `engine.nudge` then has the rest done.
    """
    people = sources.find(session, source, about)
    arguments = {"campaign_id": campaign_id, "source": source, "about": dict(about)}
    return _begin(session, LOOKING, arguments, people.total if people else 0, user_id)


def begin(
    session: Session,
    campaign_id: int,
    source: str,
    about: Mapping[str, Any],
    user_id: int | None,
    *,
    include_removed: bool = False,
) -> int:
    """Make members of the people of a source, the first of them at once; return the task's id, or that of the one that
    is at it already. The caller commits as for `look`."""
    people = sources.find(session, source, about)
    arguments = {"campaign_id": campaign_id, "source": source, "about": dict(about), "include_removed": include_removed}
    return _begin(session, ADDING, arguments, people.total if people else 0, user_id)


def find(session: Session, campaign_id: int, task_id: int) -> BackgroundTask | None:
    """Return the task, finished or not, if it looks at or adds people for the campaign."""
    task = session.get(BackgroundTask, task_id)
    mine = task is not None and task.name in (LOOKING, ADDING) and task.arguments["campaign_id"] == campaign_id
    return task if mine else None


def people_of(session: Session, task: BackgroundTask) -> People | None:
    """Return the people that a task is about; None where they are gone."""
    return sources.find(session, task.arguments["source"], task.arguments["about"])


def preview(task: BackgroundTask) -> Preview:
    """Return what a task that looks has counted so far."""
    counts = task.state.get("counts", {})
    return Preview(counts.get("already", 0), counts.get(Kind.NEW, {}), counts.get(Kind.REMOVED, {}))


def report(task: BackgroundTask) -> Added:
    """Return what a task that adds has done so far."""
    return Added(**task.state.get("report", {}))


@background.task(LOOKING)
def look_at_some(session: Session, task: BackgroundTask) -> None:
    """Count those who come next."""
    campaign = session.get(Campaign, task.arguments["campaign_id"])
    people = _people(session, task, campaign)
    if campaign is None or people is None:
        return
    part = sources.next_part(session, people, task.state.get("after", 0), LOOKED_AT_ONCE)
    counts = {"already": 0, Kind.NEW: {}, Kind.REMOVED: {}} | task.state.get("counts", {})
    if part.looked_at:
        sender = next(iter(senders.all_in_use(session)), None)
        scope, channel = facts.scope_and_channel(sender)
        policy, groups = cache.policy(session), adding.zone_groups(session, part.ids)
        question = audience.ask(session, campaign, scope, channel, policy, groups=groups)
        counts["already"] += adding.kinds(session, campaign.id, part.ids)[Kind.MEMBER]
        for kind, found in adding.reasons(session, question, part.ids, people.ids).items():
            counts[kind] = dict(Counter(counts[kind]) + found)
    task.state = {"after": part.up_to, "counts": counts}
    background.progress(task, part.looked_at)
    if part.looked_at < LOOKED_AT_ONCE:
        background.finish(task)


@background.task(ADDING)
def add_some(session: Session, task: BackgroundTask) -> None:
    """Add those who come next in the order of their ids."""
    campaign = session.scalars(Campaign.locked(task.arguments["campaign_id"])).one_or_none()
    people = _people(session, task, campaign)
    if campaign is None or people is None:
        return
    part = sources.next_part(session, people, task.state.get("after", 0), ADDED_AT_ONCE)
    if part.looked_at:
        again, now = task.arguments["include_removed"], clock.now()
        added = adding.add(session, campaign.id, part.ids, task.created_by_id, now, include_removed=again)
        task.state = {"after": part.up_to, "report": asdict(report(task) + added)}
        if background.progress(task, part.looked_at):
            postgresql.analyse(session, CampaignMember)
    if part.looked_at < ADDED_AT_ONCE:
        _finish(session, task, people.title)


def _people(session: Session, task: BackgroundTask, campaign: Campaign | None) -> People | None:
    """Return the people of a task; None ends it, where it may not go on."""
    people = people_of(session, task)
    if campaign is not None and people is not None and not task.stop_asked_at:
        return people
    because = STOPPED if task.stop_asked_at else CAMPAIGN_GONE if campaign is None else SOURCE_GONE
    _finish(session, task, people.title if people else "", because)
    return None


def _finish(session: Session, task: BackgroundTask, title: str, because: str = "") -> None:
    done = report(task) if task.name == ADDING else Added()
    if done.members:
        changes = {"Members": ("", done.members)} | ({"From": ("", title)} if title else {})
        audit.record(session, task.created_by_id, "added members", "campaign", task.arguments["campaign_id"], changes)
    background.finish(task, because)


def _begin(session: Session, name: str, arguments: Mapping[str, Any], total: int, user_id: int | None) -> int:
    same = hashlib.sha256(json.dumps(arguments, sort_keys=True).encode()).hexdigest()[:16]
    key = f"{name}-{arguments['campaign_id']}-{same}"
    known = background.under_way(session, key)
    if known is not None:
        return known.id
    task_id = background.begin(session, name, key, arguments, total=total, user_id=user_id)
    background.do_first(session, task_id)
    return task_id
