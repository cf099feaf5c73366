"""The domain of short links: a host name of one's own, and the ones before it lead on."""

import pytest

from optin.policy.policy import Policy
from optin.refused import Refused
from optin.short_links import domain

OURS = {"optin.example.org", "localhost"}


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("", ""),
        ("  ", ""),
        ("go.example.org", "go.example.org"),
        (" Go.Example.ORG. ", "go.example.org"),
        ("https://go.example.org", "go.example.org"),
        ("https://go.example.org/", "go.example.org"),
        ("x.io", "x.io"),
        ("gö.example.org", "xn--g-1ga.example.org"),
    ],
)
def test_what_may_be_one(typed: str, name: str) -> None:
    assert domain.read(typed, OURS) == name


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("http://go.example.org", "need https"),
        ("go.example.org/x", "without a path"),
        ("https://go.example.org/x", "without a path"),
        ("go.example.org?x", "without a path"),
        ("go.example.org:8443", "without a path"),
        ("maya@go.example.org", "without a path"),
        ("go", "without a path"),
        ("go..org", "without a path"),
        ("-go.example.org", "without a path"),
        ("go_1.example.org", "without a path"),
        ("go example.org", "without a path"),
        ("go.example.org\r\nX", "without a path"),
        ("10.1.2.3", "without a path"),
        ("[::1]", "without a path"),
        ("\u2603\u2603" + "." * 3, "without a path"),
        (f"{'a' * 60}.org", "shorter"),
        ("bit.ly", "public shortener"),
        ("https://team.short.io", "public shortener"),
        ("tinyurl.com", "public shortener"),
        ("optin.example.org", "itself answers"),
    ],
)
def test_what_may_not(typed: str, why: str) -> None:
    refused = domain.read(typed, OURS)
    assert isinstance(refused, Refused)
    assert why in refused.sentence


def test_links_under_the_domains_before_lead_on() -> None:
    policy = Policy()
    for name, kept in (("a.org", ()), ("b.org", ("a.org",)), ("", ("a.org", "b.org")), ("a.org", ("b.org",))):
        changes = domain.changes(policy, name)
        assert changes == {"short_domain": name, "former_short_domains": kept}
        policy = Policy(short_domain=name, former_short_domains=kept)
        assert domain.all_of(policy) == {each for each in (name, *kept) if each}
