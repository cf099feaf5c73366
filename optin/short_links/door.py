"""The domain of short links: it leads to what was stored with a code, and answers nothing else.

It stands before everything else of the app, so that no page, session, cookie or webhook exists under this name, and no
short link under the app's others.
"""

import hmac
import re
from collections.abc import Callable, Collection, Iterable
from hashlib import sha256
from typing import TYPE_CHECKING

from sqlalchemy import Engine, bindparam, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from werkzeug.datastructures import EnvironHeaders
from werkzeug.wrappers import Response

from optin import hosts
from optin.database.statements import run, table
from optin.database.transactions import reading
from optin.models import ShortLink
from optin.policy import cache
from optin.short_links import domain, people
from optin.short_links.clicks import ClickCounter
from optin.texts import links

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

CHECK = "/.well-known/optin-short-links/"
"""Under this path the app proves that a domain leads to it."""
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}
NOWHERE = "This link leads nowhere. Check how it is spelled.\n"
LATER = "This link can’t be opened just now. Try again in a minute.\n"
_CODE = re.compile(rf"/([{links.ALPHABET}]{{{links.CODE_LENGTH}}})")
_CHECK = re.compile(rf"{CHECK}([0-9a-f]{{32}})")
_LINK = table(ShortLink)
_FOUND = select(_LINK.c.id, _LINK.c.link).where(_LINK.c.code == bindparam("code"), _LINK.c.host == bindparam("host"))


class ShortLinkDoor:
    """A WSGI app that answers under the domains of short links by itself, and passes on what comes under other names.

    `ours` are the names of the app, which are never a domain of short links. `proxied`: whether X-Forwarded-Host is
    believed, as by whatever is below.
    """

    def __init__(
        self,
        app: "WSGIApplication",
        engine: Callable[[], Engine],
        clicks: ClickCounter,
        *,
        secret: str,
        ours: Collection[str],
        proxied: bool = False,
    ) -> None:
        self._app, self._engine, self._clicks = app, engine, clicks
        self._secret, self._ours, self._proxied = secret, frozenset(ours), proxied

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request."""
        host = hosts.asked_for(environ, proxied=self._proxied)
        is_ours = not host or host in self._ours or hosts.is_local(host)
        answer = None if is_ours else self._answer(host, environ)
        return (answer or self._app)(environ, start_response)

    def _answer(self, host: str, environ: "WSGIEnvironment") -> Response | None:
        """Return the answer under a name, None where it is no domain of short links, as far as can be seen."""
        path = environ.get("PATH_INFO", "")
        try:
            with reading(self._engine()) as session:
                if host not in domain.all_of(cache.policy(session)):
                    return None
                return self._answer_there(session, host, path, environ)
        except SQLAlchemyError:
            return _plain(LATER, 503) if _CODE.fullmatch(path) else None

    def _answer_there(self, session: Session, host: str, path: str, environ: "WSGIEnvironment") -> Response:
        method = environ.get("REQUEST_METHOD", "")
        if method not in ("GET", "HEAD"):
            return _plain(NOWHERE, 404)
        if asked := _CHECK.fullmatch(path):
            return _plain(proof(self._secret, host, asked[1]), 200)
        code = _CODE.fullmatch(path)
        found = run(session, _FOUND, {"code": code[1], "host": host}).first() if code else None
        to = links.location(found.link) if found else None
        if found is None or to is None:
            return _plain(NOWHERE, 404)
        if people.opened(method, EnvironHeaders(environ)):
            self._clicks.add(found.id)
        return Response(status=302, headers={**HEADERS, "Location": to})


def proof(secret: str, host: str, question: str) -> str:
    """Return what only this installation can say of a domain when it is asked a `question`."""
    return hmac.new(secret.encode(), f"short links\n{host}\n{question}".encode(), sha256).hexdigest()


def _plain(text: str, status: int) -> Response:
    return Response(text, status, HEADERS, mimetype="text/plain")
