//! Bindings of refinement; the public functions are `gmmfast.refine` and `gmmfast.fit_image`.

use crate::painting::{
    Clip, ClipRefinement, Component, Options, Picture, Refine, Refinement, components_of, draw,
};
use crate::python::arrays::slice_of;
use crate::python::counters::{Kernel, count};
use crate::python::interrupt::{run, run_owned};
use crate::python::mixture::PyMixture;
use crate::runtime::check_memory;
use crate::{Covariances, Runtime};
use numpy::{PyReadonlyArray3, PyReadonlyArray4, PyUntypedArrayMethods};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Multiply-adds of a pass for a pixel, about.
const PASS_OPERATIONS: usize = 1 << 10;

/// A refinement in progress.
#[pyclass(name = "Refinement", module = "gmmfast._core")]
pub(crate) struct PyRefinement {
    refinement: Box<dyn Refine + Send + Sync>,
    n_operations: usize,
}

#[pymethods]
impl PyRefinement {
    /// `start` is a mixture over (x, y, channels) in pixels, or the number of components that
    /// are drawn from the picture; `pixels` are of shape (height, width, n_channels).
    #[new]
    #[pyo3(signature = (pixels, start, max_passes, max_time=None, least_std=0.5))]
    fn new(
        py: Python<'_>,
        pixels: PyReadonlyArray3<'_, u8>,
        start: Start<'_>,
        max_passes: usize,
        max_time: Option<f64>,
        least_std: f64,
    ) -> PyResult<Self> {
        let begin = Instant::now();
        let [height, width, n_channels] = [0, 1, 2].map(|axis| pixels.shape()[axis]);
        let bytes = slice_of(&pixels)?.to_vec();
        let covariances = match &start {
            Start::Mixture(mixture) => mixture.0.covariances().clone(),
            Start::NComponents(_) => Covariances::Full(Vec::new()),
        };
        let max_time = duration(max_time)?;
        let mixture = match start {
            Start::Mixture(mixture) => Ok(Arc::clone(&mixture.0)),
            Start::NComponents(n) => Err(n),
        };
        let n_operations = (height * width).saturating_mul(PASS_OPERATIONS);
        let refinement = run_owned(py, n_operations, move || {
            let picture = Picture::new(&bytes, height, width, n_channels)?;
            drop(bytes);
            let components = match mixture {
                Ok(mixture) => components_of(&mixture)?,
                Err(n_components) => {
                    check_memory(n_components.saturating_mul(size_of::<Component>()))?;
                    draw(&picture, n_components)
                }
            };
            // The time includes that of the start.
            let max_time = max_time.map(|limit| limit.saturating_sub(begin.elapsed()));
            let options = Options { max_passes, max_time, least_std };
            Refinement::new(picture, components, covariances, options)
        })?;
        Ok(Self { refinement: Box::new(refinement), n_operations })
    }

    /// Begins to refine a mixture over (x, y, t, channels) in pixels and frames; `pixels` are of
    /// shape (n_frames, height, width, n_channels).
    #[staticmethod]
    #[pyo3(signature = (pixels, start, max_passes, max_time=None, n_threads=None))]
    fn of_clip(
        py: Python<'_>,
        pixels: PyReadonlyArray4<'_, u8>,
        start: PyRef<'_, PyMixture>,
        max_passes: usize,
        max_time: Option<f64>,
        n_threads: Option<usize>,
    ) -> PyResult<Self> {
        let [n_frames, height, width, n_channels] = [0, 1, 2, 3].map(|axis| pixels.shape()[axis]);
        let (bytes, mixture) = (slice_of(&pixels)?, start.0.as_ref().clone());
        let options = Options { max_passes, max_time: duration(max_time)?, ..Options::default() };
        let runtime = Runtime::new(n_threads)?;
        let n_operations = (n_frames * height * width).saturating_mul(PASS_OPERATIONS);
        let refinement = run(py, &runtime, n_operations, || {
            let frames = bytes.chunks_exact((height * width * n_channels).max(1));
            let frames = frames.map(|bytes| Picture::new(bytes, height, width, n_channels));
            let clip = Clip::new(frames.collect::<Result<_, _>>()?)?;
            ClipRefinement::new(clip, mixture, options, &runtime)
        })?;
        Ok(Self { refinement: Box::new(refinement), n_operations })
    }

    /// Number of passes made.
    #[getter]
    fn n_passes(&self) -> usize {
        self.refinement.n_passes()
    }

    /// The part of the budget that is spent.
    #[getter]
    fn progress(&self) -> f64 {
        self.refinement.progress()
    }

    /// The PSNR of the best painting in dB, before it is clipped and rounded.
    #[getter]
    fn psnr(&self) -> f64 {
        self.refinement.psnr()
    }

    /// Makes some passes; returns whether there are more to make.
    #[pyo3(signature = (n_threads=None))]
    fn advance(&mut self, py: Python<'_>, n_threads: Option<usize>) -> PyResult<bool> {
        let runtime = Runtime::new(n_threads)?;
        let refinement = &mut self.refinement;
        let goes_on = run(py, &runtime, self.n_operations, || refinement.advance(&runtime))?;
        count(Kernel::Refinement);
        Ok(goes_on)
    }

    /// Returns the best mixture so far.
    #[pyo3(signature = (reg_covar, n_threads=None))]
    fn mixture(
        &self,
        py: Python<'_>,
        reg_covar: f64,
        n_threads: Option<usize>,
    ) -> PyResult<PyMixture> {
        let runtime = Runtime::new(n_threads)?;
        let find = || self.refinement.mixture(reg_covar, &runtime);
        Ok(PyMixture::of(run(py, &runtime, self.n_operations, find)?))
    }
}

fn duration(seconds: Option<f64>) -> PyResult<Option<Duration>> {
    let limit = seconds.map(Duration::try_from_secs_f64).transpose();
    limit.map_err(|error| PyValueError::new_err(format!("time: {error}")))
}

/// Where a refinement begins.
#[derive(FromPyObject)]
enum Start<'py> {
    Mixture(PyRef<'py, PyMixture>),
    NComponents(usize),
}
