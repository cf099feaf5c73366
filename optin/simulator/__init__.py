"""A Twilio-compatible server with its own store, for machines without an account: Messages, webhooks, STOP filtering.

It knows Optin only over HTTP, exactly as Twilio does, and imports nothing of the project but the clock and the terms.
"""

from optin.simulator.account import SIMULATOR_ACCOUNT_SID, SIMULATOR_AUTH_TOKEN
from optin.simulator.app import close_simulator, create_simulator
from optin.simulator.courier import Transport
from optin.simulator.line_up import SIMULATOR_NUMBERS, SIMULATOR_SERVICE_SID, Service, line_up
from optin.simulator.pump import run_due

__all__ = [
    "SIMULATOR_ACCOUNT_SID",
    "SIMULATOR_AUTH_TOKEN",
    "SIMULATOR_NUMBERS",
    "SIMULATOR_SERVICE_SID",
    "Service",
    "Transport",
    "close_simulator",
    "create_simulator",
    "line_up",
    "run_due",
]
