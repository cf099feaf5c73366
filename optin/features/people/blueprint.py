"""The blueprint of contacts and leads; routes.py puts its addresses on it."""

from flask import Blueprint

blueprint = Blueprint("people", __name__)
