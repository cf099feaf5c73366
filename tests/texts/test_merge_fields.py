"""Merge fields and the words that a message must not ask for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optin.texts.merge_fields import FIELDS, problems, render, warnings, with_default, without_default

ANN = {"first_name": "Ann", "last_name": "Lee", "company": "", "brand": "Clean Rivers"}


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("No fields at all", "No fields at all"),
        ("Hi {{ first_name }}!", "Hi Ann!"),
        ("Hi {{first_name}}!", "Hi Ann!"),
        ("Hi {{  first_name\n}}!", "Hi Ann!"),
        ("Hi {{ first_name | there }}!", "Hi Ann!"),
        ("Hi {{ nickname | there }}!", "Hi there!"),
        ("Hi {{ nickname|dear friend }}!", "Hi dear friend!"),
        ("Hi {{ nickname | a|b }}!", "Hi a|b!"),
        ("{{ first_name }} {{ last_name }}: {{ brand }}", "Ann Lee: Clean Rivers"),
        # a field without value leaves no hole
        ("Hi {{ company }}!", "Hi!"),
        ("Hi {{ company }}, welcome", "Hi, welcome"),
        ("Hi {{ company }} {{ nickname }}, welcome", "Hi, welcome"),
        ("Hi {{ company }} {{ first_name }}, welcome", "Hi Ann, welcome"),
        ("Hi {{ first_name }} {{ company }} from us", "Hi Ann from us"),
        ("{{ company }} says hi", "says hi"),
        ("All of you at {{ company }}", "All of you at"),
        ("Hi {{ company }}\nSee you", "Hi\nSee you"),
        ("Hi\n{{ company }} see you", "Hi\nsee you"),
        ("x{{ company }}y", "xy"),
        ("({{ company }} {{ first_name }})", "(Ann)"),
        # what the author typed stays
        ("Two  spaces , {{ first_name }}  kept ", "Two  spaces , Ann  kept "),
        ("Two  spaces , {{ company }} kept", "Two  spaces , kept"),
        ("{ first_name } {{ first_name", "{ first_name } {{ first_name"),
        ("{% if a %}{{ first_name }}{% endif %}", "{% if a %}Ann{% endif %}"),
        ("{{ 7*7 }}.", "."),
    ],
)
def test_render(template, expected):
    assert render(template, ANN) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("{{ brand }}", "Hi {{ brand }}!"),
        ("{{", "Hi {{!"),
        ("  Mary  Ann\n", "Hi Mary Ann!"),
        (" \t ", "Hi you!"),
        ("\0", "Hi you!"),
        (r"\1 \g<0>", r"Hi \1 \g<0>!"),
    ],
)
def test_values_are_never_expanded(value, expected):
    assert render("Hi {{ first_name | you }}!", {"first_name": value, "brand": "B"}) == expected


@given(st.text().filter(lambda text: "{{" not in text and "\0" not in text), st.dictionaries(st.text(), st.text()))
def test_a_text_without_fields_is_sent_as_typed(text, fields):
    assert render(text, fields) == text


@given(st.text(min_size=1).filter(lambda text: text.strip() and "\0" not in text))
def test_any_value_arrives_as_it_is(value):
    assert render("<{{ first_name }}>{{ last_name }}", {"first_name": value, "last_name": "{{ first_name }}"}) == (
        f"<{' '.join(value.split())}>{{{{ first_name }}}}"
    )


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("Hi {{ first_name | there }} from {{brand}}", []),
        ("Costs { 5 } or {x}", []),
        (
            "{{ nickname }}",
            ["There is no merge field “nickname”. Use one of these: first_name, last_name, company, brand."],
        ),
        (
            "{{ First_Name }}",
            ["There is no merge field “First_Name”. Use one of these: first_name, last_name, company, brand."],
        ),
        ("{{ a }} {{ a }}", ["There is no merge field “a”. Use one of these: first_name, last_name, company, brand."]),
        ("{{ }}", ["A merge field is empty: write a name between “{{” and “}}”."]),
        ("{{ | there }}", ["A merge field is empty: write a name between “{{” and “}}”."]),
        ("Hi {{ first_name", ["A merge field that begins with “{{” is not closed with “}}”."]),
        ("Hi {{ first_name } you", ["A merge field that begins with “{{” is not closed with “}}”."]),
        ("{{ first_name }} {{ brand", ["A merge field that begins with “{{” is not closed with “}}”."]),
        ("Hi first_name }}", ["A merge field that ends with “}}” does not begin with “{{”."]),
        ("Hi { first_name }", ["Write “{{ first_name }}” with two braces on each side."]),
        ("Hi {first_name | you}", ["Write “{{ first_name }}” with two braces on each side."]),
        (
            '{{ first_name | "there" }}',
            ["Write the default of “first_name” without quotation marks: they would be sent too."],
        ),
        (
            '{{ first_name or "there" }}',
            [
                'There is no merge field “first_name or "there"”. '
                "Use one of these: first_name, last_name, company, brand."
            ],
        ),
    ],
)
def test_problems(template, expected):
    assert problems(template) == expected


def test_problems_know_the_fields_they_are_told():
    assert problems("{{ code }}", ["code"]) == []
    assert problems("{{ brand }}", ["code", "date"]) == [
        "There is no merge field “brand”. Use one of these: code, date."
    ]


@given(st.text(st.sampled_from("{}| ab\n"), max_size=30))
def test_a_text_without_problems_leaves_no_double_braces(text):
    if not problems(text, ["a", "b"]):
        assert "{{" not in render(text, {"a": "1"}).replace("{1", "")
        assert problems(render(text, {"a": "1", "b": "2"}), []) == []


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("Reply YES to join the march", ["YES"]),
        ("reply yes if you can come", ["YES"]),
        ("Reply with “yes” and we call you", ["YES"]),
        ("Reply yes!", ["YES"]),
        ("Coming? Reply YES or NO", ["YES"]),
        ("Reply NO/YES", ["YES"]),
        ("Text CANCEL to cancel your seat", ["CANCEL"]),
        ("Text us CANCEL or END", ["CANCEL", "END"]),
        ("Send END when you are done", ["END"]),
        ("Reply END", ["END"]),
        ("Reply STOP to cancel your appointment", ["STOP"]),
        ("Text back START for the quiz", ["START"]),
        ("Text INFO for the programme", ["INFO"]),
        ("Text HELP if you want to volunteer", ["HELP"]),
        ("Please answer with the word QUIT", ["QUIT"]),
        ("Reply YES to receive texts about rivers", ["YES"]),
        ("Text CANCEL to cancel all your seats", ["CANCEL"]),
        ("Reply YES. Then reply YES again tomorrow, or YES", ["YES"]),
        # used as they are meant
        ("Reply STOP to opt out", []),
        ("Reply STOP", []),
        ("Reply STOP to stop.", []),
        ("Text STOP to end, HELP for help", []),
        ("Txt STOP to quit", []),
        ("Reply END to stop texts", []),
        ("Reply STOP or UNSUBSCRIBE to get no more messages", []),
        ("Reply CANCEL to unsubscribe", []),
        ("Reply HELP for help, STOP to stop", []),
        ("Reply HELP.", []),
        ("Text INFO for more information", []),
        ("Reply START to resubscribe", []),
        ("Reply START to get texts again", []),
        ("reply start to resume", []),
        ("Text START to allow messages again.", []),
        ("Msg & data rates may apply. Reply STOP to cancel.", []),
        ("Text STOP to stop all of our messages.", []),
        # no request, or no such word
        ("Yes, we start at 8. The end is near", []),
        ("Please reply by Friday", []),
        ("Reply VOLUNTEER to join", []),
        ("Text yesterday to nobody", []),
        ("We send help to people in need", []),
        ("You can text start times to Bob", []),
        ("Reply {{ first_name | YES }}", []),
        ("", []),
    ],
)
def test_warnings(template, words):
    found = warnings(template)
    assert [sentence[1 : sentence.index("”")] for sentence in found] == words
    assert all(sentence.endswith("Ask for another word.") for sentence in found)


def test_a_text_may_ask_for_the_word_that_it_means():
    assert warnings("Reply YES or CANCEL", ["YES"]) == warnings("Reply CANCEL or NO")
    assert "confirms a double opt-in" in warnings("Reply YES to come")[0]


def test_fields():
    assert problems(" ".join(f"{{{{ {name} }}}}" for name in FIELDS)) == []


@pytest.mark.parametrize(
    ("text", "bare", "expected"),
    [
        ("Hi {{ a }}", ["a"], "Hi {{ a | x }}"),
        ("{{a}}, {{ a | y }}", ["a"], "{{ a | x }}, {{ a | y }}"),
        ("{{ a | y }}", [], "{{ a | y }}"),
        ("{{ a | }} {{ b }}", ["a", "b"], "{{ a | x }} {{ b }}"),
    ],
)
def test_a_field_gets_a_default_where_it_has_none(text: str, bare: list[str], expected: str) -> None:
    assert without_default(text) == bare
    assert with_default(text, "a", " {x} ") == expected
    assert with_default(text, "a", " }{ ") == text
