//! The quantities that a pixel can hold.

/// The quantity of each pixel. T is the number of remaining features, those that are not
/// features of the grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantity {
    /// The density p of the grid's features.
    Density,
    /// The logarithm of that density.
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
    /// A draw of the remaining features given the grid's, T values. The random numbers are
    /// those of the pixel's index in the streams of the seed (see
    /// [`Stream`](crate::Stream)).
    Sample {
        /// Any number.
        seed: u64,
    },
}

impl Quantity {
    /// Returns whether the quantity is one of the remaining features, given the grid's.
    pub(crate) fn is_conditional(self) -> bool {
        matches!(self, Self::Mean | Self::Covariance | Self::Std | Self::Sample { .. })
    }

    /// Returns whether the kernel of the quantity works for any exponents, without a
    /// reference component.
    pub(crate) fn takes_any_exponents(self) -> bool {
        matches!(self, Self::Label | Self::Sample { .. })
    }

    /// Returns the number of values of a pixel, for `n_remaining` remaining features.
    pub(crate) fn values_per_pixel(self, n_remaining: usize) -> usize {
        match self {
            Self::Mean | Self::Std | Self::Sample { .. } => n_remaining,
            Self::Covariance => n_remaining * n_remaining,
            Self::Density | Self::LogDensity | Self::Label | Self::Entropy => 1,
        }
    }
}
