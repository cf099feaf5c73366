"""The text of a message before it is sent: segments, merge fields, and when it is to go. Pure."""
