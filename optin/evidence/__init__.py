"""Files that show what people were told or signed: which are taken, and each content kept once."""
