"""Settings, keywords and senders are cached in a process, never longer than they are true; on both databases."""

from collections.abc import Callable

import pytest
from sqlalchemy import delete, event, select, text, update
from sqlalchemy.orm import Session

from optin import clock
from optin.models import CacheToken, Keyword, KeywordWord, Sender, Setting
from optin.policy import cache, policy
from tests.support import world


def token(session: Session) -> str | None:
    """Return the token that stands in the database."""
    return session.scalar(select(CacheToken.token))


def now_in_force(session: Session) -> cache.CachedSettings:
    """Read the cache as the webhook does."""
    return cache.current(session, token(session))


def a_setting(session: Session) -> None:
    policy.change(session, None, brand="Fair Votes")


def a_raw_setting(session: Session) -> None:
    session.execute(text("UPDATE setting SET value = value"))


def a_keyword(session: Session) -> None:
    session.execute(update(Keyword).values(double_opt_in=True))


def a_word(session: Session) -> None:
    session.execute(delete(KeywordWord))


def a_sender(session: Session) -> None:
    session.execute(update(Sender).values(advanced_opt_out=True))


def another_sender(session: Session) -> None:
    session.add(Sender(address="+14155550199", kind="long_code", created_at=clock.now()))
    session.flush()


@pytest.mark.parametrize("change", [a_setting, a_raw_setting, a_keyword, a_word, a_sender, another_sender])
def test_every_change_renews_the_token_in_its_own_transaction(
    session: Session, change: Callable[[Session], None]
) -> None:
    world.keyword(session)
    world.text(session, "hello")
    session.add(Setting(name="note", value="1", updated_at=clock.now()))
    session.commit()
    before, kept = token(session), now_in_force(session)
    change(session)
    assert token(session) != before
    session.rollback()
    assert token(session) == before
    assert now_in_force(session) is kept


def test_what_is_in_force_is_read_once(session: Session) -> None:
    world.keyword(session)
    world.text(session, "volunteer")  # our address is new to it: the cache changes once more
    world.text(session, "volunteer")
    seen: list[str] = []
    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", lambda *given: seen.append(given[2]))
    world.text(session, "volunteer", number=world.TOM)
    assert [one for one in seen if "FROM setting" in one or "FROM keyword" in one or "FROM sender" in one] == []


def test_a_keyword_counts_from_its_commit_and_not_after_it_was_archived(session: Session) -> None:
    assert world.text(session, "volunteer").effect == ""
    keyword = world.keyword(session)
    assert world.text(session, "volunteer").effect == "opted in with volunteer"
    keyword.archived_at = clock.now()
    session.commit()
    assert world.text(session, "volunteer", number=world.TOM).effect == ""


def test_what_was_taken_back_is_not_kept(session: Session) -> None:
    world.keyword(session)
    policy.change(session, None, brand="Taken Back")
    assert now_in_force(session).policy.brand == "Taken Back"
    session.rollback()
    assert now_in_force(session).policy == policy.load(session)


def test_without_a_token_nothing_is_kept(session: Session) -> None:
    """Such as in a database whose rows were all deleted with its triggers switched off."""
    world.keyword(session)
    session.execute(delete(CacheToken))
    first = now_in_force(session)
    assert set(first.keywords) == {"volunteer"}
    assert now_in_force(session) is not first


def test_what_decides_afresh_sees_what_another_process_has_changed(session: Session) -> None:
    """Such as the start of a message: the cached policy counts only as long as its token stands in the database."""
    assert not cache.policy(session).require_opt_in_for_one_to_one
    session.commit()
    with Session(session.get_bind()) as other:
        policy.change(other, None, require_opt_in_for_one_to_one=True)
        other.commit()
    assert cache.policy(session).require_opt_in_for_one_to_one
