//! The painting of a tile: responsibilities of its survivors, and colors.

use crate::painting::component::Component;
use crate::painting::kernel::lanes::{GatePolynomial, MAX_VECTORS, Parabolas, Pixels, n_vectors};
use crate::painting::picture::TILE_PIXELS;
use crate::simd::Simd;
use crate::simd::math::exp2_clamped;
use crate::simd::rounding::RoundFrom;

/// A component as a kernel reads it, relative to the origin of a block, with `C` channels.
#[derive(Clone, Copy)]
pub(crate) struct Coefficients<const C: usize> {
    gate: GatePolynomial,
    /// Value at the origin, and slopes along x and y.
    experts: [[f32; 3]; C],
}

impl<const C: usize> Coefficients<C> {
    #[inline(always)]
    pub(crate) fn new(component: &Component, origin: [f64; 2]) -> Self {
        let [x, y] = [component.mean[0] - origin[0], component.mean[1] - origin[1]];
        let expert = |c: usize| {
            let [level, along_x, along_y] = component.experts[c];
            [level - along_x * x - along_y * y, along_x, along_y].map(f32::from_f64)
        };
        Self {
            gate: GatePolynomial::new(&component.gate(), origin),
            experts: std::array::from_fn(expert),
        }
    }
}

/// A survivor in a tile.
#[derive(Clone, Copy)]
pub(crate) struct Survivor<S: Simd, const C: usize> {
    /// Responsibilities times the pixel's `total`.
    pub(crate) terms: [S::F; MAX_VECTORS],
    /// Values of the expert at y = 0, for each column.
    pub(crate) values: [S::F; C],
    /// Slopes of the expert along y.
    pub(crate) slopes: [S::F; C],
}

impl<S: Simd<Element = f32>, const C: usize> Survivor<S, C> {
    /// The expert's value of channel `c` in the rows `y`.
    #[inline(always)]
    pub(crate) fn value(&self, simd: S, c: usize, y: S::F) -> S::F {
        simd.mul_add(y, self.slopes[c], self.values[c])
    }
}

/// A painted tile.
pub(crate) struct Painted<S: Simd, const C: usize> {
    pub(crate) pixels: Pixels<S>,
    /// The reciprocal of the sum of the terms.
    pub(crate) inverse_total: [S::F; MAX_VECTORS],
    pub(crate) colors: [[S::F; C]; MAX_VECTORS],
    /// Painting less picture; 0 outside the picture.
    pub(crate) errors: [[S::F; C]; MAX_VECTORS],
}

impl<S: Simd<Element = f32>, const C: usize> Painted<S, C> {
    /// The responsibility of a survivor; 0 outside the picture.
    #[inline(always)]
    pub(crate) fn responsibility(&self, simd: S, of: &Survivor<S, C>, v: usize) -> S::F {
        simd.mul(of.terms[v], simd.mul(self.inverse_total[v], self.pixels.weights[v]))
    }

    /// The squared error, summed over pixels and channels.
    #[inline(always)]
    pub(crate) fn squared_error(&self, simd: S) -> f64 {
        let mut sum = simd.splat(0.0);
        for v in 0..n_vectors::<S>() {
            for c in 0..C {
                sum = simd.mul_add(self.errors[v][c], self.errors[v][c], sum);
            }
        }
        let mut sums = [simd.splat(0.0); 8];
        sums[0] = sum;
        let mut added = [0.0; 8];
        simd.store_sums(&sums, &mut added);
        f64::from(added[0])
    }
}

/// A tile: its pixels, the picture there, and its survivors' positions among components.
#[derive(Clone, Copy)]
pub(crate) struct Canvas<'a, S: Simd> {
    pub(crate) pixels: Pixels<S>,
    pub(crate) planes: &'a [f32],
    pub(crate) positions: &'a [u32],
}

/// Paints a tile; `survivors` begins with one for each position then. Compiled once, not for every
/// kind of sums.
#[inline(never)]
pub(crate) fn paint<S: Simd<Element = f32>, const C: usize>(
    simd: S,
    components: &[Coefficients<C>],
    canvas: Canvas<'_, S>,
    survivors: &mut Vec<Survivor<S, C>>,
) -> Painted<S, C> {
    simd.vectorize(
        #[inline(always)]
        || paint_inline(simd, components, canvas, survivors),
    )
}

#[inline(always)]
fn paint_inline<S: Simd<Element = f32>, const C: usize>(
    simd: S,
    components: &[Coefficients<C>],
    Canvas { pixels, planes, positions }: Canvas<'_, S>,
    survivors: &mut Vec<Survivor<S, C>>,
) -> Painted<S, C> {
    let zero = simd.splat(0.0);
    let mut greatest = [simd.splat(f64::NEG_INFINITY); MAX_VECTORS];
    if survivors.len() < positions.len() {
        let blank = Survivor { terms: [zero; MAX_VECTORS], values: [zero; C], slopes: [zero; C] };
        survivors.resize(positions.len(), blank);
    }
    let survivors = &mut survivors[..positions.len()];
    for (survivor, &at) in survivors.iter_mut().zip(positions) {
        let component = &components[at as usize];
        let parabolas = Parabolas::new(simd, &component.gate, pixels.x);
        for v in 0..n_vectors::<S>() {
            let exponent = parabolas.at(simd, pixels.y[v]);
            survivor.terms[v] = exponent;
            greatest[v] = simd.max(greatest[v], exponent);
        }
        for c in 0..C {
            let [constant, along_x, along_y] = component.experts[c].map(|e| simd.splat_element(e));
            survivor.values[c] = simd.mul_add(pixels.x, along_x, constant);
            survivor.slopes[c] = along_y;
        }
    }
    for survivor in survivors.iter_mut() {
        for v in 0..n_vectors::<S>() {
            let exponent = simd.sub(survivor.terms[v], greatest[v]);
            survivor.terms[v] = exp2_clamped(simd, exponent);
        }
    }
    let mut inverse_total = [zero; MAX_VECTORS];
    let mut colors = [[zero; C]; MAX_VECTORS];
    // Two vectors at a time: their sums, of values and of slopes, stay in registers.
    for first in (0..n_vectors::<S>()).step_by(2) {
        let (mut total, mut sums) = ([zero; 2], [[[zero; 2]; C]; 2]);
        for survivor in survivors.iter() {
            for j in 0..2 {
                let term = survivor.terms[first + j];
                total[j] = simd.add(total[j], term);
                for c in 0..C {
                    let [by_value, by_slope] = &mut sums[j][c];
                    *by_value = simd.mul_add(term, survivor.values[c], *by_value);
                    *by_slope = simd.mul_add(term, survivor.slopes[c], *by_slope);
                }
            }
        }
        for j in 0..2 {
            let v = first + j;
            inverse_total[v] = simd.div(simd.splat(1.0), total[j]);
            for c in 0..C {
                let [by_value, by_slope] = sums[j][c];
                let sum = simd.mul_add(pixels.y[v], by_slope, by_value);
                colors[v][c] = simd.mul(sum, inverse_total[v]);
            }
        }
    }
    let mut errors = [[zero; C]; MAX_VECTORS];
    for v in 0..n_vectors::<S>() {
        for c in 0..C {
            let value = simd.load_elements(&planes[c * TILE_PIXELS + v * S::LANES..]);
            errors[v][c] = simd.mul(pixels.weights[v], simd.sub(colors[v][c], value));
        }
    }
    Painted { pixels, inverse_total, colors, errors }
}
