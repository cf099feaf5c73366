"""The page linter: what must hold for every HTML answer, page or fragment. The tests' browser asks it of each one."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask
from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import RequestRedirect

from tests.support.page_tree import Element, TreeBuilder

HX_METHODS = {"hx-get": "GET", "hx-post": "POST", "hx-put": "PUT", "hx-patch": "PATCH", "hx-delete": "DELETE"}
HX_TARGETS = re.compile(r"(this|body|closest .+|find .+|next|next .+|previous|previous .+)$")
UNNAMED_INPUTS = ("hidden", "submit", "button", "reset", "image")
REFERENCES = {"aria-describedby", "aria-labelledby", "aria-controls", "for", "list", "form"}


class Page:
    """What the rules look at."""

    def __init__(self, html: str, app: Flask) -> None:
        builder = TreeBuilder()
        builder.feed(html)
        builder.close()
        self.app = app
        self.broken = builder.faults
        self.is_full = builder.is_full_page
        self.elements = list(builder.root.walk())
        self.ids = Counter(element.attrs["id"] for element in self.elements if "id" in element.attrs)

    def all(self, *tags: str) -> list[Element]:
        """Return the elements with one of the tags."""
        return [element for element in self.elements if element.tag in tags]


def check(html: str, app: Flask) -> list[str]:
    """Return what is wrong with an HTML answer of `app`, one sentence for each finding; [] for a good page.

    A full page is told by its doctype. In a fragment, references to ids elsewhere on the page are not judged.
    """
    page = Page(html, app)
    findings = [finding for rule in RULES for finding in rule(page)]
    return [*page.broken, *findings]


def _ids_are_unique(page: Page) -> Iterator[str]:
    yield from (f'id "{name}" is there {count} times' for name, count in page.ids.items() if count > 1)


def _references_exist(page: Page) -> Iterator[str]:
    for element in page.elements if page.is_full else []:
        for name, targets in element.attrs.items():
            if name not in REFERENCES:
                continue
            missing = [target for target in targets.split() if target not in page.ids]
            yield from (f'{element}: {name} names the missing id "{target}"' for target in missing)
        href = element.attrs.get("href", "")
        if element.tag == "a" and len(href) > 1 and href[0] == "#" and href[1:] not in page.ids:
            yield f"{element} leads to an id that is missing"


def _addresses_are_routes(page: Page) -> Iterator[str]:
    faults: dict[tuple[str, str], str] = {}
    for element in page.elements:
        for method, url in _addresses(element):
            if (method, url) not in faults:
                faults[method, url] = _route_fault(page.app, method, url)
            if fault := faults[method, url]:
                yield f"{element}: {method} {url} {fault}"


def _addresses(element: Element) -> Iterator[tuple[str, str]]:
    attrs = element.attrs
    if element.tag in ("a", "link") and "href" in attrs:
        yield "GET", attrs["href"]
    if element.tag in ("script", "img") and "src" in attrs:
        yield "GET", attrs["src"]
    if element.tag == "form" and attrs.get("method", "get").lower() != "dialog":
        yield attrs.get("method", "get").upper(), attrs.get("action", "")
    if "formaction" in attrs:
        form = next((outer for outer in element.above() if outer.tag == "form"), element)
        yield attrs.get("formmethod", form.attrs.get("method", "get")).upper(), attrs["formaction"]
    yield from ((HX_METHODS[name], url) for name, url in attrs.items() if name in HX_METHODS)


def _route_fault(app: Flask, method: str, url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme == "javascript":
        return "is a script"
    if parts.scheme or parts.netloc or not parts.path:
        return ""
    if not parts.path.startswith("/"):
        return "is not an address from the root"
    try:
        endpoint, values = app.url_map.bind("localhost").match(parts.path, method)
    except NotFound:
        return "is no route"
    except MethodNotAllowed:
        return "is a route without that method"
    except RequestRedirect:
        return "only redirects"
    missing = endpoint == "static" and not Path(str(app.static_folder), values["filename"]).is_file()
    return "is no file" if missing else ""


def _htmx_targets_exist(page: Page) -> Iterator[str]:
    for element in page.elements:
        target = element.attrs.get("hx-target")
        asks = any(name in element.attrs for name in HX_METHODS)
        if not asks and ("hx-target" in element.attrs or "hx-swap" in element.attrs):
            yield f"{element}: hx-target or hx-swap without a request of its own would be inherited"
        if target is None or HX_TARGETS.match(target):
            continue
        if not target.startswith("#"):
            yield f'{element}: hx-target "{target}" is neither an id nor relative to the element'
        elif page.is_full and target[1:] not in page.ids:
            yield f'{element}: hx-target "{target}" is not on the page'


def _of_several_requests_for_one_place_the_newest_counts(page: Page) -> Iterator[str]:
    """Where several elements ask for one place, an older answer must not come to stand over a newer one."""
    asking: dict[str, list[Element]] = defaultdict(list)
    for element in page.elements if page.is_full else []:
        if (target := element.attrs.get("hx-target", "")).startswith("#"):
            asking[target].append(element)
        elif target == "this" and "id" in element.attrs:
            asking[f"#{element.attrs['id']}"].append(element)
    for target, elements in asking.items():
        unordered = [element for element in elements if len(elements) > 1 and not _is_in_order(element)]
        yield from (f"{element}: others ask for {target} too, without hx-sync or data-newest" for element in unordered)


def _is_in_order(element: Element) -> bool:
    synced = element.attrs.get("hx-sync", "this")
    return not synced.startswith("this") or any("data-newest" in each.attrs for each in [element, *element.above()])


def _changes_carry_csrf(page: Page) -> Iterator[str]:
    for element in page.elements:
        posts = element.tag == "form" and element.attrs.get("method", "").lower() == "post"
        changes = any(name in element.attrs for name in HX_METHODS if name != "hx-get")
        if (posts or changes) and not _has_csrf(element):
            yield f"{element} changes something without csrf_token"


def _has_csrf(element: Element) -> bool:
    if "csrf" in (element.attrs.get("hx-vals", "") + element.attrs.get("hx-headers", "")).lower():
        return True
    form = next((outer for outer in [element, *element.above()] if outer.tag == "form"), None)
    return form is not None and any(inner.attrs.get("name") == "csrf_token" for inner in form.walk())


def _fields_have_labels(page: Page) -> Iterator[str]:
    labelled = {label.attrs["for"] for label in page.all("label") if "for" in label.attrs and label.text}
    for element in page.all("input", "select", "textarea"):
        if element.attrs.get("type") in UNNAMED_INPUTS:
            continue
        inside = any(outer.tag == "label" and outer.text for outer in element.above())
        named = element.attrs.get("aria-label") or element.attrs.get("aria-labelledby")
        if not (named or inside or element.attrs.get("id") in labelled):
            yield f"{element} has no label"


def _buttons_and_links_have_names(page: Page) -> Iterator[str]:
    for element in page.all("a", "button", "summary"):
        if not (element.text or element.alternative or element.attrs.get("aria-labelledby")):
            yield f"{element} has no name"
    yield from (f"{image} has no alt" for image in page.all("img") if "alt" not in image.attrs)


def _the_policy_lets_it_run(page: Page) -> Iterator[str]:
    for element in page.elements:
        for name, value in element.attrs.items():
            if name == "style" or re.match(r"on[a-z]+$|hx-on", name):
                yield f"{element}: {name} is inline"
            if (name == "hx-trigger" and "[" in value) or (name.startswith("hx-") and value.startswith("js:")):
                yield f"{element}: {name} needs eval"
        if element.tag == "style":
            yield "<style> is inline"
        if element.tag == "script" and "src" not in element.attrs and element.attrs.get("type") != "application/json":
            yield "<script> is inline"


def _nothing_nests_in_itself(page: Page) -> Iterator[str]:
    for element in page.all("form", "a", "button"):
        forbidden = ("form",) if element.tag == "form" else ("a", "button")
        outer = next((outer for outer in element.above() if outer.tag in forbidden), None)
        if outer:
            yield f"{element} stands inside {outer}"


def _one_heading_that_the_title_contains(page: Page) -> Iterator[str]:
    if not page.is_full:
        return
    headings = [heading.text for heading in page.all("h1")]
    titles = [title.text for title in page.all("title") if title.parent and title.parent.tag == "head"]
    if len(headings) != 1:
        yield f"the page has {len(headings)} h1"
    elif not headings[0] or not titles or headings[0] not in titles[0]:
        yield f'the title {titles} does not contain the h1 "{headings[0]}"'
    if len(page.all("main")) != 1:
        yield f"the page has {len(page.all('main'))} main"


RULES: tuple[Callable[[Page], Iterator[str]], ...] = (
    _ids_are_unique,
    _references_exist,
    _addresses_are_routes,
    _htmx_targets_exist,
    _of_several_requests_for_one_place_the_newest_counts,
    _changes_carry_csrf,
    _fields_have_labels,
    _buttons_and_links_have_names,
    _the_policy_lets_it_run,
    _nothing_nests_in_itself,
    _one_heading_that_the_title_contains,
)
