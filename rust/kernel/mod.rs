//! The hot loops, each written once and compiled for every instruction set.
//!
//! [`naive`] is the specification: scalar float64, straight from the formulas.
//! Everything else here computes the same numbers fast and is tested against
//! it at every level. `tile` does tiles of grid pixels by recurrences; `line`,
//! lines of them by log-sum-exp where exponents are beyond those; `draw`, random draws
//! at grid pixels; `points`, scattered points; `shares`, `experts`, `moments` and
//! `conditional_log_prob`, what mixtures say of their other features; `sample`, samples of
//! streams of `random`; `em`, shares and what these add up to, with exponents by
//! `polynomial` where that keeps the digits; `kmeans`, distances from centres. Kernels
//! are infallible: what they are given was checked.

pub(crate) mod conditional_log_prob;
pub(crate) mod draw;
pub(crate) mod em;
pub(crate) mod experts;
pub(crate) mod kmeans;
pub(crate) mod label;
pub(crate) mod line;
mod logsumexp;
pub(crate) mod math;
pub(crate) mod moments;
pub mod naive;
pub(crate) mod points;
mod polynomial;
pub(crate) mod quadratic;
pub(crate) mod random;
pub(crate) mod sample;
pub(crate) mod shares;
pub(crate) mod simd;
pub(crate) mod tile;

/// log2(e) / 2: half a squared Mahalanobis distance times this is in base 2.
pub(crate) const HALF_LOG2_E: f64 = std::f64::consts::LOG2_E / 2.0;

/// Most features that have kernels of their own.
pub(crate) const MAX_UNROLLED: usize = 5;

/// Calls a method with the number of features as its first constant, so that short
/// loops unroll and differences stay in registers: positions, and those with grey
/// levels or colours. The constant is 0 for all other numbers, which share a kernel.
macro_rules! unrolled {
    ($n_features:expr, $self:ident.$method:ident $(::<$constant:ident>)? ($($argument:expr),*)) => {
        match $n_features {
            2 => $self.$method::<2 $(, $constant)?>($($argument),*),
            3 => $self.$method::<3 $(, $constant)?>($($argument),*),
            5 => $self.$method::<5 $(, $constant)?>($($argument),*),
            _ => $self.$method::<0 $(, $constant)?>($($argument),*),
        }
    };
}
pub(crate) use unrolled;
