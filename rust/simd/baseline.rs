//! Every architecture's baseline: arrays that the compiler turns into SSE2 or
//! NEON. No intrinsic and no `unsafe`; without FMA where the baseline has none.

use crate::grid::output::Pixel;
use crate::simd::baseline_single::BaselineSingle;
use crate::simd::{DOUBLE, Format, ROUNDER, Simd};

const LANES: usize = 4;
const MANTISSA: u64 = (1 << 52) - 1;

#[derive(Clone, Copy)]
pub(crate) struct Baseline;

#[derive(Clone, Copy)]
#[repr(align(32))]
pub(crate) struct Lanes(pub(crate) [f64; LANES]);

#[inline(always)]
fn map(f: impl Fn(usize) -> f64) -> Lanes {
    Lanes(std::array::from_fn(f))
}

impl Simd for Baseline {
    type F = Lanes;
    type Element = f64;
    type Single = BaselineSingle;
    type Double = Self;
    const LANES: usize = LANES;
    const FORMAT: Format = DOUBLE;

    #[inline(always)]
    fn double(self) -> Self {
        self
    }
    #[inline(always)]
    fn single(self) -> BaselineSingle {
        BaselineSingle
    }
    #[inline(always)]
    fn element(self, x: f64) -> f64 {
        x
    }

    #[inline(always)]
    fn vectorize<R>(self, f: impl FnOnce() -> R) -> R {
        f()
    }
    #[inline(always)]
    fn splat_element(self, x: f64) -> Lanes {
        Lanes([x; LANES])
    }
    #[inline(always)]
    fn load(self, from: &[f64]) -> Lanes {
        let from = &from[..LANES];
        map(|i| from[i])
    }
    #[inline(always)]
    fn store(self, x: Lanes, to: &mut [f64]) {
        to[..LANES].copy_from_slice(&x.0);
    }
    #[inline(always)]
    fn store_elements(self, x: Lanes, to: &mut [f64]) {
        self.store(x, to);
    }
    #[inline(always)]
    fn store_single(self, x: Lanes, to: &mut [f32]) {
        to[..LANES].copy_from_slice(&x.0.map(f32::from_f64));
    }
    #[inline(always)]
    fn store_bytes(self, x: Lanes, to: &mut [u8]) {
        to[..LANES].copy_from_slice(&x.0.map(u8::from_f64));
    }
    array_arithmetic!();
    #[inline(always)]
    fn round(self, x: Lanes) -> Lanes {
        map(|i| (x.0[i] + ROUNDER) - ROUNDER)
    }
    #[inline(always)]
    fn scale(self, x: Lanes, n: Lanes) -> Lanes {
        map(|i| x.0[i] * f64::from_bits((n.0[i] + ROUNDER).to_bits().wrapping_add(1023) << 52))
    }
    #[inline(always)]
    fn split(self, x: Lanes) -> (Lanes, Lanes) {
        let mantissa = |i: usize| f64::from_bits(x.0[i].to_bits() & MANTISSA | (1023 << 52));
        let exponent = |i: usize| ((x.0[i].to_bits() >> 52) as i64 - 1023) as f64;
        let is_upper = |i: usize| mantissa(i) >= std::f64::consts::SQRT_2;
        (
            map(|i| if is_upper(i) { exponent(i) + 1.0 } else { exponent(i) }),
            map(|i| if is_upper(i) { 0.5 * mantissa(i) } else { mantissa(i) }),
        )
    }
}
