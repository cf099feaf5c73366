"""The app for `flask --app app` and for every WSGI server that wants no jobs beside it."""

from optin import create_app

app = create_app()
