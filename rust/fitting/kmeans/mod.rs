//! k-means: Lloyd's algorithm on the tree of the points. It is exact, and mixtures start from it.
//!
//! Every iteration gives each point the nearest center, the first of equals, and moves
//! the centers to their points' means, as scikit-learn's `KMeans` does (Lloyd, Least
//! squares quantization in PCM, 1982). Seeding is in seeding.rs. A pass leaves out:
//!
//! - centers of a box of points. Let z be the center nearest to the middle of the box. A center c
//!   is dropped if |x - c|² - |x - z|² > 0 for all x in the box. The difference is linear in
//!   each coordinate, and its least value is at a corner (Pelleg and Moore, Accelerating exact
//!   k-means algorithms with geometric reasoning, 1999). It is compared with 2^-40 of its terms'
//!   size, far above rounding.
//! - leaves. If neither a center that is kept nor the center of a point of the leaf has moved
//!   since the last iteration, the nearest centers are unchanged: the nearest one now is kept and
//!   was there before, when it was not nearer than the one chosen, which is still there.
//!
//! A center whose points stay the same does not move by a bit, because sums are computed again in
//! the order of the tree. Late iterations leave out nearly all leaves. Bits do not depend on
//! threads. Memory in addition to the data: 4 bytes a point.

mod assignment;
mod kernel;
mod lattice;
mod seeding;

use crate::error::{Error, Result};
use crate::fitting::data::Data;
use crate::fitting::kmeans::assignment::Assignment;
use crate::fitting::kmeans::kernel::{Candidates, Row, nearest, squared_distances};
use crate::fitting::kmeans::lattice::Lattice;
use crate::points::tree::LEAF_POINTS;
use crate::points::walk::{self, Task, Walker};
use crate::runtime::{Runtime, distribute};
use crate::simd::{Dispatch, Simd};
pub use lattice::LatticeRows;
pub use seeding::kmeans_plusplus;
use std::sync::atomic::{AtomicBool, Ordering};

/// The stopping criteria of k-means.
#[derive(Debug, Clone, Copy)]
pub struct KMeansOptions {
    /// The sum of the squares of the centers' moves at or below which k-means stops.
    pub tol: f64,
    /// The largest number of iterations; at least one is made.
    pub max_iter: usize,
}

/// The result of k-means.
#[derive(Debug, Clone, PartialEq)]
pub struct KMeans {
    /// The nearest center of each point, in the order of the rows given.
    pub labels: Vec<u32>,
    /// (n_clusters, n_features), row-major.
    pub centers: Vec<f64>,
    /// The sum Σ w |x - center|².
    pub inertia: f64,
    /// The number of iterations made.
    pub n_iter: usize,
}

/// Clusters the data, starting from `centers`, (n_clusters, n_features) row-major.
///
/// A cluster without points gets the point farthest from its own center, as in
/// scikit-learn.
///
/// ```
/// use gmmfast::{Data, KMeansOptions, Runtime, kmeans};
///
/// let runtime = Runtime::new(None)?;
/// let data = Data::new(&[0.0, 1.0, 10.0, 11.0], 1, None, None, &runtime)?;
/// let options = KMeansOptions { tol: 1e-4, max_iter: 300 };
/// let found = kmeans(&data, &[0.0, 1.0], options, &runtime)?;
/// assert_eq!(found.centers, [0.5, 10.5]);
/// assert_eq!(found.labels, [0, 0, 1, 1]);
/// # Ok::<(), gmmfast::Error>(())
/// ```
///
/// # Errors
/// If the centers do not have the data's features or are not finite, or the runtime was
/// interrupted.
pub fn kmeans(
    data: &Data,
    centers: &[f64],
    options: KMeansOptions,
    runtime: &Runtime,
) -> Result<KMeans> {
    run(data, centers, options, None, runtime)
}

/// Clusters data on a lattice like [`kmeans`], with ties broken as scikit-learn breaks them.
///
/// ```
/// use gmmfast::{Data, KMeansOptions, LatticeRows, Runtime, kmeans_on_lattice};
///
/// let runtime = Runtime::new(None)?;
/// let points = [-1.5, -0.5, 0.5, 1.5];
/// let data = Data::new(&points, 1, None, None, &runtime)?;
/// let options = KMeansOptions { tol: 1e-4, max_iter: 300 };
/// let rows = LatticeRows { rows: &points, n_parts: 1 };
/// let found = kmeans_on_lattice(&data, rows, &[-1.5, 0.5], options, &runtime)?;
/// assert_eq!(found.labels, [0, 0, 1, 1]);
/// # Ok::<(), gmmfast::Error>(())
/// ```
///
/// # Errors
/// Like [`kmeans`], and if the rows are not as many as the data's.
pub fn kmeans_on_lattice(
    data: &Data,
    rows: LatticeRows<'_>,
    centers: &[f64],
    options: KMeansOptions,
    runtime: &Runtime,
) -> Result<KMeans> {
    rows.check(data)?;
    run(data, centers, options, Some(rows), runtime)
}

fn run(
    data: &Data,
    centers: &[f64],
    options: KMeansOptions,
    rows: Option<LatticeRows<'_>>,
    runtime: &Runtime,
) -> Result<KMeans> {
    let d = data.n_features();
    let expected = format!("shape (n_clusters, {d}) of finite values");
    if centers.is_empty() || !centers.len().is_multiple_of(d) {
        return Err(Error::Length { argument: "centers", expected, got: centers.len() });
    }
    if let Some(center) = centers.iter().find(|x| !x.is_finite()) {
        return Err(Error::Value { argument: "centers", expected, got: format!("{center:?}") });
    }
    let lloyd = Lloyd {
        data,
        runtime,
        centers: centers.to_vec(),
        has_moved: vec![true; centers.len() / d],
        labels: vec![u32::MAX; data.n_leaves() * LEAF_POINTS],
        is_first: true,
        lattice: rows.map(|rows| Lattice::new(data, rows)),
    };
    runtime.install(|| runtime.level().dispatch(Run { lloyd, options }))
}

/// All iterations.
struct Run<'a> {
    lloyd: Lloyd<'a>,
    options: KMeansOptions,
}

impl Dispatch for Run<'_> {
    type Output = Result<KMeans>;

    fn run<S: Simd>(self, simd: S) -> Result<KMeans> {
        let Self { mut lloyd, options } = self;
        let mut n_iter = 0;
        loop {
            n_iter += 1;
            let has_changed = lloyd.assign(simd)?;
            let shift = lloyd.move_centers(simd)?;
            if !has_changed {
                break;
            }
            if shift <= options.tol || n_iter >= options.max_iter {
                // The labels must be those of the last centers.
                lloyd.assign(simd)?;
                break;
            }
        }
        Ok(lloyd.into_result(simd, n_iter))
    }
}

/// The state between iterations.
struct Lloyd<'a> {
    data: &'a Data,
    runtime: &'a Runtime,
    centers: Vec<f64>,
    /// Whether each center has moved since points were last assigned.
    has_moved: Vec<bool>,
    /// The labels in the tree's order, whole leaves.
    labels: Vec<u32>,
    is_first: bool,
    /// The rule of ties of points on a lattice.
    lattice: Option<Lattice<'a>>,
}

impl Lloyd<'_> {
    /// Assigns every point to its nearest center; returns whether any changed.
    fn assign<S: Simd>(&mut self, simd: S) -> Result<bool> {
        let all: Vec<u32> = (0..self.has_moved.len() as u32).collect();
        let has_changed = AtomicBool::new(false);
        let (data, runtime, is_first) = (self.data, self.runtime, self.is_first);
        let (centers, has_moved) = (&self.centers[..], &self.has_moved[..]);
        if let Some(lattice) = &mut self.lattice {
            lattice.begin(centers);
        }
        let lattice = self.lattice.as_ref();
        let margin = lattice.map_or(0.0, |lattice| lattice.margin);
        let find = |leaf: &[f64], kept: &[u32], labels: &mut Row| {
            let candidates = Candidates { centers, indices: kept };
            match lattice {
                Some(lattice) => lattice.nearest(simd, leaf, candidates, labels),
                None => nearest(simd, leaf, candidates, labels),
            }
        };
        distribute(walk::tasks(data.tree(), &mut self.labels), &|| {
            let mut walker = Walker::new(runtime);
            let (all, has_changed, nearest) = (&all, &has_changed, &find);
            Box::new(move |Task { node, rows: labels }| {
                let first_leaf = data.tree().leaves(node).start;
                let mut assignment = Assignment {
                    data,
                    centers,
                    has_moved,
                    is_first,
                    nearest,
                    margin,
                    first_leaf,
                    labels,
                    has_changed: false,
                };
                walker.walk(&mut assignment, node, all)?;
                if assignment.has_changed {
                    has_changed.store(true, Ordering::Relaxed);
                }
                Ok(())
            })
        })?;
        self.is_first = false;
        Ok(has_changed.into_inner())
    }

    /// Moves centers to the means of their points; returns the sum of squared moves.
    fn move_centers<S: Simd>(&mut self, simd: S) -> Result<f64> {
        self.runtime.check()?;
        if let Some(lattice) = &mut self.lattice {
            let order = self.data.tree().order();
            return lattice.move_centers(
                order,
                &self.labels,
                &mut self.centers,
                &mut self.has_moved,
            );
        }
        let d = self.data.n_features();
        let mut sums = vec![0.0; self.centers.len()];
        let mut weights = vec![0.0; self.has_moved.len()];
        for (leaf, labels) in self.labels.chunks_exact(LEAF_POINTS).enumerate() {
            let coordinates = self.data.leaf(leaf);
            for (lane, (&k, &w)) in labels.iter().zip(self.data.weights(leaf)).enumerate() {
                let k = k as usize;
                weights[k] += w;
                for (sum, row) in sums[k * d..][..d].iter_mut().zip(coordinates.chunks(LEAF_POINTS))
                {
                    *sum += w * row[lane];
                }
            }
        }
        self.relocate_empty(simd, &mut sums, &mut weights);
        let mut total = 0.0;
        for (k, &weight) in weights.iter().enumerate() {
            self.has_moved[k] = false;
            if weight > 0.0 {
                let center = self.centers[k * d..][..d].iter_mut();
                for (center, sum) in center.zip(&sums[k * d..][..d]) {
                    let mean = sum / weight;
                    self.has_moved[k] |= mean != *center;
                    total += (mean - *center).powi(2);
                    *center = mean;
                }
            }
        }
        Ok(total)
    }

    /// Moves the points farthest from their centers to the clusters without points. A cluster
    /// stays where it is if no point is away from its center.
    fn relocate_empty<S: Simd>(&self, simd: S, sums: &mut [f64], weights: &mut [f64]) {
        let empty: Vec<usize> = (0..weights.len()).filter(|&k| weights[k] == 0.0).collect();
        if empty.is_empty() {
            return;
        }
        let mut farthest: Vec<(f64, usize)> = Vec::new();
        self.for_each_distance(simd, |place, distance, weight| {
            if distance > 0.0 && weight > 0.0 {
                farthest.push((distance, place));
            }
        });
        farthest.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let d = self.data.n_features();
        for (&new, &(_, place)) in empty.iter().zip(&farthest) {
            let (leaf, lane) = (place / LEAF_POINTS, place % LEAF_POINTS);
            let (old, weight) = (self.labels[place] as usize, self.data.weights(leaf)[lane]);
            for (i, row) in self.data.leaf(leaf).chunks(LEAF_POINTS).enumerate() {
                sums[new * d + i] = weight * row[lane];
                sums[old * d + i] -= weight * row[lane];
            }
            weights[new] = weight;
            weights[old] -= weight;
        }
    }

    /// Calls `each` with the place, squared distance and weight of every point.
    fn for_each_distance<S: Simd>(&self, simd: S, mut each: impl FnMut(usize, f64, f64)) {
        let (d, n) = (self.data.n_features(), self.data.n_samples());
        let mut distances: Row = [0.0; LEAF_POINTS];
        let mut labels: Vec<u32> = Vec::new();
        for leaf in 0..self.data.n_leaves() {
            let places = leaf * LEAF_POINTS..n.min((leaf + 1) * LEAF_POINTS);
            labels.clear();
            labels.extend_from_slice(&self.labels[places.clone()]);
            labels.sort_unstable();
            labels.dedup();
            for &k in &labels {
                let center = &self.centers[k as usize * d..][..d];
                squared_distances(simd, self.data.leaf(leaf), center, &mut distances);
                for place in places.clone().filter(|&place| self.labels[place] == k) {
                    let lane = place % LEAF_POINTS;
                    each(place, distances[lane], self.data.weights(leaf)[lane]);
                }
            }
        }
    }

    fn into_result<S: Simd>(self, simd: S, n_iter: usize) -> KMeans {
        let mut inertia = 0.0;
        self.for_each_distance(simd, |_, distance, weight| inertia += weight * distance);
        let mut labels = vec![0; self.data.n_samples()];
        for (&row, &label) in self.data.tree().order().iter().zip(&self.labels) {
            labels[row as usize] = label;
        }
        KMeans { labels, centers: self.centers, inertia, n_iter }
    }
}
