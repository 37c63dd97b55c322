"""The campaign as data."""
