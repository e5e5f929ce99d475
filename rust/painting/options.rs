//! The limits of a refinement, and the parameters that it moves.

use crate::model::covariances::Covariances;
use crate::painting::component::{Change, N_PARAMETERS};
use std::time::Duration;

/// Rates at the start, of peak, of mean and factor, and of experts.
const PEAK_RATE: f64 = 0.09;
const GATE_RATE: f64 = 0.06;
const EXPERT_RATE: f64 = 0.018;

/// The parameters that move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Freedom {
    /// All.
    Full,
    /// Those of axis-aligned gates and of experts without slopes.
    Diagonal,
    /// Peaks, means and levels.
    Positions,
}

impl Freedom {
    /// The freedom that components of a mixture with such covariances have.
    pub(crate) fn of(covariances: &Covariances) -> Self {
        match covariances {
            Covariances::Full(_) => Self::Full,
            Covariances::Diag(_) => Self::Diagonal,
            _ => Self::Positions,
        }
    }

    /// The rates of all parameters.
    pub(crate) fn rates(self) -> Change {
        let mut rates = [EXPERT_RATE; N_PARAMETERS];
        rates[..6]
            .copy_from_slice(&[PEAK_RATE, GATE_RATE, GATE_RATE, GATE_RATE, GATE_RATE, GATE_RATE]);
        let keep_slopes = |rates: &mut Change| {
            rates[6..].as_chunks_mut::<3>().0.iter_mut().for_each(|expert| expert[1..].fill(0.0));
        };
        match self {
            Self::Full => {}
            Self::Diagonal => {
                rates[4] = 0.0;
                keep_slopes(&mut rates);
            }
            Self::Positions => {
                rates[3..6].fill(0.0);
                keep_slopes(&mut rates);
            }
        }
        rates
    }
}

/// The limits of a refinement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Options {
    /// Limit of passes over the picture; those at half size count a quarter.
    pub max_passes: usize,
    /// Limit of time.
    pub max_time: Option<Duration>,
    /// Least diagonal entry of a gate's Cholesky factor, in pixels.
    pub least_std: f64,
}

impl Default for Options {
    fn default() -> Self {
        Self { max_passes: 1000, max_time: None, least_std: 0.5 }
    }
}
