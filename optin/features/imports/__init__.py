"""Import: people and opted-out numbers from a file, first shown and then done, and undone for a day."""
