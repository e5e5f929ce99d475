//! The Python extension module: the only folder that names pyo3 and numpy.
//!
//! Bindings borrow the arrays, release the interpreter, call the core and
//! convert. The package's Python code checks the objects; here their shapes and
//! element types are checked again by what the core refuses. The extension's
//! `Mixture` has the same interface as the one in `gmmfast/reference/mixture.py`.

mod conditional;
mod counters;
mod fitting;
mod interrupt;
mod mixture;
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

/// How often each kernel has done its work in this process.
#[pyfunction]
fn kernel_calls() -> HashMap<&'static str, u64> {
    counters::counts().collect()
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
mod _core {
    #[pymodule_export]
    use super::conditional::PyConditional;
    #[pymodule_export]
    use super::fitting::{PyData, PyStatistics};
    #[pymodule_export]
    use super::mixture::PyMixture;
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
