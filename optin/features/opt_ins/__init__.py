"""Opt-ins: the record page, ending one, recording one that was given elsewhere."""
