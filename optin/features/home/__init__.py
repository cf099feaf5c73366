"""The home page: what needs attention, how to get started, what has happened lately."""
