"""The blueprint of contacts and leads; routes.py and message_routes.py put their addresses on it."""

from flask import Blueprint

blueprint = Blueprint("people", __name__)
