"""The command `cagebreak`, a group of commands that ends cleanly whatever happens in one."""

import sys
from typing import Any

import click

from cagebreak.cli.ending import (
    discard_output,
    is_of_output,
    one_line,
    plain_warnings,
    stoppable,
)
from cagebreak.errors import CagebreakError

RECIPE = click.argument("recipe", type=click.Path(dir_okay=False))
OUTPUT = click.option(
    "-o", "--output", required=True, type=click.Path(dir_okay=False), help="File to write."
)


class _Failure(click.ClickException):
    exit_code = 2


class _Commands(click.Group):
    """A group of commands that prints errors and warnings in one line, and can be stopped."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        message = "stopped; what is done is kept: the same command goes on from there"
        with stoppable(message), plain_warnings():
            try:
                return super().main(*args, **kwargs)
            except OSError as error:  # of --help and --version, which are printed before `invoke`
                if not is_of_output(error):
                    raise
                discard_output()
                click.echo(f"Error: {one_line(error)}", err=True)
                sys.exit(_Failure.exit_code)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise  # click ends quietly: whoever reads the output has read enough
        except (CagebreakError, OSError) as error:
            if is_of_output(error):
                discard_output()
            raise _Failure(one_line(error)) from error


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="cagebreak", message="%(prog)s %(version)s")
def main() -> None:
    """Predict where a glass will move next from how it is packed now."""
