"""Run the command line with ``python -m cagebreak``."""

from cagebreak.cli import main

# Workers of MPI import this module too.
if __name__ == "__main__":
    main(prog_name="cagebreak")
