//! Expectation-maximisation: one pass over the points turns a mixture into the
//! statistics of the next one.
//!
//! [`Data`] is built once for a fit: the points in the order of a k-d tree, a group
//! of [`LEAF`] a leaf, features one after the other, so that a pass reads them in
//! their order. [`expectation`] goes down the tree, leaves out what cannot matter,
//! and adds up the moments of what can ([`kernel::em`](crate::kernel)); no array of
//! (n_samples, n_components) is ever held.
//!
//! What may be left out: a component of weight π, of a point at which another is
//! more than [`BITS`] - log2(π) bits above it. Its share there is below
//! 2^-BITS π, so that all that is left out of its count is below 2^-BITS of the
//! count that π stands for. Counts may fall meanwhile: afterwards, if one is below
//! 2^-SLACK of that, everything is computed again, that component with the bits that
//! suffice for any count that is not lost in the 10 ε that scikit-learn adds. So counts are
//! right to 2^(SLACK - BITS) = 2^-48, and sums and scatters to that times the
//! largest squared distance, in standard deviations, at which points were left out.
//! All that is left out of p(x) is below 2^-BITS of it. The proof for boxes is in
//! cull_box.rs.
//!
//! Without culling every active component is evaluated at every point: for few
//! points or components, and where the first leaves show that too many are kept.
//!
//! The points are cut into tasks that depend on their number alone. Tasks' moments
//! are added in the order of the tasks, so that the bits of the result do not
//! depend on threads; they are kept only for a wave of tasks.

use crate::cull_box::{Blocks, Culler, Live};
use crate::error::{Error, Result};
use crate::kernel::em::{About, ExpectationKernel};
use crate::kernel::points::{GROUP, PointsKernel, gather_groups, log2_peaks};
use crate::kernel::simd::{Dispatch, Simd};
use crate::linalg::packed_len;
use crate::mixture::Mixture;
use crate::pool::{Runtime, distribute};
use crate::statistics::{COUNT_FLOOR, Estimate, Moments, Part, Statistics};
use crate::tree::{LEAF, Node, Tree};
use std::ops::Range;

/// Bits that are kept of a component's count, if the count stays as it was.
const BITS: f64 = 62.0;

/// Bits by which a count may fall before all is computed again.
const SLACK: i32 = 14;

/// Leaves of a task at most.
const TASK: usize = 64;

/// Leaves that are tried to see whether culling pays.
const N_PROBES: usize = 8;

/// Points below which culling is not tried.
const MIN_POINTS: usize = 4096;

/// Components whose evaluation takes as long as culling does, in multiply-adds a
/// point.
const CULL_OPERATIONS: f64 = 500.0;

/// Most memory for the culled components, in bytes.
const MAX_BLOCKS: usize = 64 << 20;

/// Most memory for the moments of a wave of tasks, in bytes, if threads let it.
const MAX_WAVE: usize = 64 << 20;

/// Culled at leaves, and on the way to them at every so many levels.
const LEVELS: u32 = 2;

/// Points to fit mixtures to, ready to be gone through again and again.
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
    /// Group after group, one row of `GROUP` lanes a feature.
    coordinates: Vec<f64>,
    /// Of each lane; 0 beyond the last point.
    weights: Vec<f64>,
}

impl Data {
    /// Of the rows of `points`, (n_samples, `n_features`) row-major. `sample_weight`
    /// counts each so many times; `units` is how long a unit is along each feature
    /// where components are narrow: by default the points' standard deviations.
    ///
    /// # Errors
    /// Lengths that do not fit together, values that are not finite, weights that
    /// are negative or all zero, or the runtime was interrupted.
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
            let mut weights = vec![0.0; n_samples.next_multiple_of(GROUP)];
            for (weight, &row) in weights.iter_mut().zip(tree.order()) {
                *weight = sample_weight.map_or(1.0, |weights| weights[row as usize]);
            }
            Ok(Self { n_features, tree, coordinates, weights })
        })
    }

    /// Number of points.
    #[must_use]
    pub fn n_samples(&self) -> usize {
        self.tree.order().len()
    }

    /// Number of features.
    #[must_use]
    pub fn n_features(&self) -> usize {
        self.n_features
    }

    /// One iteration: the next parameters, of the mixture's covariance type, and
    /// the mean of log p(x) under `mixture`, scikit-learn's `lower_bound_`. The
    /// parameters are a mixture if [`Mixture::new`] finds the covariances positive
    /// definite.
    ///
    /// # Errors
    /// A mixture of another number of features, or the runtime was interrupted.
    pub fn step(
        &self,
        mixture: &Mixture,
        reg_covar: f64,
        runtime: &Runtime,
    ) -> Result<(Estimate, f64)> {
        let like = mixture.covariances();
        let mut statistics = expectation(mixture, self, runtime)?;
        let mut estimate = statistics.maximization(like, reg_covar)?;
        if !estimate.lost.is_empty() {
            let nearer = expectation_about(mixture, &estimate.means, self, runtime)?;
            statistics.replace(&estimate.lost, &nearer)?;
            estimate = statistics.maximization(like, reg_covar)?;
        }
        Ok((estimate, statistics.log_likelihood() / statistics.weight()))
    }

    /// Weights of a group's points.
    fn weights(&self, group: usize) -> &[f64; GROUP] {
        self.weights[group * GROUP..].first_chunk().expect("a whole group")
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
    if units.len() == n_features && units.iter().all(|u| u.is_finite() && *u > 0.0) {
        return Ok(units.to_vec());
    }
    let expected = format!("shape ({n_features},) of finite values above 0");
    Err(Error::Length { argument: "units", expected, got: units.len() })
}

/// Of each feature; 1 for one that does not vary.
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

/// Statistics of the data under `mixture`, about its means.
///
/// # Errors
/// A mixture of another number of features, or the runtime was interrupted.
pub fn expectation(mixture: &Mixture, data: &Data, runtime: &Runtime) -> Result<Statistics> {
    expectation_about(mixture, mixture.means(), data, runtime)
}

/// The same about other `centers`, (n_components, n_features) row-major.
///
/// # Errors
/// Arrays that do not fit together, or the runtime was interrupted.
pub fn expectation_about(
    mixture: &Mixture,
    centers: &[f64],
    data: &Data,
    runtime: &Runtime,
) -> Result<Statistics> {
    let d = mixture.n_features();
    if data.n_features != d || centers.len() != mixture.means().len() {
        let expected = format!("{d} features, as the mixture has");
        return Err(Error::Length { argument: "X", expected, got: data.n_features });
    }
    let weight: f64 = data.weights.iter().sum();
    // The count that a weight stands for, and what is left out of it.
    let count = |k: usize| (mixture.weights()[k] * weight).max(COUNT_FLOOR);
    let sure = BITS + (weight / COUNT_FLOOR).log2().max(0.0);
    let bits = |k: usize| BITS + (weight / count(k)).log2().max(0.0);
    let mut bits: Vec<f64> = (0..mixture.n_components()).map(bits).collect();
    loop {
        let about =
            About { centers, bits: &bits, is_diagonal: mixture.covariances().is_diagonal() };
        let pass = Pass { mixture, data, about, runtime };
        let statistics = runtime.install(|| runtime.level().dispatch(pass))?;
        let mut is_right = true;
        for (&n, bits) in statistics.counts().iter().zip(&mut bits) {
            let left_out = weight * (-*bits).exp2();
            let allowed = (n + COUNT_FLOOR) * 2.0_f64.powi(SLACK) * (-BITS).exp2();
            if *bits < sure && left_out > allowed {
                *bits = sure;
                is_right = false;
            }
        }
        if is_right {
            return Ok(statistics);
        }
    }
}

/// One pass over the data.
struct Pass<'a> {
    mixture: &'a Mixture,
    data: &'a Data,
    about: About<'a>,
    runtime: &'a Runtime,
}

impl Dispatch for Pass<'_> {
    type Output = Result<Statistics>;

    fn run<S: Simd>(self, simd: S) -> Result<Statistics> {
        let Self { mixture, data, about, runtime } = self;
        let (d, n_components) = (mixture.n_features(), mixture.n_components());
        let peaks = log2_peaks(mixture);
        let active: Vec<u32> = mixture.active_components().map(|k| k as u32).collect();
        let scatter_len = if about.is_diagonal { d } else { packed_len(d) };
        let row_len = 1 + d + scatter_len;
        let new_walker = |blocks| {
            let points = PointsKernel::new(simd, mixture, &peaks).with_groups(&data.coordinates);
            Walker {
                data,
                runtime,
                blocks,
                culler: Culler::new(simd, blocks),
                kernel: ExpectationKernel::new(simd, points, about, d),
                moments: Moments::new(n_components, row_len),
                lists: Vec::new(),
                components: Vec::new(),
                log_likelihood: 0.0,
            }
        };
        let operations = row_len + scatter_len + 40;
        let may_cull = data.n_samples() >= MIN_POINTS
            && (active.len() * operations) as f64 > CULL_OPERATIONS
            && Blocks::n_bytes(mixture) <= MAX_BLOCKS;
        let culled = if may_cull {
            Some(Blocks::with_thresholds(mixture, &|k| about.bits[k], runtime)?)
        } else {
            None
        };
        let all = culled.as_ref().map(Blocks::all).unwrap_or_default();
        let none = Blocks::none(d);
        let blocks = culled.as_ref().unwrap_or(&none);
        let is_culled = may_cull && {
            let left_out = new_walker(blocks).share_left_out(&all);
            left_out * (active.len() * operations) as f64 > CULL_OPERATIONS
        };
        let mut statistics = Statistics::new(about.centers.to_vec(), d, about.is_diagonal);
        let mut tasks = Vec::new();
        split_into_tasks(data.tree.root(), &mut tasks);
        let n_bytes = active.len() * row_len * size_of::<f64>();
        let wave = (MAX_WAVE / n_bytes).max(2 * runtime.n_threads());
        for tasks in tasks.chunks(wave) {
            let mut parts: Vec<Part> = tasks.iter().map(|_| Part::default()).collect();
            distribute(tasks.iter().zip(&mut parts).collect(), &|| {
                let mut walker = new_walker(blocks);
                let (all, active) = (&all, &active);
                Box::new(move |(&node, part): (&Node, &mut Part)| {
                    if is_culled {
                        walker.visit(node, all)?;
                    } else {
                        walker.visit_all(node, active)?;
                    }
                    *part = walker.take(node);
                    Ok(())
                })
            })?;
            parts.iter().for_each(|part| statistics.add(part));
        }
        Ok(statistics)
    }
}

/// Nodes of at most `TASK` leaves, in order.
fn split_into_tasks(node: Option<Node>, tasks: &mut Vec<Node>) {
    let Some(node) = node else { return };
    match node.children().filter(|_| node.n_leaves > TASK) {
        Some([left, right]) => {
            split_into_tasks(Some(left), tasks);
            split_into_tasks(Some(right), tasks);
        }
        None => tasks.push(node),
    }
}

/// Scratch memory of one thread.
struct Walker<'a, S: Simd> {
    data: &'a Data,
    runtime: &'a Runtime,
    blocks: &'a Blocks,
    culler: Culler<'a, S>,
    kernel: ExpectationKernel<'a, S>,
    moments: Moments,
    /// Lists of survivors that are not in use.
    lists: Vec<Vec<Live>>,
    components: Vec<u32>,
    log_likelihood: f64,
}

impl<S: Simd> Walker<'_, S> {
    /// Puts those of `live` that can matter to a node's points into `kept`.
    fn cull(&mut self, node: Node, live: &[Live], kept: &mut Vec<Live>) {
        self.culler.bound(self.data.tree.bounds(node), live, &mut self.components);
        let leaves = self.data.tree.leaves(node);
        let least = self.kernel.points().least_largest(&self.components, leaves);
        self.culler.keep(live, least, kept);
    }

    /// The share of the components that culling leaves out of a few leaves.
    fn share_left_out(&mut self, all: &[Live]) -> f64 {
        let mut kept = Vec::new();
        let n_leaves = self.data.tree.root().map_or(0, |root| root.n_leaves);
        let (mut n_all, mut n_kept) = (0, 0);
        for probe in 0..N_PROBES {
            let mut node = self.data.tree.root();
            let leaf = (2 * probe + 1) * n_leaves / (2 * N_PROBES);
            while let Some([left, right]) = node.and_then(Node::children) {
                let is_left = self.data.tree.leaves(left).contains(&leaf);
                node = Some(if is_left { left } else { right });
            }
            if let Some(node) = node {
                self.cull(node, all, &mut kept);
                self.blocks.components(all, &mut self.components);
                n_all += self.components.len();
                self.blocks.components(&kept, &mut self.components);
                n_kept += self.components.len();
            }
        }
        1.0 - n_kept as f64 / n_all as f64
    }

    /// Adds the moments of a node's points, to which `live` can matter.
    fn visit(&mut self, node: Node, live: &[Live]) -> Result<()> {
        self.runtime.check()?;
        let mut survivors = self.lists.pop().unwrap_or_default();
        let live = if node.n_leaves.ilog2().is_multiple_of(LEVELS) {
            self.cull(node, live, &mut survivors);
            &survivors
        } else {
            live
        };
        if let Some([left, right]) = node.children() {
            self.visit(left, live)?;
            self.visit(right, live)?;
        } else {
            self.blocks.components(live, &mut self.components);
            let components = std::mem::take(&mut self.components);
            self.expect(self.data.tree.leaves(node), &components);
            self.components = components;
        }
        self.lists.push(survivors);
        Ok(())
    }

    /// The same of all `components`.
    fn visit_all(&mut self, node: Node, components: &[u32]) -> Result<()> {
        for leaf in self.data.tree.leaves(node) {
            self.runtime.check()?;
            self.expect(leaf..leaf + 1, components);
        }
        Ok(())
    }

    fn expect(&mut self, leaves: Range<usize>, components: &[u32]) {
        for leaf in leaves {
            let weights = self.data.weights(leaf);
            self.log_likelihood += self.kernel.expect(leaf, components, weights, &mut self.moments);
        }
    }

    /// What was added since the last time, all of it at a node's points.
    fn take(&mut self, node: Node) -> Part {
        let leaves = self.data.tree.leaves(node);
        let weights = &self.data.weights[leaves.start * LEAF..leaves.end * LEAF];
        let log_likelihood = std::mem::take(&mut self.log_likelihood);
        self.moments.take(log_likelihood, weights.iter().sum())
    }
}
