"""The leaf of an event is the same for everybody who computes it: by the docs, on both databases, for any texts."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optin.consent.proof import leaf, tree
from optin.database.session import Base, UTCDateTime

DOC = Path(__file__).parents[3] / "docs/consent-log.md"
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
EVENT = {
    "actor_id": None,
    "at": "2026-11-27T07:05:30.120000Z",
    "channel": "sms",
    "detail": 'said “no” and "nö"\t\x01 \\ /',
    "disclosure_id": 3,
    "id": 42,
    "keyword_id": 7,
    "kind": "activated",
    "message_sid": "SM00000000000000000000000000000001",
    "number_ref": "a" * 64,
    "opt_in_id": 9,
    "payload_hash": "b" * 64,
    "provider_at": None,
    "source": "sms",
}


def test_it_has_every_column_of_the_table() -> None:
    """A new column changes the leaves of new events: it must be one that may be NULL, so that those of before stay."""
    columns = Base.metadata.tables["consent_event"].columns
    assert sorted(leaf.COLUMNS) == list(leaf.COLUMNS) == sorted(column.name for column in columns)
    assert {each.name for each in columns if isinstance(each.type, UTCDateTime)} == leaf.MOMENTS


def test_the_docs_have_a_vector() -> None:
    vector, digest = re.findall(r"```\n(.+)\n```", DOC.read_text())[:2]
    content = leaf.canonical([EVENT[name] for name in leaf.COLUMNS])
    assert content.decode() == vector
    assert tree.leaf_hash(content).hex() == digest


@given(st.lists(st.none() | st.integers(0, 2**53) | texts, min_size=14, max_size=14))
def test_it_reads_back_as_what_it_was_made_of(values: list[int | str | None]) -> None:
    """So two events with different columns never have the same leaf."""
    content = leaf.canonical(values)
    kept = {name: value for name, value in zip(leaf.COLUMNS, values, strict=True) if value is not None}
    assert json.loads(content) == kept
    assert content == json.dumps(kept, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


def test_a_value_is_missing_for_no_column() -> None:
    with pytest.raises(ValueError, match="zip"):
        leaf.canonical([None] * 13)
