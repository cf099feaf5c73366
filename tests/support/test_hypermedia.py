"""The page linter finds what it promises to find, and lets good pages pass."""

import pytest
from flask import Flask

from optin import ROOT
from tests.support.hypermedia import check

GOOD_PAGE = """<!doctype html>
<html lang="en"><head><title>Contacts · Optin</title><script src="/static/app.js" defer></script></head><body><main>
<h1>Contacts</h1><p>Two <a href="#list">below</a><p>and <a href="https://example.org/anything">outside</a>
<form action="/contacts"><label>Search <input name="q" hx-get="/contacts" hx-target="#list"></label></form>
<form method="post" action="/contacts/7/notes" hx-post="/contacts/7/notes" hx-target="this">
<input type="hidden" name="csrf_token" value="x">
<label for="note">Note</label><textarea id="note" name="note"></textarea>
<button>Save</button></form>
<ul id="list"><li><a href="/contacts/7?tab=related">Maya</a>
<li><button aria-label="Copy"><svg><path d="M0 0"/></svg></button>
</ul></main></body></html>"""

FAULTS = [
    ('<p id="a"></p><p id="a"></p>', 'id "a" is there 2 times'),
    ('<a href="/contacs">x</a>', "GET /contacs is no route"),
    ('<a href="/contacts/7/notes">x</a>', "GET /contacts/7/notes is a route without that method"),
    ('<a href="contacts">x</a>', "GET contacts is not an address from the root"),
    ('<a href="javascript:alert(1)">x</a>', "is a script"),
    ('<form action="/nowhere"></form>', "GET /nowhere is no route"),
    ('<form><button formmethod="post" formaction="/contacts">x</button></form>', "POST /contacts is a route without"),
    ('<div hx-get="/polls"></div>', "GET /polls is no route"),
    ('<script src="/static/nothing.js"></script>', "GET /static/nothing.js is no file"),
    ('<form method="post" action="/contacts/7/notes"></form>', "without csrf_token"),
    ('<button hx-post="/contacts/7/notes">x</button>', "without csrf_token"),
    ('<div hx-target="#x"></div>', "would be inherited"),
    ('<div hx-get="/contacts" hx-target=".row"></div>', "neither an id nor relative"),
    ('<input name="q">', '<input name="q"> has no label'),
    ('<label for="q"></label><input id="q">', "has no label"),
    ("<select></select>", "has no label"),
    ("<textarea></textarea>", "has no label"),
    ("<button><svg></svg></button>", "<button> has no name"),
    ('<a href="/contacts"></a>', "has no name"),
    ('<img src="/static/app.js">', "has no alt"),
    ('<p style="color: red"></p>', "style is inline"),
    ('<p onclick="x()"></p>', "onclick is inline"),
    ('<p hx-on:click="x()"></p>', "hx-on:click is inline"),
    ("<style></style>", "<style> is inline"),
    ("<script>x()</script>", "<script> is inline"),
    ('<input aria-label="x" hx-get="/contacts" hx-trigger="keyup[ctrlKey]">', "hx-trigger needs eval"),
    ('<form><div><form action="/contacts"></form></div></form>', "stands inside <form>"),
    ('<a href="/contacts"><button>x</button></a>', "stands inside <a"),
    ("<div><span></div>", "<span> is never closed"),
    ("<div>", "<div> is never closed"),
    ("</div>", "</div> ends nothing"),
    ('<p id="a" id="b"></p>', "has id twice"),
]

PAGE_FAULTS = [
    ("<h1>Contacts</h1>", "", "the page has 0 h1"),
    ("<h1>Contacts</h1>", "<h1>Contacts</h1><h1>Leads</h1>", "the page has 2 h1"),
    ("<h1>Contacts</h1>", "<h1>Leads</h1>", 'does not contain the h1 "Leads"'),
    ("<h1>Contacts</h1>", "<h1></h1>", 'does not contain the h1 ""'),
    ("<main>", "<main></main><main>", "the page has 2 main"),
    ('hx-target="#list"', 'hx-target="#lits"', 'hx-target "#lits" is not on the page'),
    ('href="#list"', 'href="#lits"', "leads to an id that is missing"),
    (
        '<ul id="list">',
        '<ul id="list" hx-get="/contacts" hx-target="this">',
        "others ask for #list too, without hx-sync",
    ),
    ('hx-target="this">', 'hx-target="#list" hx-sync="this:replace">', "others ask for #list too, without hx-sync"),
    ('for="note"', 'for="nothing"', 'for names the missing id "nothing"'),
]


@pytest.fixture
def app() -> Flask:
    """An app with the three addresses that the pages above speak of."""
    app = Flask(__name__, static_folder=str(ROOT / "static"))
    app.add_url_rule("/contacts", "contacts", lambda: "")
    app.add_url_rule("/contacts/<int:number>", "contact", lambda number: "")
    app.add_url_rule("/contacts/<int:number>/notes", "notes", lambda number: "", methods=["POST"])
    return app


def test_a_good_page_passes(app: Flask) -> None:
    assert check(GOOD_PAGE, app) == []


@pytest.mark.parametrize(("fragment", "finding"), FAULTS, ids=[finding for _, finding in FAULTS])
def test_a_fault_in_a_fragment_is_found(app: Flask, fragment: str, finding: str) -> None:
    findings = check(fragment, app)
    assert any(finding in found for found in findings), findings


@pytest.mark.parametrize(("good", "bad", "finding"), PAGE_FAULTS, ids=[finding for *_, finding in PAGE_FAULTS])
def test_a_fault_in_a_page_is_found(app: Flask, good: str, bad: str, finding: str) -> None:
    findings = check(GOOD_PAGE.replace(good, bad, 1), app)
    assert any(finding in found for found in findings), findings


def test_a_fragment_may_speak_of_the_page_around_it(app: Flask) -> None:
    assert check('<a href="#main" hx-get="/contacts" hx-target="#list">x</a>', app) == []


@pytest.mark.parametrize("void", ["<br>", '<input type="hidden" name="x">', "<hr>", '<svg><path d="M0 0"/></svg>'])
def test_elements_without_an_end_tag_pass(app: Flask, void: str) -> None:
    assert check(f"<div>{void}</div>", app) == []
