//! The types in which a result can be written.

use crate::simd::rounding::RoundFrom;

/// The error that an output type cannot show: components may be left out of a sum as long
/// as they change it by less.
#[derive(Debug, Clone, Copy, PartialEq)]
#[doc(hidden)]
pub enum Resolution {
    /// An error relative to the sum, 2^-bits.
    Bits(f64),
    /// An absolute error.
    Step(f64),
}

/// An output type: float64, float32 or uint8; for labels also int32 and int64.
///
/// Renderings into float32 leave out components below 2^-36 of the sum. That is a
/// thousandth of its rounding, even for a value a hundredth as large as others.
/// Renderings into uint8 leave out components that move a level by less than 1/500, and
/// sum in float32 where the range allows. Only a value within 1/50 of a half may be
/// rounded to the other side.
pub trait Pixel: RoundFrom + Default + Send + Sync {
    /// The resolution of the type.
    #[doc(hidden)]
    const RESOLUTION: Resolution;

    /// Returns the slice as the variant of its type.
    #[doc(hidden)]
    fn output_slice(values: &mut [Self]) -> OutputSlice<'_>;
}

/// A slice of output values of any type. Kernels are compiled once; only the last step,
/// the conversion, is compiled for every type.
#[doc(hidden)]
pub enum OutputSlice<'a> {
    Double(&'a mut [f64]),
    Single(&'a mut [f32]),
    Byte(&'a mut [u8]),
    Int(&'a mut [i32]),
    Long(&'a mut [i64]),
}

impl Pixel for f64 {
    const RESOLUTION: Resolution = Resolution::Bits(53.0);
    fn output_slice(values: &mut [Self]) -> OutputSlice<'_> {
        OutputSlice::Double(values)
    }
}

impl Pixel for f32 {
    const RESOLUTION: Resolution = Resolution::Bits(36.0);
    fn output_slice(values: &mut [Self]) -> OutputSlice<'_> {
        OutputSlice::Single(values)
    }
}

impl Pixel for u8 {
    const RESOLUTION: Resolution = Resolution::Step(0.002);
    fn output_slice(values: &mut [Self]) -> OutputSlice<'_> {
        OutputSlice::Byte(values)
    }
}

impl Pixel for i32 {
    const RESOLUTION: Resolution = Resolution::Bits(53.0);
    fn output_slice(values: &mut [Self]) -> OutputSlice<'_> {
        OutputSlice::Int(values)
    }
}

impl Pixel for i64 {
    const RESOLUTION: Resolution = Resolution::Bits(53.0);
    fn output_slice(values: &mut [Self]) -> OutputSlice<'_> {
        OutputSlice::Long(values)
    }
}

impl<'a> OutputSlice<'a> {
    /// Returns the number of values.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Double(values) => values.len(),
            Self::Single(values) => values.len(),
            Self::Byte(values) => values.len(),
            Self::Int(values) => values.len(),
            Self::Long(values) => values.len(),
        }
    }

    /// Splits the slice after `n` values, or at its end if it has fewer.
    pub(crate) fn split_at(self, n: usize) -> (Self, Self) {
        fn split<T>(values: &mut [T], n: usize) -> (&mut [T], &mut [T]) {
            values.split_at_mut(n.min(values.len()))
        }
        macro_rules! split_each {
            ($($slot:ident),+) => {
                match self {
                    $(Self::$slot(values) => {
                        let (head, rest) = split(values, n);
                        (Self::$slot(head), Self::$slot(rest))
                    })+
                }
            };
        }
        split_each!(Double, Single, Byte, Int, Long)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<P: Pixel>() {
        for (n, lens) in [(0, [0, 5]), (2, [2, 3]), (5, [5, 0]), (9, [5, 0]), (usize::MAX, [5, 0])]
        {
            let mut values = [P::default(); 5];
            let slice = P::output_slice(&mut values);
            assert_eq!(slice.len(), 5);
            let (head, rest) = slice.split_at(n);
            assert_eq!([head.len(), rest.len()], lens, "after {n}");
        }
    }

    #[test]
    fn a_slice_of_any_type_has_a_length_and_is_split_anywhere_or_at_its_end() {
        check::<f64>();
        check::<f32>();
        check::<u8>();
        check::<i32>();
        check::<i64>();
    }
}
