"""Tables of what was measured: structure factors, van Hove functions, shear."""
