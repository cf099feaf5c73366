"""The commands of `flask --app app …`: a module each, with the command as `command`."""

from flask import Flask

from optin.cli import (
    backup,
    doctor,
    export_all,
    import_all,
    ledger,
    reconcile,
    seed,
    sign_in_link,
    simulator,
    start,
    user,
    verify,
    worker,
)
from optin.cli.plainly import plainly


def init_app(app: Flask) -> None:
    """Add the commands to the app; `db upgrade` comes with Flask-Migrate."""
    app.cli.add_command(plainly(app, backup.restore_command))
    for module in (
        start,
        user,
        sign_in_link,
        worker,
        simulator,
        seed,
        doctor,
        reconcile,
        backup,
        export_all,
        import_all,
        verify,
        ledger,
    ):
        app.cli.add_command(plainly(app, module.command))
