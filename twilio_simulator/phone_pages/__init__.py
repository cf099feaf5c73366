"""The simulator's phones in the browser: text as a person, see what arrives."""
