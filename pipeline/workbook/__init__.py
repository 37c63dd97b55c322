"""The workbook that goes out and the one that comes back."""
