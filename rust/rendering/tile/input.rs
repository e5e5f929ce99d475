//! The input of a tile and its tables of Gaussians down a column.

use crate::grid::tile::{Size, TILE};
use crate::rendering::cull::Area;
use crate::rendering::plane::{Plane, PlaneComponents};
use crate::simd::Simd;
use crate::simd::math::exp2_clamped;

/// A tile, and the components that can matter on it.
pub(crate) struct TileInput<'a> {
    pub(crate) plane: &'a Plane,
    /// The survivors.
    pub(crate) components: &'a PlaneComponents,
    /// Their positions among the survivors of the block.
    pub(crate) block_positions: &'a [u32],
    /// Position of the reference among them.
    pub(crate) reference: usize,
    pub(crate) area: Area,
    /// The pixels, at most those of the area. The area has all rows of a tile or of half a
    /// tile, because the tables depend on its middle row.
    pub(crate) size: Size,
    /// The precision: see cull.rs.
    pub(crate) bits: f64,
}

impl TileInput<'_> {
    /// Returns whether this is a whole tile of `TILE` rows.
    pub(crate) fn is_whole(&self) -> bool {
        self.area.half.y >= MIDDLE
    }
}

/// The middle row of a whole tile.
pub(super) const MIDDLE: f64 = (TILE - 1) as f64 / 2.0;

/// Returns 2^(-curvature v²) for the rows v of a whole tile from its middle.
#[inline(always)]
pub(super) fn table<S: Simd>(simd: S, curvature: f64) -> [S::Element; TILE] {
    let mut table = [simd.element(0.0); TILE];
    let curvature = simd.splat(curvature);
    for first in (0..TILE).step_by(S::LANES) {
        let minus_square = simd.load(&MINUS_SQUARES[first..]);
        simd.store_elements(
            exp2_clamped(simd, simd.mul(curvature, minus_square)),
            &mut table[first..],
        );
    }
    table
}

/// -v² for the rows of a whole tile.
const MINUS_SQUARES: [f64; TILE] = {
    let mut squares = [0.0; TILE];
    let mut row = 0;
    while row < TILE {
        let v = row as f64 - MIDDLE;
        squares[row] = -v * v;
        row += 1;
    }
    squares
};
