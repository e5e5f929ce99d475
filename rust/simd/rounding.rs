//! Rounding of float64 results to the types that a result can be written in.

/// 1.5 * 2^52: adding it leaves the nearest integer, ties to even, in the low
/// mantissa bits.
pub(crate) const ROUNDER: f64 = 6_755_399_441_055_744.0;

/// The constant like [`ROUNDER`] for float32: 1.5 * 2^23.
pub(crate) const ROUNDER_SINGLE: f32 = 12_582_912.0;

/// A number type with a nearest value to every float64.
pub trait RoundFrom: Copy {
    /// The nearest value of this type, ties to even.
    fn from_f64(value: f64) -> Self;
}

impl RoundFrom for f64 {
    #[inline(always)]
    fn from_f64(value: f64) -> Self {
        value
    }
}

impl RoundFrom for f32 {
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "rounding is the purpose")]
    fn from_f64(value: f64) -> Self {
        value as f32
    }
}

/// Clips to 0..=255 and rounds half to even, as `numpy.rint` does.
impl RoundFrom for u8 {
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clipped before")]
    fn from_f64(value: f64) -> Self {
        // `round_ties_even` would be a function call on baseline x86-64.
        ((value.clamp(0.0, 255.0) + ROUNDER) - ROUNDER) as u8
    }
}

impl RoundFrom for i32 {
    #[expect(clippy::cast_possible_truncation, reason = "saturates")]
    fn from_f64(value: f64) -> Self {
        value.round_ties_even() as i32
    }
}

impl RoundFrom for i64 {
    #[expect(clippy::cast_possible_truncation, reason = "saturates")]
    fn from_f64(value: f64) -> Self {
        value.round_ties_even() as i64
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
