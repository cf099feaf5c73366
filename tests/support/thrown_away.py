"""Refusals that nobody looks at: calls, read from the source, of what may return Refused and whose result is dropped.

A function is found by its annotation, under every name by which modules import it; a method by its name alone, since
the source does not say whose it is.
"""

import ast
import re
from collections.abc import Iterator, Mapping

_REFUSED = re.compile(r"\bRefused\b")
_NOBODY = "_"

Function = ast.FunctionDef | ast.AsyncFunctionDef
Nodes = list[ast.AST]
"""All nodes of a module."""


def thrown_away(modules: Mapping[str, ast.Module]) -> list[str]:
    """Return where the modules (by dotted name) drop what may be a refusal, as "module:line"."""
    walked = {name: list(ast.walk(module)) for name, module in modules.items()}
    known = {name: _names(name, nodes) for name, nodes in walked.items()}
    refusing = {dotted for name, nodes in walked.items() for dotted in _refusing(name, nodes)}
    return [
        f"{name}:{call.lineno}"
        for name, nodes in walked.items()
        for call in _dropped(nodes)
        if (isinstance(call.func, ast.Attribute) and f".{call.func.attr}" in refusing)
        or _full_name(call.func, name, known) in refusing
    ]


def _refusing(name: str, nodes: Nodes) -> Iterator[str]:
    """Yield the functions that may refuse by their dotted names, methods as ".name"."""
    methods = {id(inner) for node in nodes if isinstance(node, ast.ClassDef) for inner in node.body}
    for node in nodes:
        if isinstance(node, Function) and node.returns is not None and _REFUSED.search(ast.unparse(node.returns)):
            yield f".{node.name}" if id(node) in methods else f"{name}.{node.name}"


def _dropped(nodes: Nodes) -> Iterator[ast.Call]:
    """Yield the calls that are a statement, or whose result nothing but `_` gets."""
    for node in nodes:
        if isinstance(node, ast.Expr) or (isinstance(node, ast.Assign) and all(map(_is_nobody, node.targets))):
            value = node.value.value if isinstance(node.value, ast.Await) else node.value
            if isinstance(value, ast.Call):
                yield value


def _is_nobody(target: ast.expr) -> bool:
    return isinstance(target, ast.Name) and target.id == _NOBODY


def _names(name: str, nodes: Nodes) -> dict[str, str]:
    """Return what the names of a module stand for: its own functions, and what it imports."""
    found = {}
    for node in nodes:
        if isinstance(node, Function):
            found[node.name] = f"{name}.{node.name}"
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.asname: alias.name for alias in node.names if alias.asname}
    return found


def _full_name(called: ast.expr, name: str, known: Mapping[str, Mapping[str, str]]) -> str:
    """Return the dotted name of what is called, where it is defined: a module may pass on what it imports."""
    first, _, rest = ast.unparse(called).partition(".")
    dotted, before = ".".join(filter(None, (known[name].get(first, first), rest))), ""
    while dotted != before:
        before, (module, _, last) = dotted, dotted.rpartition(".")
        dotted = known.get(module, {}).get(last, dotted)
    return dotted
