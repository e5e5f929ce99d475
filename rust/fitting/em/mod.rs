//! Expectation-maximization: one pass over the points turns a mixture into the statistics of the
//! next one.
//!
//! [`expectation`] walks down the tree of [`Data`], leaves out components that cannot matter, and
//! adds up the moments of the others (kernel.rs). No array of (n_samples, n_components) is held.
//!
//! A component of weight π may be left out of a point at which another component is more than
//! [`BITS`] - log2(π) bits above it. Its responsibility there is below 2^-BITS π: all that is
//! left out of its count is below 2^-BITS of the count that π stands for. The count of this
//! iteration may be lower. If it is below 2^-SLACK of that count, the pass is repeated, and that
//! component gets the bits that are proved to suffice for any count that is not lost in the 10 ε
//! that scikit-learn adds. Counts are therefore right to 2^(SLACK - BITS) = 2^-48, and sums and
//! scatters to that times the largest squared distance, in standard deviations, at which points
//! were left out. All that is left out of p(x) is below 2^-BITS of it. The proof for boxes is in
//! points/cull.rs.
//!
//! Without culling every active component is evaluated at every point. This is done for few
//! points or components, and if too many components survive in some leaves that are tried.
//!
//! The points are cut into tasks that depend on their number only. The moments of tasks are added
//! in the order of the tasks, for the bits of the result not to depend on threads. They are kept
//! for one wave of tasks.

mod kernel;
mod polynomial;
mod quadratic;

use crate::error::{Error, Result};
use crate::fitting::data::Data;
use crate::fitting::em::kernel::{ExpectationKernel, MomentCenters};
use crate::fitting::em::quadratic::Quadratics;
use crate::fitting::statistics::{Estimate, Moments, PartialMoments, Statistics, count_floor};
use crate::model::linalg::packed_len;
use crate::model::mixture::Mixture;
use crate::points::cost::{CULLING_LEVELS, N_PROBES, PointCost, TASK_LEAVES};
use crate::points::cull::{ComponentBlocks, Culler, PointBox, Survivors};
use crate::points::group::{PeakedMixture, PointsKernel, log2_peaks};
use crate::points::threshold::Threshold;
use crate::points::tree::Node;
use crate::points::walk::{Visitor, Walker};
use crate::runtime::{Runtime, distribute};
use crate::simd::{Dispatch, Simd};

/// Bits that are kept of a component's count if the count does not fall.
const BITS: f64 = 55.0;

/// Bits by which a count may fall before the pass is repeated.
const SLACK: i32 = 7;

/// Multiply-adds a point that take as long as culling.
const CULL_OPERATIONS: f64 = 500.0;

/// The largest memory of the moments of a wave of tasks, in bytes. A wave has at least two tasks
/// a thread.
const MAX_WAVE_BYTES: usize = 4 << 20;

impl Data {
    /// Makes one iteration. Returns the next parameters, of the mixture's covariance type, and
    /// the mean of log p(x) under `mixture`, scikit-learn's `lower_bound_`. [`Mixture::new`]
    /// accepts the parameters if their covariances are positive definite.
    ///
    /// # Errors
    /// If the mixture has another number of features, or the runtime was interrupted.
    pub fn step(
        &self,
        mixture: &Mixture,
        reg_covar: f64,
        runtime: &Runtime,
    ) -> Result<(Estimate, f64)> {
        let like = mixture.covariances();
        let mut statistics = expectation(mixture, self, runtime)?;
        let mut estimate = statistics.m_step(like, reg_covar)?;
        if !estimate.lost.is_empty() {
            let nearer = expectation_about(mixture, &estimate.means, self, runtime)?;
            statistics.replace(&estimate.lost, &nearer)?;
            estimate = statistics.m_step(like, reg_covar)?;
        }
        Ok((estimate, statistics.log_likelihood() / statistics.weight()))
    }
}

/// Returns the statistics of the data under `mixture`, about its means.
///
/// # Errors
/// If the mixture has another number of features, or the runtime was interrupted.
pub fn expectation(mixture: &Mixture, data: &Data, runtime: &Runtime) -> Result<Statistics> {
    expectation_about(mixture, mixture.means(), data, runtime)
}

/// Returns the statistics of the data under `mixture`, about other `centers`, (n_components,
/// n_features) row-major.
///
/// # Errors
/// If arrays do not fit together, or the runtime was interrupted.
pub fn expectation_about(
    mixture: &Mixture,
    centers: &[f64],
    data: &Data,
    runtime: &Runtime,
) -> Result<Statistics> {
    let d = mixture.n_features();
    if data.n_features() != d {
        let expected = format!("{d} features, as the mixture has");
        let got = data.n_features().to_string();
        return Err(Error::Value { argument: "X", expected, got });
    }
    if centers.len() != mixture.means().len() {
        let expected = format!("shape ({}, {d})", mixture.n_components());
        return Err(Error::Length { argument: "centers", expected, got: centers.len() });
    }
    let weight = data.weight_of(0..data.n_leaves());
    let floor = count_floor(weight, data.n_weighted());
    // The count that a weight stands for, and the bits that are kept of it.
    let count = |k: usize| (mixture.weights()[k] * weight).max(floor);
    let proved = BITS + (weight / floor).log2().max(0.0);
    let bits = |k: usize| BITS + (weight / count(k)).log2().max(0.0);
    let mut bits: Vec<f64> = (0..mixture.n_components()).map(bits).collect();
    loop {
        let about = MomentCenters {
            centers,
            bits: &bits,
            is_diagonal: mixture.covariances().is_diagonal(),
        };
        let pass = Pass { mixture, data, about, runtime };
        let statistics = runtime.install(|| runtime.level().dispatch(pass))?;
        let mut is_right = true;
        for (&n, bits) in statistics.counts().iter().zip(&mut bits) {
            let left_out = weight * (-*bits).exp2();
            let allowed = (n + floor) * 2.0_f64.powi(SLACK) * (-BITS).exp2();
            if *bits < proved && left_out > allowed {
                *bits = proved;
                is_right = false;
            }
        }
        if is_right {
            return Ok(statistics.with_n_samples(data.n_weighted()));
        }
    }
}

/// One pass over the data.
struct Pass<'a> {
    mixture: &'a Mixture,
    data: &'a Data,
    about: MomentCenters<'a>,
    runtime: &'a Runtime,
}

impl Dispatch for Pass<'_> {
    type Output = Result<Statistics>;

    fn run<S: Simd>(self, simd: S) -> Result<Statistics> {
        let Self { mixture, data, about, runtime } = self;
        let (d, n_components) = (mixture.n_features(), mixture.n_components());
        let peaks = log2_peaks(mixture);
        // Statistics are taken about other centers if digits were lost, perhaps by polynomials.
        let is_about_means = about.centers == mixture.means();
        let quadratics = Quadratics::new(mixture, is_about_means);
        let active: Vec<u32> = mixture.active_components().map(|k| k as u32).collect();
        let scatter_len = if about.is_diagonal { d } else { packed_len(d) };
        let row_len = 1 + d + scatter_len;
        let operations = row_len + scatter_len + 40;
        let cost =
            PointCost { dense: (active.len() * operations) as f64, culling: CULL_OPERATIONS };
        let may_cull = cost.may_pay(data.n_samples(), mixture);
        let blocks = if may_cull {
            ComponentBlocks::with_thresholds(mixture, &|k| about.bits[k], runtime)?
        } else {
            ComponentBlocks::none(d)
        };
        let peaked = PeakedMixture { mixture, peaks: &peaks };
        let new_worker = || {
            let points = PointsKernel::new(simd, peaked).with_groups(data.coordinates());
            Worker {
                data,
                blocks: &blocks,
                // The blocks hold each component's own threshold.
                culler: Culler::new(simd, &blocks, Threshold::fixed(0.0)),
                kernel: ExpectationKernel::new(simd, points, &quadratics, about),
                moments: Moments::new(n_components, row_len),
                components: Vec::new(),
                log_likelihood: 0.0,
            }
        };
        let culling_pays = may_cull && {
            let (mut worker, probes) = (new_worker(), data.tree().spread_leaves(N_PROBES));
            let n_kept = probes.iter().map(|&leaf| worker.n_survivors(leaf)).sum();
            cost.pays(n_kept, probes.len() * active.len())
        };
        let all = blocks.all();
        let mut statistics = Statistics::new(about.centers.to_vec(), d, about.is_diagonal);
        let tasks = data.tree().nodes_of_at_most(TASK_LEAVES);
        let n_bytes = active.len() * row_len * size_of::<f64>();
        let wave = (MAX_WAVE_BYTES / n_bytes).max(2 * runtime.n_threads());
        for tasks in tasks.chunks(wave) {
            let mut parts: Vec<PartialMoments> =
                tasks.iter().map(|_| PartialMoments::default()).collect();
            distribute(tasks.iter().zip(&mut parts).collect(), &|| {
                let (mut walker, mut worker) = (Walker::new(runtime), new_worker());
                let (all, active) = (&all, &active);
                Box::new(move |(&node, part): (&Node, &mut PartialMoments)| {
                    if culling_pays {
                        walker.walk(&mut worker, node, all)?;
                    } else {
                        for leaf in data.tree().leaves(node) {
                            runtime.check()?;
                            worker.expect(leaf, active);
                        }
                    }
                    *part = worker.take(node);
                    Ok(())
                })
            })?;
            parts.iter().for_each(|part| statistics.add(part, mixture));
        }
        Ok(statistics)
    }
}

/// The scratch memory of one thread.
struct Worker<'a, S: Simd> {
    data: &'a Data,
    blocks: &'a ComponentBlocks,
    culler: Culler<'a, S>,
    kernel: ExpectationKernel<'a, S>,
    moments: Moments,
    components: Vec<u32>,
    log_likelihood: f64,
}

impl<S: Simd> Visitor for Worker<'_, S> {
    type Candidate = Survivors;
    type Output = ();
    const LEVELS: u32 = CULLING_LEVELS;

    fn cull(&mut self, node: Node, candidates: &[Survivors], kept: &mut Vec<Survivors>) {
        let points = point_box(self.data, node);
        self.culler.cull(self.kernel.points(), points, candidates, kept);
    }

    fn visit_leaf(&mut self, leaf: Node, candidates: &[Survivors]) {
        let mut components = std::mem::take(&mut self.components);
        self.blocks.components(candidates, &mut components);
        self.expect(self.data.tree().leaves(leaf).start, &components);
        self.components = components;
    }
}

impl<S: Simd> Worker<'_, S> {
    /// Returns the number of components that culling keeps at a leaf.
    fn n_survivors(&mut self, leaf: Node) -> usize {
        self.culler.n_survivors(self.kernel.points(), point_box(self.data, leaf))
    }

    /// Adds the moments of a leaf's points under `components`.
    fn expect(&mut self, leaf: usize, components: &[u32]) {
        let weights = self.data.weights(leaf);
        self.log_likelihood += self.kernel.expect(leaf, components, weights, &mut self.moments);
    }

    /// Returns the moments that were added since the last call, all at a node's points.
    fn take(&mut self, node: Node) -> PartialMoments {
        let leaves = self.data.tree().leaves(node);
        let log_likelihood = std::mem::take(&mut self.log_likelihood);
        self.moments.take(log_likelihood, self.data.weight_of(leaves))
    }
}

/// The points of a node: leaves are groups.
fn point_box(data: &Data, node: Node) -> PointBox<'_> {
    PointBox { bounds: data.tree().bounds(node), groups: data.tree().leaves(node) }
}
