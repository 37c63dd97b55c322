"""The workbook that comes back: looked through, placed, read."""
