//! Reasons why a call of the core has no result, as Python's exceptions.

use crate::Error;
use crate::runtime::check_memory;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

/// The place of the last panic of this module, which the payload of a panic does not have.
static PLACE: Mutex<String> = Mutex::new(String::new());

/// The reason why a call has no result.
pub(crate) enum Failure {
    /// The core refused the input, or was interrupted.
    Refused(Error),
    /// An assertion of the core failed: a bug.
    Panicked(String),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Refused(error)
    }
}

impl From<Failure> for PyErr {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Refused(error) => error.into(),
            Failure::Panicked(what) => PyRuntimeError::new_err(format!(
                "internal error of gmmfast {}: {what}; please report this line with the output \
                 of gmmfast.show_runtime()",
                env!("CARGO_PKG_VERSION")
            )),
        }
    }
}

/// Runs `work`, and turns its panic into a failure.
pub(crate) fn caught<T>(work: impl FnOnce() -> Result<T, Error>) -> Result<T, Failure> {
    // What the work has written so far is an output array, which an exception leaves undefined.
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => Ok(result?),
        Err(payload) => {
            let place = PLACE.lock().unwrap_or_else(PoisonError::into_inner);
            Err(Failure::Panicked(format!("{} at {place}", message(&*payload))))
        }
    }
}

/// Makes panics store their place, in addition to what they print.
pub(crate) fn store_places_of_panics() {
    let print = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if let Some(place) = panic.location() {
            *PLACE.lock().unwrap_or_else(PoisonError::into_inner) = place.to_string();
        }
        print(panic);
    }));
}

/// Raises a `MemoryError` unless a tree of points, their copies in its order, and a result for each
/// can be allocated.
pub(crate) fn check_memory_of_points(n_points: usize, n_features: usize) -> PyResult<()> {
    let per_point = n_features.saturating_mul(2).saturating_add(8).saturating_mul(size_of::<f64>());
    match n_points.saturating_mul(per_point) {
        n_bytes if n_bytes > SMALL => Ok(check_memory(n_bytes)?),
        _ => Ok(()),
    }
}

/// The most bytes of points that are not checked.
const SMALL: usize = 1 << 17;

/// Returns the text of a panic.
fn message(payload: &(dyn Any + Send)) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("a panic")
}
