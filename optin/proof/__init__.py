"""The proof of an opt-in or a number: what is known of it in plain sentences, as a page, a PDF and a ZIP to check."""
