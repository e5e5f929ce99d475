//! Bindings of samples; the public functions are `gmmfast.Mixture.sample` and
//! `gmmfast.render_samples`.

use crate::python::arrays::slice_of_mut;
use crate::python::counters::{Kernel, count};
use crate::python::interrupt::{run, run_owned};
use crate::python::mixture::PyMixture;
use crate::{Error, Grid, Order, Pixel, Runtime, STREAM_VERSION, Sampling, Splat};
use numpy::{Element, PyArray1, PyArray2, PyArrayDyn, PyArrayMethods, PyUntypedArrayMethods};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use std::sync::Arc;

/// Approximate multiply-adds per feature of a sample.
const PER_FEATURE: usize = 32;

/// Samples of a mixture for a seed, prepared once.
#[pyclass(frozen, name = "Sampling", module = "gmmfast._core")]
pub(crate) struct PySampling(Sampling, bool);

#[pymethods]
impl PySampling {
    /// `bounds` has a (low, high) pair for each feature.
    #[new]
    #[pyo3(signature = (mixture, seed, bounds=None))]
    fn new(
        py: Python<'_>,
        mixture: &PyMixture,
        seed: u64,
        bounds: Option<Vec<(f64, f64)>>,
    ) -> PyResult<Self> {
        let model = Arc::clone(&mixture.0);
        let prepare = move || {
            let sampling = Sampling::new(&model, seed);
            Ok(match &bounds {
                Some(bounds) => (sampling.with_bounds(bounds)?, true),
                None => (sampling, false),
            })
        };
        let (sampling, is_bounded) = run_owned(py, mixture.factor_operations(), prepare)?;
        Ok(Self(sampling, is_bounded))
    }

    /// The number of samples of which `first` of `draw` is a multiple.
    #[classattr]
    const RUN_SAMPLES: usize = Sampling::RUN_LEN;

    /// The version of the streams.
    #[getter]
    fn version(&self) -> &'static str {
        STREAM_VERSION
    }

    /// Writes samples into the rows of `points`, of float64 or float32, and their
    /// components into `labels`. In the order of the draws they may begin at `first`, a multiple
    /// of `RUN_SAMPLES`.
    #[pyo3(signature = (points, labels=None, grouped=false, n_threads=None, first=None))]
    fn draw(
        &self,
        points: &Bound<'_, PyAny>,
        labels: Option<&Bound<'_, PyArray1<i64>>>,
        grouped: bool,
        n_threads: Option<usize>,
        first: Option<usize>,
    ) -> PyResult<()> {
        let order = if grouped { Order::Grouped } else { Order::Shuffled };
        let start = DrawStart { order, first };
        let runtime = Runtime::new(n_threads)?;
        if let Ok(points) = points.cast::<PyArray2<f64>>() {
            self.draw_into(points, labels, start, &runtime)
        } else if let Ok(points) = points.cast::<PyArray2<f32>>() {
            self.draw_into(points, labels, start, &runtime)
        } else {
            Err(PyTypeError::new_err("points: expected a 2-D array of float64 or float32"))
        }
    }

    /// Draws samples and writes the number on each pixel and the means of their other
    /// features there; `extent` is in feature order.
    #[pyo3(signature = (n_samples, extent, given, counts, means, n_threads=None))]
    #[expect(clippy::too_many_arguments, reason = "keywords in Python")]
    fn splat(
        &self,
        py: Python<'_>,
        n_samples: usize,
        extent: Vec<(f64, f64)>,
        given: Vec<usize>,
        counts: &Bound<'_, PyArrayDyn<i64>>,
        means: &Bound<'_, PyArrayDyn<f64>>,
        n_threads: Option<usize>,
    ) -> PyResult<()> {
        let grid = Grid::new(counts.shape(), &extent)?;
        let (mut counts, mut means) = (counts.try_readwrite()?, means.try_readwrite()?);
        let (counts, means) = (slice_of_mut(&mut counts)?, slice_of_mut(&mut means)?);
        let runtime = Runtime::new(n_threads)?;
        let splat = Splat { given: &given, counts, means };
        run(py, &runtime, self.n_operations(n_samples), || {
            splat.draw(&self.0, &grid, n_samples, &runtime)
        })?;
        count(Kernel::RenderSamples);
        Ok(())
    }
}

/// The order of samples, or the first one in the order of the draws.
struct DrawStart {
    order: Order,
    first: Option<usize>,
}

impl PySampling {
    fn draw_into<P: Pixel + Element>(
        &self,
        points: &Bound<'_, PyArray2<P>>,
        labels: Option<&Bound<'_, PyArray1<i64>>>,
        start: DrawStart,
        runtime: &Runtime,
    ) -> PyResult<()> {
        let [n_samples, d] = [points.shape()[0], points.shape()[1]];
        if d != self.0.n_features() {
            let expected = format!("shape (n_samples, {})", self.0.n_features());
            return Err(Error::Length { argument: "points", expected, got: points.len() }.into());
        }
        let mut borrowed = points.try_readwrite()?;
        let values = slice_of_mut(&mut borrowed)?;
        let mut borrowed_labels = labels.map(|labels| labels.try_readwrite()).transpose()?;
        let labels = borrowed_labels.as_mut().map(slice_of_mut).transpose()?;
        let n_operations = self.n_operations(n_samples);
        run(points.py(), runtime, n_operations, || match start.first {
            Some(first) => self.0.draw_from(first, values, labels, runtime),
            None => self.0.draw(start.order, values, labels, runtime),
        })?;
        count(Kernel::Sample);
        Ok(())
    }

    fn n_operations(&self, n_samples: usize) -> usize {
        // Within bounds the number of candidates is unknown.
        let per_sample = if self.1 { usize::MAX } else { PER_FEATURE * self.0.n_features() };
        n_samples.saturating_mul(per_sample)
    }
}
