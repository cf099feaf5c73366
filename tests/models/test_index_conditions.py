"""Each partial index is made from a named condition, and whoever relies on one asks by that name."""

import ast
import re
from pathlib import Path

from flask import Flask
from sqlalchemy import Connection, Index, text
from sqlalchemy.schema import CreateIndex

from optin import models
from optin.database.session import Base, db
from optin.models import index_conditions
from optin.models.index_conditions import CONDITION, Condition

ROOT = Path(models.__file__).resolve().parent.parent
CONDITIONS: set[Condition] = {
    each
    for name, each in vars(index_conditions).items()
    if callable(each) and getattr(each, "__module__", "") == index_conditions.__name__ and re.match(r"is_|has_", name)
}
NULL_TESTS = ("is_", "is_not")


def indexes() -> list[Index]:
    return [index for table in Base.metadata.tables.values() for index in table.indexes]


def test_each_partial_index_is_made_from_a_named_condition() -> None:
    for index in indexes():
        for options in index.dialect_options.values():
            assert options["where"] is None or index.info.get(CONDITION) in CONDITIONS, index.name


def test_each_condition_has_an_index() -> None:
    assert {index.info[CONDITION] for index in indexes() if CONDITION in index.info} == CONDITIONS


def test_conditions_have_no_values_that_are_bound() -> None:
    for index in indexes():
        if CONDITION in index.info:
            assert not index.dialect_options["sqlite"]["where"].compile().params, index.name


def test_the_database_has_the_indexes_of_the_models(app: Flask) -> None:
    """Made anew from the model they are the same, with what follows WHERE, which the check of migrations leaves out."""
    partial = [index for index in indexes() if CONDITION in index.info]
    with app.app_context(), db.engine.begin() as connection:
        for index in partial:
            before = _defined(connection, index)
            index.drop(connection)
            connection.execute(CreateIndex(index))
            assert _defined(connection, index) == before
    assert len(partial) > 20


def _defined(connection: Connection, index: Index) -> str:
    """Return the index as the database has it, without the brackets and spaces that mean nothing."""
    sqlite = connection.dialect.name == "sqlite"
    query = "SELECT sql FROM sqlite_master WHERE name = :name" if sqlite else (
        "SELECT indexdef FROM pg_indexes WHERE indexname = :name"
    )  # fmt: skip
    return re.sub(r"[()\s]", "", connection.execute(text(query), {"name": index.name}).scalar_one())


def test_who_relies_on_a_partial_index_asks_by_its_condition() -> None:
    """Nobody writes `X.column.is_(None)` by hand where X has an index of just those rows."""
    nulls = _null_tests()
    for path in sorted(ROOT.rglob("*.py")):
        if path.parent.name not in {"models", "versions"}:
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                    assert not _by_hand(node, nulls), f"{path.relative_to(ROOT)}: {ast.unparse(node)}"


def _null_tests() -> dict[tuple[str, str], set[str]]:
    """Return, for each test for NULL that a whole condition is, the names of the models with such an index."""
    found: dict[tuple[str, str], set[str]] = {}
    for mapper in Base.registry.mappers:
        for index in mapper.local_table.indexes:
            words = str(index.dialect_options["sqlite"]["where"])
            if condition := re.fullmatch(r"(\w+) IS (NOT )?NULL", words):
                test = "is_not" if condition[2] else "is_"
                found.setdefault((condition[1], test), set()).add(mapper.class_.__name__)
    return found


def _by_hand(node: ast.Call, nulls: dict[tuple[str, str], set[str]]) -> bool:
    tested = node.func.value
    if node.func.attr not in NULL_TESTS or not isinstance(tested, ast.Attribute):
        return False
    having = nulls.get((tested.attr, node.func.attr))
    if having is None:
        return False
    whose = ast.unparse(tested.value).removesuffix(".c").strip("_").replace("_", "").lower()
    models_by_name = {mapper.class_.__name__ for mapper in Base.registry.mappers}
    return whose not in {name.lower() for name in models_by_name - having}
