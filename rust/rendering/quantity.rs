//! What a pixel can hold, and how exactly.

use crate::grid::output::Resolution;
use crate::rendering::components::GridComponents;
use crate::simd::SINGLE_BITS;

/// What a pixel holds. T is the number of remaining features, those that are not
/// the grid's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// p of the grid's features.
    Density,
    /// log p of the grid's features.
    LogDensity,
    /// E[remaining features | the grid's features], T values.
    Mean,
    /// Cov[remaining features | the grid's features], T x T values, row-major.
    Covariance,
    /// Standard deviations of the remaining features given the grid's, T values.
    Std,
    /// Index of the component with the largest responsibility, the first of equals.
    Label,
    /// Entropy of the responsibilities, -sum r log r in nats.
    Entropy,
    /// A draw of the remaining features given the grid's, T values: those of the pixel's
    /// index in the streams of the seed (see [`Stream`](crate::Stream)).
    Sample {
        /// Any number.
        seed: u64,
    },
}

impl Quantity {
    /// Whether it is one of the remaining features, given the grid's.
    pub(crate) fn is_conditional(self) -> bool {
        matches!(self, Self::Mean | Self::Covariance | Self::Std | Self::Sample { .. })
    }

    /// Whether its kernel takes any exponents, relative to no reference component.
    pub(crate) fn is_of_centred_distances(self) -> bool {
        matches!(self, Self::Label | Self::Sample { .. })
    }

    /// Number of values of a pixel, of `n_targets` remaining features.
    pub(crate) fn values_per_pixel(self, n_targets: usize) -> usize {
        match self {
            Self::Mean | Self::Std | Self::Sample { .. } => n_targets,
            Self::Covariance => n_targets * n_targets,
            Self::Density | Self::LogDensity | Self::Label | Self::Entropy => 1,
        }
    }
}

/// How exactly a quantity is wanted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Precision {
    /// Bits of the sum that what is left out may not reach: see cull.rs.
    pub(crate) bits: f64,
    /// Whether sums in float32 are good enough.
    pub(crate) is_single: bool,
}

/// Largest colours whose rounding in float32 stays well below a level.
const LARGEST_SINGLE: f64 = 1024.0;

impl Precision {
    /// What an output type and a tolerance ask of a quantity.
    ///
    /// A tolerance is relative to the density (absolute in its logarithm), to
    /// the scale of the colours, or in nats; half of it is left to rounding.
    /// A step, of integer levels up to 255, is absolute. What is left out moves a
    /// mean by 2^-bits of its scale and of itself.
    pub(crate) fn of(
        quantity: Quantity,
        components: &GridComponents,
        resolution: Resolution,
        tolerance: Option<f64>,
    ) -> Self {
        let scale = match quantity {
            Quantity::Mean => {
                (0..components.n_targets()).map(|t| components.target_scale(t)).fold(0.0, f64::max)
            }
            _ => 0.0,
        };
        // Which component is drawn, or is the most responsible, does not depend on the
        // output type, and of the latter nothing is summed: see cull.rs.
        let resolution = match quantity {
            Quantity::Sample { .. } => Resolution::Bits(53.0),
            Quantity::Label => return Self { bits: 0.0, is_single: false },
            _ => resolution,
        };
        let tolerated = tolerance.map_or(f64::INFINITY, |tolerance| 1.0 - tolerance.log2());
        match resolution {
            Resolution::Bits(bits) => {
                let bits = bits.min(tolerated);
                Self { bits, is_single: bits <= SINGLE_BITS }
            }
            Resolution::Step(step) => Self {
                bits: ((scale + 256.0) / step).log2().min(tolerated).min(53.0),
                is_single: scale <= LARGEST_SINGLE,
            },
        }
    }
}
