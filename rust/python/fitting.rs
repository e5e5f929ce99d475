//! Bindings of data, statistics and k-means; the public class is `gmmfast.GaussianMixture`.

use crate::points::evaluate::operations_per_point;
use crate::python::arrays::slice_of;
use crate::python::closing::detach;
use crate::python::counters::{Kernel, count};
use crate::python::failure::check_memory_of_points;
use crate::python::interrupt::run;
use crate::python::mixture::{PyMixture, covariances_of_type};
use crate::{
    Data, KMeansOptions, LatticeRows, Mixture, Runtime, Statistics, StatisticsArrays,
    expectation_about, kmeans, kmeans_on_lattice, kmeans_plusplus,
};
use numpy::{
    PyArray1, PyArrayDyn, PyArrayMethods, PyReadonlyArray1, PyReadonlyArray2, PyUntypedArrayMethods,
};
use pyo3::prelude::*;

/// Points to which mixtures are fitted, prepared once.
#[pyclass(frozen, name = "Data", module = "gmmfast._core")]
pub(crate) struct PyData(Data);

/// Labels, centers, inertia, number of iterations.
type Clusters<'py> = (Bound<'py, PyArray1<i32>>, Bound<'py, PyArrayDyn<f64>>, f64, usize);

#[pymethods]
impl PyData {
    #[new]
    #[pyo3(signature = (points, sample_weight=None, units=None, n_threads=None))]
    fn new(
        py: Python<'_>,
        points: PyReadonlyArray2<'_, f64>,
        sample_weight: Option<PyReadonlyArray1<'_, f64>>,
        units: Option<PyReadonlyArray1<'_, f64>>,
        n_threads: Option<usize>,
    ) -> PyResult<Self> {
        let n_features = points.shape()[1];
        check_memory_of_points(points.shape()[0], n_features)?;
        let runtime = Runtime::new(n_threads)?;
        let points = slice_of(&points)?;
        let sample_weight = sample_weight.as_ref().map(slice_of).transpose()?;
        let units = units.as_ref().map(slice_of).transpose()?;
        let n_operations = points.len().saturating_mul(64);
        run(py, &runtime, n_operations, || {
            Data::new(points, n_features, sample_weight, units, &runtime)
        })
        .map(Self)
    }

    #[getter]
    fn n_samples(&self) -> usize {
        self.0.n_samples()
    }

    #[getter]
    fn n_features(&self) -> usize {
        self.0.n_features()
    }

    /// Returns the statistics under `mixture`, about its means or other centers.
    #[pyo3(signature = (mixture, centers=None, n_threads=None))]
    fn statistics(
        &self,
        py: Python<'_>,
        mixture: &PyMixture,
        centers: Option<PyReadonlyArray2<'_, f64>>,
        n_threads: Option<usize>,
    ) -> PyResult<PyStatistics> {
        let runtime = Runtime::new(n_threads)?;
        let n_operations = self.n_operations(&mixture.0);
        let centers = centers.as_ref().map(slice_of).transpose()?;
        let centers = centers.unwrap_or(mixture.0.means());
        let statistics = run(py, &runtime, n_operations, || {
            expectation_about(&mixture.0, centers, &self.0, &runtime)
        })?;
        count(Kernel::Expectation);
        Ok(PyStatistics(statistics))
    }

    /// Returns the rows that k-means++ chooses; the first is given.
    #[pyo3(signature = (first, draws, n_threads=None))]
    fn kmeans_plusplus<'py>(
        &self,
        py: Python<'py>,
        first: usize,
        draws: PyReadonlyArray2<'_, f64>,
        n_threads: Option<usize>,
    ) -> PyResult<Bound<'py, PyArray1<i64>>> {
        let runtime = Runtime::new(n_threads)?;
        let [n_centers, n_trials] = [draws.shape()[0], draws.shape()[1]];
        let draws = slice_of(&draws)?;
        let n_operations = self.0.n_samples().saturating_mul(n_centers + 1);
        let n_operations = n_operations.saturating_mul(n_trials.max(1) * self.0.n_features());
        let rows = run(py, &runtime, n_operations, || {
            kmeans_plusplus(&self.0, first, draws, n_trials, &runtime)
        })?;
        count(Kernel::KMeansPlusPlus);
        Ok(PyArray1::from_iter(py, rows.into_iter().map(|row| row as i64)))
    }

    /// Returns labels, centers, inertia and number of iterations of k-means from `centers`. With
    /// `lattice`, the points in their order and scikit-learn's number of threads, ties are
    /// scikit-learn's.
    #[pyo3(signature = (centers, tol, max_iter, n_threads=None, lattice=None))]
    fn kmeans<'py>(
        &self,
        py: Python<'py>,
        centers: PyReadonlyArray2<'_, f64>,
        tol: f64,
        max_iter: usize,
        n_threads: Option<usize>,
        lattice: Option<(PyReadonlyArray2<'_, f64>, usize)>,
    ) -> PyResult<Clusters<'py>> {
        let runtime = Runtime::new(n_threads)?;
        let shape = [centers.shape()[0], centers.shape()[1]];
        let centers = slice_of(&centers)?;
        let n_operations = self.0.n_samples().saturating_mul(centers.len());
        let options = KMeansOptions { tol, max_iter };
        let lattice = match &lattice {
            Some((rows, n_parts)) => Some(LatticeRows { rows: slice_of(rows)?, n_parts: *n_parts }),
            None => None,
        };
        let found = run(py, &runtime, n_operations, || match lattice {
            Some(rows) => kmeans_on_lattice(&self.0, rows, centers, options, &runtime),
            None => kmeans(&self.0, centers, options, &runtime),
        })?;
        count(Kernel::KMeans);
        let labels = found.labels.into_iter().map(|label| label as i32);
        let centers = PyArray1::from_slice(py, &found.centers).reshape(&shape[..])?;
        Ok((PyArray1::from_iter(py, labels), centers, found.inertia, found.n_iter))
    }
}

impl PyData {
    fn n_operations(&self, mixture: &Mixture) -> usize {
        self.0.n_samples().saturating_mul(2 * operations_per_point(mixture))
    }
}

/// Sufficient statistics of points under a mixture; those of parts of the data add up.
#[pyclass(name = "Statistics", module = "gmmfast._core")]
pub(crate) struct PyStatistics(Statistics);

#[pymethods]
impl PyStatistics {
    /// Creates statistics from the arrays of the properties of others. By default the rows count
    /// once each, and their number is the weight.
    #[new]
    #[pyo3(signature = (
        centers, counts, sums, scatters, log_likelihood, weight, n_samples=None, roundings=None
    ))]
    #[allow(clippy::too_many_arguments, reason = "eight properties")]
    fn new(
        centers: PyReadonlyArray2<'_, f64>,
        counts: PyReadonlyArray1<'_, f64>,
        sums: PyReadonlyArray2<'_, f64>,
        scatters: PyReadonlyArray2<'_, f64>,
        log_likelihood: f64,
        weight: f64,
        n_samples: Option<f64>,
        roundings: Option<PyReadonlyArray2<'_, f64>>,
    ) -> PyResult<Self> {
        let n_features = centers.shape()[1];
        let arrays = StatisticsArrays {
            centers: slice_of(&centers)?.to_vec(),
            counts: slice_of(&counts)?.to_vec(),
            sums: slice_of(&sums)?.to_vec(),
            scatters: slice_of(&scatters)?.to_vec(),
        };
        let statistics = Statistics::from_arrays(n_features, arrays, log_likelihood, weight)?;
        let statistics = statistics.with_n_samples(n_samples.unwrap_or(weight));
        Ok(Self(match roundings {
            Some(roundings) => statistics.with_roundings(slice_of(&roundings)?.to_vec())?,
            None => statistics,
        }))
    }

    #[getter]
    fn centers<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArrayDyn<f64>>> {
        self.array(py, self.0.centers())
    }

    #[getter]
    fn counts<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        PyArray1::from_slice(py, self.0.counts())
    }

    #[getter]
    fn sums<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArrayDyn<f64>>> {
        self.array(py, self.0.sums())
    }

    #[getter]
    fn scatters<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArrayDyn<f64>>> {
        self.array(py, self.0.scatters())
    }

    #[getter]
    fn roundings<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArrayDyn<f64>>> {
        self.array(py, self.0.roundings())
    }

    #[getter]
    fn log_likelihood(&self) -> f64 {
        self.0.log_likelihood()
    }

    #[getter]
    fn weight(&self) -> f64 {
        self.0.weight()
    }

    #[getter]
    fn n_samples(&self) -> f64 {
        self.0.n_samples()
    }

    #[getter]
    fn count_floor(&self) -> f64 {
        self.0.count_floor()
    }

    /// Adds the statistics of other points about the same centers.
    fn merge(&mut self, other: &Self) -> PyResult<()> {
        Ok(self.0.merge(&other.0)?)
    }

    /// Replaces some components by statistics of the same points about other centers.
    fn replace(&mut self, components: Vec<usize>, other: &Self) -> PyResult<()> {
        Ok(self.0.replace(&components, &other.0)?)
    }

    /// Returns weights, means, covariances, and the components that lost digits.
    #[expect(clippy::type_complexity, reason = "four arrays")]
    fn maximization<'py>(
        &self,
        py: Python<'py>,
        covariance_type: &str,
        reg_covar: f64,
    ) -> PyResult<(
        Bound<'py, PyArray1<f64>>,
        Bound<'py, PyArrayDyn<f64>>,
        Bound<'py, PyArrayDyn<f64>>,
        Vec<usize>,
    )> {
        let like = covariances_of_type(covariance_type, Vec::new())?;
        let estimate = detach(py, || self.0.m_step(&like, reg_covar))??;
        let n_components = estimate.weights.len();
        let n_features = estimate.means.len() / n_components;
        let shape = estimate.covariances.shape(n_components, n_features);
        Ok((
            PyArray1::from_slice(py, &estimate.weights),
            self.array(py, &estimate.means)?,
            PyArray1::from_slice(py, estimate.covariances.values()).reshape(&shape[..])?,
            estimate.lost,
        ))
    }
}

impl PyStatistics {
    /// Returns an array with one row per component.
    fn array<'py>(&self, py: Python<'py>, values: &[f64]) -> PyResult<Bound<'py, PyArrayDyn<f64>>> {
        let n = self.0.counts().len();
        PyArray1::from_slice(py, values).reshape(&[n, values.len() / n][..])
    }
}
