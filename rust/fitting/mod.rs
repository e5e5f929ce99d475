//! From points to a mixture: the points on their tree, expectation, what it adds up to,
//! and starts by k-means.

pub(crate) mod data;
pub(crate) mod em;
pub(crate) mod kmeans;
pub(crate) mod statistics;
