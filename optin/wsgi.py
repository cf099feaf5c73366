"""What the server imports: the app, with the jobs beside it unless workers of their own run them."""

from importlib import import_module
from importlib.util import find_spec

from optin import create_app
from optin.config import Workers

app = create_app()
if app.config["OPTIN"].workers is Workers.EMBEDDED and find_spec("optin.jobs") and find_spec("optin.jobs.engine"):
    import_module("optin.jobs.engine").launch(app)
