"""Witnesses of the consent log: who they are, asking them to cosign checkpoints, and what they answer.

`witness.py` is the other side: a program of its own that a partner runs.
"""
