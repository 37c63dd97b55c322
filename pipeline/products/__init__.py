"""Measures → what the office gives away: pictures, documents, summary, data package, page, returned copies."""
