"""Opt-outs that somebody asked for by telephone, in person or by letter."""
