//! A gate over (t, x, y), and the component that it is in one frame.
//!
//! In the order (t, x, y) of features, conditioning on t only drops the first row and column of
//! the Cholesky factor F of the gate's covariance. With u = F⁻¹ (p - mean), the expert of a channel
//! is level + slopes · u, in units of the picture's range. In the frame at t its level is
//! level + slopes[0] u₀, and the other slopes stay: they are those of a [`Change`].

use crate::error::{Error, Result};
use crate::model::linalg::{cholesky, packed_len};
use crate::model::mixture::Mixture;
use crate::painting::component::{Change, Component, MAX_CHANNELS, inverse};
use crate::painting::joint::RANGE;

/// Positions of a clip: t, x and y.
pub(crate) const N_POSITIONS: usize = 3;

/// Column of a mixture over (x, y, t, channels) that is feature 0, 1 and 2 here.
const COLUMNS: [usize; N_POSITIONS] = [2, 0, 1];

/// The experts of a component: of each channel the level at the mean, and the slopes per standard
/// deviation along u₀, u₁ and u₂; zero for channels that the clip does not have.
pub(crate) type Experts = [[f64; 1 + N_POSITIONS]; MAX_CHANNELS];

/// A gate over (t, x, y).
#[derive(Debug, Clone, Copy)]
pub(crate) struct MovingGate {
    /// Natural logarithm of the weighted density at the mean, up to a common constant.
    peak: f64,
    mean: [f64; N_POSITIONS],
    /// Lower Cholesky factor of the covariance, packed by rows.
    factor: [f64; packed_len(N_POSITIONS)],
}

impl MovingGate {
    /// Returns gate and experts of component `k` of a mixture over (x, y, t, channels).
    pub(crate) fn of(mixture: &Mixture, k: usize) -> Result<(Self, Experts)> {
        let (d, mean) = (mixture.n_features(), mixture.mean(k));
        let column = |i: usize| if i < N_POSITIONS { COLUMNS[i] } else { i };
        // The rows of channels in the joint factor are their slopes per standard deviation.
        let factor = cholesky(d, |i, j| mixture.covariances().at(d, k, column(i), column(j)));
        let factor = factor.map_err(|(_, pivot)| Error::Value {
            argument: "model",
            expected: "positive definite covariances".into(),
            got: format!("a pivot of {pivot} in component {k}"),
        })?;
        let mut experts = [[0.0; 1 + N_POSITIONS]; MAX_CHANNELS];
        for (c, expert) in experts.iter_mut().enumerate().take(d - N_POSITIONS) {
            let row = &factor[packed_len(N_POSITIONS + c)..];
            *expert = [mean[N_POSITIONS + c], row[0], row[1], row[2]].map(|value| value / RANGE);
        }
        let gate = Self {
            peak: mixture.log_weights()[k] - (factor[0] * factor[2] * factor[5]).ln(),
            mean: COLUMNS.map(|column| mean[column]),
            factor: std::array::from_fn(|i| factor[i]),
        };
        Ok((gate, experts))
    }

    /// The distance of the frame at `t` from the mean, in standard deviations.
    fn distance(&self, t: f64) -> f64 {
        (t - self.mean[0]) / self.factor[0]
    }

    /// Returns the component that gate and experts are in the frame at `t`.
    pub(crate) fn at(&self, experts: &Experts, t: f64) -> Component {
        let ([_, f10, f11, f20, f21, f22], u) = (self.factor, self.distance(t));
        let factor = [f11, f21, f22];
        let l = inverse(factor);
        Component {
            peak: self.peak - 0.5 * u * u,
            mean: [self.mean[1] + f10 * u, self.mean[2] + f20 * u],
            factor,
            experts: experts.map(|[level, along_t, first, second]| {
                [level + along_t * u, first * l[0] + second * l[1], second * l[2]]
            }),
        }
    }

    /// Adds to `total` the derivatives by experts that a change in the frame at `t` stands for.
    pub(crate) fn add(&self, total: &mut Experts, of_frame: &Change, t: f64) {
        let u = self.distance(t);
        for (total, by) in total.iter_mut().zip(of_frame[6..].as_chunks::<3>().0) {
            let [level, first, second] = *by;
            total.iter_mut().zip([level, u * level, first, second]).for_each(|(t, by)| *t += by);
        }
    }

    /// The rows of x, y and t in the factor of the covariance.
    pub(crate) fn rows(&self) -> [[f64; N_POSITIONS]; N_POSITIONS] {
        let [f00, f10, f11, f20, f21, f22] = self.factor;
        [[f10, f11, 0.0], [f20, f21, f22], [f00, 0.0, 0.0]]
    }
}
