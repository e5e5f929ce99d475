//! The baseline of every architecture: arrays that the compiler turns into SSE2
//! or NEON, in 4 lanes of float64 or 8 of float32.
//!
//! No intrinsic and no `unsafe`; without FMA where the baseline lacks it.

use crate::simd::rounding::{ROUNDER, ROUNDER_SINGLE, RoundFrom};
use crate::simd::{DOUBLE, Format, SINGLE, Simd};

const MANTISSA: u64 = (1 << 52) - 1;
const MANTISSA_SINGLE: u32 = (1 << 23) - 1;

/// Writes the methods of [`Simd`] that are one loop over arrays each.
macro_rules! array_arithmetic {
    ($map:ident) => {
        #[inline(always)]
        fn add(self, a: Self::F, b: Self::F) -> Self::F {
            $map(|i| a.0[i] + b.0[i])
        }
        #[inline(always)]
        fn sub(self, a: Self::F, b: Self::F) -> Self::F {
            $map(|i| a.0[i] - b.0[i])
        }
        #[inline(always)]
        fn mul(self, a: Self::F, b: Self::F) -> Self::F {
            $map(|i| a.0[i] * b.0[i])
        }
        #[inline(always)]
        fn div(self, a: Self::F, b: Self::F) -> Self::F {
            $map(|i| a.0[i] / b.0[i])
        }
        #[inline(always)]
        fn mul_add(self, a: Self::F, b: Self::F, c: Self::F) -> Self::F {
            if cfg!(target_arch = "aarch64") {
                $map(|i| a.0[i].mul_add(b.0[i], c.0[i]))
            } else {
                $map(|i| a.0[i] * b.0[i] + c.0[i])
            }
        }
        #[inline(always)]
        fn neg_mul_add(self, a: Self::F, b: Self::F, c: Self::F) -> Self::F {
            if cfg!(target_arch = "aarch64") {
                $map(|i| (-a.0[i]).mul_add(b.0[i], c.0[i]))
            } else {
                $map(|i| c.0[i] - a.0[i] * b.0[i])
            }
        }
        #[inline(always)]
        fn max(self, a: Self::F, b: Self::F) -> Self::F {
            $map(|i| if a.0[i] > b.0[i] { a.0[i] } else { b.0[i] })
        }
        #[inline(always)]
        fn min(self, a: Self::F, b: Self::F) -> Self::F {
            $map(|i| if a.0[i] < b.0[i] { a.0[i] } else { b.0[i] })
        }
        #[inline(always)]
        fn abs(self, x: Self::F) -> Self::F {
            $map(|i| x.0[i].abs())
        }
        #[inline(always)]
        fn sqrt(self, x: Self::F) -> Self::F {
            $map(|i| x.0[i].sqrt())
        }
        #[inline(always)]
        fn less_bits(self, a: Self::F, b: Self::F) -> u32 {
            (0..Self::LANES).map(|i| u32::from(a.0[i] < b.0[i]) << i).sum()
        }
        #[inline(always)]
        fn select_less(self, a: Self::F, b: Self::F, x: Self::F, y: Self::F) -> Self::F {
            $map(|i| if a.0[i] < b.0[i] { x.0[i] } else { y.0[i] })
        }
    };
}

/// The token for float64 lanes.
#[derive(Clone, Copy)]
pub(crate) struct Baseline;

#[derive(Clone, Copy)]
#[repr(align(32))]
pub(crate) struct Lanes(pub(crate) [f64; 4]);

#[inline(always)]
fn map(f: impl Fn(usize) -> f64) -> Lanes {
    Lanes(std::array::from_fn(f))
}

impl Simd for Baseline {
    type F = Lanes;
    type Element = f64;
    type Single = BaselineSingle;
    type Double = Self;
    const LANES: usize = 4;
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
        Lanes([x; Self::LANES])
    }
    #[inline(always)]
    fn load(self, from: &[f64]) -> Lanes {
        let from = &from[..Self::LANES];
        map(|i| from[i])
    }
    #[inline(always)]
    fn load_elements(self, from: &[f64]) -> Lanes {
        self.load(from)
    }
    #[inline(always)]
    fn store(self, x: Lanes, to: &mut [f64]) {
        to[..Self::LANES].copy_from_slice(&x.0);
    }
    #[inline(always)]
    fn store_elements(self, x: Lanes, to: &mut [f64]) {
        self.store(x, to);
    }
    #[inline(always)]
    fn store_single(self, x: Lanes, to: &mut [f32]) {
        to[..Self::LANES].copy_from_slice(&x.0.map(f32::from_f64));
    }
    #[inline(always)]
    fn store_bytes(self, x: Lanes, to: &mut [u8]) {
        to[..Self::LANES].copy_from_slice(&x.0.map(u8::from_f64));
    }
    array_arithmetic!(map);
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

/// The token for float32 lanes.
#[derive(Clone, Copy)]
pub(crate) struct BaselineSingle;

#[derive(Clone, Copy)]
#[repr(align(32))]
pub(crate) struct LanesSingle([f32; 8]);

#[inline(always)]
fn map_single(f: impl Fn(usize) -> f32) -> LanesSingle {
    LanesSingle(std::array::from_fn(f))
}

impl Simd for BaselineSingle {
    type F = LanesSingle;
    type Element = f32;
    type Single = Self;
    type Double = Baseline;
    const LANES: usize = 8;
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
    fn element(self, x: f64) -> f32 {
        f32::from_f64(x)
    }

    #[inline(always)]
    fn vectorize<R>(self, f: impl FnOnce() -> R) -> R {
        f()
    }
    #[inline(always)]
    fn splat_element(self, x: f32) -> LanesSingle {
        LanesSingle([x; Self::LANES])
    }
    #[inline(always)]
    fn load(self, from: &[f64]) -> LanesSingle {
        let from = &from[..Self::LANES];
        map_single(|i| self.element(from[i]))
    }
    #[inline(always)]
    fn load_elements(self, from: &[f32]) -> LanesSingle {
        let from = &from[..Self::LANES];
        map_single(|i| from[i])
    }
    #[inline(always)]
    fn store(self, x: LanesSingle, to: &mut [f64]) {
        to[..Self::LANES].copy_from_slice(&x.0.map(f64::from));
    }
    #[inline(always)]
    fn store_elements(self, x: LanesSingle, to: &mut [f32]) {
        self.store_single(x, to);
    }
    #[inline(always)]
    fn store_single(self, x: LanesSingle, to: &mut [f32]) {
        to[..Self::LANES].copy_from_slice(&x.0);
    }
    #[inline(always)]
    fn store_bytes(self, x: LanesSingle, to: &mut [u8]) {
        to[..Self::LANES].copy_from_slice(&x.0.map(|x| u8::from_f64(x.into())));
    }
    array_arithmetic!(map_single);
    #[inline(always)]
    fn round(self, x: LanesSingle) -> LanesSingle {
        map_single(|i| (x.0[i] + ROUNDER_SINGLE) - ROUNDER_SINGLE)
    }
    #[inline(always)]
    fn scale(self, x: LanesSingle, n: LanesSingle) -> LanesSingle {
        map_single(|i| {
            x.0[i] * f32::from_bits((n.0[i] + ROUNDER_SINGLE).to_bits().wrapping_add(127) << 23)
        })
    }
    #[inline(always)]
    fn split(self, x: LanesSingle) -> (LanesSingle, LanesSingle) {
        let mantissa = |i: usize| f32::from_bits(x.0[i].to_bits() & MANTISSA_SINGLE | (127 << 23));
        let exponent = |i: usize| ((x.0[i].to_bits() >> 23) as i32 - 127) as f32;
        let is_upper = |i: usize| mantissa(i) >= std::f32::consts::SQRT_2;
        (
            map_single(|i| if is_upper(i) { exponent(i) + 1.0 } else { exponent(i) }),
            map_single(|i| if is_upper(i) { 0.5 * mantissa(i) } else { mantissa(i) }),
        )
    }
}
