"""The first page: what needs attention, the way to begin, what happened lately."""
