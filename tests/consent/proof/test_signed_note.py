"""Checkpoints are those of C2SP: by the example of its specification, and by another implementation."""

import pytest

from optin.consent.proof.signed_note import BadNote, Checkpoint, Signer, Verifier
from tests.support.other_tlog import MAKING

# The note and key of the documentation of Go's golang.org/x/mod/sumdb/note.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
GO_SIGNATURE = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
GO_NOTE = f"{GO_TEXT}\n\u2014 PeterNeumann {GO_SIGNATURE}\n"
SIGNER = Signer("optin.example.org/consent-log/1", "a secret of the tests")
CHECKPOINT = Checkpoint("optin.example.org/consent-log/1", 42, bytes(range(32)))


def test_the_example_of_go_is_read_and_changes_are_found() -> None:
    verifier = Verifier.read(GO_KEY)
    assert str(verifier) == GO_KEY
    assert verifier.open(GO_NOTE) == GO_TEXT
    for changed in (GO_NOTE.replace("know", "knew"), GO_NOTE.replace("x08go/ZJ", "x08go/ZK"), GO_TEXT, "", "\n\n"):
        with pytest.raises(BadNote):
            verifier.open(changed)


def test_a_checkpoint_has_the_form_of_the_specification() -> None:
    note = SIGNER.sign(CHECKPOINT.text())
    origin, size, root, nothing, signature, end = note.split("\n")
    assert (origin, size) == (CHECKPOINT.origin, "42")
    assert root == "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
    assert signature.startswith(f"\u2014 {CHECKPOINT.origin} ")
    assert nothing == end == ""
    verifier = Verifier.read(str(SIGNER.verifier))
    assert Checkpoint.read(verifier.open(note)) == Checkpoint.read(note) == CHECKPOINT


@pytest.mark.parametrize("other", MAKING)
def test_another_implementation_takes_our_checkpoint(other: type) -> None:
    note = SIGNER.sign(CHECKPOINT.text())
    assert other.has_signed(note, str(SIGNER.verifier))
    assert not other.has_signed(note.replace("\n42\n", "\n43\n"), str(SIGNER.verifier))


def test_cosignatures_and_further_lines_are_let_be() -> None:
    note = SIGNER.sign(CHECKPOINT.text() + "more\n") + "\u2014 witness.example.org AAAAAAAA\n"
    assert Checkpoint.read(SIGNER.verifier.open(note)) == CHECKPOINT


@pytest.mark.parametrize(
    "signer",
    [Signer(CHECKPOINT.origin, "another secret"), Signer("optin.example.org/consent-log/2", "a secret of the tests")],
)
def test_a_note_of_another_key_or_name_is_not_taken(signer: Signer) -> None:
    with pytest.raises(BadNote, match="has not signed it"):
        SIGNER.verifier.open(signer.sign(CHECKPOINT.text()))


@pytest.mark.parametrize(
    "text", ["", "a\n1\n", "a\n01\nAAAA\n", "a\n-1\nAAAA\n", "a\n1\nAAAA\n", "a\n1\n?\n", "\n1\nA\n"]
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(BadNote):
        Checkpoint.read(text)


@pytest.mark.parametrize(
    "text", ["", "a+b+c", GO_KEY[:-4], GO_KEY.replace("c74f", "c74e"), GO_KEY.replace("Neu", "Nei")]
)
def test_what_is_no_verifier_key_is_refused(text: str) -> None:
    with pytest.raises(BadNote):
        Verifier.read(text)
