"""What a fit to a picture may be asked for: names and defaults, without scikit-learn.

The command line tells them before it fits anything, and scikit-learn takes a second to import.
"""

#: Criteria that choose a number of components.
CRITERIA = ("bic", "aic", "icl")

#: What of a picture is fitted.
KINDS = ("color", "ink")

#: Components by default, and the most of the default candidates.
DEFAULT_N_COMPONENTS = {"color": 1000, "ink": 500, "video": 1000}

#: Iterations of EM by default, at most.
DEFAULT_MAX_ITER = 100
