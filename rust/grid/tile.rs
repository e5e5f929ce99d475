//! Positions and rectangles of pixels, and the size of a tile.

/// Width and height of a tile, in pixels.
pub(crate) const TILE: usize = 32;

/// How often a tile may be divided into quarters: down to 8 x 8 pixels, a vector of float32
/// on AVX2 and 8 rows.
pub(crate) const N_DIVISIONS: usize = 2;

/// A pixel of a plane.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) row: usize,
    pub(crate) column: usize,
}

/// The number of rows and columns of a rectangle of pixels.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) rows: usize,
    pub(crate) columns: usize,
}
