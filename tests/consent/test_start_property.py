"""The statement that lets a text out says what the pure rule says: for all facts, purposes and settings.

Each combination of facts is a number with real rows, and each number has a claimed message for every purpose. The real
statement of sending/start.py is run on them, many at once, and taken back.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from functools import partial
from itertools import product
from typing import Any

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.orm import DeclarativeBase, Session

from optin import clock
from optin.consent import conditions, rules
from optin.consent.rules import STEPS, Case, Effect, Facts, Step, decide
from optin.enums import (
    BroadcastState,
    Direction,
    MessageStatus,
    OptInStatus,
    Per,
    Purpose,
    Reason,
    ReplyKind,
    Role,
    SenderKind,
)
from optin.models import (
    Broadcast,
    Campaign,
    Disclosure,
    Hold,
    Keyword,
    Message,
    NumberCode,
    NumberLoss,
    OptIn,
    ProviderBlock,
    Sender,
    Suppression,
    User,
)
from optin.policy.policy import Policy
from optin.sending import start
from optin.sending.claim import ClaimedMessage

pytestmark = pytest.mark.slow

SENDER = 1000
"""An id that no other sender has that is made beside."""
SCOPE = "+14155550100"
NOW = clock.now()
BOTH = (False, True)
OPT_INS = (None, OptInStatus.PENDING, OptInStatus.ACTIVE)
TODAY, LATELY, BEFORE = timedelta(hours=1), timedelta(hours=25), timedelta(days=8)
GOT = ((), (TODAY, BEFORE, BEFORE), (LATELY, BEFORE, BEFORE), (TODAY, LATELY, LATELY), (LATELY,) * 3)
"""How long ago a number got broadcast messages: many of them within a week or not, one today or not."""
LENIENT = Policy(keywordless_needs_opt_in=False, require_opt_in_for_one_to_one=False)
STRICT = Policy(keywordless_needs_opt_in=True, require_opt_in_for_one_to_one=True, cap_per_day=1, cap_waits=False)
"""What no rule but that of their own purpose may look at is once all off and once all on."""
CAPS: list[dict[str, Any]] = [{"cap_per_day": day, "cap_per_week": week} for day, week in ((0, 0), (1, 0), (0, 1))]
POLICIES = {
    Purpose.CAMPAIGN: [
        replace(others, keywordless_needs_opt_in=needs, cap_waits=waits, **caps)
        for others, needs, waits, caps in product((LENIENT, STRICT), BOTH, BOTH, CAPS)
        if (others is LENIENT) is waits  # the start statement can't tell waiting from refused
    ],
    Purpose.ONE_TO_ONE: [
        replace(others, require_opt_in_for_one_to_one=needs) for others, needs in product((LENIENT, STRICT), BOTH)
    ],
}
"""All settings that the rule of a purpose looks at; for the others LENIENT and STRICT."""
STRICTEST = {Purpose.CAMPAIGN: [STRICT, replace(STRICT, cap_waits=True)]}
"""Those under which each row of the rule is asked; for the others STRICT."""


@dataclass(frozen=True)
class Given:
    """One combination: the number's rows, and how long ago it `got` broadcast messages.

    `promised`: with the keyword there is one a week at most.
    """

    has_number: bool
    suppressed: bool
    lost: bool
    held: bool
    blocked: bool
    opt_in: OptInStatus | None
    other_opt_in: OptInStatus | None
    got: tuple[timedelta, ...]
    promised: bool


GIVEN = [Given(*row) for row in product(*[BOTH] * 5, OPT_INS, OPT_INS, GOT, BOTH)]
NUMBERS = [f"+1415{index:07d}" if given.has_number else f"SENDER {index}" for index, given in enumerate(GIVEN)]
SINGLE = [
    (Purpose.ONE_TO_ONE, None),
    (Purpose.VERIFICATION, None),
    (Purpose.VERIFICATION, ReplyKind.QUESTION),
    *((Purpose.REPLY, kind) for kind in (None, *ReplyKind)),
]


@dataclass(frozen=True)
class Alike:
    """Messages to all numbers that are started by one statement, in the order of GIVEN."""

    posts: list[ClaimedMessage]
    too_late: bool = False
    empty_field: bool = False
    leaves_out_often: bool = False
    own: bool = False

    def case(self, policy: Policy) -> Case:
        """Return the case of the rule."""
        first = self.posts[0]
        return conditions.case_of(first.purpose, policy, keyword_id=first.keyword_id, reply_kind=first.reply_kind)

    def facts(self, given: Given, policy: Policy) -> Facts:
        """Return what is so of a number, as the rule asks for these messages."""
        mine, any_ = given.opt_in, (given.opt_in, given.other_opt_in)
        found = (mine,) if self.posts[0].keyword_id else any_
        per_day = policy.cap_per_day and TODAY in given.got
        within_a_week = sum(age < timedelta(days=7) for age in given.got)
        return Facts(
            has_number=given.has_number,
            own=self.own,
            suppressed=given.suppressed,
            lost=given.lost,
            held=given.held,
            pending=OptInStatus.PENDING in found,
            opted_in=OptInStatus.ACTIVE in found,
            any_opt_in=OptInStatus.ACTIVE in any_,
            blocked=given.blocked,
            too_late=self.too_late,
            empty_field=self.empty_field,
            promise_reached=mine == OptInStatus.ACTIVE and given.promised and within_a_week > 0,
            often_texted=self.leaves_out_often and within_a_week > 2,
            cap_reached=bool(per_day or (policy.cap_per_week and within_a_week)),
        )


def _arrange(session: Session) -> list[Alike]:
    """Make the rows of all numbers and the messages to them."""
    session.add(Sender(id=SENDER, channel="sms", kind=SenderKind.LONG_CODE, address=SCOPE, created_at=NOW))
    session.add_all(Keyword(id=id_, word=f"word{id_}", created_at=NOW) for id_ in (1, 2))
    session.flush()
    told = Disclosure(keyword_id=1, version=1, text="", promised_most=1, promised_per=Per.WEEK, created_at=NOW)
    session.add(told)
    session.flush()
    _add(session, Suppression, [_when(given.suppressed, asked_at=NOW) for given in GIVEN])
    _add(session, NumberLoss, [_when(given.lost) for given in GIVEN])
    _add(session, Hold, [_when(given.held, cause="sentence") for given in GIVEN])
    _add(session, ProviderBlock, [_when(given.blocked, scope=SCOPE, cause="word") for given in GIVEN])
    _add(session, ProviderBlock, [_when(True, scope="another sender", cause="word") for _ in GIVEN])
    given_opt_in = {"source": "sms", "requested_at": NOW}
    for keyword_id, statuses in ((1, [g.opt_in for g in GIVEN]), (2, [g.other_opt_in for g in GIVEN])):
        _add(session, OptIn, [s and {"keyword_id": keyword_id, "status": s, **given_opt_in} for s in statuses])
    session.execute(
        update(OptIn)
        .where(OptIn.keyword_id == 1, OptIn.number.in_([n for n, g in zip(NUMBERS, GIVEN, strict=True) if g.promised]))
        .values(disclosure_id=told.id)
    )
    sent = {"status": MessageStatus.DELIVERED, "purpose": Purpose.CAMPAIGN}
    for nth in range(3):
        _add(session, Message, [_message(started_at=NOW - g.got[nth], **sent) if g.got else None for g in GIVEN])
    by = select(OptIn.id).where(OptIn.number == Message.number, OptIn.keyword_id == 1).scalar_subquery()
    session.execute(update(Message).values(opt_in_id=by).execution_options(synchronize_session=False))
    return [*_broadcasts(session), *_singles(session), *_own(session)]


def _when(is_so: bool, **fields: object) -> dict[str, object]:
    return {"started_at": NOW, "ended_at": None if is_so else NOW, **fields}


def _add(session: Session, table: type[DeclarativeBase], rows: list[dict[str, object] | None]) -> None:
    """Insert a row for each number, or none."""
    numbered = [{"number": number, **row} for number, row in zip(NUMBERS, rows, strict=True) if row]
    session.execute(insert(table), numbered)


def _message(**fields: object) -> dict[str, object]:
    moments = {"created_at": NOW, "updated_at": NOW}
    return {"direction": Direction.OUTBOUND, "status": MessageStatus.CLAIMED, "sender_id": SENDER, **moments, **fields}


def _broadcasts(session: Session) -> Iterator[Alike]:
    for keyword_id, late in product((1, None), BOTH):
        made = _broadcast(session, keyword_id, f"{keyword_id} {late}", late=late)
        ids = _messages(session, {"purpose": Purpose.CAMPAIGN, "broadcast_id": made})
        post = partial(_post, purpose=Purpose.CAMPAIGN, keyword_id=keyword_id, broadcast_id=made)
        posts = [post(*each) for each in zip(ids, NUMBERS, strict=True)]
        yield Alike(posts, too_late=late)
        yield Alike([replace(each, empty_field=True) for each in posts], too_late=late, empty_field=True)
        yield Alike([replace(each, leaves_out_often=True) for each in posts], too_late=late, leaves_out_often=True)


def _broadcast(session: Session, keyword_id: int | None, form_key: str, *, late: bool = False) -> int:
    campaign = Campaign(name="All", keyword_id=keyword_id, created_at=NOW, updated_at=NOW)
    session.add(campaign)
    session.flush()
    given = {"campaign_id": campaign.id, "keyword_id": keyword_id, "sender_id": SENDER, "body": "Hello"}
    moments = {"created_at": NOW, "started_at": NOW, "not_after": NOW + timedelta(hours=-1 if late else 1)}
    made = Broadcast(state=BroadcastState.SENDING, form_key=form_key, **given, **moments)
    session.add(made)
    session.flush()
    return made.id


def _singles(session: Session) -> Iterator[Alike]:
    for purpose, kind in SINGLE:
        ids = _messages(session, {"purpose": purpose, "reply_kind": kind})
        post = partial(_post, purpose=purpose, reply_kind=kind)
        yield Alike([post(*each) for each in zip(ids, NUMBERS, strict=True)])


def _own(session: Session) -> Iterator[Alike]:
    """Let every number be that of a user of its own, who verifies it once more; somebody else writes to it too."""
    users = [{"id": index, "mobile": number} for index, number in enumerate(NUMBERS, start=1)]
    other = {"id": len(users) + 1, "mobile": None}
    fields = {"name": "A", "role": Role.AGENT, "created_at": NOW}
    session.execute(
        insert(User), [{**user, "email": f"{user['id']}@example.org", **fields} for user in [*users, other]]
    )
    code = {"code": "123456", "tries": 0, "expires_at": NOW + timedelta(minutes=9)}
    _add(session, NumberCode, [{"user_id": user["id"], **code} for user in users])
    for purpose, own in product((Purpose.TEST, Purpose.CODE), BOTH):
        authors = [{"author_id": user["id"] if own else other["id"]} for user in users]
        ids = _messages(session, {"purpose": purpose}, authors)
        yield Alike([_post(*each, purpose=purpose) for each in zip(ids, NUMBERS, strict=True)], own=own)


def _messages(session: Session, fields: dict[str, object], each: list[dict[str, object]] | None = None) -> list[int]:
    """Make a claimed message to each number and return their ids in the order of the numbers."""
    others = each or [{} for _ in NUMBERS]
    rows = [_message(number=number, **fields, **own) for number, own in zip(NUMBERS, others, strict=True)]
    return list(session.scalars(insert(Message).returning(Message.id, sort_by_parameter_order=True), rows))


def _post(message_id: int, number: str, **fields: object) -> ClaimedMessage:
    return ClaimedMessage(message_id=message_id, number=number, address=SCOPE, scope=SCOPE, body="Hello", **fields)  # type: ignore[arg-type]


@pytest.fixture
def alikes(session: Session) -> list[Alike]:
    made = _arrange(session)
    session.commit()
    return made


def _started(session: Session, alike: Alike, policy: Policy) -> set[int]:
    """Run the start statement, take it back, and return the ids of the messages that it started."""
    started = set(start._start_alike(session, alike.posts, policy, NOW)) if alike.posts else set()
    session.rollback()
    return started


def _allowed(alike: Alike, policy: Policy) -> set[int]:
    """Return the ids of the messages that the pure rule allows."""
    case = alike.case(policy)
    pairs = zip(alike.posts, GIVEN, strict=True)
    return {post.message_id for post, given in pairs if decide(case, alike.facts(given, policy)).allowed}


def _policies(alike: Alike) -> list[Policy]:
    return POLICIES.get(alike.posts[0].purpose, [LENIENT, STRICT])


def test_the_start_is_the_rule_on_every_combination(session: Session, alikes: list[Alike]) -> None:
    _assert_complete(alikes)
    for alike in alikes:
        for policy in _policies(alike):
            assert _started(session, alike, policy) == _allowed(alike, policy), (alike.posts[0], policy)


def _assert_complete(alikes: list[Alike]) -> None:
    """Every purpose, kind of reply and setting that a case can have is among them."""
    assert {alike.posts[0].purpose for alike in alikes} == set(Purpose)
    cases = [alike.case(policy) for alike in alikes for policy in _policies(alike)]
    seen = {field.name: {getattr(case, field.name) for case in cases} for field in fields(Case)}
    assert seen.pop("purpose") == set(Purpose)
    assert seen.pop("reply_kind") == {None, *ReplyKind}
    assert all(values == set(BOTH) for values in seen.values()), seen


def test_no_row_of_the_rule_can_be_left_out_of_the_start(
    session: Session, alikes: list[Alike], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without it the statement lets out what the rule forbids, which the first test would see: each row in turn."""
    monkeypatch.setattr(start, "_starting", start._starting.__wrapped__)  # else it is kept, with the row that is gone
    asked: Callable[[Case], tuple[Step, ...]] = rules.asked_at_start
    let_out: dict[tuple[Case, Step], set[int]] = defaultdict(set)
    for alike in alikes:
        for policy in STRICTEST.get(alike.posts[0].purpose, [STRICT]):
            case, allowed = alike.case(policy), _allowed(alike, policy)
            for step in asked(case):
                monkeypatch.setattr(rules, "asked_at_start", partial(_without, asked, step))
                let_out[case, step] |= _started(session, _refused_for(alike, policy, step), policy) - allowed
    obstacles = {step for step in STEPS if step.effect is not Effect.NOTICE}
    assert {step for _, step in let_out} == {step for step in obstacles if step.at_start}
    in_vain = {step.reason for (_, step), messages in let_out.items() if not messages}
    assert in_vain == {Reason.PENDING}  # only the reason: who waits for confirmation has not opted in either


def _refused_for(alike: Alike, policy: Policy, step: Step) -> Alike:
    """Return those of the messages that the pure rule refuses for the reason of a step: no others can be let out."""
    case, pairs = alike.case(policy), zip(alike.posts, GIVEN, strict=True)
    refused = [post for post, given in pairs if decide(case, alike.facts(given, policy)).reason is step.reason]
    return replace(alike, posts=refused)


def _without(asked: Callable[[Case], tuple[Step, ...]], left_out: Step, case: Case) -> tuple[Step, ...]:
    return tuple(step for step in asked(case) if step is not left_out)
