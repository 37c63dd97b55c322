"""The pictures, and how they are drawn."""
