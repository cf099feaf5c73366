"""What an inbound text asks for. Pure."""
