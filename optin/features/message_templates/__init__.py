"""Message templates: texts with a name that the composers insert."""
