"""The log of consent as others can check it: the leaves of its Merkle tree, and its signed checkpoints.

Rows are only ever added: triggers refuse to change or delete one (migration 0041). Hashes are SHA-256 in hexadecimal.
"""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from optin.database.session import Base


class LogLeaf(Base):
    """An event that is sealed: it has a place in the tree for good.

    No foreign key: on PostgreSQL the check of one writes into each event's row.
    """

    __tablename__ = "log_leaf"
    __table_args__ = (UniqueConstraint("event_id"),)

    leaf_index: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    event_id: Mapped[int]
    hash: Mapped[str] = mapped_column(String(64))


class LogNode(Base):
    """The hash of a complete subtree of 2**height leaves, kept for every eighth height, so that proofs read little."""

    __tablename__ = "log_node"

    height: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    node_index: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    hash: Mapped[str] = mapped_column(String(64))


class LogOrigin(Base):
    """A name under which the tree is signed, and its key. Another one begins where the last can't go on.

    `size` is how many leaves there were when it began; `earlier_head` the checkpoint that is newer than anything here.
    """

    __tablename__ = "log_origin"
    __table_args__ = (UniqueConstraint("name"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(300))
    verifier_key: Mapped[str] = mapped_column(String(400))
    began_at: Mapped[datetime]
    size: Mapped[int]
    because: Mapped[str] = mapped_column(String(20))
    earlier_head: Mapped[str] = mapped_column(Text, default="")


class LogCheckpoint(Base):
    """What the log said of itself at a moment: the note as it was signed."""

    __tablename__ = "log_checkpoint"
    id: Mapped[int] = mapped_column(primary_key=True)
    origin_id: Mapped[int] = mapped_column(ForeignKey("log_origin.id"))
    size: Mapped[int]
    root: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
    note: Mapped[str] = mapped_column(Text)


class Witness(Base):
    """Somebody else who cosigns checkpoints, as long as the log has only grown; and how that went lately.

    A removed one stays, since its cosignatures do. `error` is why it was asked in vain the last time, `failures` how
    often in a row; `dispute` how the log that it remembers differs from ours. It is asked again from `next_at` on.
    """

    __tablename__ = "witness"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(300))
    verifier_key: Mapped[str] = mapped_column(String(400), unique=True)
    url: Mapped[str] = mapped_column(String(500))
    added_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]
    next_at: Mapped[datetime]
    heard_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(String(300), default="")
    dispute: Mapped[str] = mapped_column(String(500), default="")
    disputed_at: Mapped[datetime | None]


class LogCosignature(Base):
    """What a witness said of a checkpoint, last at `at`: the line that stands in the note. It was checked before."""

    __tablename__ = "log_cosignature"
    __table_args__ = (Index("ix_log_cosignature_witness", "witness_id", "checkpoint_id"),)

    checkpoint_id: Mapped[int] = mapped_column(ForeignKey("log_checkpoint.id"), primary_key=True)
    witness_id: Mapped[int] = mapped_column(ForeignKey("witness.id"), primary_key=True)
    at: Mapped[datetime]
    line: Mapped[str] = mapped_column(Text)
