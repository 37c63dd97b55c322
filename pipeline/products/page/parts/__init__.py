"""The parts of the page: each is one template here, found and shown in the order of the names."""
