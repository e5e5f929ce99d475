//! The model: a validated, immutable mixture, and its split into given and remaining features.

pub(crate) mod checks;
pub(crate) mod conditional;
pub(crate) mod covariances;
pub(crate) mod linalg;
pub(crate) mod mixture;
