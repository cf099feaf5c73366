"""What the request under way goes by: settings, keywords and senders as they were when it came."""

from flask import g

from optin.database.session import db
from optin.policy import cache
from optin.policy.cache import CachedSettings
from optin.policy.policy import Policy


def current_settings() -> CachedSettings:
    """Return settings, keywords and senders, read once a request, however often they are asked for.

    For signed-in users the token has come with the statement that found them (web/access.py).
    """
    if "cached_settings" not in g:
        session = db.session()
        g.cached_settings = cache.current(session, g.get("cache_token") or cache.read_token(session))
    found: CachedSettings = g.cached_settings
    return found


def current_policy() -> Policy:
    """Return the policy, as `current_settings` reads it."""
    return current_settings().policy
