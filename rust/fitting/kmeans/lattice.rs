//! k-means of points on a lattice, where scikit-learn's rounding decides between equal distances.
//!
//! On pixels, counts and digits many points are equally far from two centers. scikit-learn
//! compares ‖c‖² - 2 x·c, computed for all centers by a product of matrices, and takes the first
//! of equals (`sklearn.cluster._k_means_lloyd`). Its rounding decides. Here a point whose two
//! nearest centers are within that rounding is decided again by the same expression, with the
//! same bits:
//!
//! - x·c is a sum of fused multiply-adds over the features in their order, as OpenBLAS computes it
//!   on processors that have them; ‖c‖² has NumPy's order of `einsum`;
//! - centers are sums over rows in their order, in as many parts as scikit-learn has threads, times
//!   the inverse of their weight; chunks of [`CHUNK`] rows are shared out in OpenMP's static
//!   schedule, and parts are added in their order;
//! - clusters without points get the farthest points, the last of equals; if all points are at
//!   their centers, these clusters move to that of the largest weight.
//!
//! Other libraries and processors may round otherwise, also for scikit-learn itself. The order of
//! several farthest points that are equally far is that of a partial sort there, and is not
//! reproduced.

use crate::error::{Error, Result};
use crate::fitting::data::Data;
use crate::fitting::kmeans::kernel::{Candidates, Row, nearest_two};
use crate::points::tree::LEAF_POINTS;
use crate::runtime::distribute;
use crate::simd::Simd;
use std::ops::Range;

/// Rows that one thread of scikit-learn's takes at a time.
const CHUNK: usize = 256;

/// Rounding of a difference of distances, relative to the largest squared norm, for each feature
/// and four more: some times the bound of the expression above.
const ROUNDING: f64 = 1.0 / (1_u64 << 49) as f64;

/// Points on a lattice, in the order of their rows.
#[derive(Debug, Clone, Copy)]
pub struct LatticeRows<'a> {
    /// The points of the data, (n_samples, n_features) row-major: those of a lattice less their
    /// mean, as in scikit-learn.
    pub rows: &'a [f64],
    /// The number of threads with which scikit-learn would sum.
    pub n_parts: usize,
}

impl LatticeRows<'_> {
    /// Checks that the rows are as many as the data's.
    pub(super) fn check(&self, data: &Data) -> Result<()> {
        let (n, d) = (data.n_samples(), data.n_features());
        if self.rows.len() == n * d && self.n_parts > 0 {
            return Ok(());
        }
        let expected = format!("shape ({n}, {d}), and at least one part");
        Err(Error::Length { argument: "rows", expected, got: self.rows.len() })
    }
}

/// The rule of ties, and what it needs between iterations.
pub(super) struct Lattice<'a> {
    rows: &'a [f64],
    n_features: usize,
    parts: Vec<Range<usize>>,
    weights: Vec<f64>,
    /// The labels in the order of the rows.
    labels: Vec<u32>,
    /// The squared norms of the centers.
    norms: Vec<f64>,
    /// The difference of distances within which the rule decides.
    pub(super) margin: f64,
}

/// Sums and weights of clusters.
struct Sums {
    sums: Vec<f64>,
    weights: Vec<f64>,
}

impl<'a> Lattice<'a> {
    pub(super) fn new(data: &Data, rows: LatticeRows<'a>) -> Self {
        let (n, d) = (data.n_samples(), data.n_features());
        let mut weights = vec![0.0; n];
        for (place, &row) in data.tree().order().iter().enumerate() {
            weights[row as usize] = data.weights(place / LEAF_POINTS)[place % LEAF_POINTS];
        }
        let square = |x: &[f64]| x.iter().map(|x| x * x).sum::<f64>();
        let most = rows.rows.chunks_exact(d).map(square).fold(0.0, f64::max);
        Self {
            rows: rows.rows,
            n_features: d,
            parts: parts(n, rows.n_parts),
            weights,
            labels: vec![0; n],
            norms: Vec::new(),
            margin: ROUNDING * (d + 4) as f64 * most,
        }
    }

    /// Takes the centers of the next assignment.
    pub(super) fn begin(&mut self, centers: &[f64]) {
        self.norms = centers.chunks_exact(self.n_features).map(squared_norm).collect();
    }

    /// Writes the index of the nearest candidate of each of a leaf's points, as a number.
    pub(super) fn nearest<S: Simd>(
        &self,
        simd: S,
        coordinates: &[f64],
        candidates: Candidates<'_>,
        labels: &mut Row,
    ) {
        let mut gaps: Row = [f64::INFINITY; LEAF_POINTS];
        nearest_two(simd, coordinates, candidates, labels, &mut gaps);
        simd.vectorize(
            #[inline(always)]
            || {
                for lane in (0..LEAF_POINTS).filter(|&lane| gaps[lane] <= self.margin) {
                    labels[lane] = f64::from(self.decide(coordinates, lane, candidates));
                }
            },
        );
    }

    #[inline(always)]
    fn decide(&self, coordinates: &[f64], lane: usize, candidates: Candidates<'_>) -> u32 {
        let d = self.n_features;
        let mut best = (f64::INFINITY, candidates.indices[0]);
        for &k in candidates.indices {
            let mut product = 0.0;
            let center = &candidates.centers[k as usize * d..][..d];
            for (row, &c) in coordinates.chunks_exact(LEAF_POINTS).zip(center) {
                product = row[lane].mul_add(c, product);
            }
            let distance = (-2.0_f64).mul_add(product, self.norms[k as usize]);
            if distance < best.0 {
                best = (distance, k);
            }
        }
        best.1
    }

    /// Moves centers to the means of the points with these labels, in the tree's order. Returns
    /// the sum of squared moves.
    pub(super) fn move_centers(
        &mut self,
        order: &[u32],
        labels: &[u32],
        centers: &mut [f64],
        has_moved: &mut [bool],
    ) -> Result<f64> {
        for (&row, &label) in order.iter().zip(labels) {
            self.labels[row as usize] = label;
        }
        let Sums { mut sums, mut weights } = self.sums(has_moved.len())?;
        self.relocate_empty(centers, &mut sums, &mut weights);
        self.average(&mut sums, &weights);
        let mut total = 0.0;
        for (k, has_moved) in has_moved.iter_mut().enumerate() {
            let row = k * self.n_features..(k + 1) * self.n_features;
            *has_moved = centers[row.clone()] != sums[row.clone()];
            let moves = centers[row.clone()].iter().zip(&sums[row]);
            total += moves.map(|(old, new)| (new - old).powi(2)).sum::<f64>();
        }
        centers.copy_from_slice(&sums);
        Ok(total)
    }

    /// Returns the sums over the rows, part by part.
    fn sums(&self, n_clusters: usize) -> Result<Sums> {
        let d = self.n_features;
        let new = || Sums { sums: vec![0.0; n_clusters * d], weights: vec![0.0; n_clusters] };
        let mut parts: Vec<Sums> = self.parts.iter().map(|_| new()).collect();
        distribute(self.parts.iter().zip(&mut parts).collect(), &|| {
            Box::new(|(rows, part): (&Range<usize>, &mut Sums)| {
                let points = self.rows[rows.start * d..rows.end * d].chunks_exact(d);
                let labels = &self.labels[rows.clone()];
                for ((x, &k), &w) in points.zip(labels).zip(&self.weights[rows.clone()]) {
                    let k = k as usize;
                    part.weights[k] += w;
                    for (sum, x) in part.sums[k * d..][..d].iter_mut().zip(x) {
                        *sum += x * w;
                    }
                }
                Ok(())
            })
        })?;
        let mut all = new();
        for part in &parts {
            all.sums.iter_mut().zip(&part.sums).for_each(|(sum, x)| *sum += x);
            all.weights.iter_mut().zip(&part.weights).for_each(|(sum, x)| *sum += x);
        }
        Ok(all)
    }

    /// Moves the points farthest from their centers to the clusters without points.
    fn relocate_empty(&self, centers: &[f64], sums: &mut [f64], weights: &mut [f64]) {
        let empty: Vec<usize> = (0..weights.len()).filter(|&k| weights[k] == 0.0).collect();
        if empty.is_empty() {
            return;
        }
        let d = self.n_features;
        let distance = |(x, &k): (&[f64], &u32)| {
            let center = &centers[k as usize * d..][..d];
            x.iter().zip(center).map(|(x, c)| (x - c) * (x - c)).sum::<f64>()
        };
        let distances = self.rows.chunks_exact(d).zip(&self.labels).map(distance);
        let mut farthest: Vec<(f64, usize)> = distances.zip(0..).collect();
        farthest.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(b.1.cmp(&a.1)));
        if farthest[0].0 == 0.0 {
            return;
        }
        for (&new, &(_, row)) in empty.iter().zip(&farthest) {
            let (old, weight) = (self.labels[row] as usize, self.weights[row]);
            for i in 0..d {
                let x = self.rows[row * d + i] * weight;
                sums[old * d + i] -= x;
                sums[new * d + i] = x;
            }
            weights[new] = weight;
            weights[old] -= weight;
        }
    }

    /// Divides sums by weights, one after the other; a cluster without points gets the row of the
    /// one of the largest weight as it is then.
    fn average(&self, sums: &mut [f64], weights: &[f64]) {
        let d = self.n_features;
        let heavier = |best: usize, k: usize| if weights[k] > weights[best] { k } else { best };
        let heaviest = (0..weights.len()).fold(0, heavier);
        for (k, &weight) in weights.iter().enumerate() {
            if weight > 0.0 {
                let inverse = 1.0 / weight;
                sums[k * d..][..d].iter_mut().for_each(|x| *x *= inverse);
            } else {
                sums.copy_within(heaviest * d..(heaviest + 1) * d, k * d);
            }
        }
    }
}

/// Returns the rows of each of scikit-learn's threads: whole chunks, the first threads one more.
fn parts(n_samples: usize, n_parts: usize) -> Vec<Range<usize>> {
    let n_chunks = n_samples.div_ceil(CHUNK);
    let n_parts = n_parts.min(n_chunks);
    let (each, rest) = (n_chunks / n_parts, n_chunks % n_parts);
    let first = |part: usize| (n_samples).min(CHUNK * (part * each + part.min(rest)));
    (0..n_parts).map(|part| first(part)..first(part + 1)).collect()
}

/// |c|² in NumPy's order: two sums, of even and of odd features, in blocks of four pairs from the
/// last to the first, then pair by pair.
fn squared_norm(center: &[f64]) -> f64 {
    let mut sums = [0.0, 0.0];
    let mut add = |pair: &[f64]| pair.iter().zip(&mut sums).for_each(|(x, sum)| *sum += x * x);
    let blocks = center.chunks_exact(8);
    let rest = blocks.remainder();
    blocks.for_each(|block| block.rchunks(2).for_each(&mut add));
    rest.chunks(2).for_each(&mut add);
    sums[0] + sums[1]
}
