"""Studies: a recipe and addressed units of work."""
