"""Campaigns: the record, its members, + Add Opt-Ins, and composing a broadcast."""
