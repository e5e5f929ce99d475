//! Greedy k-means++ (Arthur and Vassilvitskii, k-means++: the advantages of careful
//! seeding, 2007), as scikit-learn has it: each next center is the best of a few points
//! drawn with probabilities in proportion to weight times squared distance from the
//! nearest center so far.
//!
//! A new center changes the distances of points nearer to it than to all others, and of
//! no box that is farther from it than its points are from theirs; the tree finds them,
//! so that all centers together cost some n log(n_clusters) distances. Draws are looked
//! up in sums over blocks of rows, in the order that the data came in: with the random
//! numbers that scikit-learn draws, the centers are scikit-learn's but for rounding.
//! Memory: 12 bytes a point.

use crate::error::{Error, Result};
use crate::fitting::data::Data;
use crate::fitting::kmeans::kernel::{Row, squared_distances};
use crate::points::tree::{Bounds, LEAF, Node};
use crate::runtime::Runtime;
use crate::simd::{Dispatch, Simd};

/// Rows whose sum is kept.
const BLOCK: usize = 512;

/// The rows, in the order that the data came in, that k-means++ chooses: `first`, then
/// one for each `n_trials` of `draws`, numbers from 0 to 1, (n_clusters - 1, n_trials).
///
/// ```
/// use gmmfast::{Data, Runtime, kmeans_plusplus};
///
/// let runtime = Runtime::new(None)?;
/// let data = Data::new(&[0.0, 1.0, 10.0, 11.0], 1, None, None, &runtime)?;
/// assert_eq!(kmeans_plusplus(&data, 0, &[0.9, 0.2], 2, &runtime)?, [0, 3]);
/// # Ok::<(), gmmfast::Error>(())
/// ```
///
/// # Errors
/// A row that there is not, draws that are not in [0, 1] or not a multiple of
/// `n_trials`, or the runtime was interrupted.
pub fn kmeans_plusplus(
    data: &Data,
    first: usize,
    draws: &[f64],
    n_trials: usize,
    runtime: &Runtime,
) -> Result<Vec<usize>> {
    if first >= data.n_samples() {
        let expected = format!("a row below {}", data.n_samples());
        return Err(Error::Value { argument: "first", expected, got: first.to_string() });
    }
    let expected = format!("shape (n_clusters - 1, {n_trials}) of values from 0 to 1");
    if n_trials == 0 || !draws.len().is_multiple_of(n_trials) {
        return Err(Error::Length { argument: "draws", expected, got: draws.len() });
    }
    if let Some(draw) = draws.iter().find(|draw| !(0.0..=1.0).contains(*draw)) {
        return Err(Error::Value { argument: "draws", expected, got: format!("{draw:?}") });
    }
    runtime.install(|| runtime.level().dispatch(Run { data, first, draws, n_trials, runtime }))
}

struct Run<'a> {
    data: &'a Data,
    first: usize,
    draws: &'a [f64],
    n_trials: usize,
    runtime: &'a Runtime,
}

impl Dispatch for Run<'_> {
    type Output = Result<Vec<usize>>;

    fn run<S: Simd>(self, simd: S) -> Result<Vec<usize>> {
        let Self { data, first, draws, n_trials, runtime } = self;
        let distances = |leaf: &[f64], center: &[f64], distances: &mut Row| {
            squared_distances(simd, leaf, center, distances);
        };
        let mut seeding = Seeding::new(data, &distances);
        let mut rows = vec![first];
        seeding.add(first);
        for draws in draws.chunks_exact(n_trials) {
            runtime.check()?;
            let potential: f64 = seeding.block_sums.iter().sum();
            let mut best = (f64::NEG_INFINITY, 0);
            for draw in draws {
                let row = seeding.row_at(draw * potential);
                let gain = seeding.gain(row);
                if gain > best.0 {
                    best = (gain, row);
                }
            }
            seeding.add(best.1);
            rows.push(best.1);
        }
        Ok(rows)
    }
}

/// Writes the squared distances of a leaf's points from a center.
type Distances<'a> = dyn Fn(&[f64], &[f64], &mut Row) + 'a;

/// How far every point is from the centers so far. Not generic over the instruction
/// set, which is called once a leaf.
struct Seeding<'a> {
    data: &'a Data,
    distances: &'a Distances<'a>,
    /// Squared, of each place in the tree's order, whole leaves; 0 beyond the last.
    closest: Vec<f64>,
    /// The greatest of them below each node of the tree.
    greatest: Vec<f64>,
    /// Place of each row.
    places: Vec<u32>,
    /// Sums of weight times closest over blocks of rows.
    block_sums: Vec<f64>,
    is_stale: Vec<bool>,
}

impl<'a> Seeding<'a> {
    fn new(data: &'a Data, distances: &'a Distances<'a>) -> Self {
        let (n, n_leaves) = (data.n_samples(), data.n_leaves());
        let mut closest = vec![f64::INFINITY; n_leaves * LEAF];
        closest[n..].fill(0.0);
        let mut places = vec![0; n];
        for (place, &row) in data.tree().order().iter().enumerate() {
            places[row as usize] = place as u32;
        }
        let n_blocks = n.div_ceil(BLOCK);
        Self {
            data,
            distances,
            closest,
            greatest: vec![f64::INFINITY; 2 * n_leaves - 1],
            places,
            block_sums: vec![0.0; n_blocks],
            is_stale: vec![false; n_blocks],
        }
    }

    /// Weight times closest of a row.
    fn mass(&self, row: usize) -> f64 {
        let place = self.places[row] as usize;
        self.data.weights(place / LEAF)[place % LEAF] * self.closest[place]
    }

    /// The first row at which the sum of masses is not below `target`.
    fn row_at(&self, target: f64) -> usize {
        let n = self.places.len();
        let mut sum = 0.0;
        for (block, block_sum) in self.block_sums.iter().enumerate() {
            if sum + block_sum < target {
                sum += block_sum;
                continue;
            }
            let mut inner = 0.0;
            for row in block * BLOCK..n.min((block + 1) * BLOCK) {
                inner += self.mass(row);
                if sum + inner >= target {
                    return row;
                }
            }
            sum += block_sum;
        }
        n - 1
    }

    fn center(&self, row: usize) -> Vec<f64> {
        let place = self.places[row] as usize;
        let leaf = self.data.leaf(place / LEAF);
        leaf.chunks(LEAF).map(|coordinates| coordinates[place % LEAF]).collect()
    }

    /// What the sum of all masses loses by a center at `row`.
    fn gain(&self, row: usize) -> f64 {
        self.data.tree().root().map_or(0.0, |root| self.gain_of(root, &self.center(row)))
    }

    fn gain_of(&self, node: Node, center: &[f64]) -> f64 {
        if self.is_out_of_reach(node, center) {
            return 0.0;
        }
        if let Some([left, right]) = node.children() {
            return self.gain_of(left, center) + self.gain_of(right, center);
        }
        let leaf = self.data.tree().leaves(node).start;
        let mut distances = [0.0; LEAF];
        (self.distances)(self.data.leaf(leaf), center, &mut distances);
        let closest = &self.closest[leaf * LEAF..][..LEAF];
        let loss = |((d, c), w): ((&f64, &f64), &f64)| w * (c - d).max(0.0);
        distances.iter().zip(closest).zip(self.data.weights(leaf)).map(loss).sum()
    }

    /// Takes the point at `row` as a center.
    fn add(&mut self, row: usize) {
        let center = self.center(row);
        if let Some(root) = self.data.tree().root() {
            self.add_to(root, &center);
        }
        for block in 0..self.block_sums.len() {
            if std::mem::take(&mut self.is_stale[block]) {
                let rows = block * BLOCK..self.places.len().min((block + 1) * BLOCK);
                self.block_sums[block] = rows.map(|row| self.mass(row)).sum();
            }
        }
    }

    fn add_to(&mut self, node: Node, center: &[f64]) {
        if self.is_out_of_reach(node, center) {
            return;
        }
        self.greatest[node.index()] = if let Some([left, right]) = node.children() {
            self.add_to(left, center);
            self.add_to(right, center);
            self.greatest[left.index()].max(self.greatest[right.index()])
        } else {
            let leaf = self.data.tree().leaves(node).start;
            let mut distances = [0.0; LEAF];
            (self.distances)(self.data.leaf(leaf), center, &mut distances);
            let places = self.data.tree().range(node);
            let rows = &self.data.tree().order()[places.clone()];
            let closest = &mut self.closest[places];
            for ((closest, &distance), &row) in closest.iter_mut().zip(&distances).zip(rows) {
                if distance < *closest {
                    *closest = distance;
                    self.is_stale[row as usize / BLOCK] = true;
                }
            }
            closest.iter().copied().fold(0.0, f64::max)
        };
    }

    /// Whether the node's box is farther from the center than its points are from
    /// theirs.
    fn is_out_of_reach(&self, node: Node, center: &[f64]) -> bool {
        let Bounds { low, high } = self.data.tree().bounds(node);
        let mut least = 0.0;
        for (i, &c) in center.iter().enumerate() {
            least += (low[i] - c).max(c - high[i]).max(0.0).powi(2);
        }
        least >= self.greatest[node.index()]
    }
}
