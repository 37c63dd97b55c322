"""Bytes → cells with everything an officer sees, one reader for each format."""
