"""Counts of any size, on pages that never wait for them.

Up to FEW rows are counted for the page. What is larger is shown as it was counted last, with its age, and the look asks
for it to be counted again behind: by the schedule of a process that runs jobs (optin/jobs/schedule.py).
"""

import json
import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any

from sqlalchemy import Engine, ScalarSelect, Select, SQLColumnExpression, func, select, update
from sqlalchemy.orm import Session

from optin import clock
from optin.database.statements import insert
from optin.database.transactions import only_reads, reading, writing
from optin.models import Figure
from optin.models.index_conditions import is_asked_for

FEW = 2000
FRESH = timedelta(seconds=10)
SHARE = 20
"""A figure may be so many times as old as counting it takes before it is counted again."""
AT_ONCE = 20

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class CachedCount:
    """A count; `at` is when it was counted if that was not just now, `more`: there are more, nobody knows how many.

    It is no number, so that no sum or difference forgets its age.
    """

    value: int
    at: datetime | None = None
    more: bool = False

    def __bool__(self) -> bool:
        """Tell whether there are any."""
        return self.value > 0

    @classmethod
    def up_to(cls, most: int, counted: int) -> "CachedCount":
        """Make it from what `column` counted with the same `most`."""
        return cls(min(counted, most), more=counted > most)

    @property
    def is_exact(self) -> bool:
        """Tell whether it was counted just now."""
        return self.at is None and not self.more


@dataclass(frozen=True)
class StoredCount:
    """A figure as it was counted last, as JSON knows it, and when."""

    value: Any
    at: datetime


class CountKind:
    """Figures of one kind, such as the deliverability of campaigns.

    `count` makes one, as JSON knows it, from a session and what it is about: ids (0 for none) and short names.
    """

    def __init__(self, name: str, count: Callable[..., Any]) -> None:
        """Let figures of this kind be counted behind."""
        self.name, self.count = name, count
        _kinds[name] = self

    def seen(self, session: Session, *ids: object) -> StoredCount | None:
        """Return what was counted last, None before the first time; when it is old, ask for it to be counted again."""
        name = self._name(*ids)
        found = session.get(Figure, name, populate_existing=True)
        if found is None or (found.asked_at is None and _is_old(found)):
            _ask(session, [name])
        return StoredCount(json.loads(found.value), found.counted_at) if found and found.counted_at else None

    def _name(self, *ids: object) -> str:
        return ":".join([self.name, *(str(each or 0) for each in ids)])


class RowCounter(CountKind):
    """Counts of rows; `rows` selects them by the ids that they are about, each a number or a column."""

    def __init__(self, name: str, rows: Callable[..., Select[Any]]) -> None:
        """Let rows be counted, a few at once and more of them behind."""
        super().__init__(name, lambda session, *ids: session.scalar(_number_of(rows(*ids))) or 0)
        self.rows = rows

    def of(self, session: Session, *ids: int | None) -> CachedCount:
        return of_each_kind(session, [self], *ids)[0]

    def _of(self, session: Session, few: int, *ids: int | None) -> CachedCount:
        if few <= FEW:
            return CachedCount(few)
        seen = self.seen(session, *ids)
        return CachedCount(seen.value, seen.at) if seen else CachedCount(FEW, more=True)

    def of_each(self, session: Session, key: SQLColumnExpression[int], ids: Collection[int]) -> dict[int, CachedCount]:
        """Count the rows of each id in two statements; `key` is the column of the table that has these ids."""
        few = _number_of(self.rows(key).limit(FEW + 1).correlate(key.table)).scalar_subquery()  # type: ignore[attr-defined]
        rows = session.execute(select(key, few).where(key.in_(ids)))
        found = {row[0]: CachedCount(row[1]) for row in rows}
        large = {self._name(id_): id_ for id_, count in found.items() if count.value > FEW}
        if not large:
            return found
        known = {row.name: row for row in session.scalars(select(Figure).where(Figure.name.in_(large)))}
        for name, id_ in large.items():
            row = known.get(name)
            found[id_] = (
                CachedCount(json.loads(row.value), row.counted_at) if row and row.value else CachedCount(FEW, more=True)
            )
        old = [name for name in large if name not in known or (known[name].asked_at is None and _is_old(known[name]))]
        if old:
            _ask(session, old)
        return found


_kinds: dict[str, CountKind] = {}


def of_each_kind(session: Session, counters: Sequence[RowCounter], *ids: int | None) -> list[CachedCount]:
    """Count the rows of several counters about the same ids in one statement."""
    few = session.execute(select(*(column(counter.rows(*ids)) for counter in counters))).one()
    return [counter._of(session, count, *ids) for counter, count in zip(counters, few, strict=True)]


def up_to_few(session: Session, *rows: Select[Any]) -> list[CachedCount]:
    """Count rows that nobody counts behind, in one statement: some thousand of each, or that there are more."""
    return [CachedCount.up_to(FEW, count) for count in session.execute(select(*map(column, rows))).one()]


def column(rows: Select[Any], most: int = FEW) -> ScalarSelect[int]:
    """Count rows as a column of another statement; one more than `most` says that there are more."""
    return _number_of(rows.limit(most + 1)).scalar_subquery()


def refresh(engine: Engine) -> int:
    """Count again what somebody asked for, one after the other; return how many figures that were."""
    with reading(engine) as session:
        asked = select(Figure.name).where(is_asked_for(Figure)).order_by(Figure.asked_at).limit(AT_ONCE)
        names = session.scalars(asked).all()
    return sum(_refresh(engine, name) for name in names)


def _refresh(engine: Engine, name: str) -> bool:
    """Count one figure, unless another process took it meanwhile."""
    with writing(engine) as session:
        mine = update(Figure).where(Figure.name == name, is_asked_for(Figure)).values(asked_at=None)
        taken = session.scalar(mine.returning(Figure.name))
    kind, *ids = name.split(":")
    if taken is None or kind not in _kinds:
        return False
    begin = perf_counter()
    with reading(engine) as session:
        value = json.dumps(_kinds[kind].count(session, *(int(each) if each.isdecimal() else each for each in ids)))
    with writing(engine) as session:
        new = {"value": value, "counted_at": clock.now(), "seconds": perf_counter() - begin}
        session.execute(update(Figure).where(Figure.name == name).values(**new))
    return True


def _is_old(figure: Figure) -> bool:
    if figure.counted_at is None:
        return True
    return clock.now() - figure.counted_at > max(FRESH, timedelta(seconds=SHARE * figure.seconds))


def _ask(session: Session, names: Collection[str]) -> None:
    """Note that figures are wanted, in a transaction of its own; who writes at this moment is not to wait for it."""
    if not only_reads(session):
        return
    now = clock.now()
    with writing(session.get_bind().engine) as own:
        rows = [{"name": name, "value": "", "seconds": 0.0, "asked_at": now} for name in names]
        wanted = insert(Figure).values(rows)
        own.execute(wanted.on_conflict_do_update(index_elements=["name"], set_={"asked_at": now}))


def _number_of(rows: Select[Any]) -> Select[int]:
    return select(func.count()).select_from(rows.order_by(None).subquery())
