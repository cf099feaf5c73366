"""The nightly check: what it found."""
