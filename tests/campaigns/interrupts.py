"""Ctrl-C at random moments of every long call: the time to the answer, and the state afterwards.

    python tests/campaigns/interrupts.py 20           # moments of each call
    python tests/campaigns/interrupts.py 20 fit refine  # of some

Each call prints the number of answers and the slowest one. One without an answer, or with a slower
answer than 200 ms, is an error at the end. The time is the clock's: other programs lengthen it.
"""

import math
import os
import random
import signal
import sys
import threading
import time
import warnings

import numpy as np

import gmmfast
from gmmfast import GaussianMixture, Mixture, fit_image, refine, render_grid, render_samples

#: The seconds within which a call answers.
LONGEST = 0.2

RNG = np.random.default_rng(0)
X = RNG.normal(size=(400_000, 4))
WIDE = Mixture(np.full(3000, 1 / 3000), RNG.uniform(0, 4000, (3000, 2)), np.full(3000, 1e7))
COLOR = RNG.integers(0, 255, (300, 400, 3), np.uint8)
MODEL = fit_image(COLOR, 30, kind="color", max_iter=2)
POINTS = RNG.uniform(0, 4000, (400_000, 2))

CALLS = {
    "render_grid": lambda: render_grid(WIDE, (4000, 4000), dtype="uint8"),
    "score_samples": lambda: WIDE.score_samples(POINTS),
    "predict_proba": lambda: WIDE.predict_proba(POINTS[:20_000]),
    "sample": lambda: WIDE.sample(20_000_000),
    "render_samples": lambda: render_samples(WIDE, (900, 900), 300_000_000),
    "fit": lambda: GaussianMixture(60, max_iter=200, tol=0).fit(X),
    "fit of k-means++": lambda: GaussianMixture(60, init_params="k-means++", tol=0).fit(X),
    "fit_image": lambda: fit_image(COLOR, 300, kind="color", max_iter=200, tol=0),
    "refine": lambda: refine(MODEL, COLOR, max_iter=5000),
}


def answer(call, delay):
    """Return the seconds from the signal to the end of the call, None if it had ended."""
    sent = []

    def send():
        time.sleep(delay)
        sent.append(time.perf_counter())
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=send)
    try:
        thread.start()
        call()
        ended = time.perf_counter()
        thread.join()
        time.sleep(0.1)
    except KeyboardInterrupt:
        ended = time.perf_counter()
    thread.join()
    return ended - sent[0] if sent and ended >= sent[0] else None


def main():
    """Interrupt, and print the slowest answers."""
    warnings.simplefilter("ignore")
    moments = random.Random(0)
    small = render_grid(WIDE, (9, 9)).tobytes()
    late = []
    for name in sys.argv[2:] or CALLS:
        call = CALLS[name]
        answers = [answer(call, moments.uniform(0.01, 1.5)) for _ in range(int(sys.argv[1]))]
        assert render_grid(WIDE, (9, 9)).tobytes() == small
        given = [seconds for seconds in answers if seconds is not None]
        slowest = f"{max(given, default=math.nan) * 1000:.0f} ms"
        print(f"{name}: {len(given)} answers, slowest {slowest}", flush=True)
        if not given or max(given) > LONGEST:
            late.append(name)
    assert not late, f"no answer, or one after more than {LONGEST} s: {late}"
    assert gmmfast.Mixture.from_model(MODEL).n_components == 30


if __name__ == "__main__":
    main()
