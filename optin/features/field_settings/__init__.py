"""Settings › Fields: the fields of one's own on contacts and leads."""
