"""What counts as a write to the ledger, and what does not."""

import ast

import pytest

from tests.support import ledger_writes

WRITES = (
    "session.add(OptIn(number=number))",
    "session.add(models.Hold())",
    "session.execute(insert(Suppression).values(number=number))",
    "session.execute(update(models.OptIn).values(status='ended'))",
    "rows = table(OptIn)\nrun(session, update(rows))",
    "old, rows = table(Message), table(OptIn)\nrun(session, rows.update())",
    "Row = OptIn\nsession.execute(delete(Row))",
    "session.query(Hold).filter_by(id=1).delete()",
    "session.query(Hold).update({'cause': ''})",
    "session.bulk_update_mappings(OptIn, [])",
    "session.execute(text('UPDATE opt_in SET status = 1'))",
    "def end(opt_in: OptIn) -> None:\n    opt_in.status = 'ended'",
    "def end(opt_in: 'OptIn | None') -> None:\n    opt_in.status = 'ended'",
    "def end(opt_in: models.OptIn) -> None:\n    opt_in.number, opt_in.comment = '', ''",
    "def end(opt_ins: list[OptIn]) -> None:\n    opt_ins[0].status = 'ended'",
    "def end(opt_ins: list[OptIn]) -> None:\n    for each in opt_ins:\n        each.status = 'ended'",
    "def end(rows: list[Message]) -> None:\n    hold: Hold = session.get_one(Hold, 1)\n    hold.ended_at = None",
    "def end() -> None:\n    hold = session.get_one(Hold, 1)\n    hold.ended_at = None",
    "def end(opt_in: OptIn) -> None:\n    opt_in.comment += ' (ended)'",
    "def end(opt_in: OptIn) -> None:\n    opt_in.status: str = 'ended'",
    "def end(opt_in: OptIn) -> None:\n    def inner() -> None:\n        opt_in.status = 'ended'",
    "def end(row: Message) -> None:\n    def inner(row) -> None:\n        row.status = 'ended'",
    "def end(row: Any) -> None:\n    row.status = 'ended'",
    "def end(row: Base) -> None:\n    del row.status",
    "find_opt_in(session).status = 'ended'",
    "def end(message: Message) -> None:\n    message.opt_in.status = 'ended'",
    "def end(opt_in: OptIn) -> None:\n    setattr(opt_in, 'status', 'ended')",
    "def end(opt_in: OptIn, name: str) -> None:\n    setattr(opt_in, name, 'ended')",
    "setattr(find_opt_in(session), 'status', 'ended')",
    "def forget(session: Session, hold: Hold) -> None:\n    session.delete(hold)",
    "for hold in session.scalars(select(Hold)):\n    db.session.delete(hold)",
    "session.delete(find_opt_in(session))",
)
NO_WRITES = (
    "session.execute(select(OptIn).where(OptIn.status == 'active').with_for_update())",
    "session.execute(update(Message).where(exists().where(Message.number == number)))",
    "def end(message: Message) -> None:\n    message.status = 'ended'",
    "def end(messages: dict[int, Message]) -> None:\n    messages[1].status = 'ended'",
    "def end(messages: list[Message]) -> None:\n    for each in messages:\n        each.status = 'ended'",
    "def end(messages: dict[int, Message]) -> None:\n    first = messages[1]\n    first.status = 'ended'",
    "def end() -> None:\n    message = session.get(Message, 1)\n    message.status = 'ended'",
    "def end(opt_in: OptIn) -> None:\n    opt_in.shown_as = 'ended'",
    "def name(person: Person, field: str) -> None:\n    setattr(person, field, '')",
    "class Form:\n    def __init__(self) -> None:\n        self.status = ''",
    "def delete(session: Session, person: Person) -> None:\n    session.delete(person)",
    "blueprint.delete('/people')",
)


@pytest.mark.parametrize("source", WRITES)
def test_each_kind_of_write_to_the_ledger_is_seen(source: str) -> None:
    assert ledger_writes.written(ast.parse(source)) != []


@pytest.mark.parametrize("source", NO_WRITES)
def test_what_does_not_write_to_the_ledger_is_let_through(source: str) -> None:
    assert ledger_writes.written(ast.parse(source)) == []
