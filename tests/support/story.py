"""The story that must always work, told once: for a browser without JavaScript over plain HTTP, and for Chromium."""

import time
from collections.abc import Callable
from typing import Protocol

import urllib3
from flask import Flask

OURS = "+14155550100"
MAYA, NOOR, INES = "+14155550134", "+12065550163", "+13125550118"
PATIENCE = 20.0


class Guest(Protocol):
    """Somebody at a browser, who finds fields by their visible labels and buttons and links by their text."""

    url: str

    @property
    def text(self) -> str:
        """Return what the page says."""

    @property
    def heading(self) -> str:
        """Return the page's h1."""

    def open(self, address: str) -> object:
        """Open a page by its address."""

    def follow(self, words: str) -> object:
        """Follow the link with these words."""

    def press_filled(self, button: str, filled: dict[str, object]) -> object:
        """Fill the fields with these labels and press the button."""

    def wait_for(self, words: str) -> None:
        """Wait until the page says this: it does so by itself, or when it is opened again."""


class Story:
    """Ten steps; `texts` lets a person text us (number, body)."""

    def __init__(self, guest: Guest, app: Flask, texts: Callable[[str, str], None]) -> None:
        self.guest = guest
        self.app = app
        self.texts = texts
        self.keyword = self.campaign = self.noor = ""

    def run(self) -> None:
        """Live through it."""
        self.meet_maya_and_noor()
        self.make_the_keyword()
        self.make_the_campaign()
        self.maya_opts_in()
        self.see_the_empty_campaign()
        self.add_the_opt_ins()
        self.send_the_broadcast()
        self.require_an_opt_in()
        self.noor_is_refused_and_then_opts_in()
        self.maya_leaves()
        self.noor_gets_another_number()

    def arrived(self, number: str) -> list[str]:
        """Return the texts that a phone got from the app, oldest first."""
        config = self.app.config["OPTIN"]
        answer = urllib3.request(
            "GET",
            f"{config.twilio_api_url}/phones/{number}/messages?limit=100",
            headers=urllib3.make_headers(basic_auth=f"{config.twilio_account_sid}:{config.twilio_auth_token}"),
        )
        return [row["body"] for row in answer.json()["messages"] if row["kind"] == "arrived" and not row["answered_by"]]

    def wait_until_arrived(self, number: str, text: str) -> None:
        """Wait until the phone shows a text that holds this one."""
        until = time.monotonic() + PATIENCE
        while not any(text in arrived for arrived in self.arrived(number)):
            assert time.monotonic() < until, f"{number} got {self.arrived(number)}, not {text!r}"
            time.sleep(0.1)

    def meet_maya_and_noor(self) -> None:
        """Before the story: two people whom we know."""
        for first, last, number in (("Maya", "Chen", "(415) 555-0134"), ("Noor", "Haddad", "206-555-0163")):
            self.guest.open("/contacts")
            self.guest.follow("New")
            self.guest.press_filled("Save", {"First name": first, "Last name": last, "Mobile phone": number})
            assert self.guest.heading == f"{first} {last}"
        self.noor = self.guest.url

    def make_the_keyword(self) -> None:
        """Step 1."""
        self.guest.open("/keywords")
        self.guest.follow("New")
        self.guest.press_filled("Save", {"Keyword": "volunteer"})
        assert self.guest.heading == "volunteer"
        self.guest.follow("Details")
        self.guest.follow("Related")
        self.keyword = self.guest.url

    def make_the_campaign(self) -> None:
        """Step 2."""
        self.guest.follow("New")
        self.guest.press_filled("Save", {"Name": "Volunteer Campaign"})
        assert self.guest.heading == "Volunteer Campaign"
        self.campaign = self.guest.url
        self.guest.follow("volunteer")
        assert self.guest.heading == "volunteer"

    def maya_opts_in(self) -> None:
        """Step 3; somebody whom we don't know opts in as well."""
        self.texts(MAYA, "Volunteer!")
        self.texts(INES, "volunteer")
        self.wait_until_arrived(MAYA, "you are signed up for volunteer texts")
        self.guest.open(self.keyword)
        for words in ("(415) 555-0134", "Active", "Volunteer!", "Maya Chen", "No contact or lead", "OI-000001"):
            assert words in self.guest.text, words
        self.guest.follow("OI-000001")
        assert "Volunteer!" in self.guest.text
        self.guest.follow("Maya Chen")

    def see_the_empty_campaign(self) -> None:
        """Step 4."""
        self.guest.open(self.campaign)
        self.guest.follow("SMS Broadcasts")
        for words in (
            "This campaign has no members yet",
            "2 people have opted in with",
            "before you use SMS Broadcasts",
        ):
            assert words in self.guest.text, words

    def add_the_opt_ins(self) -> None:
        """Step 5."""
        self.guest.follow("+ Add Opt-Ins")
        for words in ("2 numbers have", "Already members", "Removed earlier by hand"):
            assert words in self.guest.text, words
        self.guest.press_filled("+ Add Opt-Ins", {"Create leads for unknown numbers": True})
        for words in ("2 members added", "1 lead created"):
            assert words in self.guest.text, words

    def send_the_broadcast(self) -> None:
        """Step 6: Noor is a member by hand, and does not get it."""
        self.guest.open(self.campaign)
        self.guest.follow("Add members")
        self.guest.press_filled("Add members", {"Noor Haddad": True})
        self.guest.open(self.campaign)
        self.guest.follow("SMS Broadcasts")
        for words in ("Deliverability", "Will receive", "Not opted in with"):
            assert words in self.guest.text, words
        self.guest.press_filled("Send to 2 people", {"Message": "Hi {{ first_name | there }}, Saturday at 9."})
        self.guest.press_filled("Send to 2 people", {})
        self.guest.wait_for("Delivered")
        broadcast = self.guest.url
        self.guest.open(self.campaign)
        assert "In progress" in self.guest.text
        self.guest.open(broadcast)
        self.wait_until_arrived(MAYA, "Hi Maya, Saturday at 9.")
        self.wait_until_arrived(INES, "Hi there, Saturday at 9.")
        assert self.arrived(NOOR) == []

    def require_an_opt_in(self) -> None:
        """Step 7."""
        self.guest.open("/settings/sms")
        self.guest.press_filled("Save", {"Require Opt-In for 1:1 SMS Messaging": True})
        assert "can’t be texted now" in self.guest.text

    def noor_is_refused_and_then_opts_in(self) -> None:
        """Step 8: the same warning in both places; the keyword opens the composer."""
        self.texts(NOOR, "hello there")
        warning = "You can’t text Noor: this number has not opted in."
        self.guest.open(self.noor)
        assert warning in self.guest.text
        self.guest.follow("Open in inbox")
        inbox = self.guest.url
        assert warning in self.guest.text
        self.texts(NOOR, "VOLUNTEER")
        for page in (self.noor, inbox):
            self.guest.open(page)
            assert warning not in self.guest.text, self.guest.text
        self.guest.press_filled("Send", {"Message": "Welcome, Noor"})
        self.wait_until_arrived(NOOR, "Welcome, Noor")
        self.guest.open(inbox)
        assert "Welcome, Noor" in self.guest.text

    def maya_leaves(self) -> None:
        """Step 9."""
        self.texts(MAYA, "STOP")
        self.guest.open(self.keyword)
        assert "Opted out" in self.guest.text
        self.guest.follow("Maya Chen")
        assert "You can’t text Maya" in self.guest.text
        self.guest.open(self.campaign)
        self.guest.follow("SMS Broadcasts")
        assert "1 Opted out" in self.guest.text
        self.guest.press_filled("Send to 2 people", {"Message": "One more thing."})
        self.guest.press_filled("Send to 2 people", {})
        self.wait_until_arrived(INES, "One more thing.")
        self.wait_until_arrived(NOOR, "One more thing.")
        assert "One more thing." not in self.arrived(MAYA)

    def noor_gets_another_number(self) -> None:
        """Step 10: the page says what will end before it ends."""
        self.guest.open(self.noor)
        self.guest.follow("Edit")
        self.guest.press_filled("Save", {"Mobile phone": "(206) 555-0177"})
        assert "Save and end 1 opt-in" in self.guest.text
        self.guest.press_filled("Save and end 1 opt-in", {})
        assert self.guest.heading == "Noor Haddad"
        assert "(206) 555-0177" in self.guest.text
        assert "You can’t text Noor: this number has not opted in." in self.guest.text
        self.guest.follow("Related")
        assert "Number changed" in self.guest.text
        assert "none active" in self.guest.text
