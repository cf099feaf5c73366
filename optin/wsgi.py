"""What a WSGI server imports in production: the app with the jobs beside it."""

from optin import create_app, keep_for_good, run_jobs_beside

app = create_app()
run_jobs_beside(app)
keep_for_good()
