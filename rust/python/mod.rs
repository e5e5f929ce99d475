//! The Python extension module: the only folder that uses pyo3 and numpy.
//!
//! Bindings borrow the arrays, release the interpreter, call the core and convert. The
//! Python code of the package checks objects; shapes and element types are checked here
//! again, because the core refuses wrong ones. `python/gmmfast/_core.pyi` has the types.

mod arrays;
mod closing;
mod conditional;
mod counters;
mod failure;
mod fitting;
mod interrupt;
mod mixture;
mod painting;
mod rendering;
mod sampling;

use crate::{Error, Level, Runtime};
use numpy::{PyArray1, PyArrayMethods};
use pyo3::exceptions::{PyImportError, PyMemoryError, PyValueError};
use pyo3::prelude::*;
use std::collections::HashMap;
use std::sync::OnceLock;

impl From<Error> for PyErr {
    fn from(error: Error) -> Self {
        match error {
            Error::Memory { .. } => PyMemoryError::new_err(error.to_string()),
            _ => PyValueError::new_err(error.to_string()),
        }
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

/// Panics, on a thread of the pool or on the calling one, for tests of what becomes of it.
#[pyfunction]
fn panic(py: Python<'_>, n_operations: usize) -> PyResult<()> {
    let runtime = Runtime::new(Some(2))?;
    interrupt::run(py, &runtime, n_operations, || runtime.install(|| panic!("for a test")))
}

/// Raises an `ImportError` in any interpreter of the process but the one that came first. Each has
/// its own module `sys`.
fn refuse_other_interpreters(py: Python<'_>) -> PyResult<()> {
    static FIRST: OnceLock<usize> = OnceLock::new();
    let this = py.import("sys")?.as_ptr() as usize;
    if *FIRST.get_or_init(|| this) == this {
        return Ok(());
    }
    Err(PyImportError::new_err(
        "gmmfast._core: expected the interpreter that imported it first, got another one of the \
         same process; use threads or processes",
    ))
}

/// Loads what the crate numpy loads at its first use, by code in Python: there the end of the
/// interpreter would end a daemon thread in the middle of the core, which is a crash.
fn load_numpy(py: Python<'_>) -> PyResult<()> {
    let array = PyArray1::<f64>::zeros(py, 1, false);
    array.try_readwrite().map(drop)?;
    Ok(())
}

/// Kernels of gmmfast.
///
/// The module needs no lock of the interpreter: its objects are immutable, or borrowed by one
/// call at a time, its statics are atomics and mutexes, and arrays are borrowed through the table
/// of borrows of the crate numpy, which has a lock of its own.
#[pymodule(gil_used = false)]
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
    use super::{kernel_calls, panic, runtime_info};
    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        super::refuse_other_interpreters(module.py())?;
        super::failure::store_places_of_panics();
        super::closing::await_calls_at_exit(module.py())?;
        super::load_numpy(module.py())?;
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
