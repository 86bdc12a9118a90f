"""``python -m cagebreak`` is the command `cagebreak`."""

from cagebreak.cli import main

main(prog_name="cagebreak")
