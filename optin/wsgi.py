"""What a WSGI server imports in production: the app with the jobs beside it."""

from optin import create_app, ready_to_serve, run_jobs_beside

app = create_app()
run_jobs_beside(app)
ready_to_serve()
