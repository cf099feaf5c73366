"""verify.py, run as a process of its own with Python alone: what is as it was holds, and any change is named."""

import ast
import base64
import itertools
import sys
import zipfile
from argparse import Namespace
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from optin.consent.proof.keeper import Keeper
from optin.consent.proof.signed_note import Signer
from optin.database.session import db
from optin.proof import verify
from tests.support import consent_log, other_tlog, proofs, world
from tests.support.databases import sqlite_copy
from tests.support.proofs import Zip, verified
from tests.support.world import INES, MAYA, TOM

HOLDS = "It holds: each event is in the signed log, as it was written."
FLIPPED = base64.b64encode(bytes(32)).decode()


@pytest.fixture
def engine(app: Flask, session: Session) -> Engine:
    """Three numbers whose texts are between each other's."""
    history(session)
    with app.app_context():
        return db.engine


def history(session: Session) -> None:
    world.keyword(session, "riverteam")
    for number in (TOM, MAYA, INES, TOM, MAYA):
        world.text(session, "Riverteam", number)
    world.text(session, "See you 👍 tomorrow,\nat “nine”", MAYA)
    world.text(session, "STOP", MAYA)
    world.text(session, "STOP", TOM)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory, shared_folder: Path) -> Iterator[Zip]:
    """The ZIP of a number, made once: what is changed in it has nothing to do with the database."""
    folder = tmp_path_factory.mktemp("proof")
    with sqlite_copy(shared_folder, folder) as url:
        engine = create_engine(url, poolclass=NullPool)
        with Session(engine) as session:
            history(session)
        yield proofs.zipped(engine, MAYA, proofs.keeper(folder))


@pytest.fixture
def made(original: Zip) -> Zip:
    return Zip(dict(original.files))


def test_a_proof_holds_and_says_what_it_shows(engine: Engine, tmp_path: Path) -> None:
    made = proofs.zipped(engine, MAYA, proofs.keeper(tmp_path))
    code, said = verified(made.write(tmp_path / "proof.zip"))
    assert (code, said[-1]) == (0, HOLDS)
    events = [line for line in said if line.startswith("Event ")]
    assert len(events) == len(made.proof["events"]) == 5
    assert events[0].endswith("“+14155550134”: activated, with the keyword “riverteam”, by sms: “Riverteam”.")
    assert events[2].endswith("opted out, with the keyword “riverteam”, by sms: “STOP”.")
    assert "The key came with the proof." in "\n".join(said)


def test_it_holds_as_a_folder_too_where_people_leave_things(made: Zip, tmp_path: Path) -> None:
    with zipfile.ZipFile(made.write(tmp_path / "proof.zip")) as archive:
        archive.extractall(tmp_path / "out")
    (tmp_path / "out" / ".DS_Store").write_bytes(b"")
    assert verified(tmp_path / "out")[0] == 0
    (tmp_path / "out" / "told").mkdir(exist_ok=True)
    (tmp_path / "out" / "told" / "poster.png").write_bytes(b"another")
    assert ends(verified(tmp_path / "out")) == "told/poster.png has been inserted: it was no part of the proof."


def ends(verdict: tuple[int, list[str]]) -> str:
    """Return the first thing that is broken."""
    code, said = verdict
    assert code == 1
    return said[-1].removeprefix("IT DOES NOT HOLD. ")


def in_event(place: int, change: Callable[[dict], object]) -> Callable[[Zip], None]:
    def do(made: Zip) -> None:
        proof = made.proof
        change(proof["events"][place])
        made.put(proof)

    return do


def in_proof(change: Callable[[dict], object]) -> Callable[[Zip], None]:
    def do(made: Zip) -> None:
        proof = made.proof
        change(proof)
        made.put(proof)

    return do


def in_file(name: str, old: str, new: str) -> Callable[[Zip], None]:
    def do(made: Zip) -> None:
        assert old.encode() in made.files[name]
        made.files[name] = made.files[name].replace(old.encode(), new.encode(), 1)

    return do


def swap(one: int, other: int, *names: str) -> Callable[[Zip], None]:
    """Change places of two events, or of parts of them."""

    def change(proof: dict) -> None:
        events = proof["events"]
        for name in names:
            events[one][name], events[other][name] = events[other][name], events[one][name]
        if not names:
            events[one], events[other] = events[other], events[one]

    return in_proof(change)


CHANGES: dict[str, tuple[Callable[[Zip], None], str]] = {
    "leaf changed": (
        in_event(1, lambda e: e.update(leaf=e["leaf"].replace("reaffirmed", "activated"))),
        "Event 5 or its proof has been changed",
    ),
    "leaf of another event": (swap(0, 2, "leaf"), "Event 6 or its proof has been changed"),
    "leaf unreadable": (in_event(1, lambda e: e.update(leaf="{")), "The event after event 2 can't be read"),
    "leaf removed": (in_event(0, lambda e: e.pop("leaf")), "The event after event 0 can't be read"),
    "event removed": (in_proof(lambda p: p["events"].pop(2)), "Event 6 has been removed from the proof"),
    "last event removed": (in_proof(lambda p: p["events"].pop()), "Event 8 has been removed from the proof"),
    "events swapped": (swap(1, 3), "Event 6 is out of its place"),
    "event there twice": (
        in_proof(lambda p: p["events"].insert(1, p["events"][0])),
        "Event 2 is out of its place, or is there twice",
    ),
    "text changed": (
        in_event(2, lambda e: e["payload"].update(text="Go on")),
        "The personal part of event 6 has been changed",
    ),
    "number changed": (
        in_event(2, lambda e: e["payload"].update(number=TOM)),
        "The personal part of event 6 has been changed",
    ),
    "salt changed": (
        in_event(2, lambda e: e["payload"].update(salt="0" * 32)),
        "The personal part of event 6 has been changed",
    ),
    "payloads swapped": (swap(0, 2, "payload"), "The personal part of event 2 has been changed"),
    "payload taken out as if erased": (in_event(2, lambda e: e.update(payload=None)), "proof.json has been changed"),
    "payload cut": (in_event(2, lambda e: e["payload"].pop("salt")), "The event after event 5 can't be read"),
    "proof changed": (
        in_event(1, lambda e: e["inclusion"].__setitem__(0, FLIPPED)),
        "Event 5 or its proof has been changed",
    ),
    "proof cut": (in_event(1, lambda e: e["inclusion"].pop()), "Event 5 or its proof has been changed"),
    "proof longer": (in_event(1, lambda e: e["inclusion"].append(FLIPPED)), "Event 5 or its proof has been changed"),
    "proof in another order": (
        in_event(1, lambda e: e["inclusion"].reverse()),
        "Event 5 or its proof has been changed",
    ),
    "proof no base64": (
        in_event(1, lambda e: e["inclusion"].__setitem__(0, "é")),
        "Event 5 or its proof has been changed",
    ),
    "proof removed": (in_event(1, lambda e: e.pop("inclusion")), "Event 5 or its proof has been changed"),
    "proofs swapped": (swap(0, 1, "inclusion"), "Event 2 or its proof has been changed"),
    "index changed": (in_event(1, lambda e: e.update(index=e["index"] + 1)), "Event 5 or its proof has been changed"),
    "index beyond the log": (in_event(4, lambda e: e.update(index=10**6)), "Event 8 is out of its place"),
    "index taken out as if not sealed": (in_event(4, lambda e: e.update(index=None)), "Event 8 was not sealed yet"),
    "another number claimed": (
        in_proof(lambda p: p["about"].update(numbers=[TOM])),
        "Event 2 is of another number, “+14155550134”",
    ),
    "verdict changed": (in_proof(lambda p: p.update(verdict="The consent stands.")), "proof.json has been changed"),
    "message removed": (in_proof(lambda p: p["messages"].pop()), "proof.json has been changed"),
    "root changed": (lambda made: _root(made), "checkpoint.txt has been changed: it is not what"),
    "size changed": (in_file("checkpoint.txt", "\n11\n", "\n12\n"), "checkpoint.txt has been changed: it is not what"),
    "origin changed": (
        in_file("checkpoint.txt", "optin.example.org", "optin.example.com"),
        "checkpoint.txt has been changed: it is not what",
    ),
    "signature changed": (lambda made: _signature(made), "checkpoint.txt has been changed: it is not what"),
    "signature removed": (
        lambda made: made.files.update({"checkpoint.txt": made.files["checkpoint.txt"].split(b"\n\n")[0] + b"\n\n"}),
        "checkpoint.txt has not been signed with the key",
    ),
    "checkpoint is something else": (
        lambda made: made.files.update({"checkpoint.txt": b"\xff"}),
        "checkpoint.txt can't be read as a signed note",
    ),
    "checkpoint removed": (lambda made: made.files.pop("checkpoint.txt"), "checkpoint.txt has been removed"),
    "proof.json removed": (lambda made: made.files.pop("proof.json"), "proof.json has been removed"),
    "proof.json cut": (
        lambda made: made.files.update({"proof.json": made.files["proof.json"][:-9]}),
        "proof.json can't be read any more",
    ),
    "format of tomorrow": (in_proof(lambda p: p.update(format="optin proof 2")), "proof.json is of another format"),
    "contents removed": (lambda made: made.files.pop("contents.txt"), "contents.txt has been removed"),
    "contents changed": (
        in_file("contents.txt", "events 2 5", "events 2"),
        "contents.txt has been changed: it is not what",
    ),
    "contents of a checkpoint": (
        lambda made: made.files.update({"contents.txt": made.files["checkpoint.txt"]}),
        "contents.txt has not been signed with the key",
    ),
    "pdf changed": (lambda made: made.files.update({"proof.pdf": b"%PDF"}), "proof.pdf has been changed"),
    "pdf removed": (lambda made: made.files.pop("proof.pdf"), "proof.pdf has been removed"),
    "picture inserted": (lambda made: made.files.update({"told/poster.png": b""}), "told/poster.png has been inserted"),
    "file there twice": (lambda made: made.extra.append(("proof.json", b"{}")), "proof.json is in the ZIP twice"),
    "key changed": (
        in_proof(lambda p: p["log"].update(key=p["log"]["key"][:-4] + "AAAA")),
        "The verifier key has been changed",
    ),
    "key unreadable": (in_proof(lambda p: p["log"].update(key="none")), "The verifier key can't be read"),
    "another's key": (
        in_proof(lambda p: p["log"].update(key=str(_others_key(p)))),
        "checkpoint.txt has not been signed with the key",
    ),
}


def _root(made: Zip) -> None:
    lines = made.files["checkpoint.txt"].decode().split("\n")
    lines[2] = FLIPPED
    made.files["checkpoint.txt"] = "\n".join(lines).encode()


def _signature(made: Zip) -> None:
    text, _, line = made.files["checkpoint.txt"].decode().rpartition(" ")
    raw = bytearray(base64.b64decode(line))
    raw[40] ^= 1
    made.files["checkpoint.txt"] = f"{text} {base64.b64encode(raw).decode()}\n".encode()


def _others_key(proof: dict) -> object:
    return Signer(proof["log"]["name"], "somebody else").verifier


@pytest.mark.parametrize("name", CHANGES)
def test_any_change_is_found_and_named(made: Zip, tmp_path: Path, name: str) -> None:
    change, first = CHANGES[name]
    change(made)
    assert ends(verified(made.write(tmp_path / "proof.zip"))).startswith(first)


def found(place: Path) -> list[str]:
    """Return what is broken, looked for in this process."""
    broken: list[str] = []
    try:
        verify.check(str(place), Namespace(key=None, witness=[], checkpoint=None), lambda _: None, broken)
    except verify.Broken as error:
        broken.append(str(error))
    except (*verify.UNREADABLE, *verify.UNOPENED) as error:
        broken.append(repr(error))
    return broken


@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_changed_bit_passes(original: Zip, tmp_path: Path, place: float, bit: int) -> None:
    """Of all files and of the ZIP around them; what changes nothing in a file is no change."""
    path = original.write(tmp_path / "proof.zip")
    data = bytearray(path.read_bytes())
    data[int(place * len(data))] ^= 1 << bit
    path.write_bytes(data)
    broken = found(path)
    try:
        is_same = verify.files_of(str(path)) == original.files
    except (verify.Broken, *verify.UNREADABLE, *verify.UNOPENED):
        is_same = False
    assert bool(broken) is not is_same


def test_whatever_stands_in_proof_json_it_ends_with_a_sentence(made: Zip, tmp_path: Path) -> None:
    kept = tmp_path / "kept.txt"
    kept.write_bytes(made.files["checkpoint.txt"].replace(b"\n11\n", b"\n9\n"))
    for wrong in (b"[]", b"null", b"[" * 100_000, b'{"events": 1, "about": [], "log": 3}', b"\xff\xfe"):
        made.files["proof.json"] = wrong
        code, said = verified(made.write(tmp_path / "proof.zip"), "--checkpoint", str(kept))
        assert (code, said[-1]) == (1, "IT DOES NOT HOLD. proof.json can't be read any more.")
    (tmp_path / "none.zip").write_bytes(b"no ZIP")
    for none in ("none.zip", "nowhere.zip"):
        assert ends(verified(tmp_path / none)).startswith("It can't be opened: ")


def test_an_event_of_another_number_does_not_pass_for_this_one(engine: Engine, tmp_path: Path) -> None:
    """Everything that is inserted is in the log, with a proof that is right."""
    made = proofs.zipped(engine, MAYA, proofs.keeper(tmp_path))
    other = proofs.zipped(engine, TOM, proofs.keeper(tmp_path)).proof["events"][0]
    proof = made.proof
    proof["events"].insert(0, other)
    made.put(proof)
    assert ends(verified(made.write(tmp_path / "proof.zip"))) == "Event 1 is of another number, “+16465550177”."


def test_a_forged_log_is_found_with_the_key_from_elsewhere(made: Zip, engine: Engine, tmp_path: Path) -> None:
    """Whoever makes everything anew with another key is believed by who has no key, and by nobody else."""
    path, known = made.write(tmp_path / "proof.zip"), made.proof["log"]["key"]
    assert verified(path, "--key", known)[0] == 0
    forged = proofs.zipped(engine, MAYA, Keeper("optin.example.org", tmp_path, "a forger's secret"))
    forged_path = forged.write(tmp_path / "forged.zip")
    assert verified(forged_path)[0] == 0
    assert ends(verified(forged_path, "--key", known)).startswith("checkpoint.txt has not been signed with the key of")


def test_it_shows_that_the_log_grew_out_of_a_checkpoint_that_somebody_kept(
    engine: Engine, session: Session, tmp_path: Path
) -> None:
    key, kept = proofs.keeper(tmp_path), tmp_path / "kept.txt"
    first = proofs.zipped(engine, MAYA, key)
    kept.write_bytes(first.files["checkpoint.txt"])
    world.text(session, "Riverteam", INES)
    without = proofs.zipped(engine, MAYA, key).write(tmp_path / "without.zip")
    assert ends(verified(without, "--checkpoint", str(kept))).startswith("Nothing here leads from the 11 events of")
    since = proofs.zipped(engine, MAYA, key, since=11)
    path = since.write(tmp_path / "since.zip")
    code, said = verified(path, "--checkpoint", str(kept))
    assert (code, f"The log grew out of {kept} with its 11 events: nothing older has been changed since." in said) == (
        0,
        True,
    )
    assert verified(first.write(tmp_path / "first.zip"), "--checkpoint", str(kept))[0] == 0

    with Session(engine) as changing, consent_log.without_triggers(changing):
        changing.execute(text("UPDATE log_leaf SET hash = '" + "ab" * 32 + "' WHERE leaf_index = 3"))
        changing.commit()
    world.text(session, "Riverteam", INES)
    forged = proofs.zipped(engine, MAYA, key, since=11)
    assert ends(verified(forged.write(tmp_path / "forged.zip"), "--checkpoint", str(kept)))


def test_signatures_of_witnesses_are_named_and_checked(engine: Engine, tmp_path: Path) -> None:
    key, name, time = proofs.keeper(tmp_path), "witness.example.org", 1_795_000_000
    note = proofs.zipped(engine, MAYA, key).files["checkpoint.txt"].decode()
    witness = Ed25519PrivateKey.generate()
    signature = witness.sign(f"cosignature/v1\ntime {time}\n{text_of(note)}".encode())
    line = base64.b64encode(key_id(name, witness) + time.to_bytes(8, "big") + signature).decode()
    with Session(engine) as changing, consent_log.without_triggers(changing):
        cosigned = {"note": f"{note}— {name} {line}\n"}
        changing.execute(text("UPDATE log_checkpoint SET note = :note"), cosigned)
        changing.commit()
    path = proofs.zipped(engine, MAYA, key).write(tmp_path / "proof.zip")
    code, said = verified(path, "--witness", verifier_key(name, witness))
    assert (code, said[-1]) == (0, HOLDS)
    assert f"The checkpoint also has signatures of “{name}”; --witness KEY checks them." in said
    assert f"The witness {name} signed the checkpoint as well, at the Unix time {time}." in said
    another = verifier_key(name, Ed25519PrivateKey.generate())
    assert ends(verified(path, "--witness", another)).startswith("checkpoint.txt has not been signed with the key of")


def text_of(note: str) -> str:
    return note.rpartition("\n\n")[0] + "\n"


def key_id(name: str, key: Ed25519PrivateKey) -> bytes:
    """Name a witness's key, as c2sp.org/tlog-cosignature does."""
    return sha256(name.encode() + b"\n\x04" + key.public_key().public_bytes_raw()).digest()[:4]


def verifier_key(name: str, key: Ed25519PrivateKey) -> str:
    raw = base64.b64encode(b"\x04" + key.public_key().public_bytes_raw()).decode()
    return f"{name}+{key_id(name, key).hex()}+{raw}"


def test_an_erased_payload_is_no_fault_and_is_said(engine: Engine, session: Session, tmp_path: Path) -> None:
    session.execute(text("DELETE FROM consent_payload WHERE event_id IN (SELECT id FROM consent_event WHERE id > 5)"))
    session.commit()
    code, said = verified(proofs.zipped(engine, MAYA, proofs.keeper(tmp_path)).write(tmp_path / "proof.zip"))
    assert code == 0
    assert sum("(its number and text have been erased)" in line for line in said) == 3


def test_another_implementation_accepts_the_proofs(engine: Engine, session: Session, tmp_path: Path) -> None:
    made = proofs.zipped(engine, MAYA, proofs.keeper(tmp_path))
    note, proof = made.files["checkpoint.txt"].decode(), made.proof
    size, root = int(note.split("\n")[1]), base64.b64decode(note.split("\n")[2])
    with Session(engine) as reading:
        leaves = consent_log.hashes(reading)
    assert len(leaves) == size
    for maker in other_tlog.MAKING:
        assert maker.has_signed(note, proof["log"]["key"])
    for event in proof["events"]:
        path = [base64.b64decode(each) for each in event["inclusion"]]
        assert sha256(b"\0" + event["leaf"].encode()).digest() == leaves[event["index"]]
        assert path == _path(leaves, event["index"])
        for checker in other_tlog.CHECKING:
            assert checker.is_included(leaves[event["index"]], event["index"], size, path, root)


def _path(hashes: list[bytes], index: int) -> list[bytes]:
    """RFC 6962, 2.1.1, on hashes of leaves."""

    def root(of: list[bytes]) -> bytes:
        if len(of) == 1:
            return of[0]
        middle = 1 << (len(of) - 1).bit_length() - 1
        return sha256(b"\1" + root(of[:middle]) + root(of[middle:])).digest()

    def path(at: int, of: list[bytes]) -> list[bytes]:
        if len(of) == 1:
            return []
        middle = 1 << (len(of) - 1).bit_length() - 1
        if at < middle:
            return [*path(at, of[:middle]), root(of[middle:])]
        return [*path(at - middle, of[middle:]), root(of[:middle])]

    return path(index, hashes)


def test_it_needs_python_3_9_and_nothing_else() -> None:
    tree = ast.parse(proofs.VERIFIER.read_text(), feature_version=(3, 9))
    plain = {alias.name for each in ast.walk(tree) if isinstance(each, ast.Import) for alias in each.names}
    parts = {str(each.module) for each in ast.walk(tree) if isinstance(each, ast.ImportFrom)}
    assert {each.partition(".")[0] for each in plain | parts} <= {*sys.stdlib_module_names, "__future__"}


@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200), st.integers(0, 511), st.booleans())
@settings(max_examples=40)
def test_its_signatures_are_those_of_another_implementation(seed: bytes, data: bytes, bit: int, spoilt: bool) -> None:
    private = Ed25519PrivateKey.from_private_bytes(seed)
    signature = bytearray(private.sign(data))
    signature[bit // 8] ^= spoilt << bit % 8
    assert verify.has_signed(private.public_key().public_bytes_raw(), bytes(signature), data) is not spoilt


def test_a_signature_of_the_rfc_and_its_other_form() -> None:
    """RFC 8032, 7.1, test 2; and the same with S + L, which must not pass."""
    key = bytes.fromhex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c")
    signature = bytes.fromhex(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )
    assert verify.has_signed(key, signature, b"\x72")
    other = signature[:32] + (int.from_bytes(signature[32:], "little") + verify.L).to_bytes(32, "little")
    assert not verify.has_signed(key, other, b"\x72")
    assert not verify.has_signed(key[:-1], signature, b"\x72")
    assert not verify.has_signed(key, signature[:-1], b"\x72")


def test_its_trees_are_those_of_the_definition() -> None:
    leaves = [bytes([each]) for each in range(19)]
    tree = other_tlog.Definition(leaves)
    for size, index in itertools.product(range(1, 20), range(19)):
        if index < size:
            leaf = sha256(b"\0" + leaves[index]).digest()
            assert verify.root_over(leaf, index, size, tree.inclusion(index, size)) == tree.root(size)
    for size, old in itertools.product(range(1, 20), range(1, 20)):
        if old <= size:
            roots = verify.grown(old, size, tree.consistency(old, size), tree.root(old))
            assert roots == (tree.root(old), tree.root(size))
