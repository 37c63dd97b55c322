"""One function over many items: here, or in worker processes that may die of it."""
