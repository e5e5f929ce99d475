"""`python -m gmmfast.cli`: the command line, where its script is not on the path."""

from gmmfast.cli import main

if __name__ == "__main__":
    main()
