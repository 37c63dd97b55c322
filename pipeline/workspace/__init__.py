"""A campaign on disk: its folders, settings, program and dataset, opened together."""
