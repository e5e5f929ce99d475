//! The precision of a rendering, from its quantity, its tolerance and the output type.

use crate::error::{Error, Result};
use crate::grid::output::Resolution;
use crate::rendering::quantity::Quantity;
use crate::simd::SINGLE_BITS;

/// Largest tolerance of a rendering.
const MAX_TOLERANCE: f64 = 0.1;

/// Largest sizes of values whose rounding in float32 stays well below a level.
const LARGEST_SINGLE: f64 = 1024.0;

/// The size of a component's values up to which float32 is precise enough: beyond it, values
/// of several components may cancel, and leave their rounding.
#[derive(Debug, Clone, Copy)]
pub(crate) enum SizeLimit {
    Absolute(f64),
    /// In units of the scale of the remaining feature.
    Relative(f64),
}

/// The precision that a quantity requires, before the output type is known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Accuracy {
    quantity: Quantity,
    /// The largest scale of the remaining features, for a mean; otherwise 0.
    scale: f64,
    /// Bits that the tolerance allows to be required; infinite for an exact result.
    tolerated_bits: f64,
}

/// The precision of the sums of a rendering.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Precision {
    /// Negligible components stay below 2^-bits of the sum: see cull.rs.
    pub(crate) bits: f64,
    /// The values for whose sums float32 is precise enough, if there are any.
    pub(crate) single: Option<SizeLimit>,
}

impl Accuracy {
    /// Creates the accuracy of an exact result.
    pub(crate) fn exact(quantity: Quantity, scale: f64) -> Self {
        Self { quantity, scale, tolerated_bits: f64::INFINITY }
    }

    /// Loosens the accuracy. A tolerance is relative to the density (absolute in its
    /// logarithm), relative to the scale of the remaining features, or in nats. Half of it
    /// is reserved for rounding.
    pub(crate) fn with_tolerance(self, tolerance: f64) -> Result<Self> {
        if tolerance > 0.0 && tolerance <= MAX_TOLERANCE {
            return Ok(Self { tolerated_bits: 1.0 - tolerance.log2(), ..self });
        }
        Err(Error::Tolerance { got: tolerance })
    }

    /// Returns the precision for an output type. A step, for integer levels up to 255, is
    /// absolute. What is left out moves a mean by 2^-bits of its scale and of itself.
    pub(crate) fn precision(self, resolution: Resolution) -> Precision {
        // The choice of a component must not depend on the output type, and a label needs
        // no sums: see cull.rs.
        let resolution = match self.quantity {
            Quantity::Sample { .. } => Resolution::Bits(53.0),
            Quantity::Label => return Precision { bits: 0.0, single: None },
            _ => resolution,
        };
        match resolution {
            Resolution::Bits(bits) => {
                let bits = bits.min(self.tolerated_bits);
                // Rounding is a half of 2^-SINGLE_BITS of each value.
                let limit = SizeLimit::Relative((SINGLE_BITS + 1.0 - bits).exp2());
                Precision { bits, single: (bits <= SINGLE_BITS).then_some(limit) }
            }
            Resolution::Step(step) => Precision {
                bits: ((self.scale + 256.0) / step).log2().min(self.tolerated_bits).min(53.0),
                single: Some(SizeLimit::Absolute(LARGEST_SINGLE)),
            },
        }
    }
}
