"""Parts that only one publication has, or has otherwise: a module each, found by its ``OWN``."""
