"""Texts that come in: stored once, acted on, answered; and what no webhook brought."""
