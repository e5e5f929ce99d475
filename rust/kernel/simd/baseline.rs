//! Every architecture's baseline: arrays that the compiler turns into SSE2 or
//! NEON. No intrinsic and no `unsafe`; without FMA where the baseline has none.

use super::{ROUNDER, Simd};

const LANES: usize = 4;
const MANTISSA: u64 = (1 << 52) - 1;

#[derive(Clone, Copy)]
pub(crate) struct Baseline;

#[derive(Clone, Copy)]
#[repr(align(32))]
pub(crate) struct Lanes([f64; LANES]);

#[inline(always)]
fn map(f: impl Fn(usize) -> f64) -> Lanes {
    Lanes(std::array::from_fn(f))
}

impl Simd for Baseline {
    type F = Lanes;
    const LANES: usize = LANES;

    #[inline(always)]
    fn vectorize<R>(self, f: impl FnOnce() -> R) -> R {
        f()
    }
    #[inline(always)]
    fn splat(self, x: f64) -> Lanes {
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
    fn add(self, a: Lanes, b: Lanes) -> Lanes {
        map(|i| a.0[i] + b.0[i])
    }
    #[inline(always)]
    fn sub(self, a: Lanes, b: Lanes) -> Lanes {
        map(|i| a.0[i] - b.0[i])
    }
    #[inline(always)]
    fn mul(self, a: Lanes, b: Lanes) -> Lanes {
        map(|i| a.0[i] * b.0[i])
    }
    #[inline(always)]
    fn div(self, a: Lanes, b: Lanes) -> Lanes {
        map(|i| a.0[i] / b.0[i])
    }
    #[inline(always)]
    fn mul_add(self, a: Lanes, b: Lanes, c: Lanes) -> Lanes {
        if cfg!(target_arch = "aarch64") {
            map(|i| a.0[i].mul_add(b.0[i], c.0[i]))
        } else {
            map(|i| a.0[i] * b.0[i] + c.0[i])
        }
    }
    #[inline(always)]
    fn neg_mul_add(self, a: Lanes, b: Lanes, c: Lanes) -> Lanes {
        if cfg!(target_arch = "aarch64") {
            map(|i| (-a.0[i]).mul_add(b.0[i], c.0[i]))
        } else {
            map(|i| c.0[i] - a.0[i] * b.0[i])
        }
    }
    #[inline(always)]
    fn max(self, a: Lanes, b: Lanes) -> Lanes {
        map(|i| if a.0[i] > b.0[i] { a.0[i] } else { b.0[i] })
    }
    #[inline(always)]
    fn min(self, a: Lanes, b: Lanes) -> Lanes {
        map(|i| if a.0[i] < b.0[i] { a.0[i] } else { b.0[i] })
    }
    #[inline(always)]
    fn abs(self, x: Lanes) -> Lanes {
        map(|i| x.0[i].abs())
    }
    #[inline(always)]
    fn less_bits(self, a: Lanes, b: Lanes) -> u32 {
        (0..LANES).map(|i| u32::from(a.0[i] < b.0[i]) << i).sum()
    }
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
    #[inline(always)]
    fn select_less(self, a: Lanes, b: Lanes, x: Lanes, y: Lanes) -> Lanes {
        map(|i| if a.0[i] < b.0[i] { x.0[i] } else { y.0[i] })
    }
}
