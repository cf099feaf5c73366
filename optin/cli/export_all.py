"""`export-all`: everything as one ZIP, from which an empty Optin can be filled."""

import os
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from optin.archive import making
from optin.archive.copying import NoRoom
from optin.config import Config
from optin.database.session import db


@click.command("export-all")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@with_appcontext
def command(file: Path) -> None:
    """Write everything but secrets to FILE, a ZIP, while the app runs; `import-all` fills an empty Optin with it."""
    config: Config = current_app.config["OPTIN"]
    draft = file.with_name(file.name + ".draft")
    old = os.umask(0o077)
    try:
        with draft.open("wb") as out:
            made = making.make(db.engine, out, "the command export-all", config.instance_path)
        draft.replace(file)
    except NoRoom as error:
        raise click.ClickException(str(error)) from None
    finally:
        os.umask(old)
        draft.unlink(missing_ok=True)
    rows = sum(entry.rows or 0 for entry in made.files.values())
    click.echo(
        f"{file} holds everything as of {made.moment}: {rows:,} rows, the last event of the log is {made.last_event:,}."
    )
    click.echo("It holds personal data and no passwords: keep it as safe as the database.")
