"""Which column of a table is which field, by the names of the columns and by what stands in them."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from unicodedata import combining, normalize

from optin.spreadsheets.looks import looks_like

_WORDS = re.compile(r"[^\W_]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SAME, _NAMED, _WITHIN, _LOOKS = 8.0, 7.5, 3.0, 1.0
"""What counts how much: the very name, a name of several words with more around it, one of one word, the content."""
_LATER, _FILLED = 0.1, 0.05
"""What a name counts less than the one before it, and more where the cells look as they should."""
_TELLING = ("phone", "email")
"""What cells say alone, without a name: a date or a yes may be anything."""
_OTHER = re.compile(
    r"\b(e ?mails?|mails?|correo|courriel|fax|birth\w*|born|geb|geburt\w*|naissance|nacimiento|nascimento)\b"
)
"""Words that make a name another thing: who wants no email may well want texts."""
_CLOSE = {"phone": ("number", "words"), "date": ("words", "number"), "yes_no": ("words", "number", "date"), "email": ()}
"""What the cells of a field may look like as well, being badly filled in."""
_MOSTLY = 0.6


@dataclass(frozen=True)
class Field:
    """Something that a column may hold.

    `headers` are names that it goes by, in any language, the surest first; `looks` is what its cells look like:
    "phone", "email", "date", "yes_no", or "" for what can't be told from its cells.
    """

    name: str
    label: str
    headers: tuple[str, ...] = ()
    looks: str = ""


def guess(headers: Sequence[str], samples: Iterable[Sequence[str]], fields: Sequence[Field]) -> dict[int, str]:
    """Return the name of the field for each column that has one, by its place; each field once, the best fit first.

    `samples` are the cells of some rows. A column whose cells look like something else than the field's is not it,
    whatever its name is.
    """
    rows = list(samples)
    looks = [_looks([row[place] for row in rows if place < len(row)]) for place in range(len(headers))]
    fits = sorted(
        (
            (-fit, place, order, field.name)
            for place, header in enumerate(headers)
            for order, field in enumerate(fields)
            if (fit := _fit(header, looks[place], field)) > 0
        )
    )
    chosen: dict[int, str] = {}
    for _, place, _, name in fits:
        if place not in chosen and name not in chosen.values():
            chosen[place] = name
    return dict(sorted(chosen.items()))


def plain(name: str) -> str:
    """Return a name as it is compared: small words without accents or signs, single spaces between."""
    parts = normalize("NFKD", _CAMEL.sub(" ", name).replace("ß", "ss")).casefold()
    return " ".join(_WORDS.findall("".join(sign for sign in parts if not combining(sign))))


def _fit(header: str, looks: str, field: Field) -> float:
    """Return how well a column fits a field, 0 for not at all."""
    by_name = _named(plain(header), [plain(name) for name in (field.label, *field.headers)])
    if not field.looks:
        return by_name if looks not in ("phone", "email", "date") or by_name > _WITHIN else 0.0
    if looks == field.looks:
        return by_name + _FILLED if by_name else _LOOKS * (looks in _TELLING and not _OTHER.search(plain(header)))
    return by_name if not looks or looks in _CLOSE.get(field.looks, ()) else 0.0


def _named(header: str, names: Sequence[str]) -> float:
    """Return how well a name fits one of the names of a field, 0 where a word makes it another thing."""
    other = _OTHER.search(header)
    if other and not any(_OTHER.search(name) for name in names):
        return 0.0
    likeness = ((_likeness(header, name), at) for at, name in enumerate(names))
    return max((like - at * _LATER for like, at in likeness if like), default=0.0)


def _likeness(header: str, name: str) -> float:
    """Return how like two plain names are; of those within each other, the longer part counts more."""
    if not header or not name:
        return 0.0
    if header.replace(" ", "") == name.replace(" ", ""):
        return _SAME
    if f" {name} " not in f" {header} ":
        return 0.0
    part = len(name) / len(header)
    return _NAMED * (0.85 + 0.15 * part) if " " in name else _WITHIN * (0.5 + 0.5 * part)


def _looks(cells: Sequence[str]) -> str:
    """Return what most of the filled cells look like, "words" when they differ, "" when there are none."""
    counted = Counter(kind for cell in cells if (kind := looks_like(cell)))
    if not counted:
        return ""
    kind, number = counted.most_common(1)[0]
    return kind if number >= _MOSTLY * counted.total() else "words"
