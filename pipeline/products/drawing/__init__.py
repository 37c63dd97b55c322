"""How pictures are drawn: PNG bytes 156 mm wide.

Percentages are floats 0–100; None means nobody reported, is drawn hatched, and is never a zero. The same values
give the same bytes. A text that is cut off, overlaps another or lacks a glyph raises, so no such picture is saved.
"""
