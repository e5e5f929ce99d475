//! Sufficient statistics of a Gaussian mixture, which add up, and the mixture that
//! they are most likely under.
//!
//! For responsibilities r and sample weights w, each component k has
//!
//!   count = Σ w r,  sum = Σ w r (x - c),  scatter = Σ w r (x - c)(x - c)ᵀ
//!
//! about a center c of its own: its mean in the mixture that the responsibilities
//! are of. With nk = count + 10 ε, as scikit-learn has it, the new mean is c + s for
//! s = (sum - 10 ε c) / nk, and the scatter about it
//!
//!   scatter - s sumᵀ - sum sᵀ + count s sᵀ,
//!
//! which is all that scikit-learn's four covariance types are made of
//! (`sklearn.mixture._gaussian_mixture`; Bishop, Pattern Recognition and Machine
//! Learning, 2006, section 9.2.2). It computes all but "full" as Σ w r x xᵀ / nk less
//! the square of the mean, which counts the mean's square 10 ε times more; so do
//! these, or components with next to no points would differ.
//!
//! Digits: the difference above is wrong by some 2^-52 s sᵀ. Where s is more than
//! [`FAR`] new standard deviations, [`Estimate::lost`] names the component, whose
//! statistics must then be taken about its new mean. The same if what moments were taken
//! about at first, in the kernel, was too far away: a bound of what rounding left of it is
//! added up with them (kernel/quadratic.rs).

use crate::error::{Error, Result};
use crate::model::covariances::Covariances;
use crate::model::linalg::{cholesky, packed_len, packed_row};
use crate::model::mixture::Mixture;

/// New standard deviations that a mean may move before digits are lost: what is
/// left has 2^-52 times the square of this, 1e-12.
const FAR: f64 = 100.0;

/// Rounding of a variance, in its own size, at which digits are lost. What is compared with
/// it is a bound, some hundred times what is seen.
const ROUNDING: f64 = 1e-10;

/// Of a variance, what a bit of a polynomial's magnitude leaves of rounding: 2 / log2(e) from
/// bits to variances, half an ε of each of the four terms that carry a product over to
/// another center, and as much for the sums that they are made of.
const UNIT: f64 = 4.0 * f64::EPSILON;

/// What scikit-learn adds to every count.
pub(crate) const COUNT_FLOOR: f64 = 10.0 * f64::EPSILON;

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
}

/// The mixture's parameters that statistics give.
#[derive(Debug, Clone, PartialEq)]
pub struct Estimate {
    /// (n_components,), summing to 1.
    pub weights: Vec<f64>,
    /// (n_components, n_features), row-major.
    pub means: Vec<f64>,
    /// Of the covariance type that was asked for.
    pub covariances: Covariances,
    /// Components whose covariances lost digits, because their means moved far.
    pub lost: Vec<usize>,
}

impl Statistics {
    /// Of no points, about `centers`, (n_components, n_features) row-major. If
    /// `is_diagonal`, scatters are the squares of each feature alone.
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
        }
    }

    /// From centers, counts, sums and scatters, as the methods of these names gave
    /// them, perhaps on another machine.
    ///
    /// # Errors
    /// Lengths that do not fit together.
    pub fn from_arrays(
        n_features: usize,
        [centers, counts, sums, scatters]: [Vec<f64>; 4],
        log_likelihood: f64,
        weight: f64,
    ) -> Result<Self> {
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
        })
    }

    /// Numbers of points, (n_components,).
    #[must_use]
    pub fn counts(&self) -> &[f64] {
        &self.counts
    }

    /// Sums of differences from the centers, (n_components, n_features) row-major.
    #[must_use]
    pub fn sums(&self) -> &[f64] {
        &self.sums
    }

    /// Sums of products of differences: (n_components, n_features) for diagonal
    /// covariance types, else lower triangles row by row, (n_components,
    /// n_features (n_features + 1) / 2).
    #[must_use]
    pub fn scatters(&self) -> &[f64] {
        &self.scatters
    }

    /// What sums and scatters are about, (n_components, n_features) row-major.
    #[must_use]
    pub fn centers(&self) -> &[f64] {
        &self.centers
    }

    /// Σ w log p(x).
    #[must_use]
    pub fn log_likelihood(&self) -> f64 {
        self.log_likelihood
    }

    /// Σ w: the number of points, if they have no weights.
    #[must_use]
    pub fn weight(&self) -> f64 {
        self.weight
    }

    /// Adds the statistics of other points.
    ///
    /// # Errors
    /// They are about other centers, or not of the same kind.
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
        Ok(())
    }

    /// Takes components from statistics of the same points about other centers.
    ///
    /// # Errors
    /// Those are not of the same kind, or there is no such component.
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

    /// The parameters under which the data are most likely, given the
    /// responsibilities: scikit-learn's M step. `like` names the covariance type,
    /// `reg_covar` is added to every variance.
    ///
    /// # Errors
    /// `like` needs products of different features that were left out.
    pub fn m_step(&self, like: &Covariances, reg_covar: f64) -> Result<Estimate> {
        if !like.is_diagonal() && self.is_diagonal && self.n_features > 1 {
            let expected = "products of all features for this covariance type".to_owned();
            let got = self.scatters.len();
            return Err(Error::Length { argument: "scatters", expected, got });
        }
        let d = self.n_features;
        let totals: Vec<f64> = self.counts.iter().map(|n| n + COUNT_FLOOR).collect();
        let total: f64 = totals.iter().sum();
        let shift = |k: usize, i: usize| {
            (self.sums[k * d + i] - COUNT_FLOOR * self.centers[k * d + i]) / totals[k]
        };
        let shifts: Vec<f64> = (0..self.sums.len()).map(|ki| shift(ki / d, ki % d)).collect();
        let means: Vec<f64> = self.centers.iter().zip(&shifts).map(|(c, s)| c + s).collect();
        let scatter = |k: usize, i: usize, j: usize| {
            let (s, sum) = (&shifts[k * d..][..d], &self.sums[k * d..][..d]);
            self.scatter(k, i, j) - s[i] * sum[j] - sum[i] * s[j] + self.counts[k] * s[i] * s[j]
        };
        let floor =
            |k: usize, i: usize, j: usize| COUNT_FLOOR * means[k * d + i] * means[k * d + j];
        let regular = |i: usize, j: usize| if i == j { reg_covar } else { 0.0 };
        let variance =
            |k: usize, i: usize| (scatter(k, i, i) + floor(k, i, i)) / totals[k] + reg_covar;
        let n_components = totals.len();
        let covariances = match like {
            Covariances::Full(_) => like.map(n_components, d, |k, i, j| {
                let (i, j) = (i.max(j), i.min(j));
                scatter(k, i, j) / totals[k] + regular(i, j)
            }),
            Covariances::Tied(_) => like.map(n_components, d, |_, i, j| {
                let (i, j) = (i.max(j), i.min(j));
                let of = |k: usize| scatter(k, i, j) + floor(k, i, j);
                (0..n_components).map(of).sum::<f64>() / total + regular(i, j)
            }),
            Covariances::Diag(_) => like.map(n_components, d, |k, i, _| variance(k, i)),
            Covariances::Spherical(_) => like.map(n_components, d, |k, _, _| {
                (0..d).map(|i| variance(k, i)).sum::<f64>() / d as f64
            }),
        };
        let mut lost = lost(&covariances, &shifts, d);
        let is_rounded = |k: usize| {
            let bound = |i: usize| ROUNDING * totals[k] * covariances.at(d, k, i, i);
            (0..d).any(|i| self.roundings[k * d + i] > bound(i))
        };
        lost.extend((0..n_components).filter(|&k| is_rounded(k)));
        lost.sort_unstable();
        lost.dedup();
        let weights = totals.iter().map(|n| n / total).collect();
        Ok(Estimate { weights, means, covariances, lost })
    }

    fn scatter_len(&self) -> usize {
        if self.is_diagonal { self.n_features } else { packed_len(self.n_features) }
    }

    fn scatter(&self, k: usize, i: usize, j: usize) -> f64 {
        let at = if self.is_diagonal { i } else { packed_len(i) + j };
        self.scatters[k * self.scatter_len() + at]
    }

    /// Adds the moments of some points, of responsibilities under `mixture`.
    pub(crate) fn add(&mut self, part: &PartialMoments, mixture: &Mixture) {
        let (d, scatter_len) = (self.n_features, self.scatter_len());
        let rows = part.rows.chunks_exact(1 + d + scatter_len);
        for ((&k, row), &bits) in part.components.iter().zip(rows).zip(&part.bits) {
            let k = k as usize;
            for i in 0..d {
                self.roundings[k * d + i] += UNIT * bits * mixture.covariances().at(d, k, i, i);
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

/// Components whose shift is more than [`FAR`] of the new standard deviations.
fn lost(covariances: &Covariances, shifts: &[f64], d: usize) -> Vec<usize> {
    let mut shared = None;
    let mut is_lost = |k: usize, shift: &[f64]| {
        let distance = match covariances {
            Covariances::Full(_) | Covariances::Tied(_) => {
                let is_shared = matches!(covariances, Covariances::Tied(_));
                let factor = shared.take().unwrap_or_else(|| {
                    cholesky(d, |i, j| covariances.at(d, k, i, j)).unwrap_or_default()
                });
                let distance = if factor.is_empty() {
                    f64::INFINITY // perhaps for the digits that were lost
                } else {
                    mahalanobis_squared(&factor, shift)
                };
                shared = is_shared.then_some(factor);
                distance
            }
            Covariances::Diag(_) => {
                let of = |(i, s): (usize, &f64)| s * s / covariances.at(d, k, i, i);
                shift.iter().enumerate().map(of).fold(0.0, f64::max)
            }
            Covariances::Spherical(variances) => {
                shift.iter().map(|s| s * s).sum::<f64>() / (d as f64 * variances[k])
            }
        };
        // Without a shift nothing is lost, whatever the covariance.
        let has_moved = shift.iter().any(|s| *s != 0.0);
        has_moved && (distance.is_nan() || !(0.0..=FAR * FAR).contains(&distance))
    };
    shifts.chunks_exact(d).enumerate().filter(|&(k, s)| is_lost(k, s)).map(|(k, _)| k).collect()
}

/// |L⁻¹ x|² for a packed lower factor L.
fn mahalanobis_squared(factor: &[f64], x: &[f64]) -> f64 {
    let mut whitened: Vec<f64> = Vec::with_capacity(x.len());
    for (i, x) in x.iter().enumerate() {
        let row = packed_row(factor, i);
        let known: f64 = row.iter().zip(&whitened).map(|(a, b)| a * b).sum();
        whitened.push((x - known) / row[i]);
    }
    whitened.iter().map(|z| z * z).sum()
}

/// Moments of the components that some points matter to: what one task hands on.
#[derive(Debug, Default)]
pub(crate) struct PartialMoments {
    /// Ascending.
    components: Vec<u32>,
    /// Of each of them: count, sums, scatters.
    rows: Vec<f64>,
    /// Of each of them: shares times the magnitudes of their polynomials, in bits.
    bits: Vec<f64>,
    log_likelihood: f64,
    weight: f64,
}

/// Moments of all components, while they are added to; emptied task by task.
pub(crate) struct Moments {
    row_len: usize,
    rows: Vec<f64>,
    bits: Vec<f64>,
    is_touched: Vec<bool>,
    touched: Vec<u32>,
}

impl Moments {
    pub(crate) fn new(n_components: usize, row_len: usize) -> Self {
        Self {
            row_len,
            rows: vec![0.0; n_components * row_len],
            bits: vec![0.0; n_components],
            is_touched: vec![false; n_components],
            touched: Vec::new(),
        }
    }

    /// Count, sums and scatters of component `k`, to which are added those that
    /// polynomials gave: shares times magnitudes, in bits, or nothing.
    pub(crate) fn of_component(&mut self, k: u32, bits: f64) -> &mut [f64] {
        let at = k as usize;
        self.bits[at] += bits;
        if !std::mem::replace(&mut self.is_touched[at], true) {
            self.touched.push(k);
        }
        &mut self.rows[at * self.row_len..][..self.row_len]
    }

    /// What has been added since the last time, by points of these totals.
    pub(crate) fn take(&mut self, log_likelihood: f64, weight: f64) -> PartialMoments {
        self.touched.sort_unstable();
        let mut rows = Vec::with_capacity(self.touched.len() * self.row_len);
        let mut bits = Vec::with_capacity(self.touched.len());
        for &k in &self.touched {
            bits.push(std::mem::take(&mut self.bits[k as usize]));
            let row = &mut self.rows[k as usize * self.row_len..][..self.row_len];
            rows.extend_from_slice(row);
            row.fill(0.0);
            self.is_touched[k as usize] = false;
        }
        let components = std::mem::take(&mut self.touched);
        PartialMoments { components, rows, bits, log_likelihood, weight }
    }
}
