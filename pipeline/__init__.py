"""Issued workbooks out, validated returns in, official bulletins out."""
