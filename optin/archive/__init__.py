"""Everything out as one ZIP, and from it into an empty Optin again, on either database."""
