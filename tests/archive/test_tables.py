"""The law: each table of the models is exported, or left out for a reason; and nothing that lets anybody in leaves."""

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import JSON, Column, String, Text

from optin.archive import cells, tables
from optin.consent.events import KEY_SETTING
from optin.database.session import Base

LOOKS_SECRET = re.compile(r"token|secret|password|hash|code$|salt")
HARMLESS = {
    "consent_event.payload_hash",  # of the log, which verifies by them
    "consent_payload.salt",
    "log_leaf.hash",  # of what is in the log too
    "log_node.hash",
    "message.error_code",
    "number_loss.error_code",
    "short_link.code",  # it stands in texts that were sent
    "status_event.error_code",
}
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def test_nothing_that_looks_like_a_secret_leaves() -> None:
    """A column that only looks like one is named here, one that is one in `SECRETS`."""
    found = {
        f"{each.name}.{column.name}"
        for each in tables.in_order()
        for column in tables.columns(each)
        if LOOKS_SECRET.search(column.name)
    }
    assert found == HARMLESS


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("brand", True),
        (KEY_SETTING, True),
        ("twilio_auth_token", False),
        ("checkpoint_key", False),
        ("smtp_password", False),
        ("last_backup_at", False),
    ],
)
def test_settings_that_are_secrets_stay(name: str, kept: bool) -> None:
    assert tables.is_kept(name) is kept


@given(texts, st.booleans())
def test_any_text_comes_back(value: str, nullable: bool) -> None:
    column: Column[str] = Column("a", Text(), nullable=nullable)
    cell = cells.writer(column)(value)
    assert cells.reader(column)(cell) == value
    assert cell or not nullable, "an empty text is no NULL"


@settings(max_examples=40)
@given(st.recursive(st.none() | st.booleans() | st.integers() | texts, st.lists))
def test_anything_nested_comes_back(value: object) -> None:
    column: Column[object] = Column("a", JSON(), nullable=False)
    assert cells.reader(column)(cells.writer(column)(json.dumps(value))) == value


@pytest.mark.parametrize("cell", ["2026-11-27T07:05:30.123456", "yesterday", "2026-13-01T00:00:00.000000Z"])
def test_what_is_no_moment_is_refused(cell: str) -> None:
    with pytest.raises(ValueError, match=r"moment|Invalid|month"):
        cells.reader(Base.metadata.tables["person"].c.created_at)(cell)


def test_a_phone_number_stays_as_it_is() -> None:
    assert cells.writer(Column("a", String(32), nullable=True))("+14155550134") == "+14155550134"
    assert cells.writer(Column("a", String(32), nullable=True))("=1+1") == "'=1+1"
