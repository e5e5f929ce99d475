//! The values of NumPy's arrays as slices.
//!
//! The slices of the numpy crate are those of arrays in Fortran order, too, whose values the core
//! would read in the wrong order.

use numpy::ndarray::Dimension;
use numpy::{Element, PyReadonlyArray, PyReadwriteArray, PyUntypedArrayMethods};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

/// Returns the values of an array in C order.
pub(crate) fn slice_of<'a, T: Element, D: Dimension>(
    array: &'a PyReadonlyArray<'_, T, D>,
) -> PyResult<&'a [T]> {
    check_order(array.is_c_contiguous())?;
    Ok(array.as_slice()?)
}

/// Returns the values of a writable array in C order.
pub(crate) fn slice_of_mut<'a, T: Element, D: Dimension>(
    array: &'a mut PyReadwriteArray<'_, T, D>,
) -> PyResult<&'a mut [T]> {
    check_order(array.is_c_contiguous())?;
    Ok(array.as_slice_mut()?)
}

fn check_order(is_c: bool) -> PyResult<()> {
    if is_c { Ok(()) } else { Err(PyTypeError::new_err("array: expected C order, got another")) }
}
