//! Bindings of grid quantities; the public function is `gmmfast.render_grid`.

use crate::python::arrays::slice_of_mut;
use crate::python::counters::{Kernel, count};
use crate::python::interrupt::{run, run_owned};
use crate::python::mixture::PyMixture;
use crate::{Grid, Pixel, Quantity, Rendering, Runtime};
use numpy::{Element, PyArray1, PyArrayDyn, PyArrayMethods};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use std::ops::Range;
use std::sync::Arc;

/// The lengths of lists, and the lists one after the other.
type Lists<'py> = (Bound<'py, PyArrayDyn<u32>>, Bound<'py, PyArray1<u32>>);

fn quantity_of_name(name: &str, seed: u64) -> PyResult<Quantity> {
    match name {
        "density" => Ok(Quantity::Density),
        "log_density" => Ok(Quantity::LogDensity),
        "mean" => Ok(Quantity::Mean),
        "covariance" => Ok(Quantity::Covariance),
        "std" => Ok(Quantity::Std),
        "label" => Ok(Quantity::Label),
        "entropy" => Ok(Quantity::Entropy),
        "sample" => Ok(Quantity::Sample { seed }),
        _ => Err(PyValueError::new_err(format!(
            "quantity: expected 'density', 'log_density', 'mean', 'covariance', 'std', 'label', \
             'entropy' or 'sample', got '{name}'"
        ))),
    }
}

/// A quantity over a grid, prepared once.
#[pyclass(frozen, name = "Rendering", module = "gmmfast._core")]
pub(crate) struct PyRendering {
    rendering: Rendering,
    n_components: usize,
}

#[pymethods]
impl PyRendering {
    /// `extent` is in feature order, x first, and `shape` in array order; the seed is used
    /// for samples only.
    #[new]
    #[pyo3(signature = (mixture, quantity, shape, extent, given, tolerance=None, seed=0))]
    #[expect(clippy::too_many_arguments, reason = "keywords in Python")]
    fn new(
        py: Python<'_>,
        mixture: &PyMixture,
        quantity: &str,
        shape: Vec<usize>,
        extent: Vec<(f64, f64)>,
        given: Vec<usize>,
        tolerance: Option<f64>,
        seed: u64,
    ) -> PyResult<Self> {
        let grid = Grid::new(&shape, &extent)?;
        let quantity = quantity_of_name(quantity, seed)?;
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
    /// float64, float32, uint8, int32 or int64. With `columns`, (first, end) of whole tiles of
    /// the x axis, `first` counts rows through all frames, and `out` holds these columns.
    #[pyo3(signature = (out, first=0, n_threads=None, columns=None))]
    fn render(
        &self,
        out: &Bound<'_, PyAny>,
        first: usize,
        n_threads: Option<usize>,
        columns: Option<(usize, usize)>,
    ) -> PyResult<()> {
        let part = Part { first, columns: columns.map(|(first, end)| first..end) };
        let runtime = Runtime::new(n_threads)?;
        if let Ok(out) = out.cast::<PyArrayDyn<f64>>() {
            self.render_into(out, part, &runtime)
        } else if let Ok(out) = out.cast::<PyArrayDyn<f32>>() {
            self.render_into(out, part, &runtime)
        } else if let Ok(out) = out.cast::<PyArrayDyn<u8>>() {
            self.render_into(out, part, &runtime)
        } else if let Ok(out) = out.cast::<PyArrayDyn<i32>>() {
            self.render_into(out, part, &runtime)
        } else if let Ok(out) = out.cast::<PyArrayDyn<i64>>() {
            self.render_into(out, part, &runtime)
        } else {
            Err(PyTypeError::new_err(
                "out: expected an array of float64, float32, uint8, int32 or int64",
            ))
        }
    }

    /// Number of components that survive in each tile of a float64 result.
    #[pyo3(signature = (n_threads=None))]
    fn survivors<'py>(
        &self,
        py: Python<'py>,
        n_threads: Option<usize>,
    ) -> PyResult<Bound<'py, PyArrayDyn<u32>>> {
        let runtime = Runtime::new(n_threads)?;
        let rendering = &self.rendering;
        let n_operations = rendering.n_values().saturating_mul(self.n_components);
        let counts = run(py, &runtime, n_operations, || rendering.survivors::<f64>(&runtime))?;
        PyArray1::from_vec(py, counts).reshape(rendering.tiles_shape())
    }

    /// Components that survive anywhere on each tile of a float64 result: their number for
    /// each tile, and all of them, tile by tile.
    #[pyo3(signature = (n_threads=None))]
    fn survivor_lists<'py>(
        &self,
        py: Python<'py>,
        n_threads: Option<usize>,
    ) -> PyResult<Lists<'py>> {
        let runtime = Runtime::new(n_threads)?;
        let rendering = &self.rendering;
        let n_operations = rendering.n_values().saturating_mul(self.n_components);
        let work = || rendering.survivor_lists::<f64>(&runtime);
        let lists = run(py, &runtime, n_operations, work)?;
        let counts = lists.iter().map(|list| list.len() as u32).collect();
        let counts = PyArray1::from_vec(py, counts).reshape(rendering.tiles_shape())?;
        Ok((counts, PyArray1::from_vec(py, lists.concat())))
    }
}

/// The part of a rendering that is written.
struct Part {
    first: usize,
    columns: Option<Range<usize>>,
}

impl PyRendering {
    fn render_into<P: Pixel + Element>(
        &self,
        out: &Bound<'_, PyArrayDyn<P>>,
        part: Part,
        runtime: &Runtime,
    ) -> PyResult<()> {
        let mut borrowed = out.try_readwrite()?;
        let values = slice_of_mut(&mut borrowed)?;
        let per_value = self.n_components.saturating_mul(16);
        let n_operations = values.len().saturating_mul(per_value);
        let rendering = &self.rendering;
        run(out.py(), runtime, n_operations, || match part.columns {
            Some(columns) => rendering.render_window(part.first, columns, values, runtime),
            None => rendering.render_lines(part.first, values, runtime),
        })?;
        count(Kernel::Render);
        Ok(())
    }
}
