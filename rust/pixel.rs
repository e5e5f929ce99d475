//! The types a result can be written in.

use crate::kernel::simd::ROUNDER;

/// An output type. Kernels compute in float64 and convert as they write.
pub trait Pixel: Copy + Send + Sync {
    /// The nearest value of this type.
    fn from_f64(value: f64) -> Self;
}

impl Pixel for f64 {
    #[inline(always)]
    fn from_f64(value: f64) -> Self {
        value
    }
}

impl Pixel for f32 {
    #[inline(always)]
    #[allow(clippy::cast_possible_truncation)]
    fn from_f64(value: f64) -> Self {
        value as f32
    }
}

/// Clips to 0..=255 and rounds half to even, as `numpy.rint` does.
impl Pixel for u8 {
    #[inline(always)]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    fn from_f64(value: f64) -> Self {
        // The library's function for it is a call on baseline x86-64.
        ((value.clamp(0.0, 255.0) + ROUNDER) - ROUNDER) as u8
    }
}

/// Where kernels put their float64 results, whatever the output's type: the
/// kernels are compiled once, and only the conversion for every type.
pub(crate) trait Sink {
    /// Puts `values[i]` at `first + i * stride`; values beyond the end are dropped.
    fn write(&mut self, first: usize, stride: usize, values: &[f64]);
}

/// A sink into a part of the result.
pub(crate) struct Output<'a, P>(pub(crate) &'a mut [P]);

impl<P: Pixel> Sink for Output<'_, P> {
    fn write(&mut self, first: usize, stride: usize, values: &[f64]) {
        let pixels = self.0[first..].iter_mut().step_by(stride);
        for (pixel, &value) in pixels.zip(values) {
            *pixel = P::from_f64(value);
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
