"""The random streams "gmmfast-1": words, uniforms and normals.

The operations are those of `rust/random/` in the same order, each rounded by itself as NumPy
does, so the bits are the extension's.
"""

import numpy as np

VERSION = "gmmfast-1"

#: Purposes of a stream.
COMPONENTS, NORMALS, CONDITIONAL_COMPONENTS, CONDITIONAL_NORMALS = range(4)

_GAMMA = 0x9E3779B97F4A7C15
_MULTIPLIERS = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
_MASK = 2**64 - 1

_LOG = (
    -4.000000000000000689189,
    -1.333333333331044513906,
    -0.8000000012403268817506,
    -0.5714283196249860663071,
    -0.4444687432167283507917,
    -0.3624371094047586234624,
    -0.336771090889688705471,
)
_LOG_2 = -1.386294361119890618834
_SIN = (
    1.570796326794896614029,
    -0.6459640975062442416226,
    0.07969262624603956044377,
    -0.004681754132282420023925,
    0.000160441150291664289001,
    -0.000003598641754487235929058,
    5.633721016484235176253e-8,
)
_COS = (
    1.0,
    -1.233700550136148919524,
    0.2536695078997530909649,
    -0.02086348073305855128151,
    0.0009192599355801670363332,
    -0.00002520008413781678323319,
    4.654617676678486668745e-7,
)


class Stream:
    """The numbers for a seed, a purpose and a round of attempts."""

    def __init__(self, seed, purpose, round_=0):
        start = _word((seed, 0), 1)
        number = round_ * 256 + purpose
        self._keys = tuple(_word((start, 0), 2 * number + i) for i in (1, 2))

    def words(self, counters):
        """Return the words at these counters."""
        x = np.uint64(self._keys[0]) + counters * np.uint64(_GAMMA)
        x = (x ^ (x >> np.uint64(30))) * np.uint64(_MULTIPLIERS[0]) + np.uint64(self._keys[1])
        x = (x ^ (x >> np.uint64(27))) * np.uint64(_MULTIPLIERS[1])
        return x ^ (x >> np.uint64(31))

    def uniforms(self, first, n):
        """Return n uniforms in [0, 1), from number `first` on."""
        return _fractions(self.words(_counters(first, n)))

    def normals(self, first, n):
        """Return n standard normals, from number `first` on."""
        group = first - first % 16
        n_groups = -(-(first + n - group) // 16)
        words = self.words(_counters(group, 16 * n_groups)).reshape(n_groups, 8, 2)
        pairs = normals_of_words(words[..., 0], words[..., 1])
        in_order = np.stack(pairs, axis=1).reshape(-1)
        return in_order[first - group :][:n]


def normals_of_words(radius, angle):
    """Return two normals from each pair of words."""
    mantissa, exponent = np.frexp(1.0 - _fractions(radius))
    # From [1/2, 1) to [sqrt(1/2), sqrt(2)), as it is compared after doubling.
    is_lower = mantissa * 2.0 < np.sqrt(2.0)
    mantissa = np.where(is_lower, mantissa * 2.0, mantissa)
    s = (mantissa - 1.0) / (mantissa + 1.0)
    log = (exponent - is_lower) * _LOG_2 + s * _polynomial(_LOG, s * s)
    bits = (angle >> np.uint64(12)) | np.uint64(1023 << 52)
    t = bits.view(np.float64) - 1.5
    sin = t * _polynomial(_SIN, t * t)
    cos = _polynomial(_COS, t * t)
    cos = np.where(angle & np.uint64(1), -cos, cos)
    is_turned = (angle & np.uint64(2)) != 0
    r = np.sqrt(log)
    return r * np.where(is_turned, sin, cos), r * np.where(is_turned, cos, sin)


def _counters(first, n):
    return np.arange(n, dtype=np.uint64) + np.uint64(first & _MASK)


def _fractions(words):
    return (words >> np.uint64(11)).astype(np.float64) * 2.0**-53


def _polynomial(coefficients, x):
    p = np.full(x.shape, coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        p = p * x + coefficient
    return p


def _word(keys, counter):
    """Return one word, in Python's integers, because NumPy warns of overflow."""
    x = keys[0] + counter * _GAMMA & _MASK
    x = (x ^ x >> 30) * _MULTIPLIERS[0] + keys[1] & _MASK
    x = (x ^ x >> 27) * _MULTIPLIERS[1] & _MASK
    return x ^ x >> 31
