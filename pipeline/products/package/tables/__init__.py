"""One module a table of the data packages, each with its ``TABLE``; the registry beside finds them."""
