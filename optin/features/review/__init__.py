"""The review queue: numbers whose last text may have been a request to stop."""
