"""Commands that report an unusable database or folder in a plain sentence."""

import copy
from typing import Any

import click
from flask import Flask

from optin.config import Config
from optin.storage.troubles import in_words


def plainly(app: Flask, command: click.Command) -> click.Command:
    """Return the command, or group, such that it ends with a sentence and 1 where else a traceback would be shown."""
    config: Config = app.config["OPTIN"]
    told = copy.copy(command)

    def invoke(context: click.Context) -> Any:
        try:
            return command.invoke(context)
        except Exception as error:
            if words := in_words(error, config.database_url):
                raise click.ClickException(words) from None
            raise

    told.invoke = invoke  # type: ignore[method-assign, assignment]
    return told
