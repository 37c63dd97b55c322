"""The workbook that goes out: sheets, rules in the cells, the live self-check."""
