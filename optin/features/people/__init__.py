"""Contacts and leads: lists, records, forms, and the 1:1 SMS Messaging component on the record page."""
