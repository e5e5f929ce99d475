//! Evaluation at scattered points: cuts a call into pieces, and evaluates each by the tree or by
//! the dense kernel.
//!
//! A call evaluates its points in pieces of [`PIECE_POINTS`]. Its memory, apart from the result,
//! is then a few megabytes a thread for any number of points. Either a piece gets a k-d tree,
//! the components are culled from node to node (walk.rs), and a leaf evaluates the survivors; or
//! every component is evaluated at every point.
//!
//! The choice is made for each piece, from the points and the mixture only. The components are
//! culled at `N_PROBES` leaves of the tree that would be built. The tree is built if the
//! operations that culling would save at each point exceed [`TREE_OPERATIONS`]. They do not in
//! many dimensions, where boxes hold nearly all components, in tails, where all components are
//! alike, and for few components.
//!
//! Pieces depend on the number of points, and no result depends on threads: neither do its bits.

use crate::error::Result;
use crate::model::mixture::Mixture;
use crate::points::cost::{CULLING_LEVELS, MIN_POINTS, N_PROBES, PointCost};
use crate::points::cull::{ComponentBlocks, Culler, PointBox, Survivors};
use crate::points::group::{GROUP_POINTS, PeakedMixture, PointsKernel, log2_peaks};
use crate::points::threshold::Threshold;
use crate::points::tree::{self, Bounds, Node, Tree};
use crate::points::walk::{self, Task, Visitor, Walker};
use crate::runtime::{Runtime, distribute};
use crate::simd::{Dispatch, Simd};
use std::ops::Range;

/// Points of a piece. The tree and the rows in its order take some 40 bytes a point.
const PIECE_POINTS: usize = 1 << 17;

/// Points that the dense kernel evaluates between two checks for an interrupt.
const DENSE_GROUP_POINTS: usize = 32;

/// Multiply-adds a point that the tree costs, whatever it leaves out: building it, gathering its
/// points and culling. The unit is a multiply-add of the dense kernel. Measured with AVX-512 on a
/// photograph's 273,280 pixels in five dimensions: 200 components take 36 ms either way, 1000
/// take 47 ms with the tree and 183 ms without.
const TREE_OPERATIONS: f64 = 4000.0;

/// A quantity of each point: a row of values.
pub(crate) trait PointQuantity: Send + Sync {
    /// The type of a value.
    type Value: Send;

    /// The number of values of a row.
    fn row_len(&self, mixture: &Mixture) -> usize;

    /// The threshold below another component at which a component may be left out.
    fn threshold(&self, mixture: &Mixture) -> Threshold;

    /// Returns the multiply-adds of one point, or somewhat more.
    fn operations_per_point(&self, mixture: &Mixture) -> usize {
        operations_per_point(mixture)
    }

    /// Returns the function that writes rows, with the scratch memory of one thread.
    fn evaluator<'a, S: Simd>(
        &'a self,
        simd: S,
        mixture: &Mixture,
    ) -> Evaluator<'a, Self::Value, S>;
}

/// Writes the rows of the points of one of the kernel's groups, under some components, which it
/// may put into another order. A row first holds the values that the caller wrote into it.
pub(crate) type Evaluator<'a, V, S> =
    Box<dyn FnMut(&mut PointsKernel<'_, S>, usize, &mut [u32], &mut [&mut [V]]) + 'a>;

/// Returns the multiply-adds of one point, or somewhat more.
pub(crate) fn operations_per_point(mixture: &Mixture) -> usize {
    let d = mixture.n_features();
    mixture.n_components().saturating_mul(d.saturating_mul(d) / 2 + 16)
}

/// Points, and the rows of their values.
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
        if self.points.len() <= DENSE_GROUP_POINTS * self.mixture.n_features() {
            // One piece of one group has no work for another thread, and starting one takes
            // longer than a small mixture.
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
        let peaked = PeakedMixture { mixture, peaks: &peaks };
        Call::new(simd, &quantity, &new_evaluator, peaked, runtime).run(points, out)
    }
}

/// The state that all pieces of a call share.
///
/// It is generic only over the type of a quantity's values: log-densities and responsibilities
/// share the compiled code. The evaluator is called through a pointer, once a leaf.
struct Call<'a, V, S: Simd> {
    simd: S,
    peaked: PeakedMixture<'a>,
    active: Vec<u32>,
    runtime: &'a Runtime,
    /// See [`PointQuantity`].
    row_len: usize,
    threshold: Threshold,
    cost: PointCost,
    new_evaluator: &'a (dyn Fn() -> Evaluator<'a, V, S> + Sync),
}

impl<'a, V: Send, S: Simd> Call<'a, V, S> {
    fn new<Q: PointQuantity<Value = V>>(
        simd: S,
        quantity: &Q,
        new_evaluator: &'a (dyn Fn() -> Evaluator<'a, V, S> + Sync),
        peaked: PeakedMixture<'a>,
        runtime: &'a Runtime,
    ) -> Self {
        let mixture = peaked.mixture;
        Self {
            simd,
            peaked,
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
        let (mixture, runtime, row_len) = (self.peaked.mixture, self.runtime, self.row_len);
        let d = mixture.n_features();
        let may_cull = self.cost.may_pay(out.len() / row_len, mixture);
        let blocks = if may_cull { Some(ComponentBlocks::new(mixture, runtime)?) } else { None };
        // As many pieces at a time as there are threads: a thread that waits for another's half
        // of a tree must not begin a piece of its own.
        let wave = PIECE_POINTS * runtime.n_threads();
        for (points, out) in points.chunks(wave * d).zip(out.chunks_mut(wave * row_len)) {
            let pieces = points
                .chunks(PIECE_POINTS * d)
                .zip(out.chunks_mut(PIECE_POINTS * row_len))
                .collect();
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

    /// Writes the rows of points, each from every component.
    fn dense(&self, points: &[f64], rows: &mut [&mut [V]]) -> Result<()> {
        let d = self.peaked.mixture.n_features();
        let groups = points
            .chunks(DENSE_GROUP_POINTS * d)
            .zip(rows.chunks_mut(DENSE_GROUP_POINTS))
            .collect();
        distribute(groups, &|| {
            let mut kernel = PointsKernel::new(self.simd, self.peaked);
            let mut components = self.active.clone();
            let mut evaluate = (self.new_evaluator)();
            let in_turn: [u32; DENSE_GROUP_POINTS] = std::array::from_fn(|row| row as u32);
            Box::new(move |(points, rows): (&[f64], &mut [&mut [V]])| {
                self.runtime.check()?;
                kernel.gather(points, &in_turn[..rows.len()]);
                evaluate(&mut kernel, 0, &mut components, rows);
                Ok(())
            })
        })
    }

    /// Returns whether few enough components survive in a sample of the piece's leaves.
    fn culling_pays(&self, blocks: &ComponentBlocks, points: &[f64]) -> Result<bool> {
        let d = self.peaked.mixture.n_features();
        if points.len() / d < MIN_POINTS {
            return Ok(false);
        }
        let mut kernel = PointsKernel::new(self.simd, self.peaked);
        let mut culler = Culler::new(self.simd, blocks, self.threshold);
        let mut bounds = vec![0.0; 2 * d];
        let probes = tree::probe(points, blocks.units(), N_PROBES, self.runtime)?;
        let n_kept = probes.iter().map(|rows| {
            tree::enclose(points, rows.iter().copied(), &mut bounds);
            kernel.gather(points, rows);
            let probe = PointBox { bounds: Bounds::of(&bounds), groups: 0..1 };
            culler.n_survivors(&mut kernel, probe)
        });
        Ok(self.cost.pays(n_kept.sum(), probes.len() * self.active.len()))
    }

    /// Writes the rows of points, each from the survivors of its leaf.
    fn culled(
        &self,
        blocks: &ComponentBlocks,
        points: &[f64],
        mut rows: Vec<&mut [V]>,
    ) -> Result<()> {
        let tree = Tree::new(points, blocks.units(), self.runtime)?;
        let mut in_order: Vec<&mut [V]> =
            tree.order().iter().map(|&row| std::mem::take(&mut rows[row as usize])).collect();
        drop(rows);
        let all = blocks.all();
        distribute(walk::tasks(&tree, &mut in_order), &|| {
            let mut walker = Walker::new(self.runtime);
            let mut worker = Worker {
                blocks,
                culler: Culler::new(self.simd, blocks, self.threshold),
                kernel: PointsKernel::new(self.simd, self.peaked),
                evaluate: (self.new_evaluator)(),
                components: Vec::new(),
            };
            let (tree, all) = (&tree, &all);
            Box::new(move |Task { node, rows }| {
                worker.kernel.gather(points, &tree.order()[tree.range(node)]);
                let first_leaf = tree.leaves(node).start;
                let mut writer = RowWriter { worker: &mut worker, tree, first_leaf, rows };
                walker.walk(&mut writer, node, all)
            })
        })
    }
}

/// Evaluates leaves; the scratch memory of one thread.
struct Worker<'w, 'a, V, S: Simd> {
    blocks: &'w ComponentBlocks,
    culler: Culler<'w, S>,
    kernel: PointsKernel<'w, S>,
    evaluate: Evaluator<'a, V, S>,
    components: Vec<u32>,
}

/// Writes the rows of the points of one task, whose groups the worker's kernel holds.
struct RowWriter<'t, 'b, 'w, 'a, V, S: Simd> {
    worker: &'t mut Worker<'w, 'a, V, S>,
    tree: &'t Tree,
    /// The leaf that is group 0.
    first_leaf: usize,
    rows: &'t mut [&'b mut [V]],
}

impl<V, S: Simd> RowWriter<'_, '_, '_, '_, V, S> {
    fn groups(&self, node: Node) -> Range<usize> {
        let leaves = self.tree.leaves(node);
        leaves.start - self.first_leaf..leaves.end - self.first_leaf
    }
}

impl<V, S: Simd> Visitor for RowWriter<'_, '_, '_, '_, V, S> {
    type Candidate = Survivors;
    type Output = ();
    const LEVELS: u32 = CULLING_LEVELS;

    fn cull(&mut self, node: Node, candidates: &[Survivors], kept: &mut Vec<Survivors>) {
        let points = PointBox { bounds: self.tree.bounds(node), groups: self.groups(node) };
        self.worker.culler.cull(&mut self.worker.kernel, points, candidates, kept);
    }

    fn visit_leaf(&mut self, leaf: Node, candidates: &[Survivors]) {
        let group = self.groups(leaf).start;
        let Worker { blocks, kernel, evaluate, components, .. } = &mut *self.worker;
        let rows = self.rows.chunks_mut(GROUP_POINTS).nth(group).unwrap_or_default();
        blocks.components(candidates, components);
        evaluate(kernel, group, components, rows);
    }
}

#[cfg(test)]
mod tests;
