"""The command line `cagebreak`."""

from cagebreak.cli import benchmark_commands, commands, file_commands, hybrid_commands
from cagebreak.cli.group import main

__all__ = ["benchmark_commands", "commands", "file_commands", "hybrid_commands", "main"]
