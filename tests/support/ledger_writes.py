"""What a module writes of the ledger's tables, read from its source.

An attribute named like one of a ledger row may only be written on an object whose class stands in the source and is
another one: what nobody says counts as a row of the ledger. mypy holds that the classes in the source are right.
"""

import ast
import re
from collections.abc import Iterable, Iterator

from optin import models

TABLES = {
    "OptIn",
    "Suppression",
    "PhraseOptOut",
    "NumberLoss",
    "Hold",
    "ProviderBlock",
    "ConsentEvent",
    "ConsentPayload",
    "OptInPerson",
}
_MODELS = [getattr(models, name) for name in sorted(TABLES)]
_ATTRIBUTES = set[str]().union(*(model.__mapper__.attrs.keys() for model in _MODELS))
_SQL = re.compile(
    rf'\b(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+"?(?:{"|".join(model.__tablename__ for model in _MODELS)})\b', re.I
)
_WRITERS = {"insert", "update", "delete", "bulk_insert_mappings", "bulk_update_mappings"}
_LOADERS = {"get", "get_one"}
_SAYS_NOTHING = {"Any", "object", "Base", "DeclarativeBase"}

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
Classes = dict[str, set[str]]
"""The names that the source gives as the class of a variable; none where it doesn't say."""


def written(module: ast.Module) -> list[int]:
    """Return the lines on which a module makes, changes or deletes rows of the ledger, or may do so."""
    tables = TABLES | {name for name, value in _assigned(ast.walk(module)) if _is_table(value)}
    return sorted(set(_lines(module, {}, tables)))


def _lines(node: ast.AST, classes: Classes, tables: set[str]) -> Iterator[int]:
    if isinstance(node, ast.ClassDef):
        classes = {**classes, "self": {node.name}}
    elif isinstance(node, Function):
        classes = {**classes, **_declared(node)}
    if (
        (isinstance(node, ast.Attribute) and _is_written(node, classes, tables))
        or (isinstance(node, ast.Call) and _writes(node, classes, tables))
        or (isinstance(node, ast.Constant) and isinstance(node.value, str) and _SQL.search(node.value))
    ):
        yield node.lineno
    for below in ast.iter_child_nodes(node):
        yield from _lines(below, classes, tables)


def _is_written(attribute: ast.Attribute, classes: Classes, tables: set[str]) -> bool:
    stored = attribute.attr in _ATTRIBUTES and not isinstance(attribute.ctx, ast.Load)
    return stored and _may_be_row(attribute.value, classes, tables)


def _writes(call: ast.Call, classes: Classes, tables: set[str]) -> bool:
    called, given = _name(call.func), call.args
    if called in tables:
        return True
    if called in ("setattr", "delattr"):
        name = given[1].value if isinstance(given[1], ast.Constant) else None
        return (name is None or name in _ATTRIBUTES) and _may_be_row(given[0], classes, tables)
    if called == "delete" and len(given) == 1 and isinstance(call.func, ast.Attribute):
        return _may_be_row(given[0], classes, tables)
    return called in _WRITERS and any(_names(each) & tables for each in (call.func, *given))


def _may_be_row(value: ast.expr, classes: Classes, tables: set[str]) -> bool:
    """Tell whether a value is a row of the ledger, or nobody says what it is."""
    known = _class(value, classes)
    return not isinstance(value, ast.Constant) and (not known or bool(known & (tables | _SAYS_NOTHING)))


def _declared(function: Function) -> Classes:
    """Return the variables of a function with their classes: as annotated, or as follows from what they are given."""
    given = function.args
    arguments = [*given.posonlyargs, *given.args, *given.kwonlyargs]
    found = {each.arg: _names(each.annotation) for each in arguments if each.arg != "self"}
    own = list(_own(function))
    annotated = [node for node in own if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)]
    found |= {_name(node.target): _names(node.annotation) for node in annotated}
    for name, value in _assigned(own):
        if name not in found:
            found[name] = _class(value, found)
    return found


def _own(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what stands in a function and in no other one inside it."""
    for below in ast.iter_child_nodes(node):
        yield below
        if not isinstance(below, Function):
            yield from _own(below)


def _class(value: ast.expr, known: Classes) -> set[str]:
    """Return the class of `Message(...)`, `session.get_one(Message, 1)`, and of what is in a variable that has one."""
    while isinstance(value, ast.Subscript):
        value = value.value
    if isinstance(value, ast.Name):
        return known.get(value.id, set())
    if not isinstance(value, ast.Call):
        return set()
    name = _name(value.func)
    if name in _LOADERS and len(value.args) > 1:
        return _names(value.args[0])
    return {name} if name[:1].isupper() else set()


def _assigned(nodes: Iterable[ast.AST]) -> Iterator[tuple[str, ast.expr]]:
    """Yield each name with its value or with what it goes through, those in a row too: `a, b = table(A), table(B)`."""
    for node in nodes:
        if isinstance(node, ast.For) and isinstance(node.target, ast.Name):
            yield node.target.id, node.iter
        if isinstance(node, ast.Assign):
            for left in node.targets:
                in_a_row = isinstance(left, ast.Tuple) and isinstance(node.value, ast.Tuple)
                pairs = zip(left.elts, node.value.elts, strict=True) if in_a_row else [(left, node.value)]
                yield from ((to.id, value) for to, value in pairs if isinstance(to, ast.Name))


def _is_table(value: ast.expr) -> bool:
    """Tell whether a value is another name of a ledger table: `table(OptIn)`, `OptIn.__table__`, `OptIn | Hold`."""
    is_one = not isinstance(value, ast.Call) or _name(value.func) in ("table", "aliased")
    return is_one and bool(_names(value) & TABLES)


def _names(node: ast.AST | None) -> set[str]:
    """Return all names in an expression; an annotation in quotes is read as one without."""
    if node is None:
        return set()
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return set(re.findall(r"\w+", node.value))
    return {_name(each) for each in ast.walk(node)} - {""}


def _name(node: ast.AST) -> str:
    """Return the name that an expression ends in: `OptIn` of `models.OptIn`."""
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
