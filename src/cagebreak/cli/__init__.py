"""The command line `cagebreak`."""

from cagebreak.cli.commands import main

__all__ = ["main"]
