"""Background work: delivering the outbox, and what has to happen from time to time."""
