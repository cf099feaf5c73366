"""The commands of `flask --app app …`."""

from flask import Flask


def init_app(app: Flask) -> None:
    """Add the commands to the app."""
