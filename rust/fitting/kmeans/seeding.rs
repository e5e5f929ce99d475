//! Greedy k-means++ (Arthur and Vassilvitskii, k-means++: the advantages of careful seeding,
//! 2007), as in scikit-learn: each next center is the best of a few points drawn with
//! probabilities in proportion to weight times squared distance from the nearest center so far.
//!
//! A new center changes the distances of the points nearer to it than to all others. It changes
//! none in a box that is farther from it than the box's points are from their centers. A walk
//! down the tree skips these boxes, and all centers together cost some n log(n_clusters)
//! distances. Draws are looked up in sums over blocks of rows, in the order of the rows given:
//! with the random numbers that scikit-learn draws, the centers are scikit-learn's except for
//! rounding. Memory: 12 bytes a point.

use crate::error::{Error, Result};
use crate::fitting::data::Data;
use crate::fitting::kmeans::kernel::{Row, squared_distances};
use crate::points::tree::{Bounds, LEAF_POINTS, Node};
use crate::points::walk::{Visitor, Walker};
use crate::runtime::Runtime;
use crate::simd::{Dispatch, Simd};

/// Rows whose masses are summed together.
const BLOCK_ROWS: usize = 512;

/// Returns the rows, in the order of the rows given, that k-means++ chooses: `first`, then one
/// for each `n_trials` of `draws`, numbers from 0 to 1, (n_clusters - 1, n_trials).
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
/// If there is no row `first`, draws are not in [0, 1] or their number is not a multiple of
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
        let mut seeding = Seeding::new(data, &distances, runtime);
        let mut rows = vec![first];
        seeding.add(first)?;
        for draws in draws.chunks_exact(n_trials) {
            runtime.check()?;
            let potential: f64 = seeding.block_sums.iter().sum();
            let mut best = (f64::NEG_INFINITY, 0);
            for draw in draws {
                let row = seeding.row_at(draw * potential);
                let gain = seeding.gain(row)?;
                if gain > best.0 {
                    best = (gain, row);
                }
            }
            seeding.add(best.1)?;
            rows.push(best.1);
        }
        Ok(rows)
    }
}

/// Writes the squared distances of a leaf's points from a center.
type Distances<'a> = dyn Fn(&[f64], &[f64], &mut Row) + 'a;

/// The distances of all points from the centers so far. It is not generic over the instruction
/// set, which is called once a leaf.
struct Seeding<'a> {
    data: &'a Data,
    distances: &'a Distances<'a>,
    runtime: &'a Runtime,
    /// The squared distance of each place in the tree's order, whole leaves; 0 beyond the last.
    closest: Vec<f64>,
    /// The greatest squared distance below each node of the tree.
    greatest: Vec<f64>,
    /// The place of each row in the tree's order.
    places: Vec<u32>,
    /// The sums of masses over blocks of rows.
    block_sums: Vec<f64>,
    is_stale: Vec<bool>,
}

impl<'a> Seeding<'a> {
    fn new(data: &'a Data, distances: &'a Distances<'a>, runtime: &'a Runtime) -> Self {
        let (n, n_leaves) = (data.n_samples(), data.n_leaves());
        let mut closest = vec![f64::INFINITY; n_leaves * LEAF_POINTS];
        closest[n..].fill(0.0);
        let mut places = vec![0; n];
        for (place, &row) in data.tree().order().iter().enumerate() {
            places[row as usize] = place as u32;
        }
        let n_blocks = n.div_ceil(BLOCK_ROWS);
        Self {
            data,
            distances,
            runtime,
            closest,
            greatest: vec![f64::INFINITY; 2 * n_leaves - 1],
            places,
            block_sums: vec![0.0; n_blocks],
            is_stale: vec![false; n_blocks],
        }
    }

    /// Returns the mass of a row: its weight times its squared distance.
    fn mass(&self, row: usize) -> f64 {
        let place = self.places[row] as usize;
        self.data.weights(place / LEAF_POINTS)[place % LEAF_POINTS] * self.closest[place]
    }

    /// Returns the first row at which the sum of masses is not below `target`.
    fn row_at(&self, target: f64) -> usize {
        let n = self.places.len();
        let mut sum = 0.0;
        for (block, block_sum) in self.block_sums.iter().enumerate() {
            if sum + block_sum < target {
                sum += block_sum;
                continue;
            }
            let mut inner = 0.0;
            for row in block * BLOCK_ROWS..n.min((block + 1) * BLOCK_ROWS) {
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
        let leaf = self.data.leaf(place / LEAF_POINTS);
        leaf.chunks(LEAF_POINTS).map(|coordinates| coordinates[place % LEAF_POINTS]).collect()
    }

    /// Returns by how much a center at `row` would lower the sum of all masses.
    fn gain(&self, row: usize) -> Result<f64> {
        let (center, tree) = (self.center(row), self.data.tree());
        let mut gain = Gain { seeding: self, center: &center };
        let mut walker = Walker::new(self.runtime);
        tree.root().map_or(Ok(0.0), |root| walker.walk(&mut gain, root, &[NewCenter]))
    }

    /// Takes the point at `row` as a center.
    fn add(&mut self, row: usize) -> Result<()> {
        let (center, tree) = (self.center(row), self.data.tree());
        let mut walker = Walker::new(self.runtime);
        if let Some(root) = tree.root() {
            let mut addition = Addition { seeding: self, center: &center };
            walker.walk(&mut addition, root, &[NewCenter])?;
        }
        for block in 0..self.block_sums.len() {
            if std::mem::take(&mut self.is_stale[block]) {
                let rows = block * BLOCK_ROWS..self.places.len().min((block + 1) * BLOCK_ROWS);
                self.block_sums[block] = rows.map(|row| self.mass(row)).sum();
            }
        }
        Ok(())
    }

    /// Returns whether a center is nearer to the node's box than some point of the node may be
    /// to its closest center.
    fn is_in_reach(&self, node: Node, center: &[f64]) -> bool {
        let Bounds { low, high } = self.data.tree().bounds(node);
        let mut least = 0.0;
        for (i, &c) in center.iter().enumerate() {
            least += (low[i] - c).max(c - high[i]).max(0.0).powi(2);
        }
        let is_out = least >= self.greatest[node.index()]; // false for a NaN
        !is_out
    }

    /// Returns the squared distances of a leaf's points from a center.
    fn distances_at(&self, leaf: Node, center: &[f64]) -> Row {
        let mut distances = [0.0; LEAF_POINTS];
        let leaf = self.data.tree().leaves(leaf).start;
        (self.distances)(self.data.leaf(leaf), center, &mut distances);
        distances
    }
}

/// The only candidate of a walk; nodes out of its reach are skipped.
struct NewCenter;

/// Sums by how much a new center would lower the masses.
struct Gain<'s, 'a> {
    seeding: &'s Seeding<'a>,
    center: &'s [f64],
}

impl Visitor for Gain<'_, '_> {
    type Candidate = NewCenter;
    type Output = f64;
    const LEVELS: u32 = 1;

    fn cull(&mut self, node: Node, _: &[NewCenter], kept: &mut Vec<NewCenter>) {
        kept.clear();
        kept.extend(self.seeding.is_in_reach(node, self.center).then_some(NewCenter));
    }

    fn visit_leaf(&mut self, leaf: Node, _: &[NewCenter]) -> f64 {
        let (seeding, distances) = (self.seeding, self.seeding.distances_at(leaf, self.center));
        let leaf = seeding.data.tree().leaves(leaf).start;
        let closest = &seeding.closest[leaf * LEAF_POINTS..][..LEAF_POINTS];
        let loss = |((d, c), w): ((&f64, &f64), &f64)| w * (c - d).max(0.0);
        distances.iter().zip(closest).zip(seeding.data.weights(leaf)).map(loss).sum()
    }

    fn join(&mut self, _: Node, left: f64, right: f64) -> f64 {
        left + right
    }
}

/// Lowers the distances of the points nearer to a new center. The result of a node is the
/// greatest distance below it.
struct Addition<'s, 'a> {
    seeding: &'s mut Seeding<'a>,
    center: &'s [f64],
}

impl Visitor for Addition<'_, '_> {
    type Candidate = NewCenter;
    type Output = f64;
    const LEVELS: u32 = 1;

    fn cull(&mut self, node: Node, _: &[NewCenter], kept: &mut Vec<NewCenter>) {
        kept.clear();
        kept.extend(self.seeding.is_in_reach(node, self.center).then_some(NewCenter));
    }

    fn visit_leaf(&mut self, leaf: Node, _: &[NewCenter]) -> f64 {
        let distances = self.seeding.distances_at(leaf, self.center);
        let seeding = &mut *self.seeding;
        let places = seeding.data.tree().range(leaf);
        let rows = &seeding.data.tree().order()[places.clone()];
        let closest = &mut seeding.closest[places];
        for ((closest, &distance), &row) in closest.iter_mut().zip(&distances).zip(rows) {
            if distance < *closest {
                *closest = distance;
                seeding.is_stale[row as usize / BLOCK_ROWS] = true;
            }
        }
        let greatest = closest.iter().copied().fold(0.0, f64::max);
        seeding.greatest[leaf.index()] = greatest;
        greatest
    }

    fn join(&mut self, node: Node, left: f64, right: f64) -> f64 {
        self.seeding.greatest[node.index()] = left.max(right);
        self.seeding.greatest[node.index()]
    }

    fn skip(&mut self, node: Node) -> f64 {
        self.seeding.greatest[node.index()]
    }
}
