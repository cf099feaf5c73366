"""Links in a text: where they begin and end, where they may lead, and that a short text costs what was counted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optin.texts import links, merge_fields, segments

HOST = "go.example.org"
SHORT = f"https://{HOST}/xxxxxx"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("No link at all", []),
        ("https://a.org", ["https://a.org"]),
        ("See https://a.org/x.", ["https://a.org/x"]),
        ("https://a.org/x!", ["https://a.org/x"]),
        ("Really https://a.org/x?!", ["https://a.org/x"]),
        ("https://a.org/x…", ["https://a.org/x"]),
        ("https://a.org/?q=1&b=2#top, then", ["https://a.org/?q=1&b=2#top"]),
        ("(https://a.org/x)", ["https://a.org/x"]),
        ("[https://a.org/x].", ["https://a.org/x"]),
        ("<https://a.org/x>", ["https://a.org/x"]),
        ("“https://a.org/x”", ["https://a.org/x"]),
        ("'https://a.org/x'", ["https://a.org/x"]),
        ("https://a.org/b_(c)", ["https://a.org/b_(c)"]),
        ("(see https://a.org/b_(c))", ["https://a.org/b_(c)"]),
        ("https://a.org/x\nhttps://b.org/y", ["https://a.org/x", "https://b.org/y"]),
        ("https://a.org/x and https://a.org/x again", ["https://a.org/x"]),
        ("https://a.org/x and https://a.org/X", ["https://a.org/x", "https://a.org/X"]),
        ("HTTPS://A.org/x", ["HTTPS://A.org/x"]),
        ("http://a.org:8080/x", ["http://a.org:8080/x"]),
        ("https://[2001:db8::1]/x", ["https://[2001:db8::1]/x"]),
        ("https://münchen.de/straße", ["https://münchen.de/straße"]),
        ("https://例え.jp/あ。次は", ["https://例え.jp/あ"]),
        ("https://a.org/x\u200bmore", ["https://a.org/x"]),
        ("https://a.org/x\u00a0more", ["https://a.org/x"]),
        ("a.org/x and www.a.org", []),
        ("xhttps://a.org/x", []),
        ("https://", []),
        ("https://.", []),
        ("https:///x", []),
        ("https://maya:secret@a.org/x", []),
        ("https://@a.org/x", []),
        ("https://a.org:99999/x", []),
        ("https://[::1/x", []),
        ("javascript://a.org/%0aalert(1)", []),
        ("ftp://a.org/x", []),
        ("https://a.org/{{ first_name }}", []),
        ("https://a.org/?n={{ first_name }}&x=1", []),
        ("https://{{ company }}.org/", []),
        ("{{ first_name }}https://a.org", []),
        ("{{ company | https://a.org/x }}", []),
        ("{{ first_name | you }}: https://a.org/x", ["https://a.org/x"]),
        ("https://a.org/x {{ first_name }}", ["https://a.org/x"]),
        (f"https://a.org/{'x' * 2000}", []),
    ],
)
def test_links_are_found_where_they_begin_and_end(text: str, found: list[str]) -> None:
    assert links.find(text) == found


@pytest.mark.parametrize(
    ("link", "location"),
    [
        ("https://a.org", "https://a.org"),
        ("HTTP://A.org/x", "http://a.org/x"),
        ("https://münchen.de/straße?ö=ü#ä", "https://xn--mnchen-3ya.de/stra%C3%9Fe?%C3%B6=%C3%BC#%C3%A4"),
        ("https://a.org/%0d%0aX:%20y", "https://a.org/%0d%0aX:%20y"),
        ("https://a.org/\r\nX: y", None),
        ("https://a.org/\nX", None),
        ("https://a.org/\tx", None),
        ("\thttps://a.org/", None),
        ("https://a.org/\x00", None),
        ("https://a.org/\x7f", None),
        ("https://a.org/\u2028x", None),
        ("https://a.org\\@b.org/", None),
        ("https://user@a.org/", None),
        ("https://user:pass@a.org/", None),
        ("//a.org/x", None),
        ("/x", None),
        ("", None),
        ("javascript:alert(1)", None),
        ("data:text/html,x", None),
        ("file:///etc/passwd", None),
        ("https://", None),
        ("https://a.org:0/", None),
        ("https://a.org:port/", None),
    ],
)
def test_nobody_is_led_anywhere_but_to_a_web_address(link: str, location: str | None) -> None:
    assert links.location(link) == location


@given(st.text(max_size=80))
def test_whatever_is_found_can_stand_in_a_header(text: str) -> None:
    for link in links.find(f"https://{text} http://a.org/{text}"):
        location = links.location(link) or ""
        assert location.startswith(("http://", "https://"))
        assert location.isascii()
        assert location.isprintable()


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("Go to https://a.org/x.", f"Go to {SHORT}."),
        ("(https://a.org/x) https://a.org/x", f"({SHORT}) {SHORT}"),
        ("https://a.org/{{ first_name }} https://b.org", f"https://a.org/{{{{ first_name }}}} {SHORT}"),
        (f"{SHORT} https://GO.example.org/y", f"{SHORT} https://GO.example.org/y"),
        ("Nothing", "Nothing"),
        ("", ""),
    ],
)
def test_the_text_with_short_links(text: str, sent: str) -> None:
    assert links.as_sent(text, HOST) == sent


def test_each_link_gets_its_own_and_what_is_not_told_stays() -> None:
    text = "https://a.org, https://b.org, https://a.org/b"
    assert links.shortened(text, {"https://a.org": "A", "https://a.org/b": "B"}) == "A, https://b.org, B"


def test_codes_have_no_look_alikes_and_cost_one_septet_a_character() -> None:
    assert not set("0Oo1Il") & set(links.ALPHABET)
    assert len(set(links.ALPHABET)) == len(links.ALPHABET) == 56
    assert set(links.EXAMPLE) < set(links.ALPHABET)
    size = segments.count(links.short_link(HOST))
    assert (size.encoding, size.units) == ("GSM-7", len(SHORT))


@given(st.lists(st.sampled_from(["https://a.org/ä", "(http://b.org)", "{{ first_name }}", " ", "é", "😀", "x."])))
def test_any_code_makes_the_text_as_long_as_it_was_counted(parts: list[str]) -> None:
    text = "".join(parts)
    counted = links.as_sent(text, HOST)
    sent = links.shortened(text, {link: links.short_link(HOST, "Ab3xY9") for link in links.find_for(text, HOST)})
    for fields in ({}, {"first_name": "Zoë"}):
        sizes = [segments.count(merge_fields.render(each, fields)) for each in (counted, sent)]
        assert sizes[0] == sizes[1]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("https://bit.ly/abc", ["bit.ly"]),
        ("Look: bit.ly/abc, and www.TinyURL.com/x", ["bit.ly", "tinyurl.com"]),
        ("http://t.co/x https://t.co/y", ["t.co"]),
        ("https://orbit.ly/abc", []),
        ("https://bit.ly.example.org/abc", []),
        ("me@bit.ly/x", []),
        ("https://a.org/bit.ly", []),
        ("bit.ly", []),
        ("", []),
    ],
)
def test_public_shorteners_are_warned_of(text: str, names: list[str]) -> None:
    assert links.warnings(text) == [
        f"Carriers filter texts with links of {name}. Write the whole link instead." for name in names
    ]
