"""The search in the bar: over people, keywords, campaigns and conversations."""
