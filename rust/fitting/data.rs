//! The points that mixtures are fitted to, in the order of a k-d tree.
//!
//! The order is computed once for a fit. A leaf's points are a group of [`LEAF_POINTS`] lanes, one
//! feature after the other: a pass over the leaves reads memory in order. After [`Data::new`]
//! returns, values are finite, and weights are not negative and not all zero.

use crate::error::{Error, Result};
use crate::points::group::gather_groups;
use crate::points::tree::{LEAF_POINTS, Tree};
use crate::runtime::Runtime;
use std::ops::Range;

/// Points that mixtures are fitted to, prepared for many passes.
///
/// ```
/// use gmmfast::{Covariances, Data, Mixture, Runtime};
///
/// let runtime = Runtime::new(None)?;
/// let data = Data::new(&[-1.5, -0.5, 0.5, 1.5], 1, None, None, &runtime)?;
/// let covariances = Covariances::Spherical(vec![0.25, 0.25]);
/// let mut mixture = Mixture::new(vec![0.5, 0.5], vec![-1.0, 1.5], covariances)?;
/// for _ in 0..20 {
///     let (estimate, _mean_log_likelihood) = data.step(&mixture, 1e-6, &runtime)?;
///     mixture = Mixture::new(estimate.weights, estimate.means, estimate.covariances)?;
/// }
/// assert!((mixture.means()[0] + mixture.means()[1]).abs() < 1e-3);
/// # Ok::<(), gmmfast::Error>(())
/// ```
pub struct Data {
    n_features: usize,
    tree: Tree,
    /// Leaf after leaf, one row of `LEAF_POINTS` lanes a feature.
    coordinates: Vec<f64>,
    /// The weight of each lane; 0 beyond the last point.
    weights: Vec<f64>,
    /// The number of points of a weight above 0.
    n_weighted: f64,
}

impl Data {
    /// Prepares the rows of `points`, (n_samples, `n_features`) row-major. `sample_weight` is the
    /// number of times that each counts. `units` are the lengths of a unit along each feature
    /// where components are narrow: by default the points' standard deviations.
    ///
    /// # Errors
    /// If lengths do not fit together, values are not finite, weights are negative or all zero,
    /// or the runtime was interrupted.
    pub fn new(
        points: &[f64],
        n_features: usize,
        sample_weight: Option<&[f64]>,
        units: Option<&[f64]>,
        runtime: &Runtime,
    ) -> Result<Self> {
        let n_samples = check_samples(points, n_features, sample_weight)?;
        let units = match units {
            Some(units) => check_units(units, n_features)?,
            None => standard_deviations(points, n_features),
        };
        runtime.install(|| {
            let tree = Tree::new(points, &units, runtime)?;
            let mut coordinates = Vec::new();
            gather_groups(points, n_features, tree.order(), &mut coordinates);
            let mut weights = vec![0.0; n_samples.next_multiple_of(LEAF_POINTS)];
            for (weight, &row) in weights.iter_mut().zip(tree.order()) {
                *weight = sample_weight.map_or(1.0, |weights| weights[row as usize]);
            }
            let n_weighted = weights.iter().filter(|w| **w > 0.0).count() as f64;
            Ok(Self { n_features, tree, coordinates, weights, n_weighted })
        })
    }

    /// The number of points.
    #[must_use]
    pub fn n_samples(&self) -> usize {
        self.tree.order().len()
    }

    /// The number of features.
    #[must_use]
    pub fn n_features(&self) -> usize {
        self.n_features
    }

    /// The number of points of a weight above 0.
    pub(crate) fn n_weighted(&self) -> f64 {
        self.n_weighted
    }

    /// The number of leaves.
    pub(crate) fn n_leaves(&self) -> usize {
        self.weights.len() / LEAF_POINTS
    }

    /// The tree of the points. Its leaves are the groups.
    pub(crate) fn tree(&self) -> &Tree {
        &self.tree
    }

    /// The coordinates of all leaves, one row of lanes a feature.
    pub(crate) fn coordinates(&self) -> &[f64] {
        &self.coordinates
    }

    /// The coordinates of a leaf's points, one row of lanes a feature.
    pub(crate) fn leaf(&self, leaf: usize) -> &[f64] {
        let len = self.n_features * LEAF_POINTS;
        &self.coordinates[leaf * len..][..len]
    }

    /// The weights of a leaf's points; 0 beyond the last point.
    pub(crate) fn weights(&self, leaf: usize) -> &[f64; LEAF_POINTS] {
        self.weights[leaf * LEAF_POINTS..].first_chunk().expect("a whole leaf")
    }

    /// The total weight of some leaves.
    pub(crate) fn weight_of(&self, leaves: Range<usize>) -> f64 {
        self.weights[leaves.start * LEAF_POINTS..leaves.end * LEAF_POINTS].iter().sum()
    }
}

fn check_samples(
    points: &[f64],
    n_features: usize,
    sample_weight: Option<&[f64]>,
) -> Result<usize> {
    let length = |argument, expected: String, got| Err(Error::Length { argument, expected, got });
    let n_samples = points.len().checked_div(n_features).unwrap_or(0);
    if n_samples == 0 || n_samples * n_features != points.len() {
        let expected = format!("shape (n_samples, {n_features}) with at least one sample");
        return length("X", expected, points.len());
    }
    if u32::try_from(n_samples).is_err() {
        return length("X", "fewer than 2^32 samples".to_owned(), n_samples);
    }
    if let Some(at) = points.iter().position(|x| !x.is_finite()) {
        let (sample, value) = (at / n_features, points[at]);
        let expected = "finite values";
        return Err(Error::Sample { argument: "X", expected, sample, value });
    }
    if let Some(weights) = sample_weight {
        if weights.len() != n_samples {
            return length("sample_weight", format!("shape ({n_samples},)"), weights.len());
        }
        let argument = "sample_weight";
        let is_weight = |w: &f64| w.is_finite() && *w >= 0.0;
        if let Some(sample) = weights.iter().position(|w| !is_weight(w)) {
            let expected = "finite values of at least 0";
            return Err(Error::Sample { argument, expected, sample, value: weights[sample] });
        }
        if weights.iter().all(|w| *w == 0.0) {
            let expected = "some value above 0";
            return Err(Error::Sample { argument, expected, sample: 0, value: 0.0 });
        }
    }
    Ok(n_samples)
}

fn check_units(units: &[f64], n_features: usize) -> Result<Vec<f64>> {
    let expected = format!("shape ({n_features},) of finite values above 0");
    if units.len() != n_features {
        return Err(Error::Length { argument: "units", expected, got: units.len() });
    }
    match units.iter().find(|unit| !unit.is_finite() || **unit <= 0.0) {
        None => Ok(units.to_vec()),
        Some(unit) => Err(Error::Value { argument: "units", expected, got: format!("{unit:?}") }),
    }
}

/// Returns the standard deviation of each feature, or 1 for a feature that does not vary.
fn standard_deviations(points: &[f64], d: usize) -> Vec<f64> {
    let n = (points.len() / d) as f64;
    let of_feature = |i: usize| {
        let feature = || points.iter().skip(i).step_by(d);
        let mean = feature().map(|x| x / n).sum::<f64>();
        let std = feature().map(|x| (x - mean).powi(2) / n).sum::<f64>().sqrt();
        if std.is_normal() { std } else { 1.0 }
    };
    (0..d).map(of_feature).collect()
}
