//! Kernels in float32 lanes, generic over the instruction set and the number of channels.

pub(crate) mod gradient;
pub(crate) mod lanes;
pub(crate) mod paint;
pub(crate) mod roles;
pub(crate) mod sums;
