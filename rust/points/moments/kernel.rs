//! Moments of the remaining features at scattered points: the components' regressions, averaged
//! under their responsibilities.
//!
//! Covariances are taken about the points' own means, in a second pass over the
//! responsibilities: they sum the components' covariances and products of deviations. For up to
//! [`MAX_FUSED`] remaining features, the number of colors, regressions and sums stay in
//! registers, and only the products of a component cost time. For more, the regressions of chunks
//! of components are held.

use crate::model::conditional::Conditional;
use crate::model::linalg::packed_len;
use crate::points::group::{BlockIndex, GROUP_POINTS, PointsKernel};
use crate::points::moments::regressions::Regressions;
use crate::points::responsibilities::BlockResponsibilities;
use crate::points::threshold::Threshold;
use crate::simd::block::{Block, CHUNK_COMPONENTS, VECTORS, splat};
use crate::simd::{MAX_LANES, Simd};

/// The largest number of remaining features whose sums stay in registers.
const MAX_FUSED: usize = 3;

/// Calls a method with the numbers of given and remaining features as its constants. The first is
/// 0 unless it is 2, the number of features of a position in a picture.
macro_rules! fused {
    ($given:expr, $remaining:expr, $self:ident.$method:ident($($argument:expr),*)) => {
        match ($given, $remaining) {
            (2, 1) => $self.$method::<2, 1>($($argument),*),
            (2, 2) => $self.$method::<2, 2>($($argument),*),
            (2, _) => $self.$method::<2, 3>($($argument),*),
            (_, 1) => $self.$method::<0, 1>($($argument),*),
            (_, 2) => $self.$method::<0, 2>($($argument),*),
            _ => $self.$method::<0, 3>($($argument),*),
        }
    };
}

/// Second moments of the remaining features.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Second {
    /// No second moments.
    Nothing,
    /// Standard deviations, T values.
    Std,
    /// Covariances, T x T values, row-major.
    Covariance,
}

/// Which moments a row has: means, if any, come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) mean: bool,
    pub(crate) second: Second,
}

impl Wanted {
    /// The number of values of a row.
    pub(crate) fn row_len(self, n_remaining: usize) -> usize {
        let second = match self.second {
            Second::Nothing => 0,
            Second::Std => n_remaining,
            Second::Covariance => n_remaining * n_remaining,
        };
        self.first_second(n_remaining) + second
    }

    /// The column at which second moments begin.
    fn first_second(self, n_remaining: usize) -> usize {
        if self.mean { n_remaining } else { 0 }
    }
}

/// A conditional, and the moments of it that are wanted.
#[derive(Clone, Copy)]
pub(crate) struct MomentsModel<'a> {
    pub(crate) conditional: &'a Conditional,
    /// The covariances of each component, packed by rows, if second moments are wanted.
    pub(crate) covariances: &'a [f64],
    pub(crate) wanted: Wanted,
}

/// Memory for the moments of one block of points.
pub(crate) struct MomentsKernel<'a, S: Simd> {
    simd: S,
    conditional: &'a Conditional,
    wanted: Wanted,
    /// See [`MomentsModel`].
    covariances: &'a [f64],
    responsibilities: BlockResponsibilities<S>,
    regressions: Regressions<'a, S>,
    centers: Vec<Block<S>>,
    sums: Vec<Block<S>>,
}

impl<'a, S: Simd> MomentsKernel<'a, S> {
    const BLOCK_POINTS: usize = S::LANES * VECTORS;

    pub(crate) fn new(simd: S, model: MomentsModel<'a>, threshold: Threshold) -> Self {
        let MomentsModel { conditional, covariances, wanted } = model;
        let n_remaining = conditional.remaining().len();
        Self {
            simd,
            conditional,
            wanted,
            covariances,
            responsibilities: BlockResponsibilities::new(simd, threshold),
            regressions: Regressions::new(simd, conditional),
            centers: vec![splat(simd, 0.0); n_remaining],
            sums: vec![splat(simd, 0.0); packed_len(n_remaining)],
        }
    }

    /// Writes the moments at the points of a group under `components`. `points` has the given
    /// features.
    pub(crate) fn evaluate(
        &mut self,
        points: &mut PointsKernel<'_, S>,
        group: usize,
        components: &[u32],
        rows: &mut [&mut [f64]],
    ) {
        let simd = self.simd;
        for (block, rows) in rows.chunks_mut(Self::BLOCK_POINTS).enumerate() {
            self.responsibilities.fill(points, BlockIndex { group, block }, components);
            let coordinates = &points.coordinates(group)[block * Self::BLOCK_POINTS..];
            simd.vectorize(
                #[inline(always)]
                || {
                    self.place_means(coordinates);
                    if self.wanted.second != Second::Nothing {
                        self.sum_pairs(coordinates);
                    }
                    self.write(rows);
                },
            );
        }
    }

    /// Writes the points' means to `centers`.
    #[inline(always)]
    fn place_means(&mut self, coordinates: &[f64]) {
        let n_given = self.conditional.marginal().n_features();
        for first in (0..self.centers.len()).step_by(MAX_FUSED) {
            let n = (self.centers.len() - first).min(MAX_FUSED);
            fused!(n_given, n, self.place_some_means(coordinates, first));
        }
    }

    /// Writes the means of N remaining features from `first` on, given D features, or any number
    /// if D is 0.
    #[inline(always)]
    fn place_some_means<const D: usize, const N: usize>(
        &mut self,
        coordinates: &[f64],
        first: usize,
    ) {
        if S::HAS_32_REGISTERS {
            self.place_parts_of_means::<D, N, VECTORS>(coordinates, first);
        } else {
            self.place_parts_of_means::<D, N, { VECTORS / 2 }>(coordinates, first);
        }
    }

    /// Writes these means, V vectors after V vectors: as many as registers hold the sums of.
    #[inline(always)]
    fn place_parts_of_means<const D: usize, const N: usize, const V: usize>(
        &mut self,
        coordinates: &[f64],
        first: usize,
    ) {
        let simd = self.simd;
        let total = self.responsibilities.sum();
        for part in (0..VECTORS).step_by(V) {
            let mut sums = [[simd.splat(0.0); V]; N];
            for (&k, responsibility) in self
                .responsibilities
                .components()
                .iter()
                .zip(self.responsibilities.responsibilities())
            {
                for v in 0..V {
                    let from = &coordinates[(part + v) * S::LANES..];
                    let regressions = self.regressions_of::<D, N>(k as usize, first, from);
                    for n in 0..N {
                        sums[n][v] =
                            simd.mul_add(responsibility[part + v], regressions[n], sums[n][v]);
                    }
                }
            }
            for (center, sum) in self.centers[first..].iter_mut().zip(&sums) {
                for v in 0..V {
                    center[part + v] = simd.div(sum[v], total[part + v]);
                }
            }
        }
    }

    /// Returns the regressions of N remaining features from `first` on under component `k`, at
    /// one vector of points.
    #[inline(always)]
    fn regressions_of<const D: usize, const N: usize>(
        &self,
        k: usize,
        first: usize,
        coordinates: &[f64],
    ) -> [S::F; N] {
        let (simd, marginal) = (self.simd, self.conditional.marginal());
        let d = if D == 0 { marginal.n_features() } else { D };
        let mean = &marginal.mean(k)[..d];
        let remaining_means = &self.conditional.remaining_means(k)[first..][..N];
        let slopes = &self.conditional.all_slopes(k)[first * d..][..N * d];
        let mut regressions = [simd.splat(0.0); N];
        for n in 0..N {
            regressions[n] = simd.splat(remaining_means[n]);
        }
        for g in 0..d {
            let coordinate = simd.load(&coordinates[g * GROUP_POINTS..]);
            let difference = simd.sub(coordinate, simd.splat(mean[g]));
            for n in 0..N {
                regressions[n] =
                    simd.mul_add(simd.splat(slopes[n * d + g]), difference, regressions[n]);
            }
        }
        regressions
    }

    /// Sums second moments of pairs of remaining features j <= i about the points' means.
    #[inline(always)]
    fn sum_pairs(&mut self, coordinates: &[f64]) {
        let (n_given, n_remaining) = (self.conditional.marginal().n_features(), self.centers.len());
        if n_remaining <= MAX_FUSED {
            fused!(n_given, n_remaining, self.sum_fused_pairs(coordinates));
        } else {
            self.sum_many_pairs(coordinates);
        }
        let total = self.responsibilities.sum();
        for sum in &mut self.sums {
            for v in 0..VECTORS {
                sum[v] = self.simd.div(sum[v], total[v]);
            }
        }
    }

    /// Sums the second moments of N features.
    #[inline(always)]
    fn sum_fused_pairs<const D: usize, const N: usize>(&mut self, coordinates: &[f64]) {
        // A vector takes six sums, three means and three deviations.
        if S::HAS_32_REGISTERS {
            self.sum_parts_of_pairs::<D, N, { VECTORS / 2 }>(coordinates);
        } else {
            self.sum_parts_of_pairs::<D, N, 1>(coordinates);
        }
    }

    /// Sums the second moments of N features, V vectors after V vectors.
    #[inline(always)]
    fn sum_parts_of_pairs<const D: usize, const N: usize, const V: usize>(
        &mut self,
        coordinates: &[f64],
    ) {
        let simd = self.simd;
        let n_pairs = packed_len(N);
        for first in (0..VECTORS).step_by(V) {
            let mut sums = [[simd.splat(0.0); V]; packed_len(MAX_FUSED)];
            let mut centers = [[simd.splat(0.0); V]; N];
            for n in 0..N {
                centers[n].copy_from_slice(&self.centers[n][first..][..V]);
            }
            for (&k, responsibility) in self
                .responsibilities
                .components()
                .iter()
                .zip(self.responsibilities.responsibilities())
            {
                let covariances = &self.covariances[k as usize * n_pairs..][..n_pairs];
                for v in 0..V {
                    let from = &coordinates[(first + v) * S::LANES..];
                    let mut deviations = self.regressions_of::<D, N>(k as usize, 0, from);
                    for n in 0..N {
                        deviations[n] = simd.sub(deviations[n], centers[n][v]);
                    }
                    for i in 0..N {
                        for j in 0..=i {
                            let pair = packed_len(i) + j;
                            let covariance = simd.splat(covariances[pair]);
                            let moment = simd.mul_add(deviations[i], deviations[j], covariance);
                            sums[pair][v] =
                                simd.mul_add(responsibility[first + v], moment, sums[pair][v]);
                        }
                    }
                }
            }
            for (to, sum) in self.sums.iter_mut().zip(&sums) {
                to[first..][..V].copy_from_slice(sum);
            }
        }
    }

    /// Sums the second moments of any number of features, one chunk of components at a time.
    #[inline(always)]
    fn sum_many_pairs(&mut self, coordinates: &[f64]) {
        let simd = self.simd;
        let n_remaining = self.centers.len();
        let n_pairs = packed_len(n_remaining);
        let only_own = self.wanted.second == Second::Std;
        self.sums.fill(splat(simd, 0.0));
        let (components, responsibilities) =
            (self.responsibilities.components(), self.responsibilities.responsibilities());
        for (chunk, responsibilities) in
            components.chunks(CHUNK_COMPONENTS).zip(responsibilities.chunks(CHUNK_COMPONENTS))
        {
            self.regressions.fill(coordinates, chunk, &self.centers);
            for i in 0..n_remaining {
                for j in if only_own { i } else { 0 }..=i {
                    let pair = packed_len(i) + j;
                    let mut total = self.sums[pair];
                    for (at, (responsibility, &k)) in responsibilities.iter().zip(chunk).enumerate()
                    {
                        let covariance = self.covariances[k as usize * n_pairs + pair];
                        let covariance = simd.splat(covariance);
                        let (a, b) = (&self.regressions.of(at)[i], &self.regressions.of(at)[j]);
                        for v in 0..VECTORS {
                            let moment = simd.mul_add(a[v], b[v], covariance);
                            total[v] = simd.mul_add(responsibility[v], moment, total[v]);
                        }
                    }
                    self.sums[pair] = total;
                }
            }
        }
    }

    #[inline(always)]
    fn write(&self, rows: &mut [&mut [f64]]) {
        let (simd, n_remaining) = (self.simd, self.centers.len());
        let means = if self.wanted.mean { &self.centers[..] } else { &[] };
        for (t, mean) in means.iter().enumerate() {
            write(simd, mean, rows, [t, t]);
        }
        let first = self.wanted.first_second(n_remaining);
        for (i, j) in (0..n_remaining).flat_map(|i| (0..=i).map(move |j| (i, j))) {
            let mut moment = self.sums[packed_len(i) + j];
            match self.wanted.second {
                Second::Covariance => {
                    let columns = [i * n_remaining + j, j * n_remaining + i].map(|at| first + at);
                    write(simd, &moment, rows, columns);
                }
                Second::Std if i == j => {
                    for v in 0..VECTORS {
                        moment[v] = simd.sqrt(moment[v]);
                    }
                    write(simd, &moment, rows, [first + i; 2]);
                }
                Second::Std | Second::Nothing => {}
            }
        }
    }
}

/// Writes a block's lanes into two columns of its points' rows; the columns may be the same.
#[inline(never)]
fn write<S: Simd>(simd: S, block: &Block<S>, rows: &mut [&mut [f64]], columns: [usize; 2]) {
    let mut lanes = [0.0; MAX_LANES * VECTORS];
    simd.vectorize(
        #[inline(always)]
        || {
            for v in 0..VECTORS {
                simd.store(block[v], &mut lanes[v * S::LANES..]);
            }
        },
    );
    for (row, value) in rows.iter_mut().zip(lanes) {
        for column in columns {
            row[column] = value;
        }
    }
}
