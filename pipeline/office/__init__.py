"""What the office does: run, issue, acts, queries, export, verify; commands call it."""
