"""The channels by which people write to us, and what each may do."""
