"""The command `gmmfast`.

Results go to standard output, progress and errors to standard error. Exit
status: 0 done, 1 refused or failed, 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line, and turn errors into messages and exit statuses."""
    try:
        _main()
    except KeyboardInterrupt:
        print("gmmfast: interrupted", file=sys.stderr)
        sys.exit(130)
    except (ValueError, OSError, MemoryError, ImportError) as error:
        print(f"gmmfast: {error}", file=sys.stderr)
        sys.exit(1)


def _main() -> None:
    try:
        import click  # noqa: PLC0415 (an extra: its absence has its own message)
        import rich  # noqa: F401, PLC0415
    except ImportError as error:
        sys.exit(f"gmmfast: the command needs {error.name}: pip install 'gmmfast[cli]'")

    from gmmfast import __version__  # noqa: PLC0415 (slow imports: Ctrl-C has its message)
    from gmmfast.cli.paint import paint_command  # noqa: PLC0415

    @click.group(context_settings={"help_option_names": ["-h", "--help"]})
    @click.version_option(__version__)
    def gmmfast() -> None:
        """Fit Gaussian mixtures to pictures, and paint them again."""

    gmmfast.add_command(paint_command)

    try:
        gmmfast.main(prog_name="gmmfast", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:  # how click passes Ctrl-C on
        raise KeyboardInterrupt from None
