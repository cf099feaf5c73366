"""No page reads a whole large table: the plan of each statement that a list, search or record page asks, on both."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, Engine, event, select, text
from sqlalchemy.orm import Session

from bench import addresses, data
from optin import clock
from optin.campaign_members import tasks
from optin.consent import audience, audience_counts, ledger
from optin.consent.events import Act
from optin.consent.follow_up import FollowUp
from optin.consent.ledger import number_state
from optin.consent.proof import stored, tree, troubles
from optin.consent.proof.cosignature import Cosigner
from optin.consent.proof.keeper import Keeper
from optin.database.session import Base, db
from optin.database.statements import insert
from optin.enums import Audience, BroadcastState, Channel, Closure, OptInSource, ReplyKind, TextTestState
from optin.features.broadcasts import series_figures
from optin.features.campaigns import add_opt_ins, members, other_campaign
from optin.features.campaigns.other_campaign import Which
from optin.features.imports import member_undo, undo
from optin.features.keywords import check
from optin.features.settings import word_effect
from optin.jobs import background
from optin.jobs.schedule import counting
from optin.jobs.worker import Worker
from optin.models import (
    Broadcast,
    Campaign,
    ImportRun,
    LogCheckpoint,
    LogCosignature,
    Message,
    OwnField,
    OwnValue,
    Person,
    RecurringBroadcast,
    Sender,
    SendingGate,
    ShortLink,
    ShortLinkClicks,
    User,
    VariantMessage,
)
from optin.own_fields import definitions
from optin.person import likely_duplicates, merging
from optin.policy import policy
from optin.proof.number_record import NumberRecord
from optin.queries import cached_counts, look, merged_people
from optin.receiving import inbound_alarm, short_refusals
from optin.sending import (
    claim,
    deciding,
    delivery,
    first_line,
    gate,
    leavers,
    queueing,
    record,
    recurring,
    series_put_out,
    stop_all,
    unknown_outcomes,
    variant_figures,
    variants,
)
from optin.short_links import keeping
from optin.short_links import results as link_clicks
from optin.texts.text_test import TextTest
from optin.witnesses import asking, records
from tests.support import campaign_scene as scene
from tests.support import consent_log, short_links, witnesses

ROWS = 3000
LARGE = (
    "person", "person_word", "opt_in", "opt_in_person", "campaign_member", "message", "conversation", "suppression",
    "hold", "provider_block", "consent_event", "consent_payload", "audit_entry",
    "phrase_opt_out", "own_value", "broadcast_left_out", "log_leaf", "log_checkpoint", "log_cosignature",
    "variant_message", "short_link", "short_link_clicks", "series_number",
)  # fmt: skip
SCANNED = {
    "sqlite": re.compile(rf"^SCAN ({'|'.join(LARGE)})(_\d+)?\b"),
    "postgresql": re.compile(rf"Seq Scan on ({'|'.join(LARGE)})\b"),
}


BROAD = "|".join(("campaign_id", "keyword_id", "broadcast_id", "status", "kind", "channel", "scope"))
PASSES_BY = re.compile(rf"^SEARCH ({'|'.join(LARGE)})(_\d+)? USING .*\(({BROAD})=\?( AND ({BROAD})=\?)*\)$")


@contextmanager
def asked(engine: Any, *kinds: str) -> Iterator[dict[str, Any]]:
    """Collect the different statements of some kinds that are sent meanwhile, each with its values."""
    statements: dict[str, Any] = {}

    def keep(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
        if statement.lstrip().startswith(kinds):
            statements.setdefault(statement, values)

    event.listen(engine, "before_cursor_execute", keep)
    try:
        yield statements
    finally:
        event.remove(engine, "before_cursor_execute", keep)


def scans(connection: Connection, statement: str, values: Any) -> list[str]:
    """Return the lines of the plan that read a large table from one end to the other.

    What goes along an index in the order of the list until a page is full does not.
    """
    if connection.dialect.name == "postgresql":
        lines = [row[0] for row in connection.exec_driver_sql(f"EXPLAIN {statement}", values)]
        return [line.strip() for line in lines if SCANNED["postgresql"].search(line)]
    lines = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]
    until_full = "LIMIT" in statement and not any("USE TEMP B-TREE FOR ORDER BY" in line for line in lines)
    return [line for line in lines if SCANNED["sqlite"].search(line) and not until_full]


def repeats(connection: Connection, statement: str, values: Any) -> list[str]:
    """Return the parts of the plan that, for each row of a set, go through a set as large."""
    if connection.dialect.name == "postgresql":
        plan = connection.exec_driver_sql(f"EXPLAIN (VERBOSE, FORMAT JSON) {statement}", values).scalar_one()[0]["Plan"]
        return list(repeated(plan, set(re.findall(r"hashed (SubPlan \d+)", str(plan)))))
    rows = list(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values))
    parents = {row[0]: (row[1], row[3]) for row in rows}

    def is_repeated(node: int) -> bool:
        parent, words = parents.get(node, (0, ""))
        return words.startswith("CORRELATED") or (parent in parents and is_repeated(parent))

    return [row[3] for row in rows if PASSES_BY.search(row[3]) and is_repeated(row[1])]


def repeated(node: dict[str, Any], hashed: set[str], again: bool = False) -> Iterator[str]:
    """Yield PostgreSQL's scans of a large table, found by no narrow key, inside what is done for each row (`again`).

    What `hashed` names is read once and looked up from then on.
    """
    found_by = node.get("Index Cond", node.get("Recheck Cond", ""))
    named = set(re.findall(r"\b\w+ =", found_by)) - {f"{column} =" for column in BROAD.split("|")}
    if again and node.get("Relation Name") in LARGE and not named:
        yield f"{node['Node Type']} on {node['Relation Name']}: {node.get('Index Cond', node.get('Filter', ''))}"
    for below in node.get("Plans", []):
        name = below.get("Subplan Name", "")
        for_each = name.startswith("SubPlan") and name not in hashed
        inner = node["Node Type"] == "Nested Loop" and below.get("Parent Relationship") == "Inner"
        yield from repeated(below, hashed, (again or for_each or inner) and name not in hashed)


@pytest.mark.slow
def test_no_page_reads_a_whole_large_table(app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cached_counts, "FEW", 100)
    with app.app_context():
        engine = db.engine
    data.fill(engine, ROWS)
    client = app.test_client()
    client.sign_in(session.get_one(User, 1))
    pages = addresses.pages(session, ROWS)
    session.rollback()
    found = {}
    monkeypatch.setattr(likely_duplicates, "PART", 1000)
    search = partial(search_for_duplicates, engine)
    for name, ask in [*((name, partial(get, client, url)) for name, url in pages), ("search for duplicates", search)]:
        with asked(engine, "SELECT", "WITH") as statements:
            ask()
        with engine.connect() as connection:
            if engine.dialect.name == "postgresql":
                connection.exec_driver_sql("SET enable_seqscan = off")  # it would like to where there are so few rows
            for statement, values in statements.items():
                if lines := scans(connection, statement, values):
                    found.setdefault((statement, *lines), []).append(name)
    assert not found, "\n\n".join(f"{names}: {lines}\n{statement}" for (statement, *lines), names in found.items())


def get(client: Any, url: str) -> None:
    assert client.get(url, lint=False).status_code == 200


def search_for_duplicates(engine: Engine) -> None:
    """Look for them by each rule, in parts."""
    with Session(engine) as session:
        for rule in likely_duplicates.RULES:
            after: str | None = ""
            while after is not None:
                after = likely_duplicates.look(session, rule, after, 1)


def test_whole_audiences_are_looked_up_row_by_row(app: Flask, session: Session) -> None:
    """Not by going through the campaign once more for each: with 3,000 nobody notices, with a million it is hours."""
    with app.app_context():
        engine = db.engine
        data.fill(engine, ROWS)
        with Session(engine) as own, asked(engine, "SELECT", "WITH", "INSERT", "UPDATE") as statements:
            question = audience.ask(own, own.get_one(Campaign, 1), "", Channel.SMS, policy.load(own))
            audience_counts.deliverability(own, question)
            deciding.queue_broadcast(own, own.get_one(Broadcast, 1), question)
            for part in (Audience.MISSED, Audience.SILENT):
                asked_of = replace(question, follow_up=FollowUp(part, 1))
                audience_counts.deliverability(own, asked_of)
                deciding.decide(own, own.get_one(Broadcast, 1), asked_of)
            report = add_opt_ins.add(own, 2, 1, create_leads=True, include_removed=True)
            own.rollback()
    assert isinstance(report, add_opt_ins.AddOptInsReport)
    assert min(report.members, report.leads, report.came_back, report.already) > 0
    with engine.connect() as connection:
        connection.execute(deciding._HAVE_ANSWERS)
        found = {statement: repeats(connection, statement, values) for statement, values in statements.items()}
    assert not any(found.values()), "\n\n".join(f"{lines}\n{statement}" for statement, lines in found.items() if lines)


def test_what_a_short_answer_asks_is_looked_up_by_its_number(app: Flask, session: Session) -> None:
    with app.app_context():
        engine = db.engine
        data.fill(engine, ROWS)
        with Session(engine) as own, asked(engine, "SELECT") as statements:
            number = own.scalars(select(Message.number).limit(1)).one()
            ledger.question(own, number, Act(OptInSource.SMS, clock.now(), sender_id=1))
            queueing.was_answered(own, number, ReplyKind.HOW_TO_CONFIRM, opt_in_id=1)
            short_refusals.answers_broadcast(own, number, clock.now())
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SET enable_seqscan = off")
        found = {statement: scans(connection, statement, values) for statement, values in statements.items()}
    assert len(found) > 2
    assert not any(lines for statement, lines in found.items() if "WHERE" in statement), found


def test_members_of_another_campaign_are_looked_up_by_their_people(
    app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each part by the range of its people's ids, and no set as large is gone through for each of them."""
    monkeypatch.setattr(tasks, "LOOKED_AT_ONCE", 500)
    with app.app_context():
        engine = db.engine
        data.fill(engine, ROWS)
        other = scene.campaign(session, name="Other")
        with asked(engine, "SELECT", "WITH", "INSERT", "UPDATE") as statements:
            for which in Which:
                about = other_campaign.about(1, which, other_campaign.last_broadcast(session, 1))
                tasks.look(session, other.id, other_campaign.SOURCE, about, 1)
                tasks.begin(session, other.id, other_campaign.SOURCE, about, 1, include_removed=True)
    session.rollback()
    found = {}
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SET enable_seqscan = off")
        for statement, values in statements.items():
            if "campaign_member" in statement:
                lines = [*scans(connection, statement, values), *repeats(connection, statement, values)]
                found |= {statement: lines} if lines else {}
    assert len(statements) > 8
    assert found == {}


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_members_are_counted_in_the_order_of_their_ids(app: Flask, session: Session) -> None:
    """Along an index of numbers, SQLite would read thousands of rows from all over the file."""
    engine, client = _filled(app, session)
    statements = _asked_by(app, client, engine, "/campaigns")
    counting = {
        asked: given for asked, given in statements.items() if re.search(r"count.*FROM campaign_member", asked, re.S)
    }
    assert counting
    assert _serves_all(engine, "ix_campaign_member_list", counting)


@pytest.mark.parametrize("reason", ["opted_out", "on_hold", "pending", "blocked"])
def test_members_with_a_rare_reason_are_chosen_before_the_list_is_read(
    app: Flask, session: Session, monkeypatch: pytest.MonkeyPatch, reason: str
) -> None:
    """PostgreSQL would rather read all members, and see of each whether it is among the few."""
    monkeypatch.setattr(members, "FIRST", 2)
    monkeypatch.setattr(look, "LEAST", 2)
    monkeypatch.setattr(look, "SECONDS", 60)
    monkeypatch.setattr(look, "FAR", 0)
    engine, client = _filled(app, session)
    statements = _asked_by(app, client, engine, f"/campaigns/1?tab=members&reason={reason}")
    listed = {
        asked: given for asked, given in statements.items() if re.search(r"\.id (IN|= ANY) \(.*ORDER BY", asked, re.S)
    }
    listed = {
        asked: given for asked, given in listed.items() if "CASE" in asked and "LIMIT" in asked.partition("ORDER BY")[2]
    }
    assert len(listed) == 1
    explain = "EXPLAIN" if engine.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
    first = r"id = ANY \(.*InitPlan" if engine.dialect.name == "postgresql" else r"campaign_member USING .*rowid=\?"
    with engine.connect() as connection:
        for asked, given in listed.items():
            plan = "\n".join(str(row) for row in connection.exec_driver_sql(f"{explain} {asked}", given))
            assert re.search(first, plan), plan


@pytest.mark.parametrize("reason", ["duplicate", "not_opted_in", "blocked", "will_receive"])
def test_members_are_asked_one_by_one_what_the_reason_says(app: Flask, session: Session, reason: str) -> None:
    """PostgreSQL would join them with all opt-ins or blocks, or begin with what is so of nearly every member."""
    engine, client = _filled(app, session)
    statements = _asked_by(app, client, engine, f"/campaigns/1?tab=members&reason={reason}")
    parts = {asked: given for asked, given in statements.items() if "AS anon_1 \nWHERE CASE" in asked}
    assert parts
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SET enable_seqscan = off")  # it would like to where there are so few rows
        for asked, given in parts.items():
            assert not scans(connection, asked, given)
            explain = "EXPLAIN" if engine.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
            plan = "\n".join(str(row) for row in connection.exec_driver_sql(f"{explain} {asked}", given))
            assert not re.search("hashed|Join", plan), plan


@pytest.mark.parametrize("status", ["", "active"])
def test_opt_ins_are_found_by_the_end_of_their_number(app: Flask, session: Session, status: str) -> None:
    """By their status, SQLite would go through all opt-ins of a keyword that have it."""
    engine, client = _filled(app, session)
    statements = _asked_by(app, client, engine, f"/keywords/1?tab=related&q=55501234&status={status}")
    finding = {asked: given for asked, given in statements.items() if "length(opt_in.number)" in asked}
    assert finding
    assert _serves_all(engine, "ix_opt_in_tail", finding)


@pytest.mark.parametrize("reason", ["", "blocked", "not_opted_in"])
def test_whom_a_broadcast_left_out_is_read_along_the_index_of_reasons(
    app: Flask, session: Session, reason: str
) -> None:
    """PostgreSQL could go along the key, past all the people of other broadcasts and reasons."""
    engine, client = _filled(app, session)
    statements = _asked_by(app, client, engine, f"/broadcasts/59?view=not-sent&reason={reason}")
    listed = {asked: given for asked, given in statements.items() if "broadcast_left_out.asked_at" in asked}
    assert listed
    assert _serves_all(engine, "ix_broadcast_left_out_reason", listed)


def test_what_a_number_got_lately_is_looked_for_among_its_texts(app: Flask, session: Session) -> None:
    """Not at all that went within the days: these are most."""
    engine, _ = _filled(app, session)
    question = audience.ask(session, session.get_one(Campaign, 1), "", Channel.SMS, policy.load(session))
    with asked(engine, "SELECT") as statements:
        first_line.count(session, question)
        first_line.of_messages(session, [1, 2, 3], question.policy, question.now)
        first_line.of_member(session, question, 1)
        leavers.count_often(session, question)
        audience_counts.deliverability(session, replace(question, leaves_out_often=True))
    session.rollback()
    looking = {asked: given for asked, given in statements.items() if "started_at >" in asked}
    assert len(looking) == 5
    assert _serves_all(engine, "ix_message_number", looking)


def test_what_left_a_person_out_is_read_along_the_key(app: Flask, session: Session) -> None:
    engine, client = _filled(app, session)
    statements = _asked_by(app, client, engine, "/contacts/1?tab=related")
    listed = {asked: given for asked, given in statements.items() if "broadcast_left_out.asked_at" in asked}
    assert listed
    serves = "pk_broadcast_left_out" if engine.dialect.name == "postgresql" else "sqlite_autoindex_broadcast_left_out_1"
    assert _serves_all(engine, serves, listed)


def test_a_thread_is_read_along_its_own_index(app: Flask, session: Session) -> None:
    """PostgreSQL would look for a long talk among the newest messages of all: the order must not allow for that."""
    engine, client = _filled(app, session)
    statements = _asked_by(app, client, engine, f"/inbox/{ROWS}")
    thread = {asked: given for asked, given in statements.items() if "message.id DESC" in asked and "user_1" in asked}
    assert thread
    assert _serves_all(engine, "ix_message_conversation", thread)
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("DROP INDEX ix_message_conversation")
            connection.exec_driver_sql("SET enable_sort = off")
            assert not _serves(connection, "pk_message", thread)
        connection.rollback()


def test_the_messages_of_a_proof_are_read_along_their_number(app: Flask, session: Session) -> None:
    """Those of a page and those of the ZIP: never the newest messages of all until enough are of the number."""
    engine, _ = _filled(app, session)
    with Session(engine) as own, asked(engine, "SELECT") as statements:
        number = own.scalars(select(Message.number).limit(1)).one()
        read = NumberRecord.read(own, number, "US")
        assert len(read.newest_messages(own, 1)) == 1
        assert list(read.all_messages(own))
    messages = {asked: given for asked, given in statements.items() if "JOIN broadcast" in asked}
    assert len(messages) > 1
    assert _serves_all(engine, "ix_message_number", messages)


def test_what_is_sealed_already_is_not_read_again(app: Flask, session: Session, tmp_path: Path) -> None:
    """Neither to seal and sign what is new, nor for a proof."""
    engine, keeper = _filled(app, session)[0], Keeper("optin.example.org", tmp_path, "")
    consent_log.seal(engine, keeper)
    consent_log.write(session, 3)
    session.commit()
    with asked(engine, "SELECT") as statements:
        consent_log.seal(engine, keeper)
        with Session(engine) as own:
            tree.inclusion(ROWS // 2, ROWS, stored.nodes(own))
            stored.index_of(own, ROWS)
            stored.waiting(own)
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SET enable_seqscan = off")
        found = {statement: scans(connection, statement, values) for statement, values in statements.items()}
    assert len(found) > 5
    assert not any(found.values()), found


def test_the_next_dates_of_recurring_broadcasts_are_found_without_reading_those_there_were(
    app: Flask, session: Session
) -> None:
    engine = _filled(app, session)[0]
    given = {"campaign_id": 1, "sender_id": 1, "channel": Channel.SMS, "body": "Hi"}
    rule = {"every": "days", "days": 1, "first": "2026-01-01T10:00:00", "zone": "UTC", "made": 2}
    ended, now = [{"state": "ended"}] * (ROWS - 1), {"created_at": clock.now()}
    session.execute(insert(RecurringBroadcast), [given | rule | now | each for each in [*ended, {"state": "active"}]])
    ids = session.scalars(select(RecurringBroadcast.id).order_by(RecurringBroadcast.id)).all()
    dates = [(each, number) for each in ids for number in (1, 2)]
    session.execute(
        insert(Broadcast),
        [
            {**given, **now, "state": "sent", "form_key": f"date {one} {number}"}
            | {"recurring_id": one, "occurrence": number}
            for one, number in dates
        ],
    )
    session.execute(text("ANALYZE"))
    session.commit()
    with asked(engine, "SELECT") as statements:
        assert recurring.behind(engine) == [ids[-1]]
        with Session(engine) as own:
            own.scalars(recurring.of_campaign(1)).all()
    with engine.connect() as connection:
        found = {statement: scans(connection, statement, values) for statement, values in statements.items()}
    assert not any(found.values()), found


def test_a_test_of_two_texts_looks_at_its_own_messages(app: Flask, session: Session) -> None:
    """Not at all that wait for its decision, nor at the texts of everybody."""
    engine = _filled(app, session)[0]
    broadcast_id = 60
    broadcast = session.get_one(Broadcast, broadcast_id)
    for name, value in variants.columns(TextTest("Two")).items():
        setattr(broadcast, name, value)
    broadcast.state, broadcast.test_state = BroadcastState.SENDING, TextTestState.TESTING
    ids = session.scalars(select(Message.id).where(Message.broadcast_id == broadcast_id).order_by(Message.id)).all()
    drawn = [  # most are of others
        {"message_id": each, "broadcast_id": broadcast_id if place < 20 else place % 50 + 1, "variant": "ab"[each % 2]}
        for place, each in enumerate(ids)
    ]
    session.execute(insert(VariantMessage), drawn)
    session.execute(text("ANALYZE"))
    session.commit()
    with asked(engine, "SELECT", "UPDATE") as statements:
        delivery.waiting_broadcasts(engine)
        claim.claim(engine, broadcast_id=broadcast_id)
        variants.look(engine)
        with Session(engine) as own:
            variant_figures.figures(own, own.get_one(Broadcast, broadcast_id))
            variants.of_numbers(own, own.get_one(Broadcast, broadcast_id), [NUMBER])
    assert any("variant_message" in statement for statement in statements)
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SET enable_seqscan = off")  # it would like to where there are so few rows
        found = {statement: scans(connection, statement, values) for statement, values in statements.items()}
    assert not any(found.values()), found


def test_a_short_link_is_found_by_its_code_and_its_clicks_by_their_hour(app: Flask, session: Session) -> None:
    engine, client = _filled(app, session)
    short_links.switch_on(session)
    short_links.kept(session, short_links.CODE)
    now = clock.now()
    made = [
        {"id": each, "code": f"{each:06}", "host": short_links.HOST, "link": "https://a.example", "made_at": now}
        | {"broadcast_id": each // 60 + 1, "place": each % 60, "variant": "a"}
        for each in range(2, ROWS)
    ]
    session.execute(insert(ShortLink), made)
    hours = [now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=each) for each in range(2)]
    counted = [{"short_link_id": each["id"], "hour": hour, "clicks": 1} for each in made for hour in hours]
    session.execute(insert(ShortLinkClicks), counted)
    broadcast = session.get_one(Broadcast, 2)
    broadcast.shortens = True
    session.execute(text("ANALYZE"))
    session.commit()
    counter = app.extensions["short_link_clicks"]
    with asked(engine, "SELECT", "INSERT") as statements:
        headers = {"Host": short_links.HOST, "User-Agent": short_links.PHONE}
        assert client.get(f"/{short_links.CODE}", headers=headers).status_code == 302
        counter.write()
        with Session(engine) as own:
            keeping.of_broadcast(own, broadcast)
            link_clicks.of_links(own, broadcast.id)
            link_clicks.by_hour(own, broadcast.id)
    upsert, given = next(each for each in statements.items() if each[0].startswith("INSERT"))
    assert sum("short_link" in statement for statement in statements) == 5
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SET enable_seqscan = off")  # it would like to where there are so few rows
            plan = str(connection.exec_driver_sql(f"EXPLAIN {upsert}", given).all())
            assert "Conflict Arbiter Indexes: pk_short_link_clicks" in plan
        found = {statement: scans(connection, statement, values) for statement, values in statements.items()}
    assert not any(found.values()), found


def test_what_witnesses_have_cosigned_is_not_read_as_a_whole(app: Flask, session: Session, keeper: Keeper) -> None:
    """Neither to ask them, nor for the page of the log, a checkpoint or the metrics."""
    engine = _filled(app, session)[0]
    last = consent_log.seal(engine, keeper)
    assert last
    witness_id = witnesses.add(session, "https://witness.example.org", str(Cosigner("w", bytes(32))))
    rows = [{"origin_id": 1, "size": 1, "root": last.root, "at": last.at, "note": last.note} for _ in range(ROWS)]
    session.execute(insert(LogCheckpoint), rows)
    made = session.scalars(select(LogCheckpoint.id)).all()
    of = {"witness_id": witness_id, "at": last.at, "line": "\u2014 w x"}
    session.execute(insert(LogCosignature), [{"checkpoint_id": each, **of} for each in made])
    session.commit()
    with asked(engine, "SELECT") as statements, Session(engine) as own:
        asking.due(engine, clock.now())
        asking._question(engine, witness_id, None)
        records.states(own)
        troubles.waiting_since(own)
        cosigned = stored.latest_cosigned(own)
        assert cosigned
        stored.cosigned_note(own, cosigned)
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SET enable_seqscan = off")
        found = {statement: scans(connection, statement, values) for statement, values in statements.items()}
    assert len(found) > 8
    assert not any(found.values()), found


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_nothing_has_sqlite_note_how_full_its_tables_are(app: Flask, session: Session) -> None:
    """With what it noted of small tables it would read them from one end to the other, once they are large."""
    engine, client = _filled(app, session)
    for chore in counting(Worker(app)):
        chore.do()
    assert client.get("/").status_code == 200
    with engine.connect() as connection:
        assert not connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE name LIKE 'sqlite_stat%'").all()


NUMBER = "+12065550147"
ACT = Act(OptInSource.SMS, clock.now(), sender_id=1)
RELIES_ON: dict[str, str | Callable[[Session], object]] = {
    "ix_audit_entry_kind": "/settings/audit?about=user",
    "ix_audit_entry_setting": "/campaigns/1/members/5/why",
    "ix_audit_entry_user": "/settings/audit?who=7",
    "ix_campaign_member_list": "/campaigns/1?tab=members",
    "ix_campaign_member_number": "/campaigns/1?tab=members&reason=duplicate",
    "ix_campaign_member_zones": "/campaigns/1?tab=members",
    "ix_conversation_open": "/inbox",
    "ix_conversation_closed": "/inbox?show=closed",
    "ix_conversation_unread": "/inbox?show=unread",
    "ix_conversation_unread_mine": "/",
    "ix_conversation_mine": "/inbox?show=mine",
    "ix_conversation_unassigned": "/inbox?show=unassigned",
    "ix_message_near": "/keywords/1?tab=near",
    "ix_message_near_recent": "/",
    "ix_suppression_open": "/settings/opted-out",
    "uq_suppression_open": "/contacts/1",
    "uq_hold_open": "/contacts/1",
    "uq_provider_block_open": "/contacts/1",
    "uq_number_loss_open": "/contacts/1",
    "ix_hold_waiting": "/review",
    "ix_hold_ended": "/review",
    "uq_opt_in_live": lambda own: number_state.state_before(own, NUMBER, 1, ACT),
    "ix_opt_in_expires": lambda own: ledger.expire_questions(own, ACT),
    "ix_message_due": lambda own: claim.claim(own.get_bind()),
    "ix_message_leased": lambda own: record.sweep(own.get_bind()),
    "ix_message_started": stop_all.handed_over,
    "ix_message_unsettled": lambda own: unknown_outcomes.waiting(own.get_bind()),
    "ix_message_inbound": lambda own: own.execute(word_effect._texts(ACT.at)).all(),
    "ix_message_heard": lambda own: inbound_alarm.last_text_at(own),
    "ix_message_waiting_number": lambda own: gate.close(own, SendingGate(), Closure.RESTORED, ACT.at, ACT.at),
    "ix_message_replies": lambda own: queueing.reply(
        own, number=NUMBER, conversation_id=1, in_reply_to_id=1, kind=ReplyKind.HELP, body="Hi",
        sender=own.get_one(Sender, 1),
    ),
    "ix_message_not_sent": "/broadcasts/60?view=not-sent&reason=opted_out",
    "ix_message_word": lambda own: check.texted_by(own, "pizza"),
    "ix_person_import": lambda own: undo._made(own, ImportRun(id=1, line=0)),
    "ix_person_email_folded": lambda own: likely_duplicates.of_person(
        own,
        Person(id=0, kind="contact", email="a@example.org", company="", sort_name="", first_name="A", last_name="B"),
    ),
    "ix_person_merged_into": lambda own: merged_people.ids_of(own, 1),
    "ix_person_merge_open": lambda own: merging.forget_old(own, clock.now()),
    "ix_campaign_member_import": lambda own: member_undo._next(own, ImportRun(id=1)),
    "ix_own_value_number": lambda own: own.scalars(
        select(OwnValue.person_id).where(OwnValue.field_id == 2, OwnValue.number > 3)
    ).all(),
    "ix_own_value_option": lambda own: definitions._options_in_use(own, own.get_one(OwnField, 3), {1: "", 2: ""}),
    "ix_opt_in_import": lambda own: ledger.withdraw_imported(own, replace(ACT, import_run_id=1), 0, 10),
    "ix_suppression_import": lambda own: ledger.take_back_opt_outs(own, replace(ACT, import_run_id=1), 0, 10),
    "ix_background_task_open": lambda own: background.unfinished(own.get_bind()),
    "ix_series_number_due": lambda own: own.execute(series_put_out._due(1, clock.now())),
    "ix_series_number_step": lambda own: own.execute(series_figures._waiting(1, 1)),
    "ix_figure_asked": lambda own: cached_counts.refresh(own.get_bind()),
}  # fmt: skip
"""Each partial index with a page, or a function, one of whose statements relies on it."""
ONLY_UNIQUE = {"uq_keyword_word_main"}
ANOTHER_SERVES = {"sqlite": {"ix_conversation_unassigned"}, "postgresql": {"ix_campaign_member_list"}}
"""With so few rows the planner takes an index that serves as well."""


def test_each_partial_index_has_who_relies_on_it() -> None:
    partial = {index.name for table in Base.metadata.tables.values() for index in table.indexes if index.info}
    assert partial - ONLY_UNIQUE == RELIES_ON.keys()


def test_who_relies_on_a_partial_index_is_served_by_it(app: Flask, session: Session) -> None:
    """A condition that differs from that of the index makes it useless, and nothing else would tell."""
    engine, client = _filled(app, session)
    statements = {name: _asked_by(app, client, engine, who) for name, who in RELIES_ON.items()}
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("ANALYZE")
            connection.exec_driver_sql("SET enable_seqscan = off")  # it would like to where there are so few rows
        useless = {name for name in RELIES_ON if not _serves(connection, name, statements[name])}
    assert useless <= ANOTHER_SERVES[engine.dialect.name]


def _filled(app: Flask, session: Session) -> tuple[Engine, Any]:
    """Fill the database, and give it with a browser in which the admin is signed in."""
    with app.app_context():
        engine = db.engine
    data.fill(engine, ROWS)
    client = app.test_client()
    client.sign_in(session.get_one(User, 1))
    session.rollback()
    return engine, client


def _asked_by(app: Flask, client: Any, engine: Any, who: str | Callable[[Session], object]) -> dict[str, Any]:
    with asked(engine, "SELECT", "WITH", "UPDATE") as statements:
        if isinstance(who, str):
            assert client.get(who, lint=False).status_code == 200
        else:
            with app.app_context(), Session(engine) as own:
                who(own)
                own.rollback()
    return statements


def _serves_all(engine: Engine, index: str, statements: dict[str, Any]) -> bool:
    with engine.connect() as connection:
        return all(_serves(connection, index, {asked: given}) for asked, given in statements.items())


def _serves(connection: Connection, index: str, statements: dict[str, Any]) -> bool:
    explain = "EXPLAIN" if connection.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
    return any(
        re.search(rf"\b{index}\b", str(row))
        for statement, values in statements.items()
        for row in connection.exec_driver_sql(f"{explain} {statement}", values)
    )
