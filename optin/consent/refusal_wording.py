"""How the sentences of a refusal name people, numbers and days."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from optin import phone
from optin.models import Hold, NumberLoss, Person, ProviderBlock, Sender, Suppression
from optin.models.index_conditions import has_not_ended
from optin.policy.policy import Policy

Obstacle = TypeVar("Obstacle", Suppression, NumberLoss, Hold, ProviderBlock)


@dataclass(frozen=True)
class Recipient:
    """Whom a message would go to and from where: the number (E.164 or None), the person if known, our sender."""

    number: str | None
    person: Person | None
    sender: Sender | None


@dataclass(frozen=True)
class Teller:
    """All that the sentences need: where facts stand, whom they are about, and how numbers and days are written."""

    session: Session
    to: Recipient
    policy: Policy
    zone: ZoneInfo

    @property
    def name(self) -> str:
        """Return what we call the person: the first name, else what there is of a name, else the number."""
        person = self.to.person
        called = (person.first_name or person.last_name) if person else ""
        return called or (self.show(self.to.number) if self.to.number else "this person")

    @property
    def is_named(self) -> bool:
        """Tell whether we know a name, so that a sentence can go on with it."""
        return self.to.person is not None and bool(self.to.person.first_name or self.to.person.last_name)

    def does(self, verb: str) -> str:
        """Return "Noor texts", or "they text" for a number without a name."""
        return f"{self.name} {verb}s" if self.is_named else f"they {verb}"

    @property
    def whose(self) -> str:
        """Return "Noor’s" or "Their"."""
        return f"{self.name}’s" if self.is_named else "Their"

    @property
    def address(self) -> str:
        """Return our own address as people write it."""
        return self.show(self.to.sender.address) if self.to.sender else "us"

    def show(self, number: str) -> str:
        """Write a number as people in the default region do."""
        return phone.display(number, self.policy.default_region)

    def day(self, moment: datetime) -> str:
        """Write the reader's date of a moment: "20 Nov 2026"."""
        local = moment.astimezone(self.zone)
        return f"{local.day} {local:%b %Y}"

    def open(self, table: type[Obstacle], *where: ColumnElement[bool]) -> Obstacle | None:
        """Return what stands against the number and has not ended."""
        given = [table.number == self.to.number, has_not_ended(table), *where]
        return self.session.scalars(select(table).where(*given).limit(1)).first()
