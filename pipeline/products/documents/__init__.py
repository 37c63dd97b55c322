"""The Word documents and lists."""
