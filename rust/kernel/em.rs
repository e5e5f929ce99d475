//! Expectation over one group of points: shares, and each component's moments.
//!
//! Assumes finite points and a list of active components that holds all that can
//! matter to the group; see em.rs for what that means. A group is taken in four
//! steps, each over all listed components, so that no share is ever computed twice:
//!
//! 1. q of every component at every point, and the largest at each point;
//! 2. exponentials relative to the largest, and their sum; a component that is
//!    nothing to every point of a block is not exponentiated there, and if that is
//!    so of all blocks, goes no further;
//! 3. log p, and the factor weight / sum that makes exponentials shares;
//! 4. Σ r, Σ r (x - centre) and Σ r (x - centre)(x - centre)ᵀ of each component,
//!    about its own centre, so that no digits are lost, in vectors of points whose
//!    lanes are added up once a group, those of several moments at a time.
//!
//! Memory: one number for each listed component and point of one group, never of
//! all points. Guarantees the same bits whatever thread runs it.

use super::logsumexp::{Block, CHUNK, VECTORS, splat};
use super::math::{exp2_clamped, log2};
use super::points::{GROUP, PointsKernel};
use super::simd::{MAX_LANES, Simd};
use crate::statistics::Moments;

/// Values of the points of a group.
type Row = [f64; GROUP];

/// What the moments are taken about, and what counts as nothing.
#[derive(Clone, Copy)]
pub(crate) struct About<'a> {
    /// A centre for each component, (n_components, n_features).
    pub(crate) centers: &'a [f64],
    /// Bits below the largest term at which a component's is nothing.
    pub(crate) bits: &'a [f64],
    /// Whether different features' products are left out.
    pub(crate) is_diagonal: bool,
}

/// Memory for one group of points under one mixture.
pub(crate) struct ExpectationKernel<'a, S: Simd> {
    simd: S,
    points: PointsKernel<'a, S>,
    about: About<'a>,
    n_features: usize,
    /// Of each listed component: q, then exponentials, then shares.
    terms: Vec<Row>,
    /// Of each of them: bit i is set if it is something to a point of block i.
    significant: Vec<u32>,
    largest: Row,
    sums: Row,
    /// Of each feature: centred coordinates of a block.
    differences: Vec<Block<S>>,
    /// Moments whose lanes are still apart, in their order; zeros follow.
    lanes: Vec<S::F>,
}

impl<'a, S: Simd> ExpectationKernel<'a, S> {
    const BLOCK: usize = S::LANES * VECTORS;

    /// For the groups that `points` holds.
    pub(crate) fn new(
        simd: S,
        points: PointsKernel<'a, S>,
        about: About<'a>,
        n_features: usize,
    ) -> Self {
        Self {
            simd,
            points,
            about,
            n_features,
            terms: Vec::new(),
            significant: Vec::new(),
            largest: [0.0; GROUP],
            sums: [0.0; GROUP],
            differences: vec![splat(simd, 0.0); n_features],
            lanes: Vec::new(),
        }
    }

    /// The groups' log-probabilities, for culling.
    pub(crate) fn points(&mut self) -> &mut PointsKernel<'a, S> {
        &mut self.points
    }

    /// Adds what a group's points, of the given sample weights, say about each of
    /// `components` to `moments`, and returns their weighted log-likelihood.
    pub(crate) fn expect(
        &mut self,
        group: usize,
        components: &[u32],
        weights: &Row,
        moments: &mut Moments,
    ) -> f64 {
        self.fill_terms(group, components);
        self.exponentiate(components);
        let log_likelihood = self.normalize(weights);
        for (at, &k) in components.iter().enumerate() {
            if self.significant[at] != 0 {
                self.add_moments(group, at, k as usize, moments.of_component(k));
            }
        }
        log_likelihood
    }

    #[inline(never)]
    fn fill_terms(&mut self, group: usize, components: &[u32]) {
        self.simd.vectorize(
            #[inline(always)]
            || self.fill_terms_vectorized(group, components),
        );
    }

    #[inline(always)]
    fn fill_terms_vectorized(&mut self, group: usize, components: &[u32]) {
        let simd = self.simd;
        if self.terms.len() < components.len() {
            self.terms.resize(components.len(), [0.0; GROUP]);
        }
        for block in 0..GROUP / Self::BLOCK {
            let mut largest = splat(simd, f64::NEG_INFINITY);
            for (chunk, rows) in components.chunks(CHUNK).zip(self.terms.chunks_mut(CHUNK)) {
                let terms = self.points.terms((group, block), chunk);
                for (row, term) in rows.iter_mut().zip(terms) {
                    for v in 0..VECTORS {
                        largest[v] = simd.max(term[v], largest[v]);
                        simd.store(term[v], &mut row[block * Self::BLOCK + v * S::LANES..]);
                    }
                }
            }
            for v in 0..VECTORS {
                simd.store(largest[v], &mut self.largest[block * Self::BLOCK + v * S::LANES..]);
            }
        }
    }

    #[inline(never)]
    fn exponentiate(&mut self, components: &[u32]) {
        self.simd.vectorize(
            #[inline(always)]
            || self.exponentiate_vectorized(components),
        );
    }

    #[inline(always)]
    fn exponentiate_vectorized(&mut self, components: &[u32]) {
        let simd = self.simd;
        let all_lanes = (1 << S::LANES) - 1;
        self.significant.clear();
        self.significant.resize(components.len(), 0);
        for block in 0..GROUP / Self::BLOCK {
            let mut largest = splat(simd, 0.0);
            let mut sums = largest;
            for v in 0..VECTORS {
                largest[v] = simd.load(&self.largest[block * Self::BLOCK + v * S::LANES..]);
            }
            for (at, &k) in components.iter().enumerate() {
                let row = &mut self.terms[at][block * Self::BLOCK..][..Self::BLOCK];
                let bits = simd.splat(-self.about.bits[k as usize]);
                let mut terms = largest;
                let mut is_nothing = all_lanes;
                for v in 0..VECTORS {
                    // Minus infinity less itself is not a number, and not less.
                    terms[v] = simd.sub(simd.load(&row[v * S::LANES..]), largest[v]);
                    is_nothing &= simd.less_bits(terms[v], bits);
                }
                if is_nothing == all_lanes {
                    continue;
                }
                self.significant[at] |= 1 << block;
                for v in 0..VECTORS {
                    let term = exp2_clamped(simd, terms[v]);
                    sums[v] = simd.add(sums[v], term);
                    simd.store(term, &mut row[v * S::LANES..]);
                }
            }
            for v in 0..VECTORS {
                simd.store(sums[v], &mut self.sums[block * Self::BLOCK + v * S::LANES..]);
            }
        }
    }

    /// Replaces sums by what makes exponentials weighted shares.
    #[inline(never)]
    fn normalize(&mut self, weights: &Row) -> f64 {
        let simd = self.simd;
        simd.vectorize(
            #[inline(always)]
            || {
                let zero = simd.splat(0.0);
                let mut total = zero;
                for first in (0..GROUP).step_by(S::LANES) {
                    let (weight, sum) = (simd.load(&weights[first..]), &mut self.sums[first..]);
                    let log = log2(simd, simd.load(sum));
                    let log_prob = simd.add(simd.load(&self.largest[first..]), log);
                    simd.store(simd.div(weight, simd.load(sum)), sum);
                    // A weight of zero counts for nothing even of minus infinity.
                    let weighted = simd.mul(weight, log_prob);
                    total = simd.add(total, simd.select_less(zero, weight, weighted, zero));
                }
                add_lanes(simd, total) * std::f64::consts::LN_2
            },
        )
    }

    #[inline(never)]
    fn add_moments(&mut self, group: usize, at: usize, k: usize, moments: &mut [f64]) {
        self.simd.vectorize(
            #[inline(always)]
            || self.add_moments_vectorized(group, at, k, moments),
        );
    }

    #[inline(always)]
    fn add_moments_vectorized(&mut self, group: usize, at: usize, k: usize, moments: &mut [f64]) {
        let simd = self.simd;
        let d = self.n_features;
        let center = &self.about.centers[k * d..][..d];
        self.lanes.clear();
        self.lanes.resize(moments.len().next_multiple_of(S::LANES), simd.splat(0.0));
        // Slices of their own, and one store a sum: nothing is loaded again for fear
        // that a store changed it.
        let (all_lanes, differences) = (&mut self.lanes[..], &mut self.differences[..d]);
        let mut blocks = self.significant[at];
        while blocks != 0 {
            let first = blocks.trailing_zeros() as usize * Self::BLOCK;
            blocks &= blocks - 1;
            let (terms, scales) = (&self.terms[at][first..], &self.sums[first..]);
            let (terms, scales) = (&terms[..Self::BLOCK], &scales[..Self::BLOCK]);
            let mut shares = splat(simd, 0.0);
            for v in 0..VECTORS {
                let lanes = v * S::LANES;
                shares[v] = simd.mul(simd.load(&terms[lanes..]), simd.load(&scales[lanes..]));
            }
            let (count, rest) = all_lanes.split_at_mut(1);
            let (sums, scatters) = rest.split_at_mut(d);
            count[0] = simd.add(count[0], add_vectors(simd, shares));
            let mut scatters = scatters.iter_mut();
            for i in 0..d {
                let coordinates = &self.points.coordinates(group, i)[first..][..Self::BLOCK];
                let center = simd.splat(center[i]);
                let (mut centred, mut weighted) = (shares, shares);
                for v in 0..VECTORS {
                    centred[v] = simd.sub(simd.load(&coordinates[v * S::LANES..]), center);
                    weighted[v] = simd.mul(shares[v], centred[v]);
                }
                differences[i] = centred;
                sums[i] = simd.add(sums[i], add_vectors(simd, weighted));
                let first_feature = if self.about.is_diagonal { i } else { 0 };
                for (difference, scatter) in
                    differences[first_feature..=i].iter().zip(&mut scatters)
                {
                    let mut sum = *scatter;
                    for v in 0..VECTORS {
                        sum = simd.mul_add(weighted[v], difference[v], sum);
                    }
                    *scatter = sum;
                }
            }
        }
        let mut sums = [0.0; MAX_LANES];
        for (moments, lanes) in moments.chunks_mut(S::LANES).zip(self.lanes.chunks_exact(S::LANES))
        {
            simd.store(simd.sums(lanes), &mut sums);
            for (moment, sum) in moments.iter_mut().zip(sums) {
                *moment += sum;
            }
        }
    }
}

#[inline(always)]
fn add_vectors<S: Simd>(simd: S, x: Block<S>) -> S::F {
    let mut sum = x[0];
    for v in 1..VECTORS {
        sum = simd.add(sum, x[v]);
    }
    sum
}

#[inline(always)]
fn add_lanes<S: Simd>(simd: S, x: S::F) -> f64 {
    let mut lanes = [0.0; MAX_LANES];
    simd.store(x, &mut lanes);
    let mut n = S::LANES;
    while n > 1 {
        n /= 2;
        for i in 0..n {
            lanes[i] += lanes[i + n];
        }
    }
    lanes[0]
}
