//! Samples of a mixture, and grids of accumulated samples.

mod drawer;
mod kernel;
pub(crate) mod sampler;
pub(crate) mod splat;
