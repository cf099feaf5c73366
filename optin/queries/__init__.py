"""SQL that several features share and none owns."""
