"""Opt-in keywords: list, form, record page."""
