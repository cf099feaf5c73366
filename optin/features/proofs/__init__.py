"""The proof of an opt-in or of a number: the page, the PDF and the ZIP."""
