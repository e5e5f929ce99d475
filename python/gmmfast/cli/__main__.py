"""`python -m gmmfast.cli`: the command line without its script."""

from gmmfast.cli import main

if __name__ == "__main__":
    main()
