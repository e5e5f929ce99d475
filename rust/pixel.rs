//! The types a result can be written in, and where a band's pixels go.

use crate::kernel::simd::{ROUNDER, Simd};
use crate::plane::TILE;

/// What is left out of a sum may be as large as this, because the type shows no more.
#[derive(Debug, Clone, Copy, PartialEq)]
#[doc(hidden)]
pub enum Resolution {
    /// 2^-bits of the sum.
    Bits(f64),
    /// This much of a value.
    Step(f64),
}

/// An output type: float64, float32, uint8; for labels also int32 and int64.
///
/// What a type cannot show is not computed: float32 leaves out components below
/// 2^-36 of the sum (a thousandth of its rounding, also of a value a hundredth
/// as large as others); uint8 those that move a level by less than 1/500, and
/// sums in float32 where the range allows, so that only a value within 1/50 of
/// a half may be rounded to the other side.
pub trait Pixel: Copy + Default + Send + Sync {
    /// What the type can show.
    #[doc(hidden)]
    const RESOLUTION: Resolution;

    /// The nearest value of this type.
    fn from_f64(value: f64) -> Self;

    /// The same slice, with its type told.
    #[doc(hidden)]
    fn slots(values: &mut [Self]) -> Slots<'_>;
}

/// A slice of pixels of any type: kernels are compiled once, and only the last
/// step, the conversion, for every type.
#[doc(hidden)]
pub enum Slots<'a> {
    Double(&'a mut [f64]),
    Single(&'a mut [f32]),
    Byte(&'a mut [u8]),
    Int(&'a mut [i32]),
    Long(&'a mut [i64]),
}

impl Pixel for f64 {
    const RESOLUTION: Resolution = Resolution::Bits(53.0);
    #[inline(always)]
    fn from_f64(value: f64) -> Self {
        value
    }
    fn slots(values: &mut [Self]) -> Slots<'_> {
        Slots::Double(values)
    }
}

impl Pixel for f32 {
    const RESOLUTION: Resolution = Resolution::Bits(36.0);
    #[inline(always)]
    #[allow(clippy::cast_possible_truncation)]
    fn from_f64(value: f64) -> Self {
        value as f32
    }
    fn slots(values: &mut [Self]) -> Slots<'_> {
        Slots::Single(values)
    }
}

/// Clips to 0..=255 and rounds half to even, as `numpy.rint` does.
impl Pixel for u8 {
    const RESOLUTION: Resolution = Resolution::Step(0.002);
    #[inline(always)]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    fn from_f64(value: f64) -> Self {
        // The library's function for it is a call on baseline x86-64.
        ((value.clamp(0.0, 255.0) + ROUNDER) - ROUNDER) as u8
    }
    fn slots(values: &mut [Self]) -> Slots<'_> {
        Slots::Byte(values)
    }
}

impl Pixel for i32 {
    const RESOLUTION: Resolution = Resolution::Bits(53.0);
    #[allow(clippy::cast_possible_truncation)]
    fn from_f64(value: f64) -> Self {
        value.round_ties_even() as i32
    }
    fn slots(values: &mut [Self]) -> Slots<'_> {
        Slots::Int(values)
    }
}

impl Pixel for i64 {
    const RESOLUTION: Resolution = Resolution::Bits(53.0);
    #[allow(clippy::cast_possible_truncation)]
    fn from_f64(value: f64) -> Self {
        value.round_ties_even() as i64
    }
    fn slots(values: &mut [Self]) -> Slots<'_> {
        Slots::Long(values)
    }
}

/// Most values of a pixel that are written at once.
pub(crate) const MAX_CHANNELS: usize = 3;
/// Most vectors of a row of a tile, at the fewest lanes of any level.
pub(crate) const MAX_VECTORS: usize = TILE / 4;

/// The pixels of a band that are wanted, a run in array order.
pub(crate) struct Band<'a> {
    pub(crate) slots: Slots<'a>,
    pub(crate) values_per_pixel: usize,
    /// The first wanted pixel, counted from the band's first.
    pub(crate) first: usize,
}

/// A run of pixels in a band: of each, the values from `channel` on.
#[derive(Clone, Copy)]
pub(crate) struct Run {
    pub(crate) pixel: usize,
    pub(crate) n_pixels: usize,
    pub(crate) channel: usize,
}

impl Band<'_> {
    /// Writes the lanes of `channels[c]` to value `run.channel + c` of the run's
    /// pixels, converted; pixels that are not wanted are dropped.
    #[inline(always)]
    pub(crate) fn write<S: Simd>(&mut self, simd: S, run: Run, channels: &[[S::F; MAX_VECTORS]]) {
        let place = Place { run, n_values: self.values_per_pixel, first: self.first };
        match &mut self.slots {
            Slots::Double(out) => {
                place.put(
                    out,
                    channels,
                    S::LANES,
                    #[inline(always)]
                    |x, to| simd.store(x, to),
                );
            }
            Slots::Single(out) => place.put(
                out,
                channels,
                S::LANES,
                #[inline(always)]
                |x, to| simd.store_single(x, to),
            ),
            Slots::Byte(out) => place.put(
                out,
                channels,
                S::LANES,
                #[inline(always)]
                |x, to| simd.store_bytes(x, to),
            ),
            Slots::Int(out) => place.put(
                out,
                channels,
                S::LANES,
                #[inline(always)]
                |x, to| store_as(simd, x, to),
            ),
            Slots::Long(out) => place.put(
                out,
                channels,
                S::LANES,
                #[inline(always)]
                |x, to| store_as(simd, x, to),
            ),
        }
    }
}

#[inline(always)]
fn store_as<S: Simd, P: Pixel>(simd: S, x: S::F, to: &mut [P]) {
    let mut lanes = [0.0; TILE];
    simd.store(x, &mut lanes);
    for (to, &x) in to.iter_mut().zip(&lanes[..S::LANES]) {
        *to = P::from_f64(x);
    }
}

/// Where a run of pixels lies in a slice of the wanted ones.
struct Place {
    run: Run,
    n_values: usize,
    first: usize,
}

impl Place {
    #[inline(always)]
    fn put<P: Pixel, F: Copy>(
        &self,
        out: &mut [P],
        channels: &[[F; MAX_VECTORS]],
        lanes: usize,
        store: impl Fn(F, &mut [P]),
    ) {
        let mut planar = [[P::default(); TILE]; MAX_CHANNELS];
        for (vectors, plane) in channels.iter().zip(&mut planar) {
            for v in 0..self.run.n_pixels.div_ceil(lanes) {
                store(vectors[v], &mut plane[v * lanes..]);
            }
        }
        let skipped = self.first.saturating_sub(self.run.pixel);
        if skipped >= self.run.n_pixels {
            return;
        }
        let start = (self.run.pixel + skipped - self.first) * self.n_values;
        let Some(out) = out.get_mut(start..) else { return };
        let n = (self.run.n_pixels - skipped).min(out.len().div_ceil(self.n_values));
        let n_channels = channels.len();
        if self.n_values == 1 {
            out[..n].copy_from_slice(&planar[0][skipped..skipped + n]);
        } else if self.n_values == MAX_CHANNELS && n_channels == MAX_CHANNELS {
            let (pixels, _) = out[..n * MAX_CHANNELS].as_chunks_mut::<MAX_CHANNELS>();
            for (i, pixel) in pixels.iter_mut().enumerate() {
                *pixel = [planar[0][skipped + i], planar[1][skipped + i], planar[2][skipped + i]];
            }
        } else {
            for (i, pixel) in out.chunks_mut(self.n_values).take(n).enumerate() {
                for (c, plane) in planar[..n_channels].iter().enumerate() {
                    pixel[self.run.channel + c] = plane[skipped + i];
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colors_are_clipped_and_rounded_half_to_even() {
        let values = [-1e300, -0.6, 0.5, 1.5, 2.5, 254.5, 255.4, 1e300, f64::INFINITY];
        assert_eq!(values.map(u8::from_f64), [0, 0, 0, 2, 2, 254, 255, 255, 255]);
    }
}
