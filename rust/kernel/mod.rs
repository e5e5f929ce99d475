//! The hot loops, each written once and compiled for every instruction set.
//!
//! [`naive`] is the specification: scalar float64, straight from the formulas.
//! Everything else here computes the same numbers fast and is tested against
//! it at every level. `line` does lines of grid pixels, `points` scattered
//! points; both feed `logsumexp`, which keeps far tails exact. Kernels are
//! infallible: what they are given has been checked.

pub(crate) mod line;
mod logsumexp;
pub(crate) mod math;
pub mod naive;
pub(crate) mod points;
pub(crate) mod simd;
pub(crate) mod tile;

/// log2(e) / 2: half a squared Mahalanobis distance times this is in base 2.
pub(crate) const HALF_LOG2_E: f64 = std::f64::consts::LOG2_E / 2.0;
