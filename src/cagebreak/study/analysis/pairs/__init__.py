"""Tables of pairs of particles: the structure factor and the van Hove function."""
