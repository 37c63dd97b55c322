"""index.html, the page one opens first."""
