//! Bindings of the model; the public class is `gmmfast.Mixture`.

use crate::points::evaluate::operations_per_point;
use crate::python::arrays::{slice_of, slice_of_mut};
use crate::python::counters::{Kernel, count};
use crate::python::failure::check_memory_of_points;
use crate::python::interrupt::{run, run_owned, runtime};
use crate::runtime::check_memory;
use crate::{Covariances, Error, Mixture};
use numpy::ndarray::{Dimension, Ix1, Ix2, IxDyn};
use numpy::{
    PyArray1, PyArray2, PyArrayDyn, PyArrayMethods, PyReadonlyArray, PyReadonlyArray1,
    PyReadonlyArray2, PyReadonlyArrayDyn, PyUntypedArrayMethods,
};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::sync::Arc;

/// Multiply-adds of the factors of all components, or slightly more.
pub(crate) fn factor_operations(n_components: usize, n_features: usize) -> usize {
    n_components.saturating_mul(n_features.saturating_pow(3))
}

/// Largest difference of a log-weight of a file from the logarithm of its weight, or of a weight,
/// relative, from the exponential of its log-weight.
const LOG_TOLERANCE: f64 = 1e-9;

/// The number of values from which it is checked that they fit in memory: 128 kB.
const LARGE: usize = 1 << 14;

/// A covariance type of the core, from its values.
type CovarianceType = fn(Vec<f64>) -> Covariances;

const COVARIANCE_TYPES: [(&str, CovarianceType); 6] = [
    ("full", Covariances::Full),
    ("tied", Covariances::Tied),
    ("diag", Covariances::Diag),
    ("spherical", Covariances::Spherical),
    ("tied-diag", Covariances::TiedDiag),
    ("tied-spherical", Covariances::TiedSpherical),
];

pub(crate) fn covariances_of_type(
    covariance_type: &str,
    values: Vec<f64>,
) -> PyResult<Covariances> {
    match COVARIANCE_TYPES.iter().find(|(name, _)| *name == covariance_type) {
        Some((_, covariances)) => Ok(covariances(values)),
        None => Err(PyValueError::new_err(format!(
            "covariance_type: expected one of {:?}, got '{covariance_type}'",
            COVARIANCE_TYPES.map(|(name, _)| name)
        ))),
    }
}

/// A constructor of the core, from weights or their logarithms.
type Construct = fn(Vec<f64>, Vec<f64>, Covariances) -> Result<Mixture, Error>;

/// Weights or their logarithms, means, covariances.
type Arrays<'py> =
    (PyReadonlyArray1<'py, f64>, PyReadonlyArray2<'py, f64>, PyReadonlyArrayDyn<'py, f64>);

/// The validated model; the public class is `gmmfast.Mixture`.
#[pyclass(frozen, name = "Mixture", module = "gmmfast._core")]
pub(crate) struct PyMixture(pub(super) Arc<Mixture>);

#[pymethods]
impl PyMixture {
    #[new]
    fn new(
        py: Python<'_>,
        weights: PyReadonlyArray1<'_, f64>,
        means: PyReadonlyArray2<'_, f64>,
        covariances: PyReadonlyArrayDyn<'_, f64>,
        covariance_type: &str,
    ) -> PyResult<Self> {
        Self::of_arrays(py, Mixture::new, (weights, means, covariances), covariance_type)
    }

    /// Creates a mixture from the logarithms of its weights.
    #[staticmethod]
    fn from_log_weights(
        py: Python<'_>,
        log_weights: PyReadonlyArray1<'_, f64>,
        means: PyReadonlyArray2<'_, f64>,
        covariances: PyReadonlyArrayDyn<'_, f64>,
        covariance_type: &str,
    ) -> PyResult<Self> {
        let arrays = (log_weights, means, covariances);
        Self::of_arrays(py, Mixture::from_log_weights, arrays, covariance_type)
    }

    /// Creates a copy from the arrays of the properties of another mixture, with the same bits.
    #[staticmethod]
    fn restored(
        py: Python<'_>,
        weights: PyReadonlyArray1<'_, f64>,
        log_weights: PyReadonlyArray1<'_, f64>,
        means: PyReadonlyArray2<'_, f64>,
        covariances: PyReadonlyArrayDyn<'_, f64>,
        covariance_type: &str,
    ) -> PyResult<Self> {
        let typed = covariances_of_type(covariance_type, slice_of(&covariances)?.to_vec())?;
        let (weights, log_weights) =
            (slice_of(&weights)?.to_vec(), slice_of(&log_weights)?.to_vec());
        let n_operations = factor_operations(means.shape()[0], means.shape()[1]);
        let means = slice_of(&means)?.to_vec();
        let restore = move || Mixture::restored(weights, log_weights, means, typed);
        run_owned(py, n_operations, restore).map(Self::of)
    }

    /// Creates a mixture from the arrays of a file. Its weights are those of the file or, where
    /// these have underflowed, the exponentials of the log-weights of the file.
    ///
    /// The arrays are taken out of `arrays`, and each is freed once it is copied: there are never
    /// two copies of all of them.
    #[staticmethod]
    fn of_file(
        py: Python<'_>,
        arrays: &Bound<'_, PyDict>,
        covariance_type: &str,
    ) -> PyResult<Self> {
        let means = taken::<Ix2>(arrays, "means")?;
        let [n_components, n_features] = [means.shape()[0], means.shape()[1]];
        let covariances = taken::<IxDyn>(arrays, "covariances")?;
        check_copies(covariances.len(), means.len(), n_components)?;
        let means = copied(means)?;
        let shape = covariances.shape().to_vec();
        let typed = covariances_of_type(covariance_type, copied(covariances)?)?;
        let weights = copied(taken::<Ix1>(arrays, "weights")?)?;
        let logs = copied(taken::<Ix1>(arrays, "log_weights")?)?;
        check_shapes(&typed, &shape, weights.len(), [n_components, n_features])?;
        let n_operations = factor_operations(n_components, n_features);
        run_owned(py, n_operations, move || mixture_of_file(weights, logs, means, typed))
            .map(Self::of)
    }

    /// Returns the sum of the same Gaussians with other weights, which need not sum to 1.
    fn with_log_weights(&self, log_weights: PyReadonlyArray1<'_, f64>) -> PyResult<Self> {
        Ok(Self::of(self.0.with_log_weights(slice_of(&log_weights)?.to_vec())?))
    }

    #[getter]
    fn weights<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        PyArray1::from_slice(py, self.0.weights())
    }

    #[getter]
    fn log_weights<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        PyArray1::from_slice(py, self.0.log_weights())
    }

    #[getter]
    fn means<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArrayDyn<f64>>> {
        let shape = [self.0.n_components(), self.0.n_features()];
        PyArray1::from_slice(py, self.0.means()).reshape(&shape[..])
    }

    #[getter]
    fn covariances<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArrayDyn<f64>>> {
        let covariances = self.0.covariances();
        let shape = covariances.shape(self.0.n_components(), self.0.n_features());
        PyArray1::from_slice(py, covariances.values()).reshape(&shape[..])
    }

    /// Returns the mixture of some features, in the given order.
    fn marginal(&self, py: Python<'_>, features: Vec<usize>) -> PyResult<Self> {
        let mixture = Arc::clone(&self.0);
        run_owned(py, self.factor_operations(), move || mixture.marginal(&features)).map(Self::of)
    }

    /// Writes log p of each row of X into `out`.
    #[pyo3(signature = (points, out, n_threads=None))]
    fn score_samples(
        &self,
        py: Python<'_>,
        points: PyReadonlyArray2<'_, f64>,
        out: &Bound<'_, PyArray1<f64>>,
        n_threads: Option<usize>,
    ) -> PyResult<()> {
        let mut borrowed = out.try_readwrite()?;
        check_memory_of_points(points.shape()[0], points.shape()[1])?;
        let (points, out) = (slice_of(&points)?, slice_of_mut(&mut borrowed)?);
        let n_operations = out.len().saturating_mul(operations_per_point(&self.0));
        let runtime = runtime(n_threads, n_operations)?;
        run(py, &runtime, n_operations, || crate::score_samples(&self.0, points, out, &runtime))?;
        count(Kernel::ScoreSamples);
        Ok(())
    }

    /// Writes the most responsible component of each row of X into `out`.
    #[pyo3(signature = (points, out, n_threads=None))]
    fn predict(
        &self,
        py: Python<'_>,
        points: PyReadonlyArray2<'_, f64>,
        out: &Bound<'_, PyArray1<i64>>,
        n_threads: Option<usize>,
    ) -> PyResult<()> {
        let mut borrowed = out.try_readwrite()?;
        check_memory_of_points(points.shape()[0], points.shape()[1])?;
        let (points, out) = (slice_of(&points)?, slice_of_mut(&mut borrowed)?);
        let n_operations = out.len().saturating_mul(operations_per_point(&self.0));
        let runtime = runtime(n_threads, n_operations)?;
        run(py, &runtime, n_operations, || crate::predict(&self.0, points, out, &runtime))?;
        count(Kernel::Predict);
        Ok(())
    }

    /// Writes the responsibilities of all components for each row of X into `out`.
    #[pyo3(signature = (points, out, n_threads=None))]
    fn predict_proba(
        &self,
        py: Python<'_>,
        points: PyReadonlyArray2<'_, f64>,
        out: &Bound<'_, PyArray2<f64>>,
        n_threads: Option<usize>,
    ) -> PyResult<()> {
        let mut borrowed = out.try_readwrite()?;
        let expected = [points.shape()[0], self.0.n_components()];
        if out.shape() != expected {
            return Err(PyValueError::new_err(format!(
                "out: expected shape {expected:?}, got {:?}",
                out.shape()
            )));
        }
        check_memory_of_points(expected[0], points.shape()[1])?;
        let (points, out) = (slice_of(&points)?, slice_of_mut(&mut borrowed)?);
        let n_operations = expected[0].saturating_mul(operations_per_point(&self.0));
        let runtime = runtime(n_threads, n_operations)?;
        run(py, &runtime, n_operations, || crate::predict_proba(&self.0, points, out, &runtime))?;
        count(Kernel::PredictProba);
        Ok(())
    }
}

impl PyMixture {
    /// Creates a mixture by one of the core's constructors.
    fn of_arrays(
        py: Python<'_>,
        construct: Construct,
        (weights, means, covariances): Arrays<'_>,
        covariance_type: &str,
    ) -> PyResult<Self> {
        check_copies(covariances.len(), means.len(), weights.len())?;
        let values = slice_of(&covariances)?.to_vec();
        let typed = covariances_of_type(covariance_type, values)?;
        let [n_components, n_features] = [means.shape()[0], means.shape()[1]];
        check_shapes(&typed, covariances.shape(), weights.len(), [n_components, n_features])?;
        let (weights, means) = (slice_of(&weights)?.to_vec(), slice_of(&means)?.to_vec());
        let n_operations = factor_operations(n_components, n_features);
        run_owned(py, n_operations, move || construct(weights, means, typed)).map(Self::of)
    }

    pub(crate) fn of(mixture: Mixture) -> Self {
        Self(Arc::new(mixture))
    }

    pub(crate) fn factor_operations(&self) -> usize {
        factor_operations(self.0.n_components(), self.0.n_features())
    }
}

/// Checks that there is memory for the parameters of a mixture, its factors, and what is computed
/// of both.
fn check_copies(n_covariances: usize, n_means: usize, n_weights: usize) -> PyResult<()> {
    let n_values = n_covariances.saturating_add(n_means + n_weights);
    if n_values > LARGE {
        check_memory(n_values.saturating_mul(4 * size_of::<f64>()))?;
    }
    Ok(())
}

/// Checks that the shapes of parameters fit together.
fn check_shapes(
    covariances: &Covariances,
    shape: &[usize],
    n_weights: usize,
    [n_components, n_features]: [usize; 2],
) -> PyResult<()> {
    let expected = covariances.shape(n_components, n_features);
    if n_weights == n_components && shape == expected {
        return Ok(());
    }
    Err(PyValueError::new_err(format!(
        "covariances: expected shape {expected:?}, got {shape:?}, with means of shape \
         {:?} and weights of shape {:?}",
        [n_components, n_features],
        [n_weights]
    )))
}

/// Removes an array from a dictionary and returns it.
fn taken<'py, D: Dimension>(
    arrays: &Bound<'py, PyDict>,
    name: &str,
) -> PyResult<PyReadonlyArray<'py, f64, D>> {
    let array = arrays.as_any().get_item(name)?;
    arrays.del_item(name)?;
    array.extract()
}

/// Returns the values of an array, which is freed if nothing else refers to it.
fn copied<D: Dimension>(array: PyReadonlyArray<'_, f64, D>) -> PyResult<Vec<f64>> {
    Ok(slice_of(&array)?.to_vec())
}

/// Returns the mixture of a file, whose weights may have underflowed.
fn mixture_of_file(
    weights: Vec<f64>,
    log_weights: Vec<f64>,
    means: Vec<f64>,
    covariances: Covariances,
) -> Result<Mixture, Error> {
    let is_log = |(weight, log): (&f64, &f64)| {
        let known = weight.ln();
        known == *log || (known - log).abs() <= LOG_TOLERANCE
    };
    let is_one_each = weights.len() == log_weights.len();
    if is_one_each && weights.iter().zip(&log_weights).all(is_log) {
        drop(log_weights);
        return Mixture::new(weights, means, covariances);
    }
    let mixture = Mixture::from_log_weights(log_weights, means, covariances)?;
    let is_weight = |(exact, weight): (&f64, &f64)| {
        (exact - weight).abs() <= f64::MIN_POSITIVE + LOG_TOLERANCE * weight.abs()
    };
    if is_one_each && mixture.weights().iter().zip(&weights).all(is_weight) {
        Ok(mixture)
    } else {
        let expected = "the exponentials of log_weights".to_owned();
        Err(Error::Value { argument: "weights", expected, got: "others".to_owned() })
    }
}
