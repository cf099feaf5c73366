"""The SMS Inbox: all conversations, live, with who answers them."""
