"""Answers of tgmm about fixed mixtures: writes or checks tgmm_answers.json in this folder.

tgmm computes with PyTorch, whose wheel brings gigabytes along; `make peers` sets up an
environment of its own for it, and `tests/system/test_peers.py` compares gmmfast with what is
stored.

    python tests/peers/tgmm_answers.py           # writes the file
    python tests/peers/tgmm_answers.py --check   # computes everything anew and compares
"""

import argparse
import json
import math
import sys
from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import tgmm
import torch
from matplotlib.patches import Ellipse

mpl.use("Agg")
STORED = Path(__file__).with_suffix(".json")
TYPES = {"full": "full", "tied": "tied_full", "diag": "diag", "spherical": "spherical"}
GIVEN, MARGINAL = [2, 0], [2, 1]
# Draws are stored with so many digits; only their distribution is compared.
DRAWN_DIGITS = 6
RANDOM = (
    "samples",
    "samples_in_region",
    "samples_in_shell",
    "conditional_samples",
    "kl_divergence",
)


def parameters(covariance_type, n_features, seed):
    """Weights, means and covariances in scikit-learn's layouts."""
    rng = np.random.default_rng(seed)
    roots = rng.normal(size=(3, n_features, n_features)) + 0.5 * np.eye(n_features)
    full = roots @ roots.transpose(0, 2, 1) + 0.1 * np.eye(n_features)
    covariances = {
        "full": full,
        "tied": full[0],
        "diag": rng.uniform(0.5, 4, size=(3, n_features)),
        "spherical": rng.uniform(0.5, 4, size=3),
    }
    return {
        "weights": [0.2, 0.5, 0.3],
        "means": rng.normal(scale=3, size=(3, n_features)).round(6).tolist(),
        "covariances": covariances[covariance_type].round(6).tolist(),
    }


def fitted(model, covariance_type, **options):
    """A GaussianMixture of tgmm with these parameters, as if it had been fitted."""
    gmm = tgmm.GaussianMixture(
        n_components=3,
        n_features=len(model["means"][0]),
        covariance_type=TYPES[covariance_type],
        device="cpu",
        **options,
    )
    gmm.dtype = torch.float64
    for name, values in model.items():
        setattr(gmm, f"{name}_", torch.tensor(values, dtype=torch.float64))
    gmm.fitted_ = gmm.converged_ = True
    gmm.n_components_ = 3
    return gmm


def exact_answers(model, covariance_type):
    """Return the answers that do not depend on random numbers."""
    gmm = fitted(model, covariance_type)
    points = np.random.default_rng(5).normal(scale=4, size=(6, 3)).round(6)
    tensor = torch.tensor(points)
    marginal = gmm.marginal(MARGINAL)
    conditional = gmm.condition(tensor[:, GIVEN], GIVEN)
    holes = points.copy()
    holes[0, 1] = holes[1, [0, 2]] = holes[3, 2] = np.nan
    imputed = fitted(model, covariance_type, missing="em").impute(torch.tensor(holes))
    answers = {
        "points": tensor,
        "score_samples": gmm.score_samples(tensor),
        "predict_proba": gmm.predict_proba(tensor),
        "predict": gmm.predict(tensor),
        "marginal_covariances": marginal.covariances_,
        "marginal_score_samples": marginal.score_samples(tensor[:, MARGINAL]),
        "conditional_weights": conditional.weights_,
        "conditional_means": conditional.means_,
        "conditional_covariances": conditional.covariances_,
        "conditional_mean": conditional.mean(),
        "conditional_log_prob": conditional.log_prob(tensor[:, [1]]),
        "conditional_row": conditional.as_gmm(2).score_samples(tensor[:, [1]]),
        "imputed": imputed,
        "distances": torch.stack(
            [gmm._compute_mahalanobis_distance(tensor, torch.full((6,), k)) for k in range(3)],
            dim=1,
        ),
        "radius_of_90_percent": gmm._confidence_to_std_radius(0.9),
    }
    return {name: np.asarray(value).tolist() for name, value in answers.items()}


def random_answers(model, covariance_type):
    """Draws and an estimate, with PyTorch's seed 0."""
    gmm, other = (fitted(each, covariance_type) for each in (model, parameters("full", 3, 9)))
    torch.manual_seed(0)
    conditional = gmm.condition(torch.tensor([[1.0, -2.0]], dtype=torch.float64), GIVEN)
    draws = {
        "samples": gmm.sample(500)[0],
        "samples_in_region": gmm.sample(200, confidence=0.7)[0],
        "samples_in_shell": gmm.sample(200, confidence_range=(0.5, 0.9))[0],
        "conditional_samples": conditional.sample(500)[0],
    }
    answers = {
        name: np.asarray(value).round(DRAWN_DIGITS).tolist() for name, value in draws.items()
    }
    answers["kl_divergence"] = tgmm.ClusteringMetrics.kl_divergence_gmm(
        gmm, other, n_samples=20_000
    )
    return answers


def ellipses(model, covariance_type):
    """Width, height and angle of what `plot_gmm` draws, which computes in float32."""
    _, ax = plt.subplots()
    points = np.random.default_rng(0).normal(size=(20, 2))
    tgmm.plot_gmm(
        points,
        gmm=fitted(model, covariance_type),
        ax=ax,
        ellipse_std_devs=[1.5],
        legend=False,
    )
    drawn = [patch for patch in ax.patches if isinstance(patch, Ellipse)]
    plt.close("all")
    return [[each.width, each.height, each.angle] for each in drawn]


def answers():
    """Everything that is stored."""
    torch.set_default_dtype(torch.float64)
    models = {}
    for covariance_type in TYPES:
        model, plane = (parameters(covariance_type, n_features, 1) for n_features in (3, 2))
        models[covariance_type] = {
            "parameters": model,
            "plane": plane,
            "ellipses": ellipses(plane, covariance_type),
            **exact_answers(model, covariance_type),
        }
    models["full"].update(random_answers(models["full"]["parameters"], "full"))
    models["full"]["other"] = parameters("full", 3, 9)
    return {
        "origin": {
            "script": "tests/peers/tgmm_answers.py",
            "tgmm": tgmm.__version__,
            "torch": str(torch.__version__),
        },
        "std_devs_of_50_and_95_percent": tgmm.confidence_ellipse_std_devs([0.5, 0.95]),
        "models": models,
    }


def differences(stored, computed, where=""):
    """Yield the places where numbers differ by more than rounding."""
    if isinstance(stored, dict):
        for name in sorted(stored.keys() | computed.keys()):
            if name not in (*RANDOM, "origin"):
                yield from differences(stored.get(name), computed.get(name), f"{where}/{name}")
    elif not np.allclose(
        stored, computed, rtol=1e-6 if "ellipses" in where else 1e-12, atol=1e-12
    ):
        yield where


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="compare with what is stored")
    computed = answers()
    if parser.parse_args().check:
        found = list(differences(json.loads(STORED.read_text()), computed))
        sys.exit(f"tgmm answers otherwise at {', '.join(found)}" if found else 0)
    assert math.isfinite(computed["models"]["full"]["kl_divergence"])
    STORED.write_text(json.dumps(computed, indent=1) + "\n")


if __name__ == "__main__":
    main()
