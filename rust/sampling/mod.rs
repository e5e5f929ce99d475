//! Random streams, samples of a mixture, and pictures of samples.

pub(crate) mod alias;
pub(crate) mod random;
pub(crate) mod sample;
pub(crate) mod splat;
