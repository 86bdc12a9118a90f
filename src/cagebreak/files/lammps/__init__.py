"""Data and dump files of LAMMPS."""
