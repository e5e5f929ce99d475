//! Evaluation at scattered points, with a k-d tree to cull components per box.

pub(crate) mod cost;
pub(crate) mod cull;
pub(crate) mod evaluate;
pub(crate) mod group;
pub(crate) mod log_prob;
pub(crate) mod moments;
pub(crate) mod responsibilities;
pub(crate) mod sample;
pub(crate) mod score;
pub(crate) mod threshold;
pub(crate) mod tree;
pub(crate) mod walk;
