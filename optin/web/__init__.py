"""What all pages share: who may see them, lists, forms, filters, headers, errors."""
