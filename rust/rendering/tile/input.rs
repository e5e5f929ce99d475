//! The input of a tile and its tables of Gaussians down a column.

use crate::grid::tile::{N_DIVISIONS, Size, TILE};
use crate::rendering::cull::Area;
use crate::rendering::plane::{Plane, PlaneComponents};
use crate::simd::math::exp2_clamped;
use crate::simd::{MAX_LANES, Simd};
use std::ops::Range;

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
    /// The pixels, at most those of the area. The area has all rows of a tile or of a part
    /// of one, because the tables depend on its middle row.
    pub(crate) size: Size,
    /// The precision: see cull.rs.
    pub(crate) bits: f64,
}

impl TileInput<'_> {
    /// Returns whether this is larger than the smallest parts of a tile.
    pub(crate) fn is_divisible(&self) -> bool {
        2.0 * self.area.half.y >= (TILE >> N_DIVISIONS) as f64
    }
}

/// The middle row of a whole tile.
pub(super) const MIDDLE: f64 = (TILE - 1) as f64 / 2.0;

/// Factors of a component that are the same in all tiles of a block: see smooth.rs.
#[derive(Clone, Copy)]
pub(super) struct Table<S: Simd> {
    /// 2^(yy v²) for the rows v of a whole tile from its middle.
    pub(super) column: [S::Element; TILE],
    /// 2^(2 L² xx) and 2^(L xy) for L lanes.
    pub(super) growth: f64,
    pub(super) ratio: f64,
}

impl<S: Simd> Table<S> {
    #[inline(always)]
    pub(super) fn zero(simd: S) -> Self {
        Self { column: [simd.element(0.0); TILE], growth: 0.0, ratio: 0.0 }
    }

    /// Computes the factors of a component with these second derivatives, of which those along
    /// one axis are halved, for some rows at least.
    #[inline(always)]
    pub(super) fn new(simd: S, [xx, xy, yy]: [f64; 3], rows: Range<usize>) -> Self {
        let mut table = Self::zero(simd);
        let curvature = simd.splat(-yy);
        for first in (rows.start / S::LANES * S::LANES..rows.end).step_by(S::LANES) {
            let minus_square = simd.load(&MINUS_SQUARES[first..]);
            simd.store_elements(
                exp2_clamped(simd, simd.mul(curvature, minus_square)),
                &mut table.column[first..],
            );
        }
        let (double, lanes) = (simd.double(), S::LANES as f64);
        let mut steps = [0.0; MAX_LANES];
        (steps[0], steps[1]) = (2.0 * lanes * lanes * xx, lanes * xy);
        let factors = exp2_clamped(double, double.load(&steps));
        double.store(factors, &mut steps);
        [table.growth, table.ratio] = [steps[0], steps[1]];
        table
    }
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
