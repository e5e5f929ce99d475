//! A k-d tree over scattered points: its leaves are boxes of points, as tiles are boxes of
//! pixels.
//!
//! Guarantees: every leaf but the last has exactly [`LEAF_POINTS`] points, and leaf j is the rows
//! `order[j * LEAF_POINTS ..]`. Blocks of points therefore fill their vectors, and a node is a range
//! of leaves. Every node has the tight box of its points. The tree depends only on the points,
//! never on threads. Points that are all the same, on a line, or not finite make a valid tree.
//!
//! How it is built: a node is split at the multiple of a leaf next to its median, along the axis
//! on which a sample of its points spreads most. The caller gives the units of the axes, a
//! typical component's deviations: boxes are then small where components are narrow.
//! Coordinates are compared as 32-bit fixed-point numbers over the sample's range, with the
//! row's number in the low half. These are plain u64, all different, and the selection does not
//! read the points again. A point within a rounding of the median may go to either side, because
//! boxes are computed from the points themselves, afterwards and exactly.
//!
//! The points stay where they are. `PointsKernel::gather` copies those of leaves in the tree's
//! order, one feature a row.
//!
//! A NaN coordinate is in no box; the result for that point is a NaN whichever components are
//! left out.

use crate::error::Result;
use crate::points::group::GROUP_POINTS;
use crate::runtime::{Runtime, join};
use std::ops::Range;

/// Points of a leaf: a kernel's group. With leaves of 32 points fewer components survive, but the
/// tree is deeper: it is no faster for log-densities and slower for labels.
pub(crate) const LEAF_POINTS: usize = GROUP_POINTS;

/// The number of points from which the two sides of a node are built in parallel.
const PARALLEL_POINTS: usize = 1 << 13;

/// The number of points of a node that are sampled to choose its axis.
const SAMPLE_POINTS: usize = 32;

/// A tree over the rows of an array.
pub(crate) struct Tree {
    n_features: usize,
    /// Rows, leaf by leaf.
    order: Vec<u32>,
    /// The least coordinates, then the greatest, of each node in preorder.
    boxes: Vec<f64>,
}

/// A node: a range of leaves. A node of n leaves has 2 n - 1 nodes below and
/// including itself, which follow each other in preorder.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Node {
    index: usize,
    first_leaf: usize,
    pub(crate) n_leaves: usize,
}

/// The least and the greatest coordinates of some points.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds<'a> {
    pub(crate) low: &'a [f64],
    pub(crate) high: &'a [f64],
}

impl Node {
    fn root(n_leaves: usize) -> Self {
        Self { index: 0, first_leaf: 0, n_leaves }
    }

    /// The place of the node among all nodes of the tree.
    pub(crate) fn index(self) -> usize {
        self.index
    }

    /// The two halves of the node; None for a leaf.
    pub(crate) fn children(self) -> Option<[Self; 2]> {
        let n_left = n_leaves_left(self.n_leaves);
        (self.n_leaves > 1).then(|| {
            let (index, first_leaf) = (self.index + 1, self.first_leaf);
            let left = Self { index, first_leaf, n_leaves: n_left };
            let right = Self {
                index: index + 2 * n_left - 1,
                first_leaf: first_leaf + n_left,
                n_leaves: self.n_leaves - n_left,
            };
            [left, right]
        })
    }
}

fn n_leaves_left(n_leaves: usize) -> usize {
    n_leaves.div_ceil(2)
}

impl Tree {
    /// Builds a tree over the rows of `points`, (n, `units.len()`) row-major, fewer than 2^32 of
    /// them, on the threads of the current pool. `units` are the lengths of a unit along each
    /// axis.
    ///
    /// # Errors
    /// If the runtime was interrupted.
    pub(crate) fn new(points: &[f64], units: &[f64], runtime: &Runtime) -> Result<Self> {
        let n_features = units.len();
        let n_leaves = (points.len() / n_features).div_ceil(LEAF_POINTS);
        let mut boxes = vec![0.0; (2 * n_leaves).saturating_sub(1) * 2 * n_features];
        let builder = Builder::new(points, units, LEAF_POINTS, runtime);
        let mut keys = builder.keys();
        builder.build(&mut keys, &mut boxes)?;
        Ok(Self { n_features, order: rows(&keys), boxes })
    }

    /// The root; None without points.
    pub(crate) fn root(&self) -> Option<Node> {
        let n_leaves = self.order.len().div_ceil(LEAF_POINTS);
        (n_leaves > 0).then(|| Node::root(n_leaves))
    }

    /// Returns the largest nodes of at most `n_leaves` leaves, in order; together they hold all
    /// leaves.
    pub(crate) fn nodes_of_at_most(&self, n_leaves: usize) -> Vec<Node> {
        let (mut nodes, mut rest) = (Vec::new(), Vec::from_iter(self.root()));
        while let Some(node) = rest.pop() {
            match node.children().filter(|_| node.n_leaves > n_leaves) {
                Some([left, right]) => rest.extend([right, left]),
                None => nodes.push(node),
            }
        }
        nodes
    }

    /// Returns `n` leaves that are spread evenly over the tree, or none of an empty tree.
    pub(crate) fn spread_leaves(&self, n: usize) -> Vec<Node> {
        let Some(root) = self.root() else { return Vec::new() };
        let leaf = |i: usize| {
            let (place, mut node) = ((2 * i + 1) * root.n_leaves / (2 * n), root);
            while let Some([left, right]) = node.children() {
                node = if self.leaves(left).contains(&place) { left } else { right };
            }
            node
        };
        (0..n).map(leaf).collect()
    }

    /// The tight box of the node's points.
    pub(crate) fn bounds(&self, node: Node) -> Bounds<'_> {
        Bounds::of(&self.boxes[node.index * 2 * self.n_features..][..2 * self.n_features])
    }

    /// The node's leaves.
    pub(crate) fn leaves(&self, node: Node) -> Range<usize> {
        node.first_leaf..node.first_leaf + node.n_leaves
    }

    /// The places of the node's points in the tree's order.
    pub(crate) fn range(&self, node: Node) -> Range<usize> {
        let end = (node.first_leaf + node.n_leaves) * LEAF_POINTS;
        node.first_leaf * LEAF_POINTS..end.min(self.order.len())
    }

    /// The rows of the points, in the tree's order.
    pub(crate) fn order(&self) -> &[u32] {
        &self.order
    }
}

impl<'a> Bounds<'a> {
    /// Returns the bounds that [`enclose`] wrote.
    pub(crate) fn of(values: &'a [f64]) -> Self {
        let (low, high) = values.split_at(values.len() / 2);
        Self { low, high }
    }
}

/// Returns the rows of `points` in an order in which every `group_len` in a row are near each
/// other: a tree's order without the tree.
pub(crate) fn grouped(
    points: &[f64],
    units: &[f64],
    group_len: usize,
    runtime: &Runtime,
) -> Result<Vec<u32>> {
    let builder = Builder::new(points, units, group_len, runtime);
    let mut keys = builder.keys();
    builder.build(&mut keys, &mut [])?;
    Ok(rows(&keys))
}

/// Returns the rows of some leaves of the tree over `points`, spread evenly. It takes a small
/// part of the time of building the tree.
pub(crate) fn probe(
    points: &[f64],
    units: &[f64],
    n_probes: usize,
    runtime: &Runtime,
) -> Result<Vec<Vec<u32>>> {
    let builder = Builder::new(points, units, LEAF_POINTS, runtime);
    let mut keys = builder.keys();
    let mut leaves = Vec::with_capacity(n_probes);
    builder.probe(&mut keys, n_probes, &mut leaves)?;
    Ok(leaves)
}

fn rows(keys: &[u64]) -> Vec<u32> {
    keys.iter().map(|&key| key as u32).collect()
}

struct Builder<'a> {
    points: &'a [f64],
    n_features: usize,
    units: &'a [f64],
    leaf: usize,
    runtime: &'a Runtime,
}

impl<'a> Builder<'a> {
    fn new(points: &'a [f64], units: &'a [f64], leaf: usize, runtime: &'a Runtime) -> Self {
        Self { points, n_features: units.len(), units, leaf, runtime }
    }

    fn keys(&self) -> Vec<u64> {
        let n_points = self.points.len() / self.n_features;
        let n_points = u32::try_from(n_points).expect("a tree has fewer than 2^32 points");
        (0..u64::from(n_points)).collect()
    }

    fn coordinate(&self, key: u64, axis: usize) -> f64 {
        self.points[key as u32 as usize * self.n_features + axis]
    }

    /// Puts the rows of `keys` in order, and writes their boxes if `boxes` is not empty.
    fn build(&self, keys: &mut [u64], boxes: &mut [f64]) -> Result<()> {
        let n_leaves = keys.len().div_ceil(self.leaf);
        if n_leaves <= 1 {
            enclose(self.points, keys.iter().map(|&key| key as u32), boxes);
            return Ok(());
        }
        let is_parallel = keys.len() >= PARALLEL_POINTS;
        let n_left = n_leaves_left(n_leaves);
        self.split(keys, n_left * self.leaf);
        let (left, right) = keys.split_at_mut(n_left * self.leaf);
        let box_len = 2 * self.n_features;
        let (own, below) = boxes.split_at_mut(box_len.min(boxes.len()));
        let (boxes_left, boxes_right) =
            below.split_at_mut(((2 * n_left - 1) * box_len).min(below.len()));
        if is_parallel {
            self.runtime.check()?;
            join(|| self.build(left, boxes_left), || self.build(right, boxes_right))?;
        } else {
            self.build(left, boxes_left)?;
            self.build(right, boxes_right)?;
        }
        let halves = boxes_left.iter().zip(&*boxes_right);
        for (i, (own, (&a, &b))) in own.iter_mut().zip(halves).enumerate() {
            *own = if i < self.n_features { a.min(b) } else { a.max(b) };
        }
        Ok(())
    }

    /// Goes down to `n_probes` leaves and appends their rows.
    fn probe(&self, keys: &mut [u64], n_probes: usize, leaves: &mut Vec<Vec<u32>>) -> Result<()> {
        self.runtime.check()?;
        let n_leaves = keys.len().div_ceil(self.leaf);
        if n_leaves <= 1 {
            leaves.push(rows(keys));
            return Ok(());
        }
        let n_left = n_leaves_left(n_leaves) * self.leaf;
        self.split(keys, n_left);
        let (left, right) = keys.split_at_mut(n_left);
        // A single leaf alternates sides by the parity of the depth.
        let to_right = if n_probes > 1 { n_probes / 2 } else { n_leaves.ilog2() as usize & 1 };
        if to_right < n_probes {
            self.probe(left, n_probes - to_right, leaves)?;
        }
        if to_right > 0 {
            self.probe(right, to_right, leaves)?;
        }
        Ok(())
    }

    /// Puts the `at` least along the widest axis first.
    fn split(&self, keys: &mut [u64], at: usize) {
        let mut widest = (f64::NEG_INFINITY, 0, Spread::default());
        for axis in 0..self.n_features {
            let spread = Spread::of(self, keys, axis);
            let width = spread.variance.sqrt() / self.units[axis];
            if width > widest.0 {
                widest = (width, axis, spread);
            }
        }
        let (_, axis, spread) = widest;
        let scale = f64::from(u32::MAX) / (spread.high - spread.low);
        for key in keys.iter_mut() {
            // The cast saturates, and a NaN becomes 0.
            let position = ((self.coordinate(*key, axis) - spread.low) * scale) as u32;
            *key = u64::from(position) << 32 | (*key & u64::from(u32::MAX));
        }
        keys.select_nth_unstable(at);
    }
}

/// Writes the box of some rows of `points`: the least coordinates, then the
/// greatest.
pub(crate) fn enclose(points: &[f64], rows: impl Iterator<Item = u32>, bounds: &mut [f64]) {
    let n_features = bounds.len() / 2;
    let (low, high) = bounds.split_at_mut(n_features);
    low.fill(f64::INFINITY);
    high.fill(f64::NEG_INFINITY);
    for row in rows {
        let point = &points[row as usize * n_features..];
        for ((low, high), &x) in low.iter_mut().zip(high.iter_mut()).zip(point) {
            *low = low.min(x);
            *high = high.max(x);
        }
    }
}

/// The range and variance of a sample of points along an axis.
#[derive(Default)]
struct Spread {
    low: f64,
    high: f64,
    variance: f64,
}

impl Spread {
    fn of(builder: &Builder<'_>, keys: &[u64], axis: usize) -> Self {
        let n_samples = SAMPLE_POINTS.min(keys.len());
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        let (mut sum, mut sum_squares) = (0.0, 0.0);
        let Some(&first) = keys.first() else { return Self::default() };
        let origin = builder.coordinate(first, axis);
        for i in 0..n_samples as u64 {
            // Multiples of the golden ratio: a regular step could select the same column of
            // every row of a picture.
            let fraction = i.wrapping_mul(0x9E37_79B9) & u64::from(u32::MAX);
            let at = (fraction * keys.len() as u64) >> 32;
            let x = builder.coordinate(keys[at as usize], axis);
            (low, high) = (low.min(x), high.max(x));
            sum += x - origin;
            sum_squares += (x - origin).powi(2);
        }
        let n = n_samples as f64;
        Self { low, high, variance: (sum_squares - sum * sum / n) / n }
    }
}

#[cfg(test)]
mod tests;
