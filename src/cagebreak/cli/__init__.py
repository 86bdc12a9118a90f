"""The command line `cagebreak`."""

from cagebreak.cli import (
    benchmark_commands,
    commands,
    experiment_command,
    file_commands,
    hybrid_commands,
    pool_command,
)
from cagebreak.cli.group import main

__all__ = [
    "benchmark_commands",
    "commands",
    "experiment_command",
    "file_commands",
    "hybrid_commands",
    "main",
    "pool_command",
]
