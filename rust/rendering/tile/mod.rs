//! Tiles of a plane: sums over the surviving components at 32 x 32 pixels or fewer.
//!
//! All exponents are relative to the plane l(u, v) = q_r + gx u + gy v that touches the
//! reference component at the middle of the tile: far tails then neither underflow nor
//! lose their slope. l is added back at the end.
//!
//! Smooth components are summed by recurrence (smooth.rs). Narrow ones, whose exponents
//! exceed the range of the numbers, are summed by direct exponentials where they can
//! matter (narrow.rs). A [`Summand`] defines the sums (sums.rs). The same kernel runs on
//! float64 and on float32 lanes; the parameters of the components are float64.

mod input;
mod kernel;
mod narrow;
mod smooth;
mod sums;
mod terms;

pub(crate) use input::TileInput;
pub(crate) use kernel::TileKernel;
pub(crate) use sums::{Densities, Exponents, Means, Pair};
