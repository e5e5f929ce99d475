//! The model: validated once, then immutable, and split into given features and others.

pub(crate) mod conditional;
pub(crate) mod covariances;
pub(crate) mod linalg;
pub(crate) mod mixture;
pub(crate) mod partitioned_factor;
