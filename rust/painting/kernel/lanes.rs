//! The pixels of a tile in the lanes of vectors, and gates evaluated there.
//!
//! Coordinates are relative to an origin near the tile, to keep them accurate in float32.
//! A vector holds one or two rows of eight columns: x is one vector for the whole tile.

use crate::painting::component::Gate;
use crate::painting::picture::{TILE, TILE_PIXELS};
use crate::simd::Simd;
use crate::simd::rounding::RoundFrom;

/// Most vectors of a tile of any level.
pub(crate) const MAX_VECTORS: usize = TILE_PIXELS / 8;

/// Number of vectors of a tile.
pub(crate) const fn n_vectors<S: Simd>() -> usize {
    TILE_PIXELS / S::LANES
}

/// Column and row of each pixel of a tile.
const COLUMNS: [f32; TILE_PIXELS] = numbers(false);
const ROWS: [f32; TILE_PIXELS] = numbers(true);

const fn numbers(of_rows: bool) -> [f32; TILE_PIXELS] {
    let (mut numbers, mut at) = ([0.0; TILE_PIXELS], 0);
    while at < TILE_PIXELS {
        numbers[at] = if of_rows { at / TILE } else { at % TILE } as f32;
        at += 1;
    }
    numbers
}

/// The pixels of a tile: coordinates, and weights that are 1 within the picture and 0
/// outside.
#[derive(Clone, Copy)]
pub(crate) struct Pixels<S: Simd> {
    pub(crate) x: S::F,
    pub(crate) y: [S::F; MAX_VECTORS],
    pub(crate) weights: [S::F; MAX_VECTORS],
}

impl<S: Simd<Element = f32>> Pixels<S> {
    /// The pixels of the tile from pixel `first` on, for a picture of `size`.
    #[inline(always)]
    pub(crate) fn new(simd: S, first: [usize; 2], origin: [f64; 2], size: [usize; 2]) -> Self {
        let [x, y] = [0, 1].map(|i| f32::from_f64(first[i] as f64 - origin[i]));
        let [columns, rows] = [0, 1].map(|i| size[i] - first[i]);
        let (x, top) = (simd.splat_element(x), simd.splat_element(y));
        let mut y = [top; MAX_VECTORS];
        for v in 0..n_vectors::<S>() {
            y[v] = simd.add(simd.load_elements(&ROWS[v * S::LANES..]), y[v]);
        }
        let mut weights = [simd.splat(1.0); MAX_VECTORS];
        if columns < TILE || rows < TILE {
            let mut inside = [0.0; TILE_PIXELS];
            for (at, inside) in inside.iter_mut().enumerate() {
                *inside = f32::from(at % TILE < columns && at / TILE < rows);
            }
            for v in 0..n_vectors::<S>() {
                weights[v] = simd.load_elements(&inside[v * S::LANES..]);
            }
        }
        Self { x: simd.add(simd.load_elements(&COLUMNS), x), y, weights }
    }
}

/// The logarithm of a gate in bits, as coefficients of 1, x, y, x², xy, y².
#[derive(Clone, Copy)]
pub(crate) struct GatePolynomial([f32; 6]);

impl GatePolynomial {
    #[inline(always)]
    pub(crate) fn new(gate: &Gate, origin: [f64; 2]) -> Self {
        let [xx, xy, yy] = gate.precision;
        let [x, y] = [gate.mean[0] - origin[0], gate.mean[1] - origin[1]];
        let slopes = [xx * x + xy * y, xy * x + yy * y];
        let constant = gate.peak - 0.5 * (slopes[0] * x + slopes[1] * y);
        let coefficients = [constant, slopes[0], slopes[1], -0.5 * xx, -xy, -0.5 * yy];
        Self(coefficients.map(f32::from_f64))
    }
}

/// A gate along the columns of a tile: for each, a parabola in y.
#[derive(Clone, Copy)]
pub(crate) struct Parabolas<S: Simd> {
    constant: S::F,
    slope: S::F,
    curvature: S::F,
}

impl<S: Simd<Element = f32>> Parabolas<S> {
    #[inline(always)]
    pub(crate) fn new(simd: S, gate: &GatePolynomial, x: S::F) -> Self {
        let [one, by_x, by_y, by_xx, by_xy, by_yy] = gate.0;
        let splat = |c: f32| simd.splat_element(c);
        Self {
            constant: simd.mul_add(x, simd.mul_add(x, splat(by_xx), splat(by_x)), splat(one)),
            slope: simd.mul_add(x, splat(by_xy), splat(by_y)),
            curvature: splat(by_yy),
        }
    }

    #[inline(always)]
    pub(crate) fn at(&self, simd: S, y: S::F) -> S::F {
        simd.mul_add(y, simd.mul_add(y, self.curvature, self.slope), self.constant)
    }
}
