"""The work beside the web: delivery of the outbox, and what has to happen from time to time."""
