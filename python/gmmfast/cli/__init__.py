"""The command `gmmfast`.

Results go to standard output, progress and errors to standard error. Exit
status: 0 success, 1 failure, 2 wrong usage, 130 interrupted, 141 standard output
is closed.
"""

from __future__ import annotations

import os
import sys

from gmmfast.cli.pipes import ClosedPipe


def main() -> None:
    """Run the command line, and turn errors into messages and exit statuses."""
    try:
        _main()
        sys.stdout.flush()  # raises if the disk is full
    except KeyboardInterrupt:
        print("gmmfast: interrupted", file=sys.stderr)
        sys.exit(130)
    except (ClosedPipe, BrokenPipeError):
        _abandon_stdout()
        sys.exit(141)
    except (ValueError, OSError, MemoryError, ImportError) as error:
        _abandon_stdout()
        print(f"gmmfast: {error}", file=sys.stderr)
        sys.exit(1)


def _abandon_stdout() -> None:
    """Discard the buffer of standard output if it cannot be written."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _main() -> None:
    import click

    from gmmfast import __version__
    from gmmfast.cli.group import LazyGroup

    @click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
    @click.version_option(__version__)
    def gmmfast() -> None:
        """Fit Gaussian mixtures to pictures, and paint them again.

        More, with examples: gmmfast COMMAND --help.
        """

    try:
        gmmfast.main(prog_name="gmmfast", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:  # how click passes Ctrl-C on
        raise KeyboardInterrupt from None
