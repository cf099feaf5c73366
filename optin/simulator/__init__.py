"""A Twilio-compatible server with its own store, for machines without an account: Messages, webhooks, STOP filtering.

It knows Optin only over HTTP, exactly as Twilio does, and imports nothing of the project but the clock and the terms.
"""

from optin.simulator.account import SIMULATOR_ACCOUNT_SID, SIMULATOR_AUTH_TOKEN
from optin.simulator.app import close_simulator, create_simulator
from optin.simulator.courier import Transport
from optin.simulator.pump import run_due

__all__ = [
    "SIMULATOR_ACCOUNT_SID",
    "SIMULATOR_AUTH_TOKEN",
    "Transport",
    "close_simulator",
    "create_simulator",
    "run_due",
]
