"""Tests of acceleration/patching.py and _log.py: classes are replaced and restored."""

import logging
import pickle

import numpy as np
import pytest
import sklearn.mixture

import gmmfast
from support.scripts import LINES, MODEL, SILENT, TOLD, outcome

POINTS = np.random.default_rng(0).normal(size=(60, 2))


def test_classes_are_replaced_wherever_they_were_imported_and_given_back(run_python):
    code = """
import sys, types, sklearn.mixture
from sklearn.mixture import BayesianGaussianMixture, GaussianMixture as GM
theirs = {"GM": GM, "B": BayesianGaussianMixture}
other = types.ModuleType("other"); other.Mixture = GM; sys.modules["other"] = other
class Sub(GM): pass
import gmmfast
assert not gmmfast.is_patched()
gmmfast.patch_sklearn(); gmmfast.patch_sklearn()
assert gmmfast.is_patched()
assert sklearn.mixture.GaussianMixture is GM is other.Mixture is gmmfast.GaussianMixture
assert sklearn.mixture.BayesianGaussianMixture is BayesianGaussianMixture
assert BayesianGaussianMixture is gmmfast.BayesianGaussianMixture
assert Sub.__bases__ == (theirs["GM"],) and issubclass(GM, theirs["GM"])
from sklearn.mixture import GaussianMixture as later
between = types.ModuleType("between"); between.Mixture = later; sys.modules["between"] = between
del sys.modules["other"]
gmmfast.unpatch_sklearn(); gmmfast.unpatch_sklearn()
assert not gmmfast.is_patched()
assert theirs["GM"] is GM is later is between.Mixture is other.Mixture
assert theirs["GM"] is sklearn.mixture.GaussianMixture is not gmmfast.GaussianMixture
assert theirs["B"] is BayesianGaussianMixture is sklearn.mixture.BayesianGaussianMixture
"""
    assert outcome(run_python(code)) == SILENT


def test_names_that_were_gmmfasts_or_were_used_otherwise_meanwhile_stay(run_python):
    code = """
import numpy as np, gmmfast
from gmmfast import GaussianMixture as Fast
from sklearn.mixture import GaussianMixture as GM, BayesianGaussianMixture as B
gmmfast.patch_sklearn()
GM, B = np.zeros(3), []
gmmfast.unpatch_sklearn()
assert Fast is gmmfast.GaussianMixture and GM.shape == (3,) and B == []
"""
    assert outcome(run_python(code)) == SILENT


def test_lazy_and_odd_modules_are_left_alone(run_python):
    code = """
import importlib.util, sys, types
spec = importlib.util.find_spec("wave")
spec.loader = importlib.util.LazyLoader(spec.loader)
lazy = sys.modules["wave"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(lazy)
class Strict(types.ModuleType):
    def __getattribute__(self, name):
        raise RuntimeError(name)
class Slots:
    __slots__ = ()
sys.modules.update({"strict": Strict("strict"), "none": None, "slots": Slots(), "number": 3})
from sklearn.mixture import GaussianMixture
sys.modules["alias"] = sys.modules["__main__"]  # as multiprocessing does
import gmmfast
gmmfast.patch_sklearn()
assert GaussianMixture is gmmfast.GaussianMixture
gmmfast.unpatch_sklearn()
assert GaussianMixture is not gmmfast.GaussianMixture
assert type(lazy) is not types.ModuleType, "it has been loaded"
"""
    assert outcome(run_python(code, "-W", "error")) == SILENT


def test_estimators_of_both_kinds_are_pickled_and_cloned_while_patched(run_python):
    code = """
import copy, pickle, gmmfast, sklearn.mixture
from sklearn.base import clone
plain = fitted(sklearn.mixture.GaussianMixture)
theirs = type(plain)
gmmfast.patch_sklearn()
ours = fitted(sklearn.mixture.GaussianMixture)
assert type(ours) is gmmfast.GaussianMixture
assert isinstance(ours, sklearn.mixture.GaussianMixture) and isinstance(ours, theirs)
for each in (ours, plain, ours.to_sklearn()):
    for same in (copy.deepcopy(each), clone(each), pickle.loads(pickle.dumps(each))):
        assert type(same) is type(each)
data = pickle.dumps(ours)
gmmfast.unpatch_sklearn()
assert type(pickle.loads(data)) is gmmfast.GaussianMixture
assert (pickle.loads(data).means_ == ours.means_).all()
"""
    assert outcome(run_python(MODEL + code)) == SILENT


INSTANCES = """
import pickle, gmmfast, sklearn.mixture
from sklearn.base import BaseEstimator
from sklearn.mixture import BayesianGaussianMixture, GaussianMixture
class Sub(GaussianMixture): pass
theirs, their_bayesian = GaussianMixture, BayesianGaussianMixture
before = [theirs(), Sub(), pickle.loads(pickle.dumps(theirs()))]
def answers():
    from sklearn.mixture import BayesianGaussianMixture, GaussianMixture
    class Other(GaussianMixture): pass
    others = [their_bayesian(), BaseEstimator(), object(), GaussianMixture, None, 3]
    assert isinstance(Other(), GaussianMixture) and issubclass(Other, GaussianMixture)
    assert not any(isinstance(each, GaussianMixture) for each in others)
    assert not issubclass(their_bayesian, GaussianMixture) and not issubclass(int, GaussianMixture)
    assert not any(isinstance(each, (Other, BayesianGaussianMixture)) for each in before)
    assert isinstance(their_bayesian(), BayesianGaussianMixture)
    assert not issubclass(Sub, Other) and not isinstance(theirs(), Sub)
    try:
        issubclass(3, GaussianMixture)
    except TypeError:
        pass
    else:
        raise AssertionError
    return [isinstance(each, GaussianMixture) for each in before] + [
        issubclass(each, GaussianMixture) for each in (theirs, Sub)
    ]
def unpatched():
    assert answers() == 5 * [True]
    assert not any(isinstance(each, gmmfast.GaussianMixture) for each in before)
    assert not any(issubclass(each, gmmfast.GaussianMixture) for each in (theirs, Sub))
    assert not isinstance(their_bayesian(), gmmfast.BayesianGaussianMixture)
"""


def test_instances_made_before_are_instances_while_patched(run_python):
    code = """
for _ in range(3):
    unpatched()
    gmmfast.patch_sklearn()
    assert sklearn.mixture.GaussianMixture is gmmfast.GaussianMixture
    assert answers() == 5 * [True]
    gmmfast.unpatch_sklearn()
unpatched()
"""
    assert outcome(run_python(INSTANCES + code)) == SILENT


def test_models_unpickled_by_the_runner_are_instances(run_module, tmp_path):
    plain = sklearn.mixture.GaussianMixture(2, random_state=0).fit(POINTS)
    (tmp_path / "model.pickle").write_bytes(pickle.dumps(plain))
    path = tmp_path / "script.py"
    path.write_text(f"""
import pickle
from sklearn.mixture import BayesianGaussianMixture, GaussianMixture
with open({str(tmp_path / "model.pickle")!r}, "rb") as file:
    model = pickle.load(file)
print(GaussianMixture.__module__, type(model).__module__)
print(isinstance(model, GaussianMixture), isinstance(model, BayesianGaussianMixture))
""")
    told = "gmmfast.estimators.gaussian sklearn.mixture._gaussian_mixture\nTrue False\n"
    assert outcome(run_module(path)) == (0, told, "")


def test_threads_patch_at_once_without_an_error(run_python):
    code = """
from concurrent.futures import ThreadPoolExecutor
import gmmfast
from sklearn.mixture import GaussianMixture
theirs = GaussianMixture
with ThreadPoolExecutor(8) as pool:
    list(pool.map(lambda _: gmmfast.patch_sklearn(), range(32)))
assert GaussianMixture is gmmfast.GaussianMixture
gmmfast.unpatch_sklearn()
assert GaussianMixture is theirs
"""
    assert outcome(run_python(code)) == SILENT


def test_get_patch_names_lists_both_estimators():
    assert gmmfast.get_patch_names() == [
        "sklearn.mixture.GaussianMixture",
        "sklearn.mixture.BayesianGaussianMixture",
    ]


PATCHED = "import gmmfast; print(gmmfast.is_patched())"


@pytest.mark.parametrize(
    ("value", "patched"), [("1", "True"), ("0", "False"), ("", "False"), (None, "False")]
)
def test_the_environment_patches_where_the_variable_is_1(run_python, value, patched):
    assert outcome(run_python(PATCHED, GMMFAST_PATCH_SKLEARN=value)) == (0, f"{patched}\n", "")


@pytest.mark.parametrize(
    "variable", ["GMMFAST_PATCH_SKLEARN", "GMMFAST_VERBOSE", "GMMFAST_STRICT"]
)
def test_other_values_are_refused(run_python, variable):
    result = run_python(PATCHED, **{variable: "yes"})
    assert result.returncode == 1
    assert f"ImportError: {variable}: expected '1' or '0', got 'yes'" in result.stderr


def test_verbose_logs_every_call_until_unpatched(run_python):
    code = MODEL + "import gmmfast; gmmfast.patch_sklearn(verbose=True)" + LINES
    after = "gmmfast.unpatch_sklearn(); fitted(gmmfast.GaussianMixture)"
    assert outcome(run_python(code + after)) == (0, "", TOLD)
    assert outcome(run_python(code.replace("verbose=True", ""))) == SILENT


def test_the_environment_turns_verbose_on(run_python):
    code = MODEL + "import gmmfast" + LINES
    environment = {"GMMFAST_VERBOSE": "1", "GMMFAST_PATCH_SKLEARN": "1"}
    assert outcome(run_python(code, **environment)) == (0, "", TOLD)


def test_calls_are_logged_at_level_info(caplog):
    with caplog.at_level(logging.INFO, logger="gmmfast"):
        gmmfast.BayesianGaussianMixture(max_iter=500).fit(POINTS)
    assert caplog.messages == ["BayesianGaussianMixture.fit: accelerated"]
