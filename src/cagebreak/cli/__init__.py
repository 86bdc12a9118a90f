"""The command `cagebreak`."""

from cagebreak.cli.commands import main

__all__ = ["main"]
