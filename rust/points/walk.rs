//! Orchestration of scattered points: pieces, and for each the tree or the dense
//! kernel.
//!
//! A call goes through its points in pieces of [`PIECE`], so that what it needs
//! besides the result is a few megabytes a thread however many points there are.
//! A piece gets a k-d tree, the components are culled from node to node, and a
//! leaf evaluates the survivors; or every component is evaluated at every point.
//!
//! The choice is made for each piece, from the points and the mixture alone. The
//! components are culled from `N_PROBES` leaves of the tree that would be built,
//! and it is, if the operations that this share leaves out at every point are more
//! than [`TREE_OPERATIONS`]. In many dimensions, where boxes hold nearly all
//! components, in tails, where all are alike, and for few components they are not.
//!
//! Pieces depend on the number of points and nothing in them on threads, so
//! neither do the bits of the result.

use crate::error::Result;
use crate::model::mixture::Mixture;
use crate::points::cost::{MIN_POINTS, N_PROBES, PointCost, TASK_LEAVES, is_culled};
use crate::points::cull::{Blocks, Culler, Live};
use crate::points::group::{PointsKernel, log2_peaks};
use crate::points::threshold::Threshold;
use crate::points::tree::{self, Bounds, Node, Tree};
use crate::runtime::{Runtime, distribute};
use crate::simd::{Dispatch, Simd};
use std::ops::Range;

/// Points of a piece. The tree and the rows in its order take some 40 bytes each.
const PIECE: usize = 1 << 17;

/// Points that the dense kernel takes between two looks for an interrupt.
const DENSE_GROUP: usize = 32;

/// Multiply-adds a point that the tree costs, whatever it leaves out: building it,
/// gathering its points and culling, in units of what the dense kernel does in the
/// same time. Measured with AVX-512 on a photograph's 273,280 pixels in five
/// dimensions: 200 components take 36 ms either way, 1000 take 47 ms with the tree
/// and 183 ms without.
const TREE_OPERATIONS: f64 = 4000.0;

/// What is wanted of each point: a row of values.
pub(crate) trait PointQuantity: Send + Sync {
    /// A value.
    type Value: Send;

    /// Values of a row.
    fn row_len(&self, mixture: &Mixture) -> usize;

    /// How far below another component one may be left out.
    fn threshold(&self, mixture: &Mixture) -> Threshold;

    /// Multiply-adds that one point takes, or somewhat more.
    fn operations_per_point(&self, mixture: &Mixture) -> usize {
        operations_per_point(mixture)
    }

    /// What writes rows, with the scratch memory of one thread.
    fn evaluator<'a, S: Simd>(
        &'a self,
        simd: S,
        mixture: &Mixture,
    ) -> Evaluator<'a, Self::Value, S>;
}

/// Writes the rows of the points of one of the kernel's groups, under some components,
/// which it may put into another order. A row holds what the caller wrote into it.
pub(crate) type Evaluator<'a, V, S> =
    Box<dyn FnMut(&mut PointsKernel<'_, S>, usize, &mut [u32], &mut [&mut [V]]) + 'a>;

/// Multiply-adds that one point takes, or somewhat more.
pub(crate) fn operations_per_point(mixture: &Mixture) -> usize {
    let d = mixture.n_features();
    mixture.n_components().saturating_mul(d.saturating_mul(d) / 2 + 16)
}

/// Points, and the rows of values that are wanted of them.
pub(crate) struct PointJob<'a, Q: PointQuantity> {
    pub(crate) quantity: Q,
    pub(crate) mixture: &'a Mixture,
    /// (n, `n_features`), row-major.
    pub(crate) points: &'a [f64],
    /// The rows, one after the other.
    pub(crate) out: &'a mut [Q::Value],
    pub(crate) runtime: &'a Runtime,
}

impl<Q: PointQuantity> PointJob<'_, Q> {
    /// Writes all rows.
    pub(crate) fn run(self) -> Result<()> {
        let runtime = self.runtime;
        if self.points.len() <= DENSE_GROUP * self.mixture.n_features() {
            // One piece of one group: there is nothing to give to another thread, and
            // going to one takes longer than a small mixture.
            return runtime.level().dispatch(self);
        }
        runtime.install(|| runtime.level().dispatch(self))
    }
}

impl<Q: PointQuantity> Dispatch for PointJob<'_, Q> {
    type Output = Result<()>;

    fn run<S: Simd>(self, simd: S) -> Result<()> {
        let Self { quantity, mixture, points, out, runtime } = self;
        let peaks = log2_peaks(mixture);
        let new_evaluator = || quantity.evaluator(simd, mixture);
        Call::of(simd, &quantity, &new_evaluator, (mixture, &peaks), runtime).run(points, out)
    }
}

/// What all pieces of a call share.
///
/// Generic over a quantity's values alone, so that log-densities and responsibilities
/// share what is compiled; what differs is called through a pointer, once a leaf.
struct Call<'a, V, S: Simd> {
    simd: S,
    mixture: &'a Mixture,
    peaks: &'a [f64],
    active: Vec<u32>,
    runtime: &'a Runtime,
    /// See [`PointQuantity`].
    row_len: usize,
    threshold: Threshold,
    cost: PointCost,
    new_evaluator: &'a (dyn Fn() -> Evaluator<'a, V, S> + Sync),
}

impl<'a, V: Send, S: Simd> Call<'a, V, S> {
    fn of<Q: PointQuantity<Value = V>>(
        simd: S,
        quantity: &Q,
        new_evaluator: &'a (dyn Fn() -> Evaluator<'a, V, S> + Sync),
        (mixture, peaks): (&'a Mixture, &'a [f64]),
        runtime: &'a Runtime,
    ) -> Self {
        Self {
            simd,
            mixture,
            peaks,
            active: mixture.active_components().map(|k| k as u32).collect(),
            runtime,
            row_len: quantity.row_len(mixture),
            threshold: quantity.threshold(mixture),
            cost: PointCost {
                dense: quantity.operations_per_point(mixture) as f64,
                culling: TREE_OPERATIONS,
            },
            new_evaluator,
        }
    }

    /// Writes the rows of all points.
    fn run(&self, points: &[f64], out: &mut [V]) -> Result<()> {
        let (mixture, runtime, d) = (self.mixture, self.runtime, self.mixture.n_features());
        let row_len = self.row_len;
        let may_cull = self.cost.may_pay(out.len() / row_len, mixture);
        let blocks = if may_cull { Some(Blocks::new(mixture, runtime)?) } else { None };
        // As many pieces at a time as there are threads: a thread that waits for
        // another's half of a tree must not begin a piece of its own meanwhile.
        let wave = PIECE * runtime.n_threads();
        for (points, out) in points.chunks(wave * d).zip(out.chunks_mut(wave * row_len)) {
            let pieces = points.chunks(PIECE * d).zip(out.chunks_mut(PIECE * row_len)).collect();
            distribute(pieces, &|| {
                Box::new(|(points, out)| {
                    let mut rows: Vec<&mut [V]> = out.chunks_mut(row_len).collect();
                    match &blocks {
                        Some(blocks) if self.culling_pays(blocks, points)? => {
                            self.culled(blocks, points, rows)
                        }
                        _ => self.dense(points, &mut rows),
                    }
                })
            })?;
        }
        Ok(())
    }

    /// Every component at every point.
    fn dense(&self, points: &[f64], rows: &mut [&mut [V]]) -> Result<()> {
        let d = self.mixture.n_features();
        let groups = points.chunks(DENSE_GROUP * d).zip(rows.chunks_mut(DENSE_GROUP)).collect();
        distribute(groups, &|| {
            let mut kernel = PointsKernel::new(self.simd, self.mixture, self.peaks);
            let mut components = self.active.clone();
            let mut evaluate = (self.new_evaluator)();
            let in_turn: [u32; DENSE_GROUP] = std::array::from_fn(|row| row as u32);
            Box::new(move |(points, rows): (&[f64], &mut [&mut [V]])| {
                self.runtime.check()?;
                kernel.gather(points, &in_turn[..rows.len()]);
                evaluate(&mut kernel, 0, &mut components, rows);
                Ok(())
            })
        })
    }

    /// Whether few enough components survive in a sample of the piece's leaves.
    fn culling_pays(&self, blocks: &Blocks, points: &[f64]) -> Result<bool> {
        let d = self.mixture.n_features();
        if points.len() / d < MIN_POINTS {
            return Ok(false);
        }
        let kernel = PointsKernel::new(self.simd, self.mixture, self.peaks);
        let culler = Culler::new(self.simd, blocks);
        let probes = tree::probe(points, blocks.units(), N_PROBES, self.runtime)?;
        let n_kept = n_kept(culler, kernel, blocks, (points, d), &probes, self.threshold);
        Ok(self.cost.pays(n_kept, probes.len() * self.active.len()))
    }

    /// The survivors of each leaf at its points.
    fn culled(&self, blocks: &Blocks, points: &[f64], mut rows: Vec<&mut [V]>) -> Result<()> {
        let tree = Tree::new(points, blocks.units(), self.runtime)?;
        let mut in_order: Vec<&mut [V]> =
            tree.order().iter().map(|&row| std::mem::take(&mut rows[row as usize])).collect();
        drop(rows);
        let mut tasks = Vec::new();
        if let Some(root) = tree.root() {
            split_into_tasks(&tree, root, &mut in_order, &mut tasks);
        }
        let all = blocks.all();
        distribute(tasks, &|| {
            let mut worker = Worker::new(self, blocks);
            let (tree, all) = (&tree, &all);
            Box::new(move |(node, rows)| {
                let order = &tree.order()[tree.range(node)];
                worker.kernel.gather(points, order);
                let first_leaf = tree.leaves(node).start;
                worker.visit(&Place { tree, first_leaf }, node, all, rows)
            })
        })
    }
}

/// How many components are kept in some leaves of points of `d` features, all leaves
/// together. Not generic over what is wanted of them.
#[inline(never)]
fn n_kept<S: Simd>(
    mut culler: Culler<'_, S>,
    mut kernel: PointsKernel<'_, S>,
    blocks: &Blocks,
    (points, d): (&[f64], usize),
    leaves: &[Vec<u32>],
    threshold: Threshold,
) -> usize {
    let (all, mut bounds, mut kept) = (blocks.all(), vec![0.0; 2 * d], Vec::new());
    let (mut components, mut n_kept) = (Vec::new(), 0);
    for rows in leaves {
        tree::enclose(points, rows.iter().copied(), &mut bounds);
        kernel.gather(points, rows);
        culler.bound(Bounds::of(&bounds), &all, &mut components);
        let cut = threshold.cutoff(kernel.least_largest(&components, 0..1));
        culler.keep(&all, cut, &mut kept);
        blocks.components(&kept, &mut components);
        n_kept += components.len();
    }
    n_kept
}

/// Nodes of at most `TASK_LEAVES` leaves, and the rows of their points.
fn split_into_tasks<'a, 'b, V>(
    tree: &Tree,
    node: Node,
    rows: &'a mut [&'b mut [V]],
    tasks: &mut Vec<(Node, &'a mut [&'b mut [V]])>,
) {
    let halves = if node.n_leaves <= TASK_LEAVES { None } else { node.children() };
    let Some([left, right]) = halves else {
        tasks.push((node, rows));
        return;
    };
    let (rows_left, rows_right) = rows.split_at_mut(tree.range(left).len());
    split_into_tasks(tree, left, rows_left, tasks);
    split_into_tasks(tree, right, rows_right, tasks);
}

/// Where the groups that a kernel holds are in a tree.
struct Place<'a> {
    tree: &'a Tree,
    /// The leaf that is group 0.
    first_leaf: usize,
}

/// Scratch memory of one thread.
struct Worker<'w, 'a, V, S: Simd> {
    call: &'w Call<'a, V, S>,
    blocks: &'w Blocks,
    culler: Culler<'w, S>,
    kernel: PointsKernel<'w, S>,
    evaluate: Evaluator<'a, V, S>,
    /// Lists of survivors that are not in use.
    lists: Vec<Vec<Live>>,
    components: Vec<u32>,
}

impl<'w, 'a, V: Send, S: Simd> Worker<'w, 'a, V, S> {
    fn new(call: &'w Call<'a, V, S>, blocks: &'w Blocks) -> Self {
        Self {
            call,
            blocks,
            culler: Culler::new(call.simd, blocks),
            kernel: PointsKernel::new(call.simd, call.mixture, call.peaks),
            evaluate: (call.new_evaluator)(),
            lists: Vec::new(),
            components: Vec::new(),
        }
    }

    /// Puts those of `live` that can matter to the points of some groups, which
    /// are in a box, into `kept`.
    fn cull(
        &mut self,
        bounds: Bounds<'_>,
        groups: Range<usize>,
        live: &[Live],
        kept: &mut Vec<Live>,
    ) {
        self.culler.bound(bounds, live, &mut self.components);
        let least = self.kernel.least_largest(&self.components, groups);
        self.culler.keep(live, self.call.threshold.cutoff(least), kept);
    }

    /// Writes the rows of a node's points, for which `live` can matter.
    fn visit(
        &mut self,
        place: &Place<'_>,
        node: Node,
        live: &[Live],
        rows: &mut [&mut [V]],
    ) -> Result<()> {
        self.call.runtime.check()?;
        let tree = place.tree;
        let leaves = tree.leaves(node);
        let groups = leaves.start - place.first_leaf..leaves.end - place.first_leaf;
        let mut survivors = self.lists.pop().unwrap_or_default();
        let live = if is_culled(node) {
            self.cull(tree.bounds(node), groups.clone(), live, &mut survivors);
            &survivors
        } else {
            live
        };
        if let Some([left, right]) = node.children() {
            let (rows_left, rows_right) = rows.split_at_mut(tree.range(left).len());
            self.visit(place, left, live, rows_left)?;
            self.visit(place, right, live, rows_right)?;
        } else {
            self.blocks.components(live, &mut self.components);
            (self.evaluate)(&mut self.kernel, groups.start, &mut self.components, rows);
        }
        self.lists.push(survivors);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
