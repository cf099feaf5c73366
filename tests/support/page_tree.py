"""A page as a tree, read with the standard parser: what the page linter asks its questions of."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset(["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"])
# Elements that HTML lets their parent close (HTML standard, 13.1.2.4 Optional tags).
CLOSED_BY_PARENT = frozenset(["li", "dt", "dd", "p", "option", "optgroup", "thead", "tbody", "tfoot", "tr", "td", "th"])


@dataclass(eq=False)
class Element:
    """One element: `text` is what stands directly or deeper inside it, in order."""

    tag: str
    attrs: dict[str, str]
    parent: "Element | None" = None
    children: "list[Element | str]" = field(default_factory=list)

    def walk(self) -> "Iterator[Element]":
        """Yield the elements inside this one, in the order of the page."""
        waiting = self.children[::-1]
        while waiting:
            child = waiting.pop()
            if isinstance(child, Element):
                yield child
                waiting += reversed(child.children)

    def above(self) -> "Iterator[Element]":
        """Yield the elements around this one, the nearest first."""
        outer = self.parent
        while outer:
            yield outer
            outer = outer.parent

    @property
    def text(self) -> str:
        """Return the text inside, with single spaces; images and labelled drawings count as what they stand for."""
        return " ".join(self._raw_text().split())

    def _raw_text(self) -> str:
        return "".join(
            child if isinstance(child, str) else child.alternative or child._raw_text() for child in self.children
        )

    @property
    def alternative(self) -> str:
        """Return what stands for the element when it can't be seen."""
        return self.attrs.get("aria-label", "") or self.attrs.get("alt", "")

    def __str__(self) -> str:
        """Show the element by its tag and what tells it from others."""
        named = [f'{name}="{self.attrs[name]}"' for name in ("id", "name", "href", "action") if name in self.attrs]
        return f"<{' '.join([self.tag, *named])}>"


class TreeBuilder(HTMLParser):
    """Builds the tree; `faults` lists end tags without a beginning and elements without an end."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("#document", {})
        self.faults: list[str] = []
        self.is_full_page = False
        self._open = self.root

    def handle_decl(self, decl: str) -> None:
        """Take a doctype for the sign of a whole page."""
        self.is_full_page = self.is_full_page or decl.lower().startswith("doctype")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Hang the element into the one that is open, and open it unless it is void."""
        element = Element(tag, {name: value or "" for name, value in reversed(attrs)}, self._open)
        self._open.children.append(element)
        if len(element.attrs) < len(attrs):
            names = [name for name, _ in attrs]
            self.faults += [f"{element} has {name} twice" for name in set(names) if names.count(name) > 1]
        if tag not in VOID:
            self._open = element

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Close what closes itself, as drawings do."""
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self._open = self._open.parent or self.root

    def handle_endtag(self, tag: str) -> None:
        """Close the element, and those inside that were left open."""
        if self._open.tag == tag:  # as nearly always
            self._open = self._open.parent or self.root
            return
        around = [self._open, *self._open.above()]
        ended = next((element for element in around if element.tag == tag), None)
        if ended is None or ended.parent is None:
            self.faults.append(f"</{tag}> ends nothing")
            return
        left_open = around[: around.index(ended)]
        self.faults += [f"{element} is never closed" for element in left_open if element.tag not in CLOSED_BY_PARENT]
        self._open = ended.parent

    def handle_data(self, data: str) -> None:
        """Keep the text where it stands."""
        self._open.children.append(data)

    def close(self) -> None:
        """Report what the end of the page finds open."""
        super().close()
        around = [self._open, *self._open.above()]
        self.faults += [f"{element} is never closed" for element in around if element.parent]
