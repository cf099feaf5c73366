"""1:1 SMS Messaging, which the record page of a person and the inbox show."""
