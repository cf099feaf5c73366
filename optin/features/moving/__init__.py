"""Move over from Twilio for Salesforce: its exports, what they would become, and the move itself."""
