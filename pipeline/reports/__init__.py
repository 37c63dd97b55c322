"""Everything leadership and staff read."""
