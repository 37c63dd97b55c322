"""Archives and mail: what is in one, a level at a time; a reader for each kind."""
