"""What a new install needs before anyone can use it: an admin, the senders, rules that fit the simulator."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from optin.config import Config
from optin.enums import Role, SenderKind
from optin.features.auth.accounts import add_user
from optin.models import User
from optin.policy import policy
from optin.provider import senders


def prepare(session: Session, config: Config) -> User | None:
    """Make what is missing and return the first admin when one was made now. The caller commits.

    It may run at each start: users, senders and settings that are there already are left as they are.
    """
    known = [senders.ensure(session, address) for address in config.twilio_from]
    if session.scalar(select(User.id).limit(1)) is not None:
        return None
    admin = add_user(
        session,
        email=config.admin_email or "admin@example.org",
        name="Admin" if config.admin_email else "Ada Admin",
        role=Role.ADMIN,
        password=config.admin_password,
    )
    policy.change(session, admin.id, default_region=config.default_region)
    if config.is_simulator:  # nobody is woken by it, and what is sent at night shall arrive
        policy.change(session, admin.id, sending_hours=False)
        for service in known:
            service.advanced_opt_out = service.kind == SenderKind.SERVICE  # the simulator's have it
    return admin
