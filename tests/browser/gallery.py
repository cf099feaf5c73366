"""A running app with sample data that stands still, so that every screen can be looked at: no jobs run beside it."""

import fcntl
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from uuid import uuid4
from zoneinfo import ZoneInfo

from PIL import Image
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from optin import clock
from optin.campaign_members import tasks
from optin.campaign_members.adding import Added
from optin.config import Config
from optin.consent.proof.keeper import Keeper
from optin.enums import (
    BroadcastState,
    CampaignStatus,
    CanaryState,
    Every,
    FieldKind,
    Meaning,
    MessageStatus,
    OptInStatus,
    PersonKind,
    Purpose,
    SeriesState,
    TextTestState,
    Variant,
)
from optin.environment import sqlite_url
from optin.evidence import keeping, pictures
from optin.evidence.documents import Document
from optin.evidence.pictures import Picture
from optin.features.auth import passwords
from optin.features.broadcasts import changing, sending, series_acts
from optin.features.broadcasts.series_acts import SeriesContent, Text
from optin.features.campaigns import add_opt_ins, add_opt_ins_task, other_campaign
from optin.features.campaigns.add_opt_ins import AddOptInsReport, Choices
from optin.features.campaigns.other_campaign import Which
from optin.features.exports import tasks as exports
from optin.features.imports import runs
from optin.features.imports.consent_choice import ConsentChoice
from optin.features.imports.terms import ImportKind, ImportState, Known
from optin.jobs import background, duplicate_search
from optin.models import (
    BackgroundTask,
    Broadcast,
    Campaign,
    CampaignMember,
    CanaryMessage,
    Conversation,
    EvidenceFile,
    ExportRun,
    ImportRun,
    Keyword,
    LeftOut,
    Message,
    MessageTemplate,
    OptIn,
    Person,
    PhraseOptOut,
    User,
    VariantMessage,
)
from optin.own_fields import definitions
from optin.policy import policy
from optin.provider import senders
from optin.receiving import inbound
from optin.receiving.inbound import InboundText
from optin.refused import done
from optin.sample_data import seed
from optin.sending import put_out, recurring, series_look, variant_figures, variant_words, variants
from optin.sending.series_turns import DAY, HOUR, Wait
from optin.texts.recurrence import Recurrence
from optin.texts.text_test import TextTest
from tests.browser.billing import have_dear_campaign, have_prices
from tests.browser.links import have_short_links
from tests.browser.moves import moves
from tests.browser.watching import watch
from tests.support import consent_log, own_fields
from tests.support.databases import sqlite_copy
from tests.support.servers import LiveServer, serve
from tests.support.signing_in import cookie_of

SAMPLE = "gallery"
SHEETS = Document(b"%PDF-1.7\n%%EOF\n", "application/pdf", "Sign-up sheets of the harbor festival.pdf")
ANNOUNCEMENT = "Hi {{ first_name | there }}, the boat house opens on Sunday at 10. Coffee is on us!"
OTHER_ANNOUNCEMENT = "{{ first_name | Neighbors }}, will you come to the boat house on Sunday? It opens at 10."
# What became of the messages of the broadcast that is under way, in order; the others still wait.
DONE = (MessageStatus.DELIVERED,) * 4 + (MessageStatus.SENT, MessageStatus.UNDELIVERED)
LANDLINE = 30006
NAMES = {ImportKind.OPTED_OUT: "Do not text.csv", ImportKind.OPT_IN: "Paper sign-ups.csv"}
PEOPLE = """First name;Surname;Mobile;E-Mail;Organisation;Remarks;Do not text
Maya;Chen;(415) 555-0134;maya.chen@example.org;Harbor Friends;;
Zoë;Núñez;(415) 555-0171;zoe@example.org;Harbor Friends;Has a boat;
José;García;415-555-0172;jose@example.org;;;
Ingrid;Ólafs;+1 415 555 0173;ingrid@example.org;Rowing Club;;yes
Ana;Ruiz;(415) 555-0174 ext 5;ana@example.org;;;
Zoë;Núñez;4155550171;;;Twice;
Ben;Stone;555-01;ben@example.org;;;
Priya;Shah;(415) 555-0176;priya@example.org;;Saturdays only;
""".encode("cp1252")


@dataclass(frozen=True)
class Gallery:
    """The running app, the cookie of its admin, and the addresses of the records that are worth a look."""

    url: str
    cookie: str
    at: dict[str, str]


@contextmanager
def gallery(shared: Path, folder: Path) -> Iterator[Gallery]:
    """Run the app with sample data, made once for all worker processes in `shared`, its files in `folder`."""
    instance = _sample(shared)
    shutil.copytree(instance, folder, dirs_exist_ok=True)
    environ = {"OPTIN_WORKERS": "external", "OPTIN_SAMPLE_DATA": "1"}
    with serve(sqlite_url(folder / "optin test.db"), folder, **environ) as server:
        with server.session() as session:
            at = _addresses(session)
            watch(session, folder)
            have_prices(session)
            riverteam = session.scalars(select(Keyword).where(Keyword.word == "riverteam")).one()
            at["campaign-dear"] = f"/campaigns/{have_dear_campaign(session, riverteam)}"
            cookie = _cookie(server, session)
            consent_log.seal(session.get_bind().engine, Keeper.of(server.app.config["OPTIN"]))
        yield Gallery(server.url, cookie, at)


def _sample(shared: Path) -> Path:
    """Return the folder with the sample's database and simulator, made by whoever comes first."""
    made = shared / SAMPLE
    with (shared / f"{SAMPLE}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            draft = shared / f"{SAMPLE} draft"
            draft.mkdir()
            with sqlite_copy(shared, draft) as url, ThreadPoolExecutor(1) as elsewhere:
                config = Config.from_environ({"OPTIN_DATABASE_URL": url}, draft)
                elsewhere.submit(seed, config).result()  # apart from the loop in which Playwright runs
            draft.rename(made)
    return made


def _addresses(session: Session) -> dict[str, str]:
    """Arrange what the sample has not: a campaign without members, a broadcast under way, the 1:1 rule switched on."""
    admin = session.scalars(select(User).order_by(User.id)).first()
    assert admin is not None
    admin.password_hash = passwords.hash_password("a password for the pictures")
    policy.change(session, admin.id, require_opt_in_for_one_to_one=True)
    keyword = session.scalars(select(Keyword).where(Keyword.word == "riverteam")).one()
    keyword.disclosures[0].image_id = keeping.keep_image(session, _poster(), admin.id)
    empty = _campaign(session, "Volunteer Campaign", keyword, admin)
    under_way = _campaign(session, "Boat house opening", keyword, admin)
    at = {
        "keyword": f"/keywords/{keyword.id}",
        "keyword-as-of": f"/keywords/{keyword.id}/as-of?at={clock.now():%Y-%m-%dT%H:%M}&zone=UTC",
        "campaign-empty": f"/campaigns/{empty.id}",
        "campaign": f"/campaigns/{_id(session, Campaign.id, Campaign.name == 'River Team')}",
        "broadcast-sending": f"/broadcasts/{_under_way(session, under_way, admin)}",
        "broadcast-canary": f"/broadcasts/{_waiting(session, under_way, admin)}",
        **_two_texts(session, under_way, admin),
        **have_short_links(session, session.get_one(Broadcast, _begun(session, under_way, admin))),
        "adding-opt-ins": _adding(session, under_way, admin),
        "added-opt-ins": _adding(session, empty, admin, ended_because=add_opt_ins_task.STOPPED),
        "template": f"/templates/{_template(session, admin)}",
        "field": f"/settings/fields/{_fields(session)}",
        "broadcast-scheduled": f"/broadcasts/{_scheduled(session, empty, admin)}",
        "recurring": f"/recurring/{_recurring(session, under_way, admin)}",
        "series": f"/series/{_series(session, under_way, admin)}",
        "series-campaign": f"/campaigns/{under_way.id}",
        "broadcast-changed": f"/broadcasts/{_changed(session, under_way, admin)}",
        "broadcast-done": f"/broadcasts/{_id(session, Broadcast.id, Broadcast.finished_at.is_not(None))}",
        "follow-up": _follow_up(session),
        "opt-in": f"/opt-ins/{_id(session, OptIn.id, OptIn.status == OptInStatus.ACTIVE)}",
        "contact": f"/contacts/{_id(session, Person.id, Person.first_name == 'Maya')}",
        "contact-refused": f"/contacts/{_id(session, Person.id, Person.first_name == 'Camille')}",
        "merge": _likely_twins(session),
        "conversation": f"/inbox/{_id(session, Conversation.id, Conversation.number == '+14155550134')}",
        "opt-out": f"/review/opt-outs/{_read_as_opt_out(session)}",
        **_whys(session),
        "user": f"/settings/users/{admin.id}",
        **_imports(session, admin),
        "export": _exports(session, admin),
        **_additions(session, empty, admin),
        **_imports_of_consent(session, admin, keyword),
        **_pasted(session, empty, admin),
        **moves(session, admin),
    }
    session.commit()
    return at


def _whys(session: Session) -> dict[str, str]:
    """Return pages that say why: of a message that went, of one that did not, of a text, of a member."""
    campaign = (Message.purpose == Purpose.CAMPAIGN, Message.started_at.is_not(None))
    refused = (Message.purpose == Purpose.CAMPAIGN, Message.reason.is_not(None), Message.started_at.is_(None))
    member = session.scalars(select(CampaignMember).order_by(CampaignMember.id).limit(1)).one()
    left_out = session.scalars(select(LeftOut).order_by(LeftOut.broadcast_id.desc()).limit(1)).one()
    person = session.get_one(Person, left_out.person_id)
    return {
        "broadcast-left-out": f"/broadcasts/{left_out.broadcast_id}",
        "contact-left-out": f"/{person.kind}s/{person.id}",
        "why-left-out": f"/broadcasts/{left_out.broadcast_id}/left-out/{person.id}/why",
        "why-sent": f"/messages/{_id(session, Message.id, *campaign)}/why",
        "why-refused": f"/messages/{_id(session, Message.id, *refused)}/why",
        "why-text": f"/messages/{_id(session, Message.id, Message.meaning == Meaning.OPT_OUT)}/why",
        "why-member": f"/campaigns/{member.campaign_id}/members/{member.id}/why",
    }


def _id(session: Session, column: object, *given: object) -> int:
    """Return the id of the first row."""
    return session.scalars(select(column).where(*given).order_by(column).limit(1)).one()  # type: ignore[call-overload,no-any-return]


def _likely_twins(session: Session) -> str:
    """Have a lead who may be one with a contact, found by the search; return the address of their merge."""
    rosa = session.scalars(select(Person).where(Person.first_name == "Rosa")).first()
    assert rosa is not None
    now = clock.now()
    twin = Person(
        kind=PersonKind.LEAD, first_name="Rosa", last_name="Delgado", sort_name=rosa.sort_name, mobile="+12065550188",
        email=rosa.email, zones="America/Los_Angeles", notes="Met at the pier.", created_at=now, updated_at=now,
    )  # fmt: skip
    session.add(twin)
    session.flush()
    duplicate_search.begin(session, None)
    task = session.scalars(select(BackgroundTask).where(BackgroundTask.name == duplicate_search.NAME)).one()
    while task.finished_at is None:
        duplicate_search.step(session, task)
    return f"/people/{rosa.id}/merge/{twin.id}"


def _poster() -> Picture:
    """Draw a poster, as a photo of one would be uploaded."""
    out = BytesIO()
    Image.linear_gradient("L").resize((600, 800)).save(out, "JPEG")
    return done(pictures.read(out.getvalue()))


def _campaign(session: Session, name: str, keyword: Keyword, owner: User) -> Campaign:
    now = clock.now()
    made = Campaign(
        name=name,
        keyword_id=keyword.id,
        owner_id=owner.id,
        status=CampaignStatus.PLANNED,
        created_at=now,
        updated_at=now,
    )
    session.add(made)
    session.flush()
    return made


def _under_way(session: Session, campaign: Campaign, admin: User) -> int:
    """Start a broadcast to all who opted in and let some of its messages have left; return its id."""
    done(add_opt_ins.add(session, campaign.id, admin.id, create_leads=True, include_removed=False))
    return _begun(session, campaign, admin)


def _waiting(session: Session, campaign: Campaign, admin: User) -> int:
    """Start a broadcast that waits after its first few; return its id."""
    broadcast = session.get_one(Broadcast, _begun(session, campaign, admin))
    first = select(Message.id).where(Message.broadcast_id == broadcast.id, Message.started_at.is_not(None))
    session.add_all(CanaryMessage(message_id=each, broadcast_id=broadcast.id) for each in session.scalars(first).all())
    broadcast.state, broadcast.canary = BroadcastState.PAUSED, CanaryState.WAITING
    broadcast.canary_ended_at = clock.now()
    return broadcast.id


def _two_texts(session: Session, campaign: Campaign, admin: User) -> dict[str, str]:
    """Have broadcasts that test two texts: one is measured, one waits for a user, one is decided; and a copy of one."""
    found = {}
    for state in (TextTestState.MEASURING, TextTestState.WAITING, TextTestState.DECIDED):
        broadcast = session.get_one(Broadcast, _begun(session, campaign, admin))
        test = TextTest(OTHER_ANNOUNCEMENT, goes_on=state is not TextTestState.WAITING)
        for name, value in variants.columns(test).items():
            setattr(broadcast, name, value)
        started = select(Message.id).where(Message.broadcast_id == broadcast.id, Message.started_at.is_not(None))
        session.add_all(
            VariantMessage(message_id=each, broadcast_id=broadcast.id, variant="ab"[place % 2])
            for place, each in enumerate(session.scalars(started).all())
        )
        session.flush()
        broadcast.test_state, broadcast.test_ends_at = state, clock.now() + timedelta(hours=2)
        if state is TextTestState.DECIDED:
            broadcast.winner = Variant.B
            broadcast.winner_because = variant_words.because(test.wins_by, variant_figures.figures(session, broadcast))
        found[f"text-test-{state}"] = f"/broadcasts/{broadcast.id}"
    return found | {"two-texts": f"/campaigns/{campaign.id}/broadcasts/new?copy={broadcast.id}"}


def _begun(session: Session, campaign: Campaign, admin: User) -> int:
    order = sending.BroadcastOrder(ANNOUNCEMENT, senders.in_use(session)[0].id, str(uuid4()), admin.id)
    started = done(sending.start(session, campaign.id, order))
    waiting = select(Message.id).where(Message.broadcast_id == started.broadcast_id).order_by(Message.id)
    now = clock.now()
    for status, message_id in zip(DONE, session.scalars(waiting).all(), strict=False):
        values: dict[str, object] = {"status": status, "started_at": now, "sent_at": now, "updated_at": now}
        if status is MessageStatus.UNDELIVERED:
            values["error_code"] = LANDLINE
        session.execute(update(Message).where(Message.id == message_id).values(**values))
    return started.broadcast_id


def _adding(session: Session, campaign: Campaign, admin: User, ended_because: str = "") -> str:
    """Have very many opt-ins added in the background, a fifth so far, or ended then; return the page's address."""
    assert campaign.keyword_id is not None
    choices = Choices(create_leads=True, include_removed=False)
    task_id = add_opt_ins_task.begin(session, campaign.id, campaign.keyword_id, admin.id, choices)
    task = session.get_one(BackgroundTask, task_id)
    report = AddOptInsReport(members=11_850, leads=9_020, left_removed=4, already=146)
    task.total, task.done, task.state = 60_000, 12_000, {"report": asdict(report)}
    if ended_because:
        background.finish(task, ended_because)
    return f"/campaigns/{campaign.id}/opt-ins/{task_id}"


def _additions(session: Session, campaign: Campaign, admin: User) -> dict[str, str]:
    """Look at the members of another campaign, and have very many of them added; return the addresses of the pages."""
    other = _id(session, Campaign.id, Campaign.name == "River Team")
    about = other_campaign.about(other, Which.ALL, None)
    looked = tasks.look(session, campaign.id, other_campaign.SOURCE, about, admin.id)
    begun = background.begin(
        session,
        tasks.ADDING,
        "of the gallery",
        {"campaign_id": campaign.id, "source": other_campaign.SOURCE, "about": about, "include_removed": False},
        total=60_000,
        user_id=admin.id,
    )
    adding = session.get_one(BackgroundTask, begun)
    adding.done, adding.state = 12_000, {"after": 0, "report": asdict(Added(members=11_850, already=150))}
    return {
        name: f"/campaigns/{campaign.id}/additions/{id_}" for name, id_ in (("addition", looked), ("adding", begun))
    }


def _pasted(session: Session, campaign: Campaign, admin: User) -> dict[str, str]:
    """Have numbers pasted, with pieces that are none; return the addresses of the pages."""
    pieces = ["(415) 555-0134", "646 555 0177", "+1 312-555-0122", "12", "ask Tom", "206-555-0199", "415.555.0134"]
    run = done(runs.paste(session, campaign.id, "Pasted numbers", pieces, admin.id))
    added = done(runs.paste(session, campaign.id, "Pasted numbers", [*pieces, "206-555-0198"], admin.id))
    assert runs.start(session, added, Known.LEADS, admin.id) is None
    at = {
        "paste": f"/campaigns/{campaign.id}/members/numbers",
        "members-file": f"/imports/new/member?campaign={campaign.id}",
    }
    return {**at, "pasted": f"/imports/{run.id}", "members-imported": f"/imports/{added.id}"}


def _imports(session: Session, admin: User) -> dict[str, str]:
    """Have imports at each of their steps; return the addresses of their pages."""
    columns, checked, under_way, ended = (_uploaded(session, admin, ImportKind.CONTACT, PEOPLE) for _ in range(4))
    numbers = _uploaded(session, admin, ImportKind.OPTED_OUT, b"Phone\n(415) 555-0134\n(212) 555-0187\n12\n")
    for run in (checked, under_way, ended, numbers):
        assert runs.check(session, run, {int(at): name for at, name in run.mapping.items()}, admin.id) is None
    assert runs.start(session, ended, Known.FILL, admin.id) is None
    under_way.state, under_way.started_at, under_way.total = ImportState.RUNNING, clock.now(), 60_000
    under_way.counts = {"new": 11_200, "changed": 640, "same": 120, "left_out": 38, "unreadable": 2}
    background.begin(session, "import", f"import-{under_way.id}", {"run_id": under_way.id}, total=0, user_id=admin.id)
    shown = {"import-columns": columns, "import": checked, "importing": under_way, "imported": ended}
    return {name: f"/imports/{run.id}" for name, run in {**shown, "import-numbers": numbers}.items()}


def _imports_of_consent(session: Session, admin: User, keyword: Keyword) -> dict[str, str]:
    """Have opt-ins of a file to be vouched for, looked at, imported and undone, and people with their consent."""
    rows = [f"(206) 555-{index:04d};{day}" for index, day in enumerate(("3 May 2025", "", "9 Oct 2099") * 3, start=140)]
    numbers = "\n".join(("Phone;Signed on", *rows, "(415) 555-0134;1 June 2025", "12;")).encode()
    asked, checked, ended, undone = (_uploaded(session, admin, ImportKind.OPT_IN, numbers) for _ in range(4))
    with_people = _uploaded(session, admin, ImportKind.CONTACT, PEOPLE)
    choice = ConsentChoice(
        keyword.id, keyword.word, date="2025-05-03", way="paper", told="text", by="Ana Ruiz", zone="UTC",
        text="I agree to texts about shifts, 2 a month. Reply STOP to end.",
    )  # fmt: skip
    asked.consent = {"keyword_id": keyword.id}
    sheets = session.get_one(EvidenceFile, keeping.keep_document(session, SHEETS, admin.id))
    asked.evidence = sheets
    choice = replace(choice, evidence=sheets.name, evidence_digest=sheets.digest)
    for run in (checked, ended, undone, with_people):
        own = choice if run is with_people else replace(choice, date="")
        runs.vouch(session, run, own, admin.name, admin.id, sheets)
        assert runs.check(session, run, {int(at): name for at, name in run.mapping.items()}, admin.id) is None
    for run in (ended, undone):
        assert runs.start(session, run, Known.FILL, admin.id) is None
        if run is ended:
            opt_in_id = _id(session, OptIn.id, OptIn.import_run_id == ended.id)
    undone.counts = {**undone.counts, "new": 3, "withdrawn": 2, "kept_in": 1}
    undone.state, undone.undone_at = ImportState.UNDONE, clock.now()
    shown = {
        "consent": asked,
        "opt-ins": checked,
        "opt-ins-done": ended,
        "opt-ins-undone": undone,
        "people": with_people,
    }
    return {
        **{f"import-{name}": f"/imports/{run.id}" for name, run in shown.items()},
        "opt-in-imported": f"/opt-ins/{opt_in_id}",
    }


def _exports(session: Session, admin: User) -> str:
    """Have an export that can be downloaded, one that was stopped, and one that is being made."""
    now = clock.now()
    whole = ExportRun(moment=now - timedelta(hours=2), finished_at=now - timedelta(hours=1), rows=863, size=229_493)
    stopped, under_way = ExportRun(), ExportRun()
    for run in (whole, stopped, under_way):
        run.created_at, run.created_by_id = now, admin.id
        session.add(run)
        session.flush()
        about = {"run_id": run.id}
        run.task_id = background.begin(session, exports.NAME, exports.KEY, about, total=1000, user_id=admin.id)
        task = session.get_one(BackgroundTask, run.task_id)
        if run is under_way:
            task.done = 412
        else:
            background.finish(task, "It was stopped." if run is stopped else "")
        session.flush()
    return "/settings/export"


def _uploaded(session: Session, admin: User, kind: ImportKind, data: bytes) -> ImportRun:
    name = NAMES.get(kind, "Harbor volunteers 2026.csv")
    return done(runs.receive(session, kind, name, BytesIO(data), admin.id, consent={}))


def _read_as_opt_out(session: Session) -> int:
    """Let a robot answer for somebody, so that they are opted out; return the id of what was read so."""
    opted_in = select(OptIn).join(Person, Person.mobile == OptIn.number)
    found = session.scalars(opted_in.where(Person.last_name == "Weber", OptIn.status == OptInStatus.ACTIVE)).first()
    assert found is not None
    said = "Thank you for your message. I am out of the office until Monday. To leave this list: take me off your list."
    ours = senders.in_use(session)[0].address
    inbound.receive(session, InboundText(sid=f"SM{'a' * 32}", number=found.number, address=ours, body=said))
    return session.scalars(select(PhraseOptOut.id).order_by(PhraseOptOut.id.desc())).first() or 0


def _fields(session: Session) -> int:
    """Add fields of one's own, which Maya has something in; return the id of one that is chosen from a list."""
    maya = session.scalars(select(Person).where(Person.first_name == "Maya")).one()
    own_fields.put(session, own_fields.add(session, "Birthday", FieldKind.DAY), maya, "1990-05-03")
    own_fields.put(session, own_fields.add(session, "Drives", FieldKind.YES_NO), maya, "yes")
    size = own_fields.add(session, "Shirt size", FieldKind.CHOICE, "S", "M", "L", help="For the summer festival.")
    own_fields.put(session, size, maya, "M")
    definitions.archive(session, own_fields.add(session, "Locker"), None)
    return size.id


def _template(session: Session, admin: User) -> int:
    """Keep a message template; return its id."""
    made = MessageTemplate(name="Reminder", body=ANNOUNCEMENT, updated_at=clock.now(), updated_by_id=admin.id)
    session.add(made)
    session.flush()
    return made.id


def _follow_up(session: Session) -> str:
    """Return the address of the composer for those who did not answer a broadcast that is done."""
    done_with = session.scalars(select(Broadcast).where(Broadcast.finished_at.is_not(None)).limit(1)).one()
    return f"/campaigns/{done_with.campaign_id}/broadcasts/new?audience=silent&of={done_with.id}"


def _changed(session: Session, campaign: Campaign, admin: User) -> int:
    """Store a broadcast that waits for its time and was changed; return its id."""
    broadcast = session.get_one(Broadcast, _scheduled(session, campaign, admin))
    text = ANNOUNCEMENT + " Come with all of {{ company }}."
    order = sending.BroadcastOrder(text, None, "", admin.id, starts_at=clock.now() + timedelta(days=3))
    done(changing.change(session, broadcast.id, 1, order))
    return broadcast.id


def _scheduled(session: Session, campaign: Campaign, admin: User) -> int:
    """Store a broadcast that waits for its time; return its id."""
    made = Broadcast(
        campaign_id=campaign.id,
        keyword_id=campaign.keyword_id,
        sender_id=senders.in_use(session)[0].id,
        body=ANNOUNCEMENT,
        state=BroadcastState.SCHEDULED,
        form_key=str(uuid4()),
        created_at=clock.now(),
        created_by_id=admin.id,
        starts_at=clock.now() + timedelta(days=2),
    )
    session.add(made)
    session.flush()
    return made.id


def _recurring(session: Session, campaign: Campaign, admin: User) -> int:
    """Store a broadcast that goes out every week, of which two dates are over; return its id."""
    broadcast = session.get_one(Broadcast, _scheduled(session, campaign, admin))
    first = clock.now().replace(microsecond=0) - timedelta(days=12)
    broadcast.starts_at = first
    rule = Recurrence(Every.WEEK, first.replace(tzinfo=None), ZoneInfo("UTC"), times=12)
    made = recurring.begin(session, broadcast, rule, admin.id)
    broadcast.state, broadcast.finished_at, broadcast.ended_because = (
        BroadcastState.CANCELLED,
        first,
        put_out.not_sent(recurring.MISSED),
    )
    occurrences = rule.next_dates(1, first, 2)
    recurring._make(session, made, occurrences[0])
    recurring._make(session, made, occurrences[1])
    return made.id


def _series(session: Session, campaign: Campaign, admin: User) -> int:
    """Store a series that is on, whose first text has been put out; return its id."""
    texts = [
        Text(
            "Hi {{ first_name | there }}, thank you for joining the harbor clean-ups! We text you about twice a month.",
            Wait(3 * HOUR),
        ),
        Text(
            "What would you like to do most: boats, beach or kitchen? Just answer this text.", Wait(2 * DAY, 10 * HOUR)
        ),
        Text("A week with us already. The next clean-up is on Saturday at ten, pier 3.", Wait(7 * DAY)),
    ]
    content = SeriesContent("Welcome to the clean-ups", texts, None, takes_all=True, user_id=admin.id)
    made = done(series_acts.make(session, campaign.id, content, policy.load(session)))
    assert series_acts.bring_to(session, made.id, SeriesState.ACTIVE, admin.id) is None
    made.started_at = clock.now() - timedelta(hours=4)
    session.commit()
    series_look.look(session.get_bind().engine, made.id)
    return made.id


def _cookie(server: LiveServer, session: Session) -> str:
    """Sign the admin in without the form."""
    admin = session.scalars(select(User).order_by(User.id)).first()
    assert admin is not None
    return cookie_of(server.app, admin)
