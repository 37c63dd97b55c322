"""Values that every room speaks of; nothing of ours is imported here but other values."""
