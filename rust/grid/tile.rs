//! Positions and rectangles of pixels, and the size of a tile.

/// Width and height of a tile, in pixels.
pub(crate) const TILE: usize = 32;

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
