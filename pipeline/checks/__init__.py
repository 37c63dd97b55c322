"""The rules: compiled into the cells, run again on intake, and what is decided from them."""
