//! Grids of pixels: the point of each pixel, rectangles of pixels, and the output types.

pub(crate) mod axes;
pub(crate) mod output;
pub(crate) mod output_band;
pub(crate) mod tile;
