"""Cosignatures and the keys of witnesses, as other implementations make them."""

import pytest

from optin.consent.proof.cosignature import Cosigner
from optin.consent.proof.signed_note import BadNote, Signer

A_PUBLIC_WITNESS = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"


def test_the_key_of_a_public_witness() -> None:
    """Made by another implementation: its id follows from name, kind and key."""
    key = Cosigner.read(A_PUBLIC_WITNESS)
    assert (key.name, str(key)) == ("remora.n621.de", A_PUBLIC_WITNESS)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "remora.n621.de",
        "remora.n621.de+da77ade8+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2",
        "another.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2",
        "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw",
        "remora.n621.de+da77ade7+no base64",
        str(Signer("optin.example.org", "a log").verifier),
        str(Cosigner("a name", bytes(32))),
        str(Cosigner("", bytes(32))),
    ],
)
def test_what_is_no_key_of_a_witness(key: str) -> None:
    with pytest.raises(BadNote):
        Cosigner.read(key)
