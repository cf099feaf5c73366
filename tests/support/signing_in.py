"""Signing in without the form: a session in the database, and the cookie that names it."""

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from sqlalchemy.orm import Session, object_session

from optin import clock
from optin.database.session import db
from optin.models import User
from optin.web import sessions


def token_of(app: Flask, user: User) -> str:
    """Begin a session of `user` and return its token. What else their test has arranged is committed before."""
    user_id = user.id
    if arranged := object_session(user):
        arranged.commit()  # on SQLite it would hold the write lock
    with app.app_context(), Session(db.engine) as session:
        token = sessions.start(session, user_id, clock.now(), browser="Firefox on Linux", address="127.0.0.1")
        session.commit()
    return token


def cookie_of(app: Flask, user: User) -> str:
    """Begin a session of `user` and return the value of the cookie that a browser would have."""
    signer = SecureCookieSessionInterface().get_signing_serializer(app)
    assert signer is not None
    return str(signer.dumps({"_user_id": token_of(app, user), "_fresh": True}))
