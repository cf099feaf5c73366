"""The frame of all pages and every macro: good hypermedia, nothing inline, no feature missed."""

import re
from datetime import date
from pathlib import Path

import pytest
from flask import Flask

from optin import ROOT
from optin.web import navigation
from optin.web.navigation import Frame, Tab
from tests.support.frame_app import frame_app
from tests.support.hypermedia import check
from tests.support.page_tree import Element, TreeBuilder

MACROS = ROOT / "templates" / "_macros.html"


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    """The frame's app."""
    return frame_app(tmp_path)


def elements(html: str) -> list[Element]:
    """Return all elements of the page."""
    builder = TreeBuilder()
    builder.feed(html)
    return list(builder.root.walk())


def render(app: Flask, source: str, **context: object) -> str:
    """Render a template that may use every macro."""
    names = ", ".join(re.findall(r"set (\w+) =", MACROS.read_text()))
    with app.test_request_context():
        return app.jinja_env.from_string('{% from "_macros.html" import ' + names + " %}" + source).render(**context)


@pytest.mark.parametrize("path", ["/sample", "/sample?refused=1", "/sample?said=Saved", "/keywords", "/"])
def test_pages_pass_the_linter(app: Flask, path: str) -> None:
    response = app.test_client().get(path)
    assert response.status_code == 200
    assert check(response.text, app) == []


def test_the_tab_of_the_page_is_current(app: Flask) -> None:
    page = elements(app.test_client().get("/campaigns").text)
    tabs = [element for element in page if element.attrs.get("class") == "tab"]
    assert [tab.text for tab in tabs] == [label for label, *_ in navigation.TABS]
    assert [tab.text for tab in tabs if tab.attrs.get("aria-current") == "page"] == ["Campaigns"]


def test_a_tab_may_wait_for_somebody(app: Flask) -> None:
    review = Tab("Review", "/review", current=False, badge=3)
    app.jinja_env.globals["page_frame"] = lambda: Frame([review], [])
    tab = next(e for e in elements(app.test_client().get("/").text) if e.attrs.get("class") == "tab")
    assert tab.text == "Review 3 waiting"


def test_strangers_see_no_tabs_and_no_account(app: Flask) -> None:
    app.context_processor(lambda: {"current_user": None})
    page = app.test_client().get("/").text
    assert "Campaigns" not in page
    assert "Sign out" not in page
    assert check(page, app) == []


def test_a_refused_field_says_why_to_everybody(app: Flask) -> None:
    page = elements(app.test_client().get("/sample?refused=1").text)
    word = next(element for element in page if element.attrs.get("id") == "word")
    named = word.attrs["aria-describedby"].split()
    said = [element.text for element in page if element.attrs.get("id") in named]
    assert word.attrs["aria-invalid"] == "true"
    assert said == ["Enter a keyword.", "2 to 30 letters and digits."]
    assert word.attrs["data-key"] == "w"


def test_what_people_typed_is_text(app: Flask) -> None:
    evil = "<script>alert(1)</script>"
    shown = render(
        app,
        "{{ bubble(evil, note=evil) }}{{ event(evil) }}{{ person(evil, '/x', evil) }}{{ pill(evil) }}"
        "{{ notice(evil) }}{{ blocked(evil, evil) }}{{ highlights([(evil, evil)]) }}{{ tabs([(evil, '/x', True)]) }}"
        "{{ copy_button(evil) }}{{ section_header(evil, evil) }}{{ record_title(evil, evil) }}{{ empty(evil, evil) }}",
        evil=evil,
    )
    assert "<script" not in shown
    assert shown.count("&lt;script&gt;") >= 17


def test_the_meter_draws_each_part_after_the_one_before(app: Flask) -> None:
    svg = elements(render(app, "{{ meter([(90, 'ok'), (0, 'warn'), (10, 'bad')], '90 of 100') }}"))
    assert [(r.attrs["class"], r.attrs["x"], r.attrs["width"]) for r in svg if r.tag == "rect"] == [
        ("fill-ok", "0", "90"),
        ("fill-warn", "90", "0"),
        ("fill-bad", "90", "10"),
    ]


@pytest.mark.parametrize("days", [[], [(date(2026, 11, 1), 0, 0)], [(date(2026, 11, 1), 5, 900)]])
@pytest.mark.parametrize("large", [True, False])
def test_the_chart_stays_in_its_box(app: Flask, days: list[tuple[date, int, int]], large: bool) -> None:
    bars = elements(render(app, "{{ daily_chart(days, large=large) }}", days=days, large=large))
    assert bars[0].tag == "figure"
    tops_and_ends = [
        (float(bar.attrs["y"]), float(bar.attrs["y"]) + float(bar.attrs["height"])) for bar in bars if bar.tag == "rect"
    ]
    assert all(top >= 0 and end <= 48 for top, end in tops_and_ends)


def test_a_person_without_a_record(app: Flask) -> None:
    source = "{% call person(None) %}<a href='/x'>Create lead</a>{% endcall %}"
    assert render(app, source) == "<span class=\"muted\">No contact or lead</span> · <a href='/x'>Create lead</a>"


def test_nothing_to_page_through_shows_nothing(app: Flask) -> None:
    assert render(app, "{{ pager() }}").strip() == ""


def test_missing_values_show_a_dash(app: Flask) -> None:
    assert render(app, "{{ when(None) }}{{ number('') }}{{ sid(None) }}") == "–––"
