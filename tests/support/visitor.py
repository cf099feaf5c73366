"""A person whose browser knows no JavaScript: follows links by their text, fills forms by their visible labels."""

import time
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookiejar import CookieJar
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin
from urllib.request import HTTPCookieProcessor, Request, build_opener

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
CONTROLS = ("input", "select", "textarea", "button")


@dataclass
class Element:
    """A node of the page: tag, attributes, children and text in the order of the page."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list["Element | str"] = field(default_factory=list)

    def all(self, *tags: str) -> list["Element"]:
        """Return the elements below with one of the tags, in the order of the page."""
        found = []
        for child in self.children:
            if isinstance(child, Element):
                found += ([child] if child.tag in tags else []) + child.all(*tags)
        return found

    @property
    def text(self) -> str:
        """Return the text below, spaces collapsed."""
        parts = [child if isinstance(child, str) else f" {child.text} " for child in self.children]
        return " ".join("".join(parts).split())


class _Tree(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.root = Element("root")
        self._open = [self.root]
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self._open[-1].children.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_endtag(self, tag: str) -> None:
        for depth in range(len(self._open) - 1, 0, -1):
            if self._open[depth].tag == tag:
                del self._open[depth:]
                return

    def handle_data(self, data: str) -> None:
        self._open[-1].children.append(data)


class Visitor:
    """One person's visit to the running app at `url`."""

    def __init__(self, url: str) -> None:
        self.base = url
        self.url = url
        self.status = 0
        self.page = Element("root")
        self._opener = build_opener(HTTPCookieProcessor(CookieJar()))

    @property
    def text(self) -> str:
        """Return everything that the page says."""
        body = self.page.all("body")
        return body[0].text if body else self.page.text

    @property
    def heading(self) -> str:
        """Return the page's h1."""
        return self.page.all("h1")[0].text

    def open(self, address: str) -> "Visitor":
        """Open a page by its address."""
        return self._ask(Request(urljoin(self.base, address)))

    def follow(self, words: str) -> "Visitor":
        """Follow the link with these words."""
        links = [link for link in self.page.all("a") if words in (link.text, link.attributes.get("aria-label"))]
        assert links, f"no link {words!r} on {self.url}: {[link.text for link in self.page.all('a')]}"
        return self.open(urljoin(self.url, links[0].attributes["href"]))

    def press_filled(self, button: str, filled: dict[str, object]) -> "Visitor":
        """Fill the fields with these labels, and press the button in their form."""
        form, pressed = self._form(button, set(filled))
        values = self._values(form, filled)
        if pressed.attributes.get("name"):
            values.append((pressed.attributes["name"], pressed.attributes.get("value", "")))
        action = pressed.attributes.get("formaction") or form.attributes.get("action") or self.url
        address, body = urljoin(self.url, action), urlencode(values)
        method = pressed.attributes.get("formmethod") or form.attributes.get("method", "get")
        if method.lower() == "get":
            return self.open(f"{address.partition('?')[0]}?{body}")
        return self._ask(Request(address, data=body.encode(), headers={"Referer": self.url}))

    def post(self, address: str, values: dict[str, str]) -> "Visitor":
        """Post a forged form, with the token of the page that is open."""
        tokens = [each for each in self.page.all("input") if each.attributes.get("name") == "csrf_token"]
        given = {"csrf_token": tokens[0].attributes["value"], **values}
        return self._ask(Request(urljoin(self.base, address), data=urlencode(given).encode()))

    def _ask(self, request: Request) -> "Visitor":
        try:
            with self._opener.open(request, timeout=30) as answer:
                html, self.status, self.url = answer.read().decode(), answer.status, answer.url
        except HTTPError as error:
            html, self.status, self.url = error.read().decode(), error.code, error.url or self.url
        self.page = _Tree(html).root
        return self

    def wait_for(self, words: str) -> None:
        """Open the page again until it says this."""
        until = time.monotonic() + 20
        while words not in self.text:
            assert time.monotonic() < until, f"{self.url} never said {words!r}: {self.text}"
            time.sleep(0.2)
            self.open(self.url)

    def _form(self, button: str, labels: set[str]) -> tuple[Element, Element]:
        seen = []
        for form in self.page.all("form"):
            for pressed in form.all("button", "input"):
                words = pressed.text or pressed.attributes.get("value", "")
                seen.append(words)
                if words.startswith(button) and labels <= set(self._labels(form)):
                    assert "disabled" not in pressed.attributes, f"{button!r} is disabled"
                    return form, pressed
        raise AssertionError(f"no button {button!r} with fields {labels} on {self.url}: {seen}")

    def _labels(self, form: Element) -> dict[str, Element]:
        """Return the form's controls by their visible label or aria-label."""
        by_id = {each.attributes["id"]: each for each in form.all(*CONTROLS) if each.attributes.get("id")}
        found = {}
        for control in form.all(*CONTROLS):
            if control.attributes.get("aria-label"):
                found[control.attributes["aria-label"]] = control
        for label in form.all("label"):
            inner = label.all(*CONTROLS)
            control = by_id.get(label.attributes.get("for", "")) or (inner[0] if inner else None)
            if control is not None:
                found[label.text] = control
        return found

    def _values(self, form: Element, filled: dict[str, object]) -> list[tuple[str, str]]:
        labels = self._labels(form)
        given = {id(labels[label]): value for label, value in filled.items()}
        values: list[tuple[str, str]] = []
        for control in form.all("input", "select", "textarea"):
            name, kind = control.attributes.get("name"), control.attributes.get("type", "text")
            if not name or kind in ("submit", "button") or "disabled" in control.attributes:
                continue
            values += [(name, value) for value in _value(control, kind, given.get(id(control)))]
        return values


def _value(control: Element, kind: str, wanted: object) -> list[str]:
    """Return what a browser would send for a control; `wanted` is what the person chose, None for untouched."""
    if kind in ("checkbox", "radio"):
        ticked = "checked" in control.attributes if wanted is None else bool(wanted)
        return [control.attributes.get("value", "on")] if ticked else []
    if control.tag == "select":
        options = control.all("option")
        if wanted is not None:
            chosen = [option for option in options if option.text == wanted]
            assert chosen, f"no option {wanted!r}: {[option.text for option in options]}"
        else:
            chosen = [option for option in options if "selected" in option.attributes] or options[:1]
        return [option.attributes.get("value", option.text) for option in chosen[:1]]
    if wanted is not None:
        return [str(wanted)]
    if control.tag == "textarea":
        return ["".join(child for child in control.children if isinstance(child, str)).removeprefix("\n")]
    return [control.attributes.get("value", "")]
