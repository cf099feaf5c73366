"""Contacts and leads as records: creating, changing, converting and deleting them."""
