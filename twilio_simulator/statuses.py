"""Twilio's words for the state of a message (OpenAPI, api_v2010 message_enum_status)."""

from enum import StrEnum


class Status(StrEnum):
    """The states that the simulator gives a message."""

    SCHEDULED = "scheduled"
    ACCEPTED = "accepted"
    QUEUED = "queued"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    CANCELED = "canceled"
    RECEIVED = "received"


UNDER_WAY = frozenset({Status.SCHEDULED, Status.ACCEPTED, Status.QUEUED})
"""Not yet handed to a carrier: such a message has no date of sending."""
