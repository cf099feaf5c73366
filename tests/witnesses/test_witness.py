"""The program that a partner runs, by what c2sp.org/tlog-witness says: asked over HTTP by another client."""

import base64
import stat
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import pytest

from optin.consent.proof.signed_note import Checkpoint, Signer
from optin.witnesses import witness as program
from tests.support.other_tlog import Definition
from tests.support.witnesses import Partner, has_cosigned, partner, remembered, say

LEAVES = [sha256(b"\0leaf %d" % number).digest() for number in range(40)]
OTHERS = [sha256(b"\0other %d" % number).digest() for number in range(40)]
LOG = Signer("optin.example.org/consent-log/1234abcd", "a secret")


class Log:
    """A log of the test's own, by the definitions."""

    def __init__(self, leaves: list[bytes] = LEAVES, signer: Signer = LOG) -> None:
        self._tree, self._signer = Definition(leaves), signer

    def note(self, size: int) -> str:
        return self._signer.sign(Checkpoint(self._signer.verifier.name, size, self._tree.root(size)).text())

    def request(self, old: int, size: int) -> str:
        proof = self._tree.consistency(old, size) if old else []
        return (
            f"old {old}\n" + "".join(f"{base64.b64encode(each).decode()}\n" for each in proof) + f"\n{self.note(size)}"
        )


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[Partner]:
    with partner(tmp_path / "witness") as running:
        running.run("add-origin", str(LOG.verifier))
        yield running


def size(witness: Partner) -> int:
    return remembered(witness)[LOG.verifier.name]


def test_it_cosigns_a_log_that_grows(witness: Partner) -> None:
    for old, new in [(0, 1), (1, 1), (1, 2), (2, 7), (7, 8), (8, 9), (9, 16), (16, 17), (17, 40), (40, 40)]:
        answer = say(witness.url, Log().request(old, new))
        assert (old, new, answer.status) == (old, new, 200)
        assert has_cosigned(Log().note(new) + answer.text, witness.vkey)
        assert not has_cosigned(Log(OTHERS).note(new) + answer.text, witness.vkey)
    assert size(witness) == 40


@pytest.mark.parametrize("other", ["/", "/sub/add-checkpoint"])
def test_its_address_may_have_a_folder(witness: Partner, other: str) -> None:
    assert say(witness.url, Log().request(0, 3), other).status == (404 if other == "/" else 200)


def test_it_says_what_it_has_where_another_size_is_named(witness: Partner) -> None:
    assert say(witness.url, Log().request(0, 5)).status == 200
    for old, new in [(0, 5), (0, 9), (3, 9), (3, 4), (6, 9)]:
        answer = say(witness.url, Log().request(old, new))
        assert (answer.status, answer.kind, answer.text) == (409, "text/x.tlog.size", "5\n")
    assert say(witness.url, Log().request(5, 9)).status == 200


def test_it_refuses_another_past(witness: Partner) -> None:
    assert say(witness.url, Log().request(0, 5)).status == 200
    assert say(witness.url, Log(OTHERS).request(5, 5)).status == 409
    assert say(witness.url, Log(OTHERS).request(5, 9)).status == 422
    assert say(witness.url, Log([*LEAVES[:4], *OTHERS]).request(5, 9)).status == 422
    proof = Log().request(5, 9).split("\n")
    assert say(witness.url, "\n".join([*proof[:1], *proof[2:]])).status == 422
    assert say(witness.url, "\n".join([*proof[:2], *proof[1:]])).status == 422
    assert size(witness) == 5


def test_a_first_request_has_no_proof(witness: Partner) -> None:
    assert say(witness.url, Log().request(0, 5).replace("old 0\n", f"old 0\n{'A' * 43}=\n")).status == 422
    assert size(witness) == 0


def test_whom_it_does_not_know_it_cosigns_nothing(witness: Partner, tmp_path: Path) -> None:
    stranger = Signer("elsewhere.example.org/consent-log/1234abcd", "a secret")
    assert say(witness.url, Log(signer=stranger).request(0, 5)).status == 404
    forger = Signer(LOG.verifier.name, "another secret")
    assert say(witness.url, Log(signer=forger).request(0, 5)).status == 403
    changed = Log().request(0, 5).replace(f"{LOG.verifier.name}\n5\n", f"{LOG.verifier.name}\n6\n")
    assert say(witness.url, changed).status == 403
    witness.run("add-origin", str(stranger.verifier))
    assert say(witness.url, Log(signer=stranger).request(0, 5)).status == 200, "it need not be started anew"
    witness.run("add-origin", str(forger.verifier))
    assert say(witness.url, Log(signer=forger).request(0, 5)).status == 200, "a log may get another key"


@pytest.mark.parametrize(
    "content",
    [
        "",
        "nothing",
        "old 6\n\n{note}",
        "old 05\n\n{note}",
        "old -1\n\n{note}",
        "old ٥\n\n{note}",
        "old5\n\n{note}",
        "new 0\n\n{note}",
        "old 0\nno base64\n\n{note}",
        "old 0\nAAAA\n\n{note}",
        "old 0\n\n\n{note}",
        "old 1\n" + "A" * 43 + "=\n" + ("A" * 43 + "=\n") * 63 + "\n{note}",
    ],
)
def test_what_is_no_request(witness: Partner, content: str) -> None:
    assert say(witness.url, content.format(note=Log().note(5))).status in (400, 404)
    assert size(witness) == 0


def test_what_is_too_long(witness: Partner) -> None:
    assert say(witness.url, b"\xff" * 10).status == 400
    assert say(witness.url, "x" * 65537).status == 413


def test_the_key_is_made_once_and_read_by_its_owner_only(witness: Partner) -> None:
    assert witness.run("key", "witness.example.org/1") == witness.vkey
    assert witness.run("key", "another.example.org") == witness.vkey
    for name in ("key", "state.json"):
        assert stat.S_IMODE((witness.folder / name).stat().st_mode) == 0o600
    with pytest.raises(subprocess.CalledProcessError):
        witness.run("add-origin", witness.vkey)


def test_without_its_state_it_serves_nobody(witness: Partner) -> None:
    """It would cosign any past."""
    assert say(witness.url, Log().request(0, 5)).status == 200
    witness.kill()
    (witness.folder / "state.json").unlink()
    with pytest.raises(subprocess.CalledProcessError):
        witness.run("serve")


def test_it_remembers_after_a_kill(witness: Partner) -> None:
    assert say(witness.url, Log().request(0, 5)).status == 200
    witness.kill()
    witness.start()
    assert say(witness.url, Log(OTHERS).request(5, 9)).status == 422
    assert say(witness.url, Log().request(5, 9)).status == 200


def test_of_many_at_once_each_is_checked_against_the_last(witness: Partner, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two pasts race, and are looked at for long: it goes along with one of them, whatever the number of threads."""
    real = program.is_consistent

    def think(old: int, old_root: bytes, new: int, root: bytes, proof: list[bytes]) -> bool:
        time.sleep(0.05)
        return real(old, old_root, new, root, proof)

    monkeypatch.setattr(program, "is_consistent", think)
    own = program.Witness(witness.folder)
    asked = [Log(leaves).request(0, new).encode() for new in (1, 3) for leaves in (LEAVES, OTHERS)]
    with ThreadPoolExecutor(len(asked)) as threads:
        statuses = [status for status, _, _ in threads.map(own.add_checkpoint, asked)]
    assert sorted(statuses) == [200, 409, 409, 409]
    assert size(witness) in (1, 3)
