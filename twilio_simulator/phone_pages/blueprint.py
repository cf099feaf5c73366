"""The phones' blueprint, which their modules of routes share."""

from flask import Blueprint

blueprint = Blueprint("phones", __name__)
