"""A script that fits, the log that it leaves, and the outcome of a process."""

# What `outcome` says of a process that ends well without a word.
SILENT = (0, "", "")


MODEL = """
import numpy as np
X = np.random.default_rng(0).normal(size=(60, 2))
def fitted(kind):
    return kind(n_components=2, max_iter=500, random_state=0).fit(X)
"""


def outcome(result):
    return result.returncode, result.stdout, result.stderr


LINES = """
from sklearn.mixture import GaussianMixture
class Other(GaussianMixture):
    def _m_step(self, *arguments, **options):
        return super()._m_step(*arguments, **options)
fitted(GaussianMixture).predict(X)
fitted(Other)
"""


TOLD = (
    "gmmfast: GaussianMixture.fit: accelerated\n"
    "gmmfast: GaussianMixture.predict: accelerated\n"
    "gmmfast: Other.fit: fallback to scikit-learn: Other has a _m_step of its own\n"
)
