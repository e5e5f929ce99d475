//! Every architecture's baseline with float32 lanes, as baseline.rs.

use crate::grid::output::Pixel;
use crate::simd::baseline::Baseline;
use crate::simd::{Format, ROUNDER_SINGLE, SINGLE, Simd};

const LANES: usize = 8;
const MANTISSA: u32 = (1 << 23) - 1;

#[derive(Clone, Copy)]
pub(crate) struct BaselineSingle;

#[derive(Clone, Copy)]
#[repr(align(32))]
pub(crate) struct Lanes([f32; LANES]);

#[inline(always)]
fn map(f: impl Fn(usize) -> f32) -> Lanes {
    Lanes(std::array::from_fn(f))
}

impl Simd for BaselineSingle {
    type F = Lanes;
    type Element = f32;
    type Single = Self;
    type Double = Baseline;
    const LANES: usize = LANES;
    const FORMAT: Format = SINGLE;

    #[inline(always)]
    fn double(self) -> Baseline {
        Baseline
    }
    #[inline(always)]
    fn single(self) -> Self {
        self
    }
    #[inline(always)]
    #[allow(clippy::cast_possible_truncation)]
    fn element(self, x: f64) -> f32 {
        x as f32
    }

    #[inline(always)]
    fn vectorize<R>(self, f: impl FnOnce() -> R) -> R {
        f()
    }
    #[inline(always)]
    fn splat_element(self, x: f32) -> Lanes {
        Lanes([x; LANES])
    }
    #[inline(always)]
    fn load(self, from: &[f64]) -> Lanes {
        let from = &from[..LANES];
        map(|i| self.element(from[i]))
    }
    #[inline(always)]
    fn store(self, x: Lanes, to: &mut [f64]) {
        to[..LANES].copy_from_slice(&x.0.map(f64::from));
    }
    #[inline(always)]
    fn store_elements(self, x: Lanes, to: &mut [f32]) {
        self.store_single(x, to);
    }
    #[inline(always)]
    fn store_single(self, x: Lanes, to: &mut [f32]) {
        to[..LANES].copy_from_slice(&x.0);
    }
    #[inline(always)]
    fn store_bytes(self, x: Lanes, to: &mut [u8]) {
        to[..LANES].copy_from_slice(&x.0.map(|x| u8::from_f64(x.into())));
    }
    array_arithmetic!();
    #[inline(always)]
    fn round(self, x: Lanes) -> Lanes {
        map(|i| (x.0[i] + ROUNDER_SINGLE) - ROUNDER_SINGLE)
    }
    #[inline(always)]
    fn scale(self, x: Lanes, n: Lanes) -> Lanes {
        map(|i| {
            x.0[i] * f32::from_bits((n.0[i] + ROUNDER_SINGLE).to_bits().wrapping_add(127) << 23)
        })
    }
    #[inline(always)]
    fn split(self, x: Lanes) -> (Lanes, Lanes) {
        let mantissa = |i: usize| f32::from_bits(x.0[i].to_bits() & MANTISSA | (127 << 23));
        let exponent = |i: usize| ((x.0[i].to_bits() >> 23) as i32 - 127) as f32;
        let is_upper = |i: usize| mantissa(i) >= std::f32::consts::SQRT_2;
        (
            map(|i| if is_upper(i) { exponent(i) + 1.0 } else { exponent(i) }),
            map(|i| if is_upper(i) { 0.5 * mantissa(i) } else { mantissa(i) }),
        )
    }
}
