"""The command line `cagebreak`."""

from cagebreak.cli import commands, file_commands
from cagebreak.cli.group import main

__all__ = ["commands", "file_commands", "main"]
