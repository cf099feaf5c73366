"""A person with a phone: texts us, and sees what we answered; and the questions that reach it."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from optin import clock
from optin.enums import Direction, MessageStatus
from optin.models import ConsentEvent, Hold, Keyword, KeywordWord, Message, OptIn, ProviderBlock, Suppression
from optin.receiving import inbound
from optin.receiving.inbound import InboundText
from tests.support import world
from tests.support.world import MAYA, OURS, SIDS

WENT = (MessageStatus.QUEUED, MessageStatus.SENT, MessageStatus.DELIVERED)


class Phone:
    """A person's phone: texts us, and sees what we answered."""

    def __init__(self, session: Session, number: str = MAYA) -> None:
        self.session = session
        self.number = number

    def text(self, body: str, *, to: str = OURS, **extra: object) -> str:
        """Text us; return the effect in words."""
        sid = f"SM{next(SIDS):032x}"
        given = InboundText(sid=sid, number=self.number, address=to, body=body, **extra)  # type: ignore[arg-type]
        message = inbound.receive(self.session, given)
        assert message is not None
        self.session.commit()
        return message.effect

    def states(self) -> list[str]:
        """Return the opt-ins of the number, oldest first: keyword, status, end reason."""
        rows = self.session.scalars(select(OptIn).where(OptIn.number == self.number).order_by(OptIn.id))
        return [" ".join(filter(None, (row.keyword.word, row.status, row.end_reason))) for row in rows]

    def answers(self) -> list[str]:
        """Return what we answered: kind, and the state where it did not go out."""
        rows = self.session.scalars(
            select(Message)
            .where(Message.number == self.number, Message.direction == Direction.OUTBOUND)
            .order_by(Message.id)
        )
        return [str(row.reply_kind) + ("" if row.status in WENT else f" {row.status} {row.reason}") for row in rows]

    def question(self, status: MessageStatus = MessageStatus.SENT, sid: str | None = "") -> Message:
        """Let the question that was queued last be at `status`; Twilio's SID is made up unless given or None."""
        return world.question(self.session, self.number, status, sid)

    def open(self, table: type[Suppression] | type[Hold] | type[ProviderBlock]) -> int:
        """Count the number's open rows of a table."""
        rows = self.session.scalars(select(table).where(table.number == self.number, table.ended_at.is_(None)))
        return len(list(rows))

    def events(self) -> list[str]:
        """Return the kinds of the ledger's events, oldest first."""
        return list(self.session.scalars(select(ConsentEvent.kind).order_by(ConsentEvent.id)))


def add_keyword(session: Session, word: str, double: bool = False) -> Keyword:
    keyword = Keyword(
        word=word,
        double_opt_in=double,
        confirmation="{{ brand }}: you're in.",
        question="Reply YES to confirm {{ keyword }}.",
        created_at=clock.now(),
    )
    session.add(keyword)
    session.flush()
    session.add(KeywordWord(keyword_id=keyword.id, word=word, normal=word, is_main=True))
    session.flush()
    return keyword
