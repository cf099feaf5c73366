"""Filters of people: what can be asked of a contact or lead, in words, in an address and as SQL; `table` has all."""
