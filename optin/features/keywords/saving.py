"""Writing a keyword: its words, its disclosures by version, the trail of changes. The database keeps words unique."""

from collections.abc import Collection
from dataclasses import dataclass, replace

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from optin import clock
from optin.consent import promises
from optin.consent.promises import Promise
from optin.models import Disclosure, DisclosureImage, Keyword, KeywordWord, Message
from optin.policy import audit
from optin.reading.words import normalise, refusal_as_keyword
from optin.refused import Refused

KIND = "keyword"
TAKEN = "Another keyword took one of these words at this moment. Save again."


@dataclass(frozen=True)
class KeywordContent:
    """What a user says about a keyword: words as typed, texts stripped, templates with the keyword's merge fields."""

    word: str
    aliases: tuple[str, ...]
    description: str
    disclosure: str
    disclosure_url: str
    frequency: str
    double_opt_in: bool
    confirmation: str
    question: str
    image: DisclosureImage | None = None
    promise: Promise | None = None

    @classmethod
    def of(cls, keyword: Keyword) -> "KeywordContent":
        """Return what is stored about a keyword."""
        told = current_disclosure(keyword)
        return cls(
            word=keyword.word,
            aliases=tuple(keyword.aliases),
            description=keyword.description,
            disclosure=told.text if told else "",
            disclosure_url=told.url if told else "",
            image=told.image if told else None,
            promise=promises.of(told),
            frequency=keyword.frequency,
            double_opt_in=keyword.double_opt_in,
            confirmation=keyword.confirmation,
            question=keyword.question,
        )

    @property
    def labelled(self) -> dict[str, object]:
        """Return the content under the labels of the form, for the History tab."""
        return {
            "Keyword": self.word,
            "Aliases": ", ".join(self.aliases),
            "Description": self.description,
            "What people are told": self.disclosure,
            "Web address": self.disclosure_url,
            "Image": self.image.name if self.image else "",
            "At most": self.promise.said if self.promise else "",
            "Frequency": self.frequency,
            "Opt-in": "Double" if self.double_opt_in else "Single",
            "Confirmation reply": self.confirmation,
            "Question": self.question,
        }


def current_disclosure(keyword: Keyword) -> Disclosure | None:
    """Return the newest version of what people are told, if there is any."""
    return next(iter(keyword.disclosures), None)


def create(session: Session, content: KeywordContent, user_id: int) -> Keyword | Refused:
    """Store a new keyword; refused when another one has one of its words, even if that one was saved this moment."""
    keyword = Keyword(word=content.word, created_at=clock.now(), created_by_id=user_id)
    if not _write(session, keyword, content, user_id):
        return _taken(session, content, keyword_id=0)
    audit.record(session, user_id, "created", KIND, keyword.id, {"Keyword": ("", keyword.word)})
    return keyword


def change(session: Session, keyword: Keyword, content: KeywordContent, user_id: int) -> list[str] | Refused:
    """Store what differs and return the labels of the changed fields; load the keyword `FOR UPDATE` before."""
    keyword_id, before = keyword.id, KeywordContent.of(keyword)
    changes = audit.differences(before.labelled, content.labelled)
    if not changes:
        return []
    if not _write(session, keyword, content, user_id):
        return _taken(session, content, keyword_id)
    audit.record(session, user_id, "changed", KIND, keyword_id, changes)
    return list(changes)


def archive(
    session: Session, keyword: Keyword, user_id: int, *, archived: bool, extra_opt_out: Collection[str] = ()
) -> bool | Refused:
    """Archive a keyword or bring it back; tell whether that changed anything. `extra_opt_out` are the admin's words.

    A move may have brought a word that is reserved ("Yes"): nobody can text it, so it stays archived.
    """
    if archived == (keyword.archived_at is not None):
        return False
    if not archived and (refused := _reserved(keyword, extra_opt_out)):
        return refused
    keyword.archived_at = clock.now() if archived else None
    keyword.archived_by_id = user_id if archived else None
    audit.record(session, user_id, "archived" if archived else "brought back", KIND, keyword.id)
    return True


def _reserved(keyword: Keyword, extra_opt_out: Collection[str]) -> Refused | None:
    """Say which word keeps a keyword from being used, and what to do."""
    for word in (keyword.word, *keyword.aliases):
        if refused := refusal_as_keyword(word, extra_opt_out):
            return Refused(f"{refused.sentence} Change “{word}” first, then bring the keyword back.")
    return None


def remove(session: Session, keyword: Keyword, user_id: int) -> Refused | None:
    """Delete a keyword, unless an opt-in, a campaign or the ledger points to it."""
    keyword_id, word = keyword.id, keyword.word
    try:
        with session.begin_nested():
            session.execute(update(Message).where(Message.near_keyword_id == keyword_id).values(near_keyword_id=None))
            for table in (KeywordWord, Disclosure):
                session.execute(delete(table).where(table.keyword_id == keyword_id))
            session.execute(delete(Keyword).where(Keyword.id == keyword_id))
    except IntegrityError:
        return Refused(f"“{word}” can't be deleted: opt-ins, campaigns or the ledger refer to it. Archive it instead.")
    audit.record(session, user_id, "deleted", KIND, keyword_id, {"Keyword": (word, "")})
    return None


def _write(session: Session, keyword: Keyword, content: KeywordContent, user_id: int) -> bool:
    """Write everything in a savepoint; False when the unique index on words refuses."""
    try:
        with session.begin_nested():
            session.add(keyword)
            keyword.word, keyword.description, keyword.frequency = content.word, content.description, content.frequency
            keyword.double_opt_in = content.double_opt_in
            keyword.confirmation, keyword.question = content.confirmation, content.question
            keyword.words.clear()
            session.flush()
            keyword.words = [_word(word, main=False) for word in content.aliases]
            keyword.words.insert(0, _word(content.word, main=True))
            _disclose(keyword, content, user_id)
    except IntegrityError:
        return False
    return True


def _word(word: str, *, main: bool) -> KeywordWord:
    return KeywordWord(word=word, normal=normalise(word), is_main=main)


def _disclose(keyword: Keyword, content: KeywordContent, user_id: int) -> None:
    """Add a version if what people are told has changed; earlier opt-ins keep pointing to theirs."""
    told = current_disclosure(keyword)
    before = (told.text, told.url, told.image, promises.of(told)) if told else ("", "", None, None)
    if (content.disclosure, content.disclosure_url, content.image, content.promise) == before:
        return
    new = Disclosure(
        version=told.version + 1 if told else 1,
        text=content.disclosure,
        url=content.disclosure_url,
        image=content.image,
        promised_most=content.promise.most if content.promise else None,
        promised_per=content.promise.per if content.promise else None,
        created_at=clock.now(),
        created_by_id=user_id,
    )
    keyword.disclosures.insert(0, new)


def _taken(session: Session, content: KeywordContent, keyword_id: int) -> Refused:
    """Say which of the words stand at which other keyword, each at the field where it was typed."""
    typed = {normalise(word): word for word in (content.word, *content.aliases)}
    rows = session.scalars(
        select(KeywordWord).where(KeywordWord.normal.in_(typed), KeywordWord.keyword_id != keyword_id)
    ).all()
    found = [
        Refused(_whose(word, row), field="word" if word == content.word else "aliases")
        for word, row in ((typed[row.normal], row) for row in rows)
    ]
    return replace(found[0], more=tuple(found[1:])) if found else Refused(TAKEN, field="word")


def _whose(typed: str, row: KeywordWord) -> str:
    which = (
        f"“{typed}” is already a keyword" if row.is_main else f"“{typed}” is already an alias of “{row.keyword.word}”"
    )
    return f"{which}, but it is archived: bring it back instead." if row.keyword.archived_at else f"{which}."
