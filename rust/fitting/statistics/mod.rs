//! Sufficient statistics of a Gaussian mixture, which add up, and its estimate from them.
//!
//! For responsibilities r and sample weights w, the statistics of each component k are
//!
//!   count = Σ w r,  sum = Σ w r (x - c),  scatter = Σ w r (x - c)(x - c)ᵀ
//!
//! about a center c of its own: its mean in the mixture that the responsibilities are of.

mod m_step;
mod moments;

use crate::error::{Error, Result};
use crate::model::linalg::packed_len;
use crate::model::mixture::Mixture;
pub use m_step::Estimate;
pub(crate) use moments::{Moments, PartialMoments};

/// The relative rounding of a variance that one bit of a polynomial's magnitude causes:
/// 2 / log2(e) from bits to variances, half an ε for each of the four terms that carry a
/// product over to another center, and as much for the sums that they are made of.
const ROUNDING_PER_BIT: f64 = 4.0 * f64::EPSILON;

/// The number that scikit-learn adds to every count, in rows.
const COUNT_FLOOR: f64 = 10.0 * f64::EPSILON;

/// Returns the number that is added to every count of `n_samples` rows of a total weight: 10 ε
/// times the mean weight. A common factor of all weights is then one of everything.
pub(crate) fn count_floor(weight: f64, n_samples: f64) -> f64 {
    COUNT_FLOOR * if weight > 0.0 { weight / n_samples } else { 1.0 }
}

/// Counts, sums and scatters of each component, and the log-likelihood.
///
/// Statistics of parts of the data, about the same centers, add up to those of the
/// whole: see [`merge`](Self::merge).
#[derive(Debug, Clone, PartialEq)]
pub struct Statistics {
    n_features: usize,
    is_diagonal: bool,
    centers: Vec<f64>,
    counts: Vec<f64>,
    sums: Vec<f64>,
    scatters: Vec<f64>,
    /// Bounds of the rounding of each feature's scatter, (n_components, n_features).
    roundings: Vec<f64>,
    log_likelihood: f64,
    weight: f64,
    n_samples: f64,
}

/// Values of [`Statistics`], as its methods of the same names return them.
#[derive(Debug, Clone, PartialEq)]
pub struct StatisticsArrays {
    /// See [`Statistics::centers`].
    pub centers: Vec<f64>,
    /// See [`Statistics::counts`].
    pub counts: Vec<f64>,
    /// See [`Statistics::sums`].
    pub sums: Vec<f64>,
    /// See [`Statistics::scatters`].
    pub scatters: Vec<f64>,
}

impl Statistics {
    /// Returns the statistics of no points, about `centers`, (n_components, n_features)
    /// row-major. If `is_diagonal`, scatters hold the squares of each feature only.
    ///
    /// # Panics
    /// If `n_features` is 0.
    #[must_use]
    pub fn new(centers: Vec<f64>, n_features: usize, is_diagonal: bool) -> Self {
        let n_components = centers.len() / n_features;
        let scatter_len = if is_diagonal { n_features } else { packed_len(n_features) };
        Self {
            n_features,
            is_diagonal,
            counts: vec![0.0; n_components],
            sums: vec![0.0; centers.len()],
            scatters: vec![0.0; n_components * scatter_len],
            roundings: vec![0.0; centers.len()],
            centers,
            log_likelihood: 0.0,
            weight: 0.0,
            n_samples: 0.0,
        }
    }

    /// Returns statistics from the values that the methods of the same names returned,
    /// perhaps on another machine. The rows count once each: `n_samples` is `weight` until
    /// [`with_n_samples`](Self::with_n_samples) sets it.
    ///
    /// # Errors
    /// If the lengths do not fit together.
    pub fn from_arrays(
        n_features: usize,
        arrays: StatisticsArrays,
        log_likelihood: f64,
        weight: f64,
    ) -> Result<Self> {
        let StatisticsArrays { centers, counts, sums, scatters } = arrays;
        let n_values = counts.len() * n_features;
        let check = |argument, got, holds: bool| {
            let expected = format!("values for {} components", counts.len());
            if holds { Ok(()) } else { Err(Error::Length { argument, expected, got }) }
        };
        check("counts", counts.len(), n_values > 0)?;
        check("centers", centers.len(), centers.len() == n_values)?;
        check("sums", sums.len(), sums.len() == n_values)?;
        let is_diagonal = scatters.len() == n_values;
        let is_packed = scatters.len() == counts.len() * packed_len(n_features);
        check("scatters", scatters.len(), is_diagonal || is_packed)?;
        Ok(Self {
            n_features,
            is_diagonal,
            roundings: vec![0.0; centers.len()],
            centers,
            counts,
            sums,
            scatters,
            log_likelihood,
            weight,
            n_samples: weight,
        })
    }

    /// Sets the bounds of the rounding of each feature's scatter, as
    /// [`roundings`](Self::roundings) returns them.
    ///
    /// # Errors
    /// If there is not one for each center's feature.
    pub fn with_roundings(mut self, roundings: Vec<f64>) -> Result<Self> {
        if roundings.len() != self.centers.len() {
            let expected = format!("{} values", self.centers.len());
            return Err(Error::Length { argument: "roundings", expected, got: roundings.len() });
        }
        self.roundings = roundings;
        Ok(self)
    }

    /// Sets the number of points of a weight above 0, to which the total weight belongs.
    #[must_use]
    pub fn with_n_samples(mut self, n_samples: f64) -> Self {
        self.n_samples = n_samples;
        self
    }

    /// The weighted numbers of points, (n_components,).
    #[must_use]
    pub fn counts(&self) -> &[f64] {
        &self.counts
    }

    /// The sums of differences from the centers, (n_components, n_features) row-major.
    #[must_use]
    pub fn sums(&self) -> &[f64] {
        &self.sums
    }

    /// The sums of products of differences: (n_components, n_features) for diagonal
    /// covariance types, else lower triangles row by row, (n_components,
    /// n_features (n_features + 1) / 2).
    #[must_use]
    pub fn scatters(&self) -> &[f64] {
        &self.scatters
    }

    /// The centers of sums and scatters, (n_components, n_features) row-major.
    #[must_use]
    pub fn centers(&self) -> &[f64] {
        &self.centers
    }

    /// Bounds of the rounding of each feature's scatter, (n_components, n_features) row-major.
    #[must_use]
    pub fn roundings(&self) -> &[f64] {
        &self.roundings
    }

    /// The log-likelihood Σ w log p(x).
    #[must_use]
    pub fn log_likelihood(&self) -> f64 {
        self.log_likelihood
    }

    /// The sum of the sample weights: the number of points, if they have no weights.
    #[must_use]
    pub fn weight(&self) -> f64 {
        self.weight
    }

    /// The number of points of a weight above 0.
    #[must_use]
    pub fn n_samples(&self) -> f64 {
        self.n_samples
    }

    /// The number that the M step adds to every count: scikit-learn's 10 ε times the mean weight
    /// of the points.
    #[must_use]
    pub fn count_floor(&self) -> f64 {
        count_floor(self.weight, self.n_samples)
    }

    /// Adds the statistics of other points.
    ///
    /// # Errors
    /// If they are about other centers, or not of the same kind.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        self.check_kind(other)?;
        if self.centers != other.centers {
            let expected = "the same centers, those of one mixture".to_owned();
            return Err(Error::Value { argument: "centers", expected, got: "others".to_owned() });
        }
        add(&mut self.counts, &other.counts);
        add(&mut self.sums, &other.sums);
        add(&mut self.scatters, &other.scatters);
        add(&mut self.roundings, &other.roundings);
        self.log_likelihood += other.log_likelihood;
        self.weight += other.weight;
        self.n_samples += other.n_samples;
        Ok(())
    }

    /// Replaces components by those of statistics of the same points about other centers.
    ///
    /// # Errors
    /// If those are not of the same kind, or there is no such component.
    pub fn replace(&mut self, components: &[usize], other: &Self) -> Result<()> {
        self.check_kind(other)?;
        if let Some(&k) = components.iter().find(|&&k| k >= self.counts.len()) {
            let expected = format!("components below {}", self.counts.len());
            return Err(Error::Value { argument: "components", expected, got: k.to_string() });
        }
        let scatter_len = self.scatter_len();
        for &k in components {
            self.counts[k] = other.counts[k];
            replace_row(&mut self.centers, &other.centers, k, self.n_features);
            replace_row(&mut self.sums, &other.sums, k, self.n_features);
            replace_row(&mut self.roundings, &other.roundings, k, self.n_features);
            replace_row(&mut self.scatters, &other.scatters, k, scatter_len);
        }
        Ok(())
    }

    fn check_kind(&self, other: &Self) -> Result<()> {
        let kind = |s: &Self| (s.n_features, s.counts.len(), s.scatters.len());
        if kind(self) == kind(other) {
            return Ok(());
        }
        let expected = format!("{} as in the other statistics", self.scatters.len());
        Err(Error::Length { argument: "scatters", expected, got: other.scatters.len() })
    }

    fn scatter_len(&self) -> usize {
        if self.is_diagonal { self.n_features } else { packed_len(self.n_features) }
    }

    fn scatter(&self, k: usize, i: usize, j: usize) -> f64 {
        let at = if self.is_diagonal { i } else { packed_len(i) + j };
        self.scatters[k * self.scatter_len() + at]
    }

    /// Adds the moments of some points, with responsibilities under `mixture`.
    pub(crate) fn add(&mut self, part: &PartialMoments, mixture: &Mixture) {
        let (d, scatter_len) = (self.n_features, self.scatter_len());
        let rows = part.rows.chunks_exact(1 + d + scatter_len);
        for ((&k, row), &bits) in part.components.iter().zip(rows).zip(&part.bits) {
            let k = k as usize;
            for i in 0..d {
                self.roundings[k * d + i] +=
                    ROUNDING_PER_BIT * bits * mixture.covariances().at(d, k, i, i);
            }
            self.counts[k] += row[0];
            add(&mut self.sums[k * d..][..d], &row[1..=d]);
            add(&mut self.scatters[k * scatter_len..][..scatter_len], &row[1 + d..]);
        }
        self.log_likelihood += part.log_likelihood;
        self.weight += part.weight;
    }
}

fn add(to: &mut [f64], values: &[f64]) {
    to.iter_mut().zip(values).for_each(|(to, value)| *to += value);
}

fn replace_row(to: &mut [f64], from: &[f64], row: usize, row_len: usize) {
    let row = row * row_len..(row + 1) * row_len;
    to[row.clone()].copy_from_slice(&from[row]);
}
