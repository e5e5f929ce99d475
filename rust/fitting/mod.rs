//! Fitting mixtures to points: the points on their tree, expectation, its statistics, and starts
//! by k-means.

pub(crate) mod data;
pub(crate) mod em;
pub(crate) mod kmeans;
pub(crate) mod statistics;
