"""Errors: each is a `CagebreakError` and the builtin a caller would expect; and the warnings.

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


class NotConvergedError(CagebreakError, RuntimeError):
    """An iteration ended before it reached what was asked for.

    Attributes
    ----------
    state
        The best it found, as the function would have returned it.
    """

    def __init__(self, message: str, state: object) -> None:
        super().__init__(message, state)
        self.state = state

    def __str__(self) -> str:
        return str(self.args[0])


class MissingDependencyError(CagebreakError, ImportError):
    """An optional package is needed; says what to install."""


class DamagedFileWarning(UserWarning):
    """A file has changed since it was written, and is not used; names the file."""


class ConfigurationWarning(UserWarning):
    """A configuration is used, but may not be what it is taken for; says why and what to do."""


class CacheWarning(UserWarning):
    """Compiled kernels or tables of a study cannot be kept, and are made again at every call."""


class ImportedFilesWarning(UserWarning):
    """Imported files have a property that the user should know; says what was done about it."""


class SamplingWarning(UserWarning):
    """A state was sampled too shortly for its moments; says by how much and what to do."""


class SchedulerWarning(UserWarning):
    """The scheduler of a cluster refuses a job, or a job fails; says what it said."""
