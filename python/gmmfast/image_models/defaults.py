"""Names and defaults of the options of fits to pictures.

The command line shows them in its help, without importing the fits.
"""

#: Criteria that choose a number of components.
CRITERIA = ("bic", "aic", "icl")

#: Kinds of points of a picture.
KINDS = ("color", "gray", "ink")

#: The channels of each kind of painting with the objective "picture".
N_CHANNELS = {"color": 3, "gray": 1, "color-alpha": 4, "gray-alpha": 2}

#: Components by default, and the most of the default candidates.
DEFAULT_N_COMPONENTS = {"color": 1000, "gray": 1000, "ink": 500, "video": 1000}

#: The default limit of EM iterations.
DEFAULT_MAX_ITER = 100

#: The default limit of passes of `refine` over a picture in color: seconds for a photograph of
#: 768 x 512, and most of what can be gained.
DEFAULT_PASSES = 1000

#: Steps of a refinement, at most.
N_STEPS = 20

#: The default passes of each number of components until a PSNR is reached.
PASSES_OF_ROUND = 200
