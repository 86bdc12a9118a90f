"""Errors: each is a `CagebreakError` and the builtin a caller would expect.

A message names the argument or file, the value it had, and what was expected.
"""


class CagebreakError(Exception):
    """Anything this package raises on purpose."""


class InputError(CagebreakError, ValueError):
    """An argument has a value that cannot be used."""


class ConfigurationError(InputError):
    """A configuration cannot be used: shapes, NaN, box or overlap."""


class FileFormatError(CagebreakError, ValueError):
    """A file does not hold what its format promises; names file and line."""


class RecipeError(InputError):
    """A study's recipe is incomplete, misspelt or contradicts itself."""


class StoreError(CagebreakError, OSError):
    """A study's folder cannot be used: damaged, locked, or of another recipe."""


class UnitError(CagebreakError, RuntimeError):
    """Units of a study failed; all others are done."""


class SimulationError(CagebreakError, RuntimeError):
    """A simulation left the states it can follow."""


class MissingDependencyError(CagebreakError, ImportError):
    """An optional package is needed; says what to install."""
