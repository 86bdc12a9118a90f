"""XYZ files: extended XYZ, those of atooms, partycls and RUMD, and plain ones with a given box."""

from cagebreak.files.xyz.frames import read, write

__all__ = ["read", "write"]
