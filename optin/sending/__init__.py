"""From the outbox to the provider: queueing, claim, start, deliver, record, and what becomes of each message."""
