"""A Twilio-compatible server with its own store, for machines without an account: Messages, webhooks, STOP filtering.

It knows Optin only over HTTP, exactly as Twilio does, and imports nothing of the project but the clock.
"""

from twilio_simulator.account import SIMULATOR_ACCOUNT_SID, SIMULATOR_AUTH_TOKEN
from twilio_simulator.app import close_simulator, create_simulator
from twilio_simulator.scheduler import run_due
from twilio_simulator.sender_numbers import SIMULATOR_NUMBERS, SIMULATOR_SERVICE_SID, Service, account_numbers
from twilio_simulator.webhook_client import Transport

__all__ = [
    "SIMULATOR_ACCOUNT_SID",
    "SIMULATOR_AUTH_TOKEN",
    "SIMULATOR_NUMBERS",
    "SIMULATOR_SERVICE_SID",
    "Service",
    "Transport",
    "account_numbers",
    "close_simulator",
    "create_simulator",
    "run_due",
]
