"""Saving views of people under names: one's own, which nobody else sees, and the team's, which everybody may use."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session, joinedload

from optin import clock
from optin.database.statements import change_rows, insert
from optin.enums import PersonKind, Role
from optin.models import DefaultView, SavedView, User
from optin.person.filters import terms
from optin.person.filters.terms import Filter
from optin.refused import Refused

TEAM = 0
MOST = 100
"""So many views of a kind are one user's, and so many the team's."""


@dataclass(frozen=True)
class Content:
    """What a view shows: who, which columns (none: as the list has them), in which order ("": by name)."""

    filters: tuple[Filter, ...] = ()
    columns: tuple[str, ...] = ()
    sort: str = ""

    @classmethod
    def of(cls, view: SavedView) -> "Content":
        """Return what is saved."""
        return cls(terms.loaded(view.filters), tuple(view.columns), view.sort)

    @property
    def stored(self) -> dict[str, object]:
        """Return it as columns of the table."""
        return {"filters": terms.stored(self.filters), "columns": list(self.columns), "sort": self.sort}


def listed(session: Session, kind: PersonKind, user: User) -> Sequence[SavedView]:
    """List the views that a user may use, their own first, by name."""
    usable = select(SavedView).where(SavedView.kind == kind, SavedView.holder.in_((user.id, TEAM)))
    order = (SavedView.holder == TEAM, SavedView.name_key, SavedView.id)
    return session.scalars(usable.options(joinedload(SavedView.owner)).order_by(*order)).all()


def find(session: Session, kind: PersonKind, view_id: int, user: User) -> SavedView | None:
    """Return a view of a kind if the user may use it: that of another is none."""
    found = session.get(SavedView, view_id)
    return found if found and found.kind == kind and found.holder in (user.id, TEAM) else None


def may_change(view: SavedView, user: User) -> bool:
    """Tell whether a user may change or delete a view: their own, or as an admin the team's."""
    own = view.owner_id == user.id and user.may(Role.AGENT)
    return own or (view.is_shared and user.may(Role.ADMIN))


def save(
    session: Session, kind: PersonKind, name: str, content: Content, user: User, *, shared: bool
) -> SavedView | Refused:
    """Save a new view; refused where the name is taken, or there are very many."""
    holder = TEAM if shared else user.id
    mine = select(SavedView.id).where(SavedView.kind == kind, SavedView.holder == holder).limit(MOST)
    if len(session.scalars(mine).all()) >= MOST:
        return Refused(f"There are {MOST} views already. Delete one that nobody needs.", field="name")
    now = clock.now()
    row = {"kind": kind, "name": name, "name_key": _key(name), "holder": holder, "owner_id": user.id}
    made = insert(SavedView).values(**row, **content.stored, created_at=now, updated_at=now)
    id_ = session.scalar(made.on_conflict_do_nothing().returning(SavedView.id))
    return session.get_one(SavedView, id_) if id_ else _taken(name, shared=shared)


def change(session: Session, view: SavedView, content: Content) -> None:
    """Save other content under the same name."""
    values = {**content.stored, "updated_at": clock.now()}
    session.execute(update(SavedView).where(SavedView.id == view.id).values(**values))


def rename(session: Session, view: SavedView, name: str, *, shared: bool) -> Refused | None:
    """Give a view another name, or make it the team's or its owner's; refused where the name is taken there."""
    holder, key = TEAM if shared else view.owner_id, _key(name)
    other = select(SavedView.id).where(
        SavedView.kind == view.kind, SavedView.holder == holder, SavedView.name_key == key, SavedView.id != view.id
    )
    changed = update(SavedView).where(SavedView.id == view.id, ~other.exists())
    values = {"name": name, "name_key": key, "holder": holder, "updated_at": clock.now()}
    if not change_rows(session, changed.values(**values).execution_options(synchronize_session=False)):
        return _taken(name, shared=shared)
    if holder != TEAM:  # others open their lists with it no more
        session.execute(delete(DefaultView).where(DefaultView.view_id == view.id, DefaultView.user_id != holder))
    return None


def remove(session: Session, view: SavedView) -> None:
    """Delete a view; lists that opened with it open with everybody again."""
    session.execute(delete(SavedView).where(SavedView.id == view.id))


def default(session: Session, kind: PersonKind, user: User) -> int | None:
    """Return the id of the view with which a user's list opens, None for everybody."""
    mine = select(DefaultView.view_id).where(DefaultView.user_id == user.id, DefaultView.kind == kind)
    return session.scalar(mine)


def set_default(session: Session, kind: PersonKind, user: User, view: SavedView | None) -> None:
    """Let a user's list open with a view, or with everybody."""
    if view is None:
        session.execute(delete(DefaultView).where(DefaultView.user_id == user.id, DefaultView.kind == kind))
        return
    row = insert(DefaultView).values(user_id=user.id, kind=kind, view_id=view.id)
    session.execute(row.on_conflict_do_update(index_elements=["user_id", "kind"], set_={"view_id": view.id}))


def _key(name: str) -> str:
    return name.casefold()


def _taken(name: str, *, shared: bool) -> Refused:
    who = "The team has" if shared else "You have"
    return Refused(f"{who} a view named “{name}” already. Choose another name.", field="name")
