"""Campaigns, their members and their broadcasts."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Select, String, Text, UniqueConstraint, false, select, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from optin.database.session import Base
from optin.enums import Audience, CampaignStatus, Channel
from optin.models.index_conditions import is_imported, is_not_removed, partial_index
from optin.models.keyword import Keyword
from optin.models.person import Person
from optin.models.sender import Sender
from optin.models.user import User


class Campaign(Base):
    """A set of members, and at most one keyword that its messages require."""

    __tablename__ = "campaign"
    __table_args__ = (Index("ix_campaign_name", "name", "id"), Index("ix_campaign_changed", "updated_at", "id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(String(10), default=Channel.SMS)
    name: Mapped[str] = mapped_column(String(120))
    description: Mapped[str] = mapped_column(Text, default="")
    status: Mapped[str] = mapped_column(String(20), default=CampaignStatus.PLANNED)
    keyword_id: Mapped[int | None] = mapped_column(ForeignKey("keyword.id"), index=True)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    keyword: Mapped[Keyword | None] = relationship()
    owner: Mapped[User | None] = relationship()

    @classmethod
    def locked(cls, campaign_id: int) -> Select["Campaign"]:
        """Select the campaign as it is now, locked until the transaction ends.

        Who changes its keyword, starts a broadcast or adds opt-ins takes this lock first. What only refers to the row
        (a new member) does not wait for it.
        """
        found = select(cls).where(cls.id == campaign_id).with_for_update(key_share=True)
        return found.execution_options(populate_existing=True)


class KeptDraft(Base):
    """What a user had typed into a campaign's composer when they left it for another page; `form` is JSON."""

    __tablename__ = "kept_draft"

    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"), primary_key=True)
    form: Mapped[str] = mapped_column(Text)
    kept_at: Mapped[datetime]


class CampaignMember(Base):
    """A person in a campaign. It carries the person's number, zones and state so that audiences need no join.

    `import_run_id` is the import that added them or brought them back, while that can be undone.
    """

    __tablename__ = "campaign_member"
    __table_args__ = (
        UniqueConstraint("campaign_id", "person_id"),
        partial_index("ix_campaign_member_number", "campaign_id", "number", "id", where=is_not_removed),
        Index("ix_campaign_member_tail", "campaign_id", text("substr(number, length(number) - 3)")),
        partial_index("ix_campaign_member_zones", "campaign_id", "zones", where=is_not_removed),
        partial_index("ix_campaign_member_list", "campaign_id", "id", where=is_not_removed),
        partial_index("ix_campaign_member_import", "import_run_id", "id", where=is_imported),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), index=True)
    number: Mapped[str | None] = mapped_column(String(32))
    zones: Mapped[str] = mapped_column(Text, default="")
    us_state: Mapped[str] = mapped_column(String(2), default="", server_default="")
    added_at: Mapped[datetime]
    added_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    removed_at: Mapped[datetime | None]
    removed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    import_run_id: Mapped[int | None] = mapped_column(ForeignKey("import_run.id"))

    person: Mapped[Person] = relationship()
    campaign: Mapped[Campaign] = relationship()


class Broadcast(Base):
    """One SMS text sent to the members of a campaign; its keyword is frozen when it is made.

    `starts_at` is the time that it was scheduled for, None when it was sent at once; no message of it starts at
    `not_after` or later (None: it has no last time); `ended_because` says why it was cancelled by itself. While it is
    `queueing`, members with a number up to `queued_to` have been looked at (sending/put_out.py). It is spread over so
    many seconds (None: it is not): its messages go `seconds_apart`, which is known when all are in the outbox.
    `keeps_left_out`: whom it left out is kept (LeftOut), as it was not before that table was there. Whoever changes it
    while it is scheduled makes another `version`; what was changed stands in the audit trail. An `audience` that is not
    all of the campaign's members is a part of them by what became of another broadcast of it (consent/follow_up.py).
    `canary` says how far its first few are, `paused_because` why it paused by itself; with `limits_off` it does not
    (sending/canary.py). With `leaves_out_empty` nobody gets it for whom a merge field without a default is empty, with
    `leaves_out_often` nobody who got many texts lately (consent/often.py). One of a recurring broadcast is its
    `occurrence`, the so-many-th date (sending/recurring.py). With an `other_body` both texts are tested before the
    others get the `winner`: on `test_percent` of the people, by `wins_by`, until `test_hours` after the last of them;
    `test_state` says how far that is, and the others wait for a click then, unless it `test_goes_on`
    (sending/variants.py). One that `shortens` has short links in its texts (short_links/keeping.py).
    """

    __tablename__ = "broadcast"
    __table_args__ = (
        Index("ix_broadcast_campaign", "campaign_id", "id"),
        Index("ix_broadcast_state", "state"),
        Index("ix_broadcast_occurrence", "recurring_id", "occurrence", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(String(10), default=Channel.SMS)
    campaign_id: Mapped[int] = mapped_column(ForeignKey("campaign.id"))
    keyword_id: Mapped[int | None] = mapped_column(ForeignKey("keyword.id"))
    sender_id: Mapped[int] = mapped_column(ForeignKey("sender.id"))
    body: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(10))
    form_key: Mapped[str] = mapped_column(String(36), unique=True)
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    starts_at: Mapped[datetime | None]
    not_after: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    ended_because: Mapped[str | None] = mapped_column(Text)
    keeps_left_out: Mapped[bool] = mapped_column(default=False, server_default=false())
    queued_to: Mapped[str | None] = mapped_column(String(32))
    spread_over: Mapped[int | None]
    seconds_apart: Mapped[float | None]
    stopped_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    version: Mapped[int] = mapped_column(default=1, server_default=text("1"))
    audience: Mapped[str] = mapped_column(String(10), default=Audience.ALL, server_default=text("'all'"))
    of_broadcast_id: Mapped[int | None] = mapped_column(ForeignKey("broadcast.id"))
    canary: Mapped[str | None] = mapped_column(String(10))
    canary_ended_at: Mapped[datetime | None]
    paused_because: Mapped[str | None] = mapped_column(Text)
    limits_off: Mapped[bool] = mapped_column(default=False, server_default=false())
    leaves_out_empty: Mapped[bool] = mapped_column(default=False, server_default=false())
    leaves_out_often: Mapped[bool] = mapped_column(default=False, server_default=false())
    recurring_id: Mapped[int | None] = mapped_column(ForeignKey("recurring_broadcast.id"))
    occurrence: Mapped[int | None]
    other_body: Mapped[str | None] = mapped_column(Text)
    test_percent: Mapped[int | None]
    wins_by: Mapped[str | None] = mapped_column(String(10))
    test_hours: Mapped[int | None]
    test_goes_on: Mapped[bool] = mapped_column(default=False, server_default=false())
    test_state: Mapped[str | None] = mapped_column(String(10))
    test_ends_at: Mapped[datetime | None]
    winner: Mapped[str | None] = mapped_column(String(1))
    winner_because: Mapped[str | None] = mapped_column(Text)
    shortens: Mapped[bool] = mapped_column(default=False, server_default=false())

    campaign: Mapped[Campaign] = relationship()
    keyword: Mapped[Keyword | None] = relationship()
    sender: Mapped[Sender] = relationship()
    created_by: Mapped[User | None] = relationship(foreign_keys=[created_by_id])
    of_broadcast: Mapped["Broadcast | None"] = relationship(remote_side=[id])

    @property
    def texts(self) -> list[str]:
        """List its texts, the first one first."""
        return [self.body] if self.other_body is None else [self.body, self.other_body]


class LeftOut(Base):
    """A member who got no message of a broadcast as its messages were put into the outbox: why, and with which number.

    Members with a message have no row here. What became of a message later stands with the message.
    """

    __tablename__ = "broadcast_left_out"
    __table_args__ = (Index("ix_broadcast_left_out_reason", "broadcast_id", "reason", "person_id"),)

    person_id: Mapped[int] = mapped_column(ForeignKey("person.id", ondelete="CASCADE"), primary_key=True)
    broadcast_id: Mapped[int] = mapped_column(ForeignKey("broadcast.id"), primary_key=True)
    number: Mapped[str | None] = mapped_column(String(32))
    reason: Mapped[str] = mapped_column(String(15))
    asked_at: Mapped[datetime]

    person: Mapped[Person] = relationship()
    broadcast: Mapped[Broadcast] = relationship()
