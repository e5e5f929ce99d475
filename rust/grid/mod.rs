//! Grids of pixels: the point that each pixel stands for, and the types of the output.

pub(crate) mod axes;
pub(crate) mod output;
