//! Scattered points: a tree over them, what can matter in its boxes, and what is asked
//! of each point.

pub(crate) mod conditional;
pub(crate) mod conditional_log_prob;
pub(crate) mod conditional_sample;
pub(crate) mod cull_box;
pub(crate) mod scatter;
pub(crate) mod score;
pub(crate) mod threshold;
pub(crate) mod tree;
