# Every path below is relative and every tool runs as `python -m`: the project may stand in a folder with spaces.
PYTHON := .venv/bin/python
FLASK := $(PYTHON) -m flask --app app
PIP := $(PYTHON) -m pip -qq --disable-pip-version-check install
# What may stand beside an MIT project. The packages left out only check or test it and are no part of it.
LICENCES := MIT;BSD;Apache;PSF;Python Software Foundation;ISC;MPL-2.0;Mozilla Public License 2.0;LGPL-3.0-only;OFL-1.1
NOT_SHIPPED := djlint axe-playwright-python
# Without its cache of compiled code, Python compiles the whole project anew in each process that the tests start.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run serve quick test check bench soak pictures

help:
	@echo "make run    start Optin with the simulator and sample data on http://127.0.0.1:5000 (PORT=5001 for another)"
	@echo "make serve  start Optin with the Twilio account of the environment, for production on this machine"
	@echo "make quick  run the quick tests on SQLite without a browser, for working"
	@echo "make test   run the tests on SQLite and PostgreSQL"
	@echo "make check  formatter, linter, types, templates, licences, then the tests"
	@echo "make bench  measure, beside baselines, and write bench/results.md"
	@echo "make soak   fault and load runs in full length"
	@echo "make pictures  take the pictures of the README and the guide anew (needs Chromium)"

run: .venv/runs
	@$(FLASK) start

serve: .venv/runs
	@OPTIN_MODE=twilio OPTIN_SAMPLE_DATA=0 $(FLASK) start

quick: .venv/tests
	@$(PYTHON) -m pytest -n 3 --dist worksteal --quick

test: .venv/tests
	@$(PYTHON) -m pytest -n 4 --dist worksteal

check: .venv/tests
	@$(PYTHON) -m ruff format --check .
	@$(PYTHON) -m ruff check .
	@$(PYTHON) -m mypy
	@$(PYTHON) -m djlint --quiet --lint templates
	@$(PYTHON) -m piplicenses --partial-match --allow-only="$(LICENCES)" --ignore-packages $(NOT_SHIPPED) >/dev/null
	@$(MAKE) --no-print-directory test

bench: .venv/tests
	@$(PYTHON) -m bench

soak: .venv/tests
	@$(PYTHON) -m pytest -m soak

pictures: .venv/tests
	@OPTIN_SCREENSHOTS=test-results/screens $(PYTHON) -m pytest -q -n 2 tests/browser/test_screens.py
	@$(PYTHON) -m tests.browser.pictures test-results/screens docs/pictures

.venv/bin/python:
	@python3 -c 'import sys; sys.exit("Optin needs Python 3.11 or newer, python3 is %d.%d." % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
	@echo "Making the virtual environment …"
	@python3 -m venv .venv

.venv/runs: requirements.txt | .venv/bin/python
	@echo "Installing what runs Optin …"
	@$(PIP) -r requirements.txt
	@touch $@

.venv/tests: requirements-dev.txt requirements.txt | .venv/bin/python
	@echo "Installing what tests and checks Optin …"
	@$(PIP) -r requirements-dev.txt
	@touch $@ .venv/runs
