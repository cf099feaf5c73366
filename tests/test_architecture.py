"""The shape of the code, read from its imports: layers point down, features stand apart, each vendor has one door."""

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from optin.archive import tables
from optin.consent.replay import NUMBER_EFFECTS, OPT_IN_EFFECTS, WITHOUT_EFFECT
from optin.database.session import Base
from optin.database.statements import table
from optin.enums import EventKind
from tests.support import ledger_writes
from tests.support.thrown_away import thrown_away

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = (ROOT / "optin", ROOT / "twilio_simulator")
BESIDE = ("browser", "faults", "support")
"""Folders of tests that are of no single room."""

# From the ground up; a room may import its own floor's siblings (not features) and everything below.
FLOORS = [
    {"clock", "enums", "environment", "hosts", "metrics", "phone", "refused"},
    {"texts", "reading", "spreadsheets"},
    {"channels", "config"},
    {"database"},
    {"models"},
    {"storage", "policy", "evidence"},
    {"queries", "own_fields"},
    {"consent"},
    {"person", "proof"},
    {"provider", "witnesses", "short_links"},
    {"sending"},
    {"receiving"},
    {"jobs"},
    {"campaign_members"},
    {"web"},
    {"monitoring"},
    {"archive"},
]
FEATURES = {
    "home",
    "search",
    "keywords",
    "opt_ins",
    "opt_outs",
    "proofs",
    "campaigns",
    "broadcasts",
    "people",
    "imports",
    "moving",
    "exports",
    "sending_check",
    "stop_sending",
    "inbox",
    "message_templates",
    "field_settings",
    "review",
    "settings",
    "auth",
    "one_to_one",
    "why",
}
SHARED = {"one_to_one"}
"""1:1 SMS Messaging is shown by other features; it knows none of them."""
DOORS = {
    "twilio": {"optin.provider.twilio"},
    "phonenumbers": {"optin.phone"},
    "dbos": {"optin.jobs.engine"},
    "python_calamine": {"optin.spreadsheets.unpack"},
    "charset_normalizer": {"optin.spreadsheets.text_encodings"},
    "cryptography": {"optin.consent.proof.signed_note", "optin.witnesses.witness"},  # a program of its own
    "reportlab": {"optin.proof.pdf"},
    "PIL": {"optin.proof.pdf"},
    "fontpkg_noto_sans": {"optin.proof.pdf"},
    "segno": {"optin.features.keywords.invitation"},
}
PURE = [
    "optin.enums",
    "optin.clock",
    "optin.refused",
    "optin.phone.area_codes",
    "optin.phone.spellings",
    "optin.phone",
    "optin.spreadsheets.read",
    "optin.spreadsheets.unpack",
    "optin.spreadsheets.numbers",
    "optin.spreadsheets.guess",
    "optin.web.spreadsheets",
    "optin.hosts",
    "optin.consent.rules",
    "optin.consent.clauses",
    "optin.consent.course",
    "optin.consent.event_notes",
    "optin.consent.proof.checkpoint_file",
    "optin.consent.proof.cosignature",
    "optin.consent.proof.leaf",
    "optin.consent.proof.signed_note",
    "optin.consent.proof.tree",
    "optin.reading.words",
    "optin.consent.hours",
    "optin.provider.pricing",
    "optin.provider.responses",
    "optin.short_links.people",
    "optin.texts.links",
    "optin.texts.money",
    "optin.texts.send_time",
    "optin.texts.segments",
    "optin.provider.statuses",
    "optin.texts.merge_fields",
    "optin.proof.material",
    "optin.proof.pdf",
    "optin.proof.unknown",
    "optin.proof.verify",
    "optin.proof.wording",
    "optin.channels.address",
    "optin.channels.allowed_reading",
    "optin.evidence.documents",
    "optin.evidence.pictures",
    "optin.own_fields.keys",
    "optin.own_fields.kinds",
    "optin.features.imports.deciding",
    "optin.features.imports.fields",
    "optin.features.imports.member_deciding",
    "optin.features.imports.rows",
    "optin.features.imports.terms",
    "optin.features.keywords.invitation",
    "optin.features.moving.cells",
    "optin.features.moving.deciding",
    "optin.features.moving.headers",
    "optin.features.moving.records",
    "optin.features.moving.signs",
    "optin.features.moving.soql",
    "optin.features.moving.terms",
    "optin.features.moving.texts",
    "optin.witnesses.address",
    "optin.witnesses.protocol",
    "optin.witnesses.transport",
    "optin.witnesses.witness",
]
PAGES = ("optin.web", "optin.features", "twilio_simulator")
AFRESH = {  # what jobs and commands ask as well, where there is no request
    "optin.features.broadcasts.sending",
    "optin.features.campaigns.other_campaign",
    "optin.features.imports.members",
    "optin.features.imports.undo",
    "optin.features.imports.work",
    "optin.features.moving.job",
    "optin.person.leads",
    "optin.person.records",
}
VIEWS = {"Response", "WSGIResponse", "tuple[str, int]"}
REFUSALS = {
    "optin.consent.refusal_sentences.Refusal",  # what stands in place of a composer: title, text, ways out
    "optin.consent.ledger.undo_review.WithdrawalRefusal",  # the reasons; features/review says them with dates and names
}
BEGIN_THEMSELVES = {"optin.jobs.worker_registry"}


def modules(*folders: Path) -> dict[str, ast.Module]:
    """Return every module in the folders by its dotted name."""
    found = {}
    for path in (path for folder in folders for path in folder.rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        if ".migrations." not in name:
            found[name] = ast.parse(path.read_text())
    return found


def imported(tree: ast.Module) -> set[str]:
    """Return the dotted names that a module imports, anywhere in it."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
    return names


def part(name: str) -> str:
    """Return the room of the app that a module belongs to; features/ is no room, each feature is one."""
    if not name.startswith("optin."):
        return name.split(".")[0] if name.startswith("twilio_simulator") else ""
    rooms = name.split(".")[1:]
    return rooms[1] if rooms[0] == "features" and len(rooms) > 1 else rooms[0]


@cache
def project() -> dict[str, ast.Module]:
    """Return the project's modules: read by who asks of them, not by each process that collects tests."""
    return modules(*PACKAGES)


def test_imports_point_down() -> None:
    floor = {name: height for height, names in enumerate(FLOORS) for name in names}
    floor |= dict.fromkeys(FEATURES, len(FLOORS))
    wrong = [
        f"{name} imports {other}"
        for name, tree in project().items()
        for other in imported(tree)
        if other.startswith("optin.")
        and part(name) in floor
        and floor.get(part(other), len(FLOORS) + 1) > floor[part(name)]
    ]
    assert wrong == []


def test_features_do_not_know_each_other() -> None:
    wrong = [
        f"{name} imports {other}"
        for name, tree in project().items()
        for other in imported(tree)
        if part(name) in FEATURES
        and other.startswith("optin.features.")
        and part(other) in FEATURES - SHARED - {part(name)}
    ]
    assert wrong == []


def test_every_folder_and_module_has_its_floor() -> None:
    above = {"", "features", "webhooks", "cli", "migrations", "wsgi", "first_start", "sample_data", "twilio_simulator"}
    known = set().union(*FLOORS) | FEATURES | above
    assert {part(name) for name in project()} - known == set()


@pytest.mark.parametrize("vendor", DOORS)
def test_a_vendor_has_one_door(vendor: str) -> None:
    users = {
        name
        for name, tree in project().items()
        if any(other == vendor or other.startswith(f"{vendor}.") for other in imported(tree))
    }
    assert users == DOORS[vendor]


def test_the_simulator_knows_the_app_over_http_only() -> None:
    """Its pages with phones are pages of the app; what stands in for Twilio needs a clock, and nothing else."""
    allowed = ("optin.clock",)
    wrong = [
        f"{name} imports {other}"
        for name, tree in project().items()
        for other in imported(tree)
        if name.startswith("twilio_simulator") and not name.startswith("twilio_simulator.phone_pages")
        if other.startswith("optin") and other != "optin" and not other.startswith(allowed)
    ]
    assert wrong == []


@pytest.mark.slow
@pytest.mark.parametrize("module", PURE)
def test_a_pure_module_needs_neither_flask_nor_sqlalchemy(module: str) -> None:
    look = f"import sys, {module}; print(*(name for name in ('flask', 'sqlalchemy') if name in sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", look], cwd=ROOT, capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == ""


def test_requests_take_the_policy_once() -> None:
    """Pages ask web/current.py; only what decides afresh asks the cache, and only a change of it the table."""
    wrong = []
    for name, tree in project().items():
        if name.startswith("optin.policy") or name == "optin.web.current":
            continue
        is_page = name.startswith(PAGES) and name not in AFRESH
        wrong += [
            f"{name}:{node.lineno}"
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute)
            if isinstance(node.value, ast.Name) and node.value.id in ("cache", "policy")
            if node.attr in ({"load", "policy", "current"} if is_page else {"load"})
        ]
    assert wrong == []


def test_a_text_is_no_way_to_refuse() -> None:
    """What may be refused returns Refused, never a str in the place of what was asked for; views give pages."""
    wrong = [
        f"{name}.{node.name} -> {ast.unparse(node.returns)}"
        for name, tree in project().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
        and node.returns is not None
        and "str" in (kinds := _alternatives(node.returns))
        if kinds - {"str", "None", "Refused"} and not kinds & VIEWS
    ]
    assert wrong == []


def test_there_is_one_value_that_refuses() -> None:
    named = {
        f"{name}.{node.name}"
        for name, tree in project().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and "refus" in node.name.lower() and not name.startswith("twilio_simulator")
    }
    assert named == {"optin.refused.Refused", *REFUSALS}


def test_no_refusal_is_thrown_away() -> None:
    """Whoever calls what may be refused looks at the answer; `refused.done` is for where it can't be. So do tests."""
    assert thrown_away(project() | modules(ROOT / "tests")) == []


def _alternatives(annotation: ast.expr) -> set[str]:
    """Return what a union is made of, a type alone as one."""
    if isinstance(annotation, ast.BinOp):
        return _alternatives(annotation.left) | _alternatives(annotation.right)
    return {ast.unparse(annotation)}


def test_only_the_ledger_writes_consent() -> None:
    """No other module inserts, changes or deletes a row of the ledger's tables, nor makes one to add."""
    wrong = [
        f"{name}:{line}"
        for name, tree in project().items()
        if not name.startswith(("optin.consent.ledger", "optin.consent.events"))
        for line in ledger_writes.written(tree)
    ]
    assert wrong == []


def test_the_tests_have_the_rooms_of_what_they_test() -> None:
    folders = {path.parent for path in (ROOT / "tests").rglob("test_*.py")}
    rooms = {path.relative_to(ROOT / "tests") for path in folders} - {Path(), *map(Path, BESIDE)}
    strays = {str(room) for room in rooms if not any((root / room).is_dir() for root in (ROOT, ROOT / "optin"))}
    assert strays == set()


def test_transactions_begin_by_reading_and_writing_alone() -> None:
    """But for the queue's own database, whose connections begin by themselves."""
    openers = re.compile(r"(\w+\.)*(Session|sessionmaker)|(\w+\.)*\w*engine\.(begin|connect)")
    wrong = [
        f"{name}:{node.lineno}"
        for name, tree in project().items()
        if name not in ("optin.database.transactions", *BEGIN_THEMSELVES)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and openers.fullmatch(ast.unparse(node.func))
    ]
    assert wrong == []


def test_indexes_are_steered_in_one_place() -> None:
    """Neither `+ 0` nor `limit(-1)` stands anywhere but in optin/database/steering.py, where it has a name."""
    wrong = [
        f"{name}:{node.lineno}"
        for name, tree in project().items()
        if name != "optin.database.steering"
        for node in ast.walk(tree)
        if (isinstance(node, ast.BinOp) and isinstance(node.right, ast.Constant) and node.right.value == 0)
        or (isinstance(node, ast.Call) and ast.unparse(node).endswith(".limit(-1)"))
    ]
    assert wrong == []


def test_there_is_one_insert() -> None:
    """Only optin/database/statements.py knows those of SQLAlchemy; nobody gives ours another name."""
    wrong = [
        f"{name}:{node.lineno}"
        for name, tree in project().items()
        if name != "optin.database.statements"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.name == "insert" and (node.module != "optin.database.statements" or alias.asname)
    ]
    assert wrong == []


def test_what_a_webhook_runs_is_given_its_session() -> None:
    """The small app of the webhooks has no `db.session` of its own: nothing would end one, nor its transaction."""
    apart = {"optin", "optin.database.session", "optin.jobs.engine"}  # the jobs have threads and contexts of their own
    reached, ahead = set(), {name for name in imported(project()["optin.webhooks.app"]) if name in project()} - apart
    while ahead:
        reached |= ahead
        ahead = {name for each in ahead for name in imported(project()[each]) if name in project()} - reached - apart
    assert {"optin.consent.ledger.opting_out", "optin.web.errors"} <= reached
    assert [name for name in sorted(reached) if "optin.database.session.db" in imported(project()[name])] == []


def test_every_table_is_exported_or_left_out_for_a_reason() -> None:
    """A new table goes into one of the two lists of optin/archive/tables.py."""
    exported = {table(model).name for model in tables.EXPORTED}
    assert exported | set(tables.LEFT_OUT) == set(Base.metadata.tables)
    assert exported & set(tables.LEFT_OUT) == set()
    assert {each.name for each in tables.in_order()} == exported


def test_every_kind_of_event_has_its_effect() -> None:
    """A new kind goes into a table of optin/consent/replay.py, so that `verify` knows what follows from it."""
    with_effect = OPT_IN_EFFECTS.keys() | NUMBER_EFFECTS.keys()
    assert with_effect | WITHOUT_EFFECT == set(EventKind)
    assert not with_effect & WITHOUT_EFFECT
