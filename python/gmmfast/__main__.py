"""`python -m gmmfast script.py`: runs a script with scikit-learn accelerated."""

import sys

from gmmfast.acceleration.script import main

main(sys.argv[1:])
