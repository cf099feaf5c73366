"""Adding people to a campaign from any source: looking first at what will happen, then adding, both in parts."""
