"""What a web server of a fault test imports, as optin/wsgi.py in production: the app with the jobs beside it."""

from optin import ready_to_serve, run_jobs_beside
from tests.support.faults.made import app

run_jobs_beside(app)
ready_to_serve()
