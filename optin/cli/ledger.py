"""`ledger`: the log of consent as others can check it: its public key, and whether all of it is as it was sealed."""

import click
from flask.cli import with_appcontext

from optin.cli import verify as verifying
from optin.consent.proof import origins, stored
from optin.database.session import db
from optin.database.transactions import reading


@click.group("ledger")
def command() -> None:
    """The log of consent."""


@command.command("key")
@with_appcontext
def key() -> None:
    """Print the names under which the log was signed, the newest last, with the public keys to check them by."""
    with reading(db.engine) as session:
        known, last = origins.all_origins(session), stored.latest_checkpoint(session)
        if last is None:
            raise click.ClickException("Nothing has been signed yet. The first events are signed while Optin runs.")
        for each in known:
            click.echo(each.verifier_key)
        click.echo(
            f"The newest checkpoint is of {last.size:,} events:\n\n{stored.cosigned_note(session, last)}", nl=False
        )


@command.command("verify")
@with_appcontext
def verify() -> None:
    """Check that each event and checkpoint is as it was sealed, and that the log leads to what is stored."""
    verifying.report(db.engine)
