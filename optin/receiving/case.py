"""One inbound text while it is handled: what the steps know of it, and the answers that they give."""

from dataclasses import dataclass, field
from typing import NamedTuple

from sqlalchemy.orm import Session

from optin import channels
from optin.channels.stop_filter import StopFilter
from optin.consent.events import Act
from optin.database.prepared import Values
from optin.enums import Meaning, ReplyKind
from optin.policy.cache import CachedKeyword, CachedSender, CachedSettings
from optin.policy.policy import Policy
from optin.reading import words
from optin.reading.words import Reading
from optin.receiving.store import InboundText, StoredIds
from optin.sending import overdue_replies, queueing
from optin.texts import merge_fields


class StepResult(NamedTuple):
    """What came of a text, in words for the thread, and what it meant there: a yes is an answer only to a question."""

    effect: str
    meaning: Meaning


@dataclass(frozen=True)
class InboundCase:
    """One text being handled: everything that the steps need. Its `answers` are queued together at the end."""

    session: Session
    stored: StoredIds
    text: InboundText
    act: Act
    sender: CachedSender
    cached: CachedSettings
    answers: list[Values] = field(default_factory=list)

    @property
    def policy(self) -> Policy:
        return self.cached.policy

    def reply(
        self, kind: ReplyKind, template: str, opt_in_id: int | None = None, keyword: CachedKeyword | None = None
    ) -> None:
        """Add an automatic answer: the template with brand, keyword and frequency filled in.

        None is given to a text that was found too late, nor to where we can't send.
        """
        if not self.text.origin.may_opt_in:
            return
        until = overdue_replies.ends(kind, self.act.when)
        if until is None or self.act.at > until:
            return
        fields = {
            "brand": self.policy.brand,
            "keyword": keyword.word if keyword else "",
            "frequency": keyword.frequency if keyword else "",
        }
        body = merge_fields.render(template, fields)
        answer = queueing.reply(
            self.session,
            number=self.text.number,
            conversation_id=self.stored.conversation_id,
            in_reply_to_id=self.stored.message_id,
            kind=kind,
            body=body,
            sender=self.sender,
            opt_in_id=opt_in_id,
        )
        self.answers.append(answer)

    @property
    def provider_answers(self) -> bool:
        """Tell whether Twilio or the network has answered this text itself."""
        return self.stop_filter.answers(self.text.body, self.sender, self.text.opt_out_type)

    @property
    def stop_filter(self) -> StopFilter:
        """Return what Twilio does itself with texts to the sender."""
        return channels.rules_of(self.sender.channel).stop_filter


def read_text(body: str, cached: CachedSettings, opt_out_type: str | None) -> Reading:
    """Read a text with the keywords and words as they are now."""
    return words.read(
        body,
        keywords=cached.active,
        known_keywords=cached.known,
        opt_out_type=opt_out_type,
        extra_opt_out=cached.policy.extra_opt_out_words,
    )
