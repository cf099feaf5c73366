"""What tests of texts under attack share."""

import pytest
from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from optin.database.session import db
from tests.support.faults import replay


@pytest.fixture
def engine(app: Flask) -> Engine:
    """The app's database, with the keywords that conversations of tests/support/faults/replay.py are about."""
    with app.app_context(), Session(db.engine) as session:
        replay.arrange(session)
        return db.engine
