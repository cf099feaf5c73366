"""Broadcasts: sending one text to the members of a campaign, following it, stopping it."""
