//! The Python extension module: the only file that names pyo3 and numpy.
//!
//! Bindings borrow the arrays, release the interpreter, call the core and
//! convert. The package's Python code checks the objects; here their shapes and
//! element types are checked again by what the core refuses. The extension's
//! `Mixture` has the same interface as the one in `gmmfast/_reference.py`.

use crate::scatter::operations_per_point;
use crate::{Covariances, Error, Grid, Level, Mixture, Pixel, Quantity, Rendering, Runtime};
use numpy::{
    Element, PyArray1, PyArray2, PyArrayDyn, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2,
    PyReadonlyArrayDyn, PyUntypedArrayMethods,
};
use pyo3::exceptions::{PyRuntimeError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// How often a long call looks for Ctrl-C.
const SIGNAL_INTERVAL: Duration = Duration::from_millis(50);

/// Multiply-adds up to which a call is over before anyone could press Ctrl-C
/// (some milliseconds), so that it needs no second thread to watch.
const SHORT_CALL: usize = 1 << 26;

impl From<Error> for PyErr {
    fn from(error: Error) -> Self {
        PyValueError::new_err(error.to_string())
    }
}

/// Runs `work` without the interpreter; answers Ctrl-C if it may take long.
fn run<T: Send>(
    py: Python<'_>,
    runtime: &Runtime,
    n_operations: usize,
    work: impl FnOnce() -> Result<T, Error> + Send,
) -> PyResult<T> {
    let (mut work, mut result) = (Some(work), None);
    run_once(py, runtime, n_operations, &mut || {
        result = work.take().map(|work| work()).transpose()?;
        Ok(())
    })?;
    Ok(result.expect("work that ends without an error has a result"))
}

/// The same, not generic over the work, so that the machinery of threads and
/// signals is compiled once for all of it; `work` is called once.
fn run_once(
    py: Python<'_>,
    runtime: &Runtime,
    n_operations: usize,
    work: &mut (dyn FnMut() -> Result<(), Error> + Send),
) -> PyResult<()> {
    if n_operations <= SHORT_CALL {
        return Ok(py.detach(work)?);
    }
    py.detach(|| {
        std::thread::scope(|scope| {
            let (sender, receiver) = channel();
            std::thread::Builder::new()
                .spawn_scoped(scope, move || sender.send(work()))
                .map_err(|error| Error::Threads { n_threads: 1, reason: error.to_string() })?;
            loop {
                match receiver.recv_timeout(SIGNAL_INTERVAL) {
                    Ok(result) => return Ok(result?),
                    Err(RecvTimeoutError::Disconnected) => {
                        unreachable!(
                            "the worker sends before it ends, and its panic ends the scope"
                        )
                    }
                    Err(RecvTimeoutError::Timeout) => {
                        // An interpreter that is shutting down counts as Ctrl-C. The
                        // scope waits for the worker, which stops at the flag.
                        let signal = Python::try_attach(|py| py.check_signals());
                        if !matches!(signal, Some(Ok(()))) {
                            runtime.interrupt().store(true, Ordering::Relaxed);
                        }
                        signal.transpose()?;
                    }
                }
            }
        })
    })
}

/// Runs `work`, which owns all it needs, without the interpreter. Ctrl-C leaves it
/// to itself: what it prepares is dropped when it ends, and needs no places to look
/// for an interrupt.
fn run_owned<T: Send + 'static>(
    py: Python<'_>,
    n_operations: usize,
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> PyResult<T> {
    if n_operations <= SHORT_CALL {
        return Ok(py.detach(work)?);
    }
    let (sender, receiver) = channel();
    std::thread::Builder::new()
        .spawn(move || sender.send(work()))
        .map_err(|error| Error::Threads { n_threads: 1, reason: error.to_string() })?;
    py.detach(move || {
        loop {
            match receiver.recv_timeout(SIGNAL_INTERVAL) {
                Ok(result) => return Ok(result?),
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(PyRuntimeError::new_err("the work ended without a result"));
                }
                Err(RecvTimeoutError::Timeout) => {
                    // An interpreter that is shutting down counts as Ctrl-C.
                    match Python::try_attach(|py| py.check_signals()) {
                        Some(signal) => signal?,
                        None => return Err(Error::Interrupted.into()),
                    }
                }
            }
        }
    })
}

/// Multiply-adds that factors of all components take, or somewhat more.
fn factor_operations(n_components: usize, n_features: usize) -> usize {
    n_components.saturating_mul(n_features.saturating_pow(3))
}

fn covariances_of_type(covariance_type: &str, values: Vec<f64>) -> PyResult<Covariances> {
    match covariance_type {
        "full" => Ok(Covariances::Full(values)),
        "tied" => Ok(Covariances::Tied(values)),
        "diag" => Ok(Covariances::Diag(values)),
        "spherical" => Ok(Covariances::Spherical(values)),
        _ => Err(PyValueError::new_err(format!(
            "covariance_type: expected 'full', 'tied', 'diag' or 'spherical', got '{covariance_type}'"
        ))),
    }
}

fn quantity_of_name(name: &str) -> PyResult<Quantity> {
    match name {
        "density" => Ok(Quantity::Density),
        "log_density" => Ok(Quantity::LogDensity),
        "mean" => Ok(Quantity::Mean),
        "covariance" => Ok(Quantity::Covariance),
        "std" => Ok(Quantity::Std),
        "label" => Ok(Quantity::Label),
        "entropy" => Ok(Quantity::Entropy),
        _ => Err(PyValueError::new_err(format!(
            "quantity: expected 'density', 'log_density', 'mean', 'covariance', 'std', 'label' or \
             'entropy', got '{name}'"
        ))),
    }
}

/// The validated model; see `gmmfast.Mixture` for the public face.
#[pyclass(frozen, name = "Mixture", module = "gmmfast._gmmfast")]
struct PyMixture(Arc<Mixture>);

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
        let values = covariances.as_slice()?.to_vec();
        let typed = covariances_of_type(covariance_type, values)?;
        let [n_components, n_features] = [means.shape()[0], means.shape()[1]];
        let expected = typed.shape(n_components, n_features);
        if weights.shape() != [n_components] || covariances.shape() != expected {
            return Err(PyValueError::new_err(format!(
                "covariances: expected shape {expected:?}, got {:?}, with means of shape {:?} and \
                 weights of shape {:?}",
                covariances.shape(),
                means.shape(),
                weights.shape()
            )));
        }
        let (weights, means) = (weights.as_slice()?.to_vec(), means.as_slice()?.to_vec());
        let n_operations = factor_operations(n_components, n_features);
        run_owned(py, n_operations, move || Mixture::new(weights, means, typed)).map(Self::of)
    }

    #[getter]
    fn weights<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        PyArray1::from_slice(py, self.0.weights())
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

    /// The mixture of some features, in the order given.
    fn marginal(&self, py: Python<'_>, features: Vec<usize>) -> PyResult<Self> {
        let mixture = Arc::clone(&self.0);
        run_owned(py, self.factor_operations(), move || mixture.marginal(&features)).map(Self::of)
    }

    /// The mixture of the other features, given values of some.
    fn condition(&self, py: Python<'_>, given: Vec<usize>, values: Vec<f64>) -> PyResult<Self> {
        let mixture = Arc::clone(&self.0);
        let condition = move || crate::Conditional::new(&mixture, &given)?.at(&values);
        run_owned(py, self.factor_operations(), condition).map(Self::of)
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
        let (points, out) = (points.as_slice()?, borrowed.as_slice_mut()?);
        let runtime = Runtime::new(n_threads)?;
        let n_operations = out.len().saturating_mul(operations_per_point(&self.0));
        run(py, &runtime, n_operations, || crate::score_samples(&self.0, points, out, &runtime))
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
        let (points, out) = (points.as_slice()?, borrowed.as_slice_mut()?);
        let runtime = Runtime::new(n_threads)?;
        let n_operations = out.len().saturating_mul(operations_per_point(&self.0));
        run(py, &runtime, n_operations, || crate::predict(&self.0, points, out, &runtime))
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
        let (points, out) = (points.as_slice()?, borrowed.as_slice_mut()?);
        let runtime = Runtime::new(n_threads)?;
        let n_operations = expected[0].saturating_mul(operations_per_point(&self.0));
        run(py, &runtime, n_operations, || crate::predict_proba(&self.0, points, out, &runtime))
    }
}

impl PyMixture {
    fn of(mixture: Mixture) -> Self {
        Self(Arc::new(mixture))
    }

    fn factor_operations(&self) -> usize {
        factor_operations(self.0.n_components(), self.0.n_features())
    }
}

/// A quantity over a grid, prepared once.
#[pyclass(frozen, name = "Rendering", module = "gmmfast._gmmfast")]
struct PyRendering {
    rendering: Rendering,
    n_components: usize,
}

#[pymethods]
impl PyRendering {
    /// `extent` is in feature order, x first, and `shape` in array order.
    #[new]
    #[pyo3(signature = (mixture, quantity, shape, extent, given, tolerance=None))]
    fn new(
        py: Python<'_>,
        mixture: &PyMixture,
        quantity: &str,
        shape: Vec<usize>,
        mut extent: Vec<(f64, f64)>,
        given: Vec<usize>,
        tolerance: Option<f64>,
    ) -> PyResult<Self> {
        extent.reverse();
        let grid = Grid::new(&shape, &extent)?;
        let quantity = quantity_of_name(quantity)?;
        let model = Arc::clone(&mixture.0);
        let prepare = move || Rendering::new(&model, &grid, &given, quantity);
        let rendering = run_owned(py, mixture.factor_operations(), prepare)?;
        let rendering = match tolerance {
            Some(tolerance) => rendering.with_tolerance(tolerance)?,
            None => rendering,
        };
        Ok(Self { rendering, n_components: mixture.0.n_components() })
    }

    /// Writes lines of the first axis, from `first` on, into `out`: C-contiguous, of
    /// float64, float32, uint8, int32 or int64.
    #[pyo3(signature = (out, first=0, n_threads=None))]
    fn render(
        &self,
        out: &Bound<'_, PyAny>,
        first: usize,
        n_threads: Option<usize>,
    ) -> PyResult<()> {
        let runtime = Runtime::new(n_threads)?;
        if let Ok(out) = out.cast::<PyArrayDyn<f64>>() {
            self.render_into(out, first, &runtime)
        } else if let Ok(out) = out.cast::<PyArrayDyn<f32>>() {
            self.render_into(out, first, &runtime)
        } else if let Ok(out) = out.cast::<PyArrayDyn<u8>>() {
            self.render_into(out, first, &runtime)
        } else if let Ok(out) = out.cast::<PyArrayDyn<i32>>() {
            self.render_into(out, first, &runtime)
        } else if let Ok(out) = out.cast::<PyArrayDyn<i64>>() {
            self.render_into(out, first, &runtime)
        } else {
            Err(PyTypeError::new_err(
                "out: expected an array of float64, float32, uint8, int32 or int64",
            ))
        }
    }
}

impl PyRendering {
    fn render_into<P: Pixel + Element>(
        &self,
        out: &Bound<'_, PyArrayDyn<P>>,
        first: usize,
        runtime: &Runtime,
    ) -> PyResult<()> {
        let mut borrowed = out.try_readwrite()?;
        let values = borrowed.as_slice_mut()?;
        let per_value = self.n_components.saturating_mul(16);
        let n_operations = values.len().saturating_mul(per_value);
        run(out.py(), runtime, n_operations, || self.rendering.render_lines(first, values, runtime))
    }
}

/// What runs the kernels: the instruction set in use, the default number of
/// threads, the instruction sets of this processor, and names in
/// `GMMFAST_DISABLE_CPU_FEATURES` that mean nothing.
#[pyfunction]
fn runtime_info() -> PyResult<(&'static str, usize, Vec<&'static str>, Vec<String>)> {
    let runtime = Runtime::new(None)?;
    let levels = Level::available().into_iter().map(Level::name).collect();
    Ok((runtime.level().name(), runtime.n_threads(), levels, Level::unknown_names()))
}

/// Kernels of gmmfast.
#[pymodule]
mod _gmmfast {
    #[pymodule_export]
    use super::{PyMixture, PyRendering, runtime_info};
    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
