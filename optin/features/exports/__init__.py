"""Everything out as one ZIP, made in the background and kept for a day."""
