//! The Python extension module: the only folder that uses pyo3 and numpy.
//!
//! Bindings borrow the arrays, release the interpreter, call the core and convert. The
//! Python code of the package checks objects; shapes and element types are checked here
//! again, because the core refuses wrong ones. `python/gmmfast/_core.pyi` has the types.

mod conditional;
mod counters;
mod fitting;
mod interrupt;
mod mixture;
mod painting;
mod rendering;
mod sampling;

use crate::{Error, Level, Runtime};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use std::collections::HashMap;

impl From<Error> for PyErr {
    fn from(error: Error) -> Self {
        PyValueError::new_err(error.to_string())
    }
}

/// Returns how often each kernel has run in this process.
#[pyfunction]
fn kernel_calls() -> HashMap<&'static str, u64> {
    counters::counts().collect()
}

/// Returns the instruction set in use, the default number of threads, the instruction sets of
/// this processor, and the names in `GMMFAST_DISABLE_CPU_FEATURES` that are unknown.
#[pyfunction]
fn runtime_info() -> PyResult<(&'static str, usize, Vec<&'static str>, Vec<String>)> {
    let runtime = Runtime::new(None)?;
    let levels = Level::available().into_iter().map(Level::name).collect();
    Ok((runtime.level().name(), runtime.n_threads(), levels, Level::unknown_names()))
}

/// Kernels of gmmfast.
#[pymodule]
mod _core {
    #[pymodule_export]
    use super::conditional::PyConditional;
    #[pymodule_export]
    use super::fitting::{PyData, PyStatistics};
    #[pymodule_export]
    use super::mixture::PyMixture;
    #[pymodule_export]
    use super::painting::PyRefinement;
    #[pymodule_export]
    use super::rendering::PyRendering;
    #[pymodule_export]
    use super::sampling::PySampling;
    #[pymodule_export]
    use super::{kernel_calls, runtime_info};
    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
