//! What each component says of the remaining features at scattered points, and
//! averages of it under the components' shares.
//!
//! Experts are affine in the given features, about their own means, so that nothing
//! cancels (condition.rs). Covariances are taken about the points' own means, in a
//! second pass over the shares: what components have, and products of deviations.
//! A component's mean, factor or share is never held for more than a chunk of
//! components at one block of points.

use super::logsumexp::{Block, CHUNK, VECTORS, splat};
use super::points::{GROUP, PointsKernel};
use super::shares::Shares;
use super::simd::{MAX_LANES, Simd};
use super::{MAX_UNROLLED, unrolled};
use crate::condition::Conditional;
use crate::linalg::packed_len;
use crate::threshold::Threshold;

/// Experts of a chunk of components at a block of points.
pub(crate) struct Experts<'a, S: Simd> {
    simd: S,
    conditional: &'a Conditional,
    /// Component after component, a block for each target.
    values: Vec<Block<S>>,
}

impl<'a, S: Simd> Experts<'a, S> {
    pub(crate) fn new(simd: S, conditional: &'a Conditional) -> Self {
        let n_values = CHUNK * conditional.targets().len();
        Self { simd, conditional, values: vec![splat(simd, 0.0); n_values] }
    }

    /// Means of the targets under each component of a chunk, less `centers`, at the
    /// points whose given features `coordinates` has, one row of `GROUP` a feature.
    #[inline(never)]
    pub(crate) fn fill(&mut self, coordinates: &[f64], chunk: &[u32], centers: &[Block<S>]) {
        self.simd.vectorize(
            #[inline(always)]
            || {
                let n_given = self.conditional.marginal().n_features();
                unrolled!(n_given, self.fill_of(coordinates, chunk, centers));
            },
        );
    }

    /// Those of the `at`-th component of the chunk.
    #[inline(always)]
    pub(crate) fn of(&self, at: usize) -> &[Block<S>] {
        let n_targets = self.conditional.targets().len();
        &self.values[at * n_targets..][..n_targets]
    }

    #[inline(always)]
    fn fill_of<const D: usize>(
        &mut self,
        coordinates: &[f64],
        chunk: &[u32],
        centers: &[Block<S>],
    ) {
        let (simd, conditional) = (self.simd, self.conditional);
        let d = if D == 0 { conditional.marginal().n_features() } else { D };
        let mut differences = [splat(simd, 0.0); MAX_UNROLLED];
        for (&k, values) in chunk.iter().zip(self.values.chunks_exact_mut(centers.len())) {
            let k = k as usize;
            let mean = &conditional.marginal().mean(k)[..d];
            for g in 0..D {
                differences[g] = difference(simd, coordinates, g, mean[g]);
            }
            let target_means = conditional.target_means(k);
            for (t, value) in values.iter_mut().enumerate() {
                let slopes = &conditional.slopes(k, t)[..d];
                let mut expert = splat(simd, target_means[t]);
                for g in 0..d {
                    let difference = if D == 0 {
                        difference(simd, coordinates, g, mean[g])
                    } else {
                        differences[g]
                    };
                    let slope = simd.splat(slopes[g]);
                    for v in 0..VECTORS {
                        expert[v] = simd.mul_add(slope, difference[v], expert[v]);
                    }
                }
                for v in 0..VECTORS {
                    value[v] = simd.sub(expert[v], centers[t][v]);
                }
            }
        }
    }
}

/// Coordinates of a block of points along feature `g`, less `mean`.
#[inline(always)]
fn difference<S: Simd>(simd: S, coordinates: &[f64], g: usize, mean: f64) -> Block<S> {
    let lanes = &coordinates[g * GROUP..][..VECTORS * S::LANES];
    let (mut block, mean) = (splat(simd, 0.0), simd.splat(mean));
    for v in 0..VECTORS {
        block[v] = simd.sub(simd.load(&lanes[v * S::LANES..]), mean);
    }
    block
}

/// Which moments of the targets are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// T values.
    Mean,
    /// T values.
    Std,
    /// T x T values, row-major.
    Covariance,
}

/// Memory for the moments of one block of points.
pub(crate) struct MomentsKernel<'a, S: Simd> {
    simd: S,
    moment: Moment,
    /// Of each component, packed by rows; if they are wanted.
    covariances: &'a [f64],
    shares: Shares<S>,
    experts: Experts<'a, S>,
    centers: Vec<Block<S>>,
    sums: Vec<Block<S>>,
}

impl<'a, S: Simd> MomentsKernel<'a, S> {
    const BLOCK: usize = S::LANES * VECTORS;

    pub(crate) fn new(
        simd: S,
        conditional: &'a Conditional,
        (moment, covariances): (Moment, &'a [f64]),
        threshold: Threshold,
    ) -> Self {
        let n_targets = conditional.targets().len();
        Self {
            simd,
            moment,
            covariances,
            shares: Shares::new(simd, threshold),
            experts: Experts::new(simd, conditional),
            centers: vec![splat(simd, 0.0); n_targets],
            sums: vec![splat(simd, 0.0); packed_len(n_targets)],
        }
    }

    /// Writes the moments at the points of a group, whose given features `points` has,
    /// under `components`.
    pub(crate) fn evaluate(
        &mut self,
        points: &mut PointsKernel<'_, S>,
        group: usize,
        components: &[u32],
        rows: &mut [&mut [f64]],
    ) {
        let simd = self.simd;
        simd.vectorize(
            #[inline(always)]
            || {
                for (block, rows) in rows.chunks_mut(Self::BLOCK).enumerate() {
                    self.shares.fill(points, (group, block), components);
                    let coordinates = &points.coordinates(group)[block * Self::BLOCK..];
                    self.place_means(coordinates);
                    match self.moment {
                        Moment::Mean => self.write_means(rows),
                        Moment::Std => self.write_stds(coordinates, rows),
                        Moment::Covariance => self.write_covariances(coordinates, rows),
                    }
                }
            },
        );
    }

    /// The points' means, into `centers`.
    #[inline(always)]
    fn place_means(&mut self, coordinates: &[f64]) {
        let simd = self.simd;
        let n_targets = self.centers.len();
        self.centers.fill(splat(simd, 0.0));
        self.sums.fill(splat(simd, 0.0));
        let (components, shares) = (self.shares.components(), self.shares.shares());
        for (chunk, shares) in components.chunks(CHUNK).zip(shares.chunks(CHUNK)) {
            self.experts.fill(coordinates, chunk, &self.centers);
            for (t, sum) in self.sums[..n_targets].iter_mut().enumerate() {
                let mut total = *sum;
                for (at, share) in shares.iter().enumerate() {
                    let expert = &self.experts.of(at)[t];
                    for v in 0..VECTORS {
                        total[v] = simd.mul_add(share[v], expert[v], total[v]);
                    }
                }
                *sum = total;
            }
        }
        for t in 0..n_targets {
            self.centers[t] = divide(simd, &self.sums[t], &self.shares.sum());
        }
    }

    /// Second moments of pairs of targets, about the centres: of all pairs j <= i, or of
    /// each target with itself.
    #[inline(always)]
    fn sum_pairs(&mut self, coordinates: &[f64], only_own: bool) {
        let simd = self.simd;
        let n_targets = self.centers.len();
        let n_pairs = packed_len(n_targets);
        self.sums.fill(splat(simd, 0.0));
        let (components, shares) = (self.shares.components(), self.shares.shares());
        for (chunk, shares) in components.chunks(CHUNK).zip(shares.chunks(CHUNK)) {
            self.experts.fill(coordinates, chunk, &self.centers);
            for i in 0..n_targets {
                for j in if only_own { i } else { 0 }..=i {
                    let pair = packed_len(i) + j;
                    let mut total = self.sums[pair];
                    for (at, (share, &k)) in shares.iter().zip(chunk).enumerate() {
                        let covariance = self.covariances[k as usize * n_pairs + pair];
                        let covariance = simd.splat(covariance);
                        let (a, b) = (&self.experts.of(at)[i], &self.experts.of(at)[j]);
                        for v in 0..VECTORS {
                            let moment = simd.mul_add(a[v], b[v], covariance);
                            total[v] = simd.mul_add(share[v], moment, total[v]);
                        }
                    }
                    self.sums[pair] = total;
                }
            }
        }
    }

    #[inline(always)]
    fn write_means(&self, rows: &mut [&mut [f64]]) {
        for (t, mean) in self.centers.iter().enumerate() {
            write(self.simd, mean, rows, &[t]);
        }
    }

    #[inline(always)]
    fn write_stds(&mut self, coordinates: &[f64], rows: &mut [&mut [f64]]) {
        let simd = self.simd;
        self.sum_pairs(coordinates, true);
        for t in 0..self.centers.len() {
            let mut std = divide(simd, &self.sums[packed_len(t) + t], &self.shares.sum());
            for v in 0..VECTORS {
                std[v] = simd.sqrt(std[v]);
            }
            write(simd, &std, rows, &[t]);
        }
    }

    #[inline(always)]
    fn write_covariances(&mut self, coordinates: &[f64], rows: &mut [&mut [f64]]) {
        let simd = self.simd;
        let n_targets = self.centers.len();
        self.sum_pairs(coordinates, false);
        for i in 0..n_targets {
            for j in 0..=i {
                let covariance = divide(simd, &self.sums[packed_len(i) + j], &self.shares.sum());
                write(simd, &covariance, rows, &[i * n_targets + j, j * n_targets + i]);
            }
        }
    }
}

#[inline(always)]
fn divide<S: Simd>(simd: S, a: &Block<S>, b: &Block<S>) -> Block<S> {
    let mut quotient = *a;
    for v in 0..VECTORS {
        quotient[v] = simd.div(a[v], b[v]);
    }
    quotient
}

/// Writes a block's lanes into some columns of its points' rows.
#[inline(always)]
fn write<S: Simd>(simd: S, block: &Block<S>, rows: &mut [&mut [f64]], columns: &[usize]) {
    let mut lanes = [0.0; MAX_LANES * VECTORS];
    for v in 0..VECTORS {
        simd.store(block[v], &mut lanes[v * S::LANES..]);
    }
    for (row, value) in rows.iter_mut().zip(lanes) {
        for &column in columns {
            row[column] = value;
        }
    }
}
