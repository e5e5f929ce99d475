"""`python -m gmmfast`: the command line."""

from gmmfast.cli import main

if __name__ == "__main__":
    main()
