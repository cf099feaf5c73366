"""The commands of `flask --app app …`: a module each, with the command as `command`."""

from importlib import import_module
from importlib.util import find_spec

from flask import Flask

COMMANDS = ("start", "user", "sign_in_link", "simulator", "doctor", "seed", "worker")


def init_app(app: Flask) -> None:
    """Add the commands to the app."""
    for name in COMMANDS:
        if find_spec(f"optin.cli.{name}"):
            app.cli.add_command(import_module(f"optin.cli.{name}").command)
