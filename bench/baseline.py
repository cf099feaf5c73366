"""The baselines' server: what Flask costs that does nothing, and one bare INSERT with its commit."""

import os

from flask import Flask
from sqlalchemy import create_engine, text

import optin.database.session  # noqa: F401  (the same SQLite settings and the same BEGIN)

app = Flask(__name__)
engine = create_engine(os.environ["OPTIN_DATABASE_URL"], pool_size=20, max_overflow=40)


@app.post("/hello")
def hello() -> str:
    """Answer at once: what the server and Flask cost alone."""
    return "hello"


@app.post("/insert")
def insert() -> str:
    """Store one row and answer."""
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO bench_row (body) VALUES ('hello')"))
    return "stored"
