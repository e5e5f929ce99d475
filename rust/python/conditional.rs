//! Bindings of conditionals; the public class is `gmmfast.ConditionalMixtures`.

use crate::points::evaluate::operations_per_point;
use crate::points::moments::operations_per_point_of_moments;
use crate::python::arrays::{slice_of, slice_of_mut};
use crate::python::closing::detach;
use crate::python::counters::{Kernel, count};
use crate::python::interrupt::{run, run_owned, runtime};
use crate::python::mixture::PyMixture;
use crate::{
    Conditional, DrawStart, Mixture, Result, Runtime, conditional_covariance, conditional_log_prob,
    conditional_mean, conditional_mean_and_covariance, conditional_mean_and_std,
    conditional_sample, conditional_std,
};
use numpy::{PyArray1, PyArrayDyn, PyArrayMethods, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::prelude::*;
use std::sync::Arc;

/// A mixture split into given and remaining features, prepared once.
#[pyclass(frozen, name = "Conditional", module = "gmmfast._core")]
pub(crate) struct PyConditional {
    mixture: Arc<Mixture>,
    conditional: Arc<Conditional>,
}

/// A moment of all rows.
type Moments = fn(&Conditional, &[f64], &mut [f64], &Runtime) -> Result<()>;

#[pymethods]
impl PyConditional {
    #[new]
    fn new(py: Python<'_>, mixture: &PyMixture, given: Vec<usize>) -> PyResult<Self> {
        let model = Arc::clone(&mixture.0);
        let split = move || Conditional::new(&model, &given);
        let conditional = Arc::new(run_owned(py, mixture.factor_operations(), split)?);
        Ok(Self { mixture: Arc::clone(&mixture.0), conditional })
    }

    /// The mixture of the given features.
    #[getter]
    fn marginal(&self) -> PyMixture {
        PyMixture(Arc::new(self.conditional.marginal().clone()))
    }

    /// Returns the mixture of the remaining features, given values of the others.
    fn at(&self, py: Python<'_>, values: Vec<f64>) -> PyResult<PyMixture> {
        let at = detach(py, || self.conditional.at(&values))??;
        Ok(PyMixture(Arc::new(at)))
    }

    /// Writes the mean of the remaining features, given each row of values, into `out`.
    #[pyo3(signature = (values, out, n_threads=None))]
    fn mean(
        &self,
        values: PyReadonlyArray2<'_, f64>,
        out: &Bound<'_, PyArrayDyn<f64>>,
        n_threads: Option<usize>,
    ) -> PyResult<()> {
        self.moments(conditional_mean, &values, out, n_threads)
    }

    /// Writes their standard deviations into `out`.
    #[pyo3(signature = (values, out, n_threads=None))]
    fn std(
        &self,
        values: PyReadonlyArray2<'_, f64>,
        out: &Bound<'_, PyArrayDyn<f64>>,
        n_threads: Option<usize>,
    ) -> PyResult<()> {
        self.moments(conditional_std, &values, out, n_threads)
    }

    /// Writes their covariances into `out`.
    #[pyo3(signature = (values, out, n_threads=None))]
    fn covariance(
        &self,
        values: PyReadonlyArray2<'_, f64>,
        out: &Bound<'_, PyArrayDyn<f64>>,
        n_threads: Option<usize>,
    ) -> PyResult<()> {
        self.moments(conditional_covariance, &values, out, n_threads)
    }

    /// Writes their means, followed by their standard deviations, into the rows of `out`.
    #[pyo3(signature = (values, out, n_threads=None))]
    fn mean_and_std(
        &self,
        values: PyReadonlyArray2<'_, f64>,
        out: &Bound<'_, PyArrayDyn<f64>>,
        n_threads: Option<usize>,
    ) -> PyResult<()> {
        self.moments(conditional_mean_and_std, &values, out, n_threads)
    }

    /// Writes their means, followed by their covariances, into the rows of `out`.
    #[pyo3(signature = (values, out, n_threads=None))]
    fn mean_and_covariance(
        &self,
        values: PyReadonlyArray2<'_, f64>,
        out: &Bound<'_, PyArrayDyn<f64>>,
        n_threads: Option<usize>,
    ) -> PyResult<()> {
        self.moments(conditional_mean_and_covariance, &values, out, n_threads)
    }

    /// Writes into `out` the log-density of the remaining features of each row, given the
    /// features that come first in it.
    #[pyo3(signature = (points, out, n_threads=None))]
    fn log_prob(
        &self,
        py: Python<'_>,
        points: PyReadonlyArray2<'_, f64>,
        out: &Bound<'_, PyArray1<f64>>,
        n_threads: Option<usize>,
    ) -> PyResult<()> {
        let mut borrowed = out.try_readwrite()?;
        let (points, out) = (slice_of(&points)?, slice_of_mut(&mut borrowed)?);
        let n_operations = out.len().saturating_mul(3 * operations_per_point(&self.mixture));
        let runtime = runtime(n_threads, n_operations)?;
        let (mixture, conditional) = (&*self.mixture, &*self.conditional);
        run(py, &runtime, n_operations, || {
            conditional_log_prob(mixture, conditional, points, out, &runtime)
        })?;
        count(Kernel::Conditional);
        Ok(())
    }

    /// Writes one draw of the remaining features, given each row of values, into `out`. A draw
    /// depends on the seed and on the number of the point; `first` is that of the first row.
    #[pyo3(signature = (values, out, seed, first=0, n_threads=None))]
    fn sample(
        &self,
        values: PyReadonlyArray2<'_, f64>,
        out: &Bound<'_, PyArrayDyn<f64>>,
        seed: u64,
        first: u64,
        n_threads: Option<usize>,
    ) -> PyResult<()> {
        let mut borrowed = out.try_readwrite()?;
        let n_samples = values.shape()[0];
        let (values, to) = (slice_of(&values)?, slice_of_mut(&mut borrowed)?);
        let per_point = operations_per_point(self.conditional.marginal());
        let n_operations = n_samples.saturating_mul(per_point);
        let runtime = runtime(n_threads, n_operations)?;
        let conditional = &*self.conditional;
        let start = DrawStart { seed, first_point: first };
        let draw = || conditional_sample(conditional, values, start, to, &runtime);
        run(out.py(), &runtime, n_operations, draw)?;
        count(Kernel::Conditional);
        Ok(())
    }
}

impl PyConditional {
    fn moments(
        &self,
        moments: Moments,
        values: &PyReadonlyArray2<'_, f64>,
        out: &Bound<'_, PyArrayDyn<f64>>,
        n_threads: Option<usize>,
    ) -> PyResult<()> {
        let mut borrowed = out.try_readwrite()?;
        let per_point = operations_per_point_of_moments(&self.conditional);
        let n_operations = values.shape()[0].saturating_mul(per_point);
        let (values, to) = (slice_of(values)?, slice_of_mut(&mut borrowed)?);
        let runtime = runtime(n_threads, n_operations)?;
        let conditional = &*self.conditional;
        run(out.py(), &runtime, n_operations, || moments(conditional, values, to, &runtime))?;
        count(Kernel::Conditional);
        Ok(())
    }
}
