"""Reading and writing configurations."""
