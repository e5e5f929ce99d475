//! Samples of a mixture, and grids of accumulated samples.

mod kernel;
pub(crate) mod sampler;
pub(crate) mod splat;
