"""What is made of a finished study: fits, comparisons, tables and models in files."""
