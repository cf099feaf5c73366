"""The signed cookie that recognises a browser in which a user has signed in before.

It lets nobody in. It only keeps strangers' failed tries from slowing down the owner of the account.
"""

import secrets

from flask import after_this_request, current_app, request
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug.wrappers import Response

COOKIE = "optin_device"
LASTS = 400 * 24 * 3600
"""Seconds; browsers keep no cookie longer."""
MOST_USERS = 10


def of_user(user_id: int | None) -> str | None:
    """Return the device's name if this user has signed in with it before."""
    device, users = _read()
    return device if user_id in users else None


def remember(user_id: int) -> None:
    """Let the answer to this request keep that the user has signed in with this browser."""
    device, users = _read()
    users = [user_id, *(other for other in users if other != user_id)][:MOST_USERS]
    value = _signer().dumps([device or secrets.token_hex(16), users])

    @after_this_request
    def keep(response: Response) -> Response:
        response.set_cookie(
            COOKIE, value, max_age=LASTS, path="/sign-in", secure=request.is_secure, httponly=True, samesite="Lax"
        )
        return response


def _read() -> tuple[str, list[int]]:
    try:
        device, users = _signer().loads(request.cookies.get(COOKIE, ""))
    except (BadSignature, ValueError, TypeError):
        return "", []
    return device, users


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(str(current_app.secret_key), salt="device of a user")
