//! Expectation over one group of points: responsibilities, and each component's moments.
//!
//! Points must be finite, and the list of active components must hold all that can matter to the
//! group (mod.rs). A group is processed in four steps, each over all listed components. No
//! responsibility is computed twice:
//!
//! 1. q of every component at every point, and the largest at each point: by a product
//!    of matrices where that keeps the digits (polynomial.rs), else centered;
//! 2. exponentials relative to the largest, and their sum; components that are negligible at
//!    every point are left out of the following steps;
//! 3. log p, and the factor weight / sum that turns exponentials into responsibilities;
//! 4. Σ r, Σ r (x - center) and Σ r (x - center)(x - center)ᵀ of each component: by
//!    another product about the group's center, carried over to the component's own; or
//!    about that from the first, in vectors of points whose lanes are added up once a group.
//!
//! Memory: one number for each listed component and point of one group, never of all points. The
//! bits of the result do not depend on the thread.

use crate::fitting::em::polynomial::{FUSED_ROWS, PolynomialKernel, Split};
use crate::fitting::em::quadratic::{MAX_MONOMIALS, Quadratics};
use crate::fitting::statistics::Moments;
use crate::points::group::{BlockIndex, GROUP_POINTS, PointsKernel, Row};
use crate::simd::block::{Block, CHUNK_COMPONENTS, VECTORS, splat};
use crate::simd::math::{exp2_clamped, log2};
use crate::simd::{MAX_LANES, Simd};

/// The centers of the moments, and the thresholds of negligible components.
#[derive(Clone, Copy)]
pub(crate) struct MomentCenters<'a> {
    /// The center of each component, (n_components, n_features).
    pub(crate) centers: &'a [f64],
    /// The bits below the largest term at which each component's term is negligible.
    pub(crate) bits: &'a [f64],
    /// Whether products of different features are left out.
    pub(crate) is_diagonal: bool,
}

/// Memory for one group of points under one mixture.
pub(crate) struct ExpectationKernel<'a, S: Simd> {
    simd: S,
    points: PointsKernel<'a, S>,
    polynomials: PolynomialKernel<'a, S>,
    about: MomentCenters<'a>,
    n_features: usize,
    split: Split,
    /// The terms of near, then of far components: first q, then exponentials.
    terms: Vec<Row>,
    /// Rows of the components that are not negligible at some point; the first `n_near_kept` are
    /// near.
    kept: Vec<usize>,
    n_kept: usize,
    n_near_kept: usize,
    largest: Row,
    sums: Row,
    /// Centered coordinates of a block, for each feature.
    differences: Vec<Block<S>>,
    /// Moments before their lanes are summed, in their order; zeros follow.
    lanes: Vec<S::F>,
}

impl<'a, S: Simd> ExpectationKernel<'a, S> {
    const BLOCK_POINTS: usize = S::LANES * VECTORS;

    /// Returns a kernel for the groups that `points` holds.
    pub(crate) fn new(
        simd: S,
        points: PointsKernel<'a, S>,
        quadratics: &'a Quadratics,
        about: MomentCenters<'a>,
    ) -> Self {
        let d = points.mixture().mixture.n_features();
        Self {
            simd,
            points,
            polynomials: PolynomialKernel::new(simd, quadratics),
            about,
            n_features: d,
            split: Split::default(),
            terms: Vec::new(),
            kept: Vec::new(),
            n_kept: 0,
            n_near_kept: 0,
            largest: [0.0; GROUP_POINTS],
            sums: [0.0; GROUP_POINTS],
            differences: vec![splat(simd, 0.0); d],
            lanes: Vec::new(),
        }
    }

    /// The kernel of the groups' log-probabilities, for culling.
    pub(crate) fn points(&mut self) -> &mut PointsKernel<'a, S> {
        &mut self.points
    }

    /// Adds the moments of a group's points, with the given sample weights, under each of
    /// `components` to `moments`, and returns their weighted log-likelihood.
    pub(crate) fn expect(
        &mut self,
        group: usize,
        components: &[u32],
        weights: &Row,
        moments: &mut Moments,
    ) -> f64 {
        self.polynomials.split(
            self.points.mixture(),
            self.points.coordinates(group),
            components,
            &mut self.split,
        );
        if self.terms.len() < components.len() {
            self.terms.resize(components.len(), [0.0; GROUP_POINTS]);
        }
        self.largest = [f64::NEG_INFINITY; GROUP_POINTS];
        let (near, _) = self.terms.split_at_mut(self.split.near.len());
        self.polynomials.fill_terms(near, &mut self.largest);
        self.fill_centered_terms(group);
        self.exponentiate();
        let log_likelihood = self.normalize(weights);
        self.add_near_moments(moments);
        for i in self.n_near_kept..self.n_kept {
            let at = self.kept[i];
            let k = self.split.far[at - self.split.near.len()];
            self.add_moments(group, at, k as usize, moments.of_component(k, 0.0));
        }
        log_likelihood
    }

    #[inline(never)]
    fn fill_centered_terms(&mut self, group: usize) {
        self.simd.vectorize(
            #[inline(always)]
            || {
                let simd = self.simd;
                let terms = &mut self.terms[self.split.near.len()..][..self.split.far.len()];
                for (chunk, rows) in
                    self.split.far.chunks(CHUNK_COMPONENTS).zip(terms.chunks_mut(CHUNK_COMPONENTS))
                {
                    for block in 0..GROUP_POINTS / Self::BLOCK_POINTS {
                        let terms = self.points.terms(BlockIndex { group, block }, chunk);
                        for v in 0..VECTORS {
                            let first = block * Self::BLOCK_POINTS + v * S::LANES;
                            let largest = &mut self.largest[first..][..S::LANES];
                            let mut most = simd.load(largest);
                            for (row, term) in rows.iter_mut().zip(terms) {
                                most = simd.max(term[v], most);
                                simd.store(term[v], &mut row[first..]);
                            }
                            simd.store(most, largest);
                        }
                    }
                }
            },
        );
    }

    /// Collects the rows that are not negligible at some point, without branches (they would be
    /// mispredicted), then sums their exponentials.
    #[inline(never)]
    fn exponentiate(&mut self) {
        self.simd.vectorize(
            #[inline(always)]
            || {
                self.keep_significant();
                self.exponentiate_kept();
            },
        );
    }

    #[inline(always)]
    fn keep_significant(&mut self) {
        let simd = self.simd;
        let all_lanes = (1 << S::LANES) - 1;
        let n_listed = self.split.near.len() + self.split.far.len();
        if self.kept.len() < n_listed {
            self.kept.resize(n_listed, 0);
        }
        (self.n_kept, self.n_near_kept) = (0, 0);
        for (at, &k) in self.split.near.iter().chain(&self.split.far).enumerate() {
            let bits = simd.splat(-self.about.bits[k as usize]);
            let mut is_negligible = all_lanes;
            for (row, largest) in
                self.terms[at].chunks_exact(S::LANES).zip(self.largest.chunks_exact(S::LANES))
            {
                // Minus infinity less itself is a NaN, which is not less.
                let term = simd.sub(simd.load(row), simd.load(largest));
                is_negligible &= simd.less_bits(term, bits);
            }
            self.kept[self.n_kept] = at;
            self.n_kept += usize::from(is_negligible != all_lanes);
            self.n_near_kept =
                if at < self.split.near.len() { self.n_kept } else { self.n_near_kept };
        }
    }

    #[inline(always)]
    fn exponentiate_kept(&mut self) {
        let simd = self.simd;
        for first in (0..GROUP_POINTS).step_by(Self::BLOCK_POINTS) {
            let mut largest = splat(simd, 0.0);
            let mut sums = largest;
            for v in 0..VECTORS {
                largest[v] = simd.load(&self.largest[first + v * S::LANES..]);
            }
            for &at in &self.kept[..self.n_kept] {
                let row = &mut self.terms[at][first..][..Self::BLOCK_POINTS];
                for v in 0..VECTORS {
                    let lanes = &mut row[v * S::LANES..][..S::LANES];
                    let term = exp2_clamped(simd, simd.sub(simd.load(lanes), largest[v]));
                    sums[v] = simd.add(sums[v], term);
                    simd.store(term, lanes);
                }
            }
            for v in 0..VECTORS {
                simd.store(sums[v], &mut self.sums[first + v * S::LANES..]);
            }
        }
    }

    /// Replaces sums by the factors that turn exponentials into weighted responsibilities, and
    /// returns the weighted log-likelihood.
    #[inline(never)]
    fn normalize(&mut self, weights: &Row) -> f64 {
        let simd = self.simd;
        simd.vectorize(
            #[inline(always)]
            || {
                let zero = simd.splat(0.0);
                let mut total = zero;
                for first in (0..GROUP_POINTS).step_by(S::LANES) {
                    let (weight, sum) = (simd.load(&weights[first..]), &mut self.sums[first..]);
                    let log = log2(simd, simd.load(sum));
                    let log_prob = simd.add(simd.load(&self.largest[first..]), log);
                    simd.store(simd.div(weight, simd.load(sum)), sum);
                    // A weight of zero adds zero, also to a log p of minus infinity.
                    let weighted = simd.mul(weight, log_prob);
                    total = simd.add(total, simd.select_less(zero, weight, weighted, zero));
                }
                add_lanes(simd, total) * std::f64::consts::LN_2
            },
        )
    }

    #[inline(never)]
    fn add_near_moments(&mut self, moments: &mut Moments) {
        self.simd.vectorize(
            #[inline(always)]
            || {
                self.polynomials.scale(&self.sums);
                let (polynomials, terms, d) = (&self.polynomials, &self.terms, self.n_features);
                let mut found = [[0.0; MAX_MONOMIALS]; FUSED_ROWS];
                for rows in self.kept[..self.n_near_kept].chunks(FUSED_ROWS) {
                    if let &[a, b, c] = rows {
                        polynomials.fill_moments([&terms[a], &terms[b], &terms[c]], &mut found);
                    } else {
                        for (&at, found) in rows.iter().zip(&mut found) {
                            polynomials.fill_moments([&terms[at]], std::array::from_mut(found));
                        }
                    }
                    for (&at, found) in rows.iter().zip(&found) {
                        let k = self.split.near[at];
                        let center = &self.about.centers[k as usize * d..][..d];
                        let to = moments.of_component(k, found[0] * polynomials.magnitude(at));
                        polynomials.add_about(center, found, to);
                    }
                }
            },
        );
    }

    #[inline(never)]
    fn add_moments(&mut self, group: usize, at: usize, k: usize, moments: &mut [f64]) {
        self.simd.vectorize(
            #[inline(always)]
            || {
                let simd = self.simd;
                let d = self.n_features;
                let center = &self.about.centers[k * d..][..d];
                self.lanes.clear();
                self.lanes.resize(moments.len().next_multiple_of(S::LANES), simd.splat(0.0));
                // With separate slices and one store a sum the compiler loads nothing twice.
                let coordinates = self.points.coordinates(group);
                let (all_lanes, differences) = (&mut self.lanes[..], &mut self.differences[..d]);
                for first in (0..GROUP_POINTS).step_by(Self::BLOCK_POINTS) {
                    let (terms, scales) = (&self.terms[at][first..], &self.sums[first..]);
                    let (terms, scales) =
                        (&terms[..Self::BLOCK_POINTS], &scales[..Self::BLOCK_POINTS]);
                    let mut responsibilities = splat(simd, 0.0);
                    for v in 0..VECTORS {
                        let lanes = v * S::LANES;
                        responsibilities[v] =
                            simd.mul(simd.load(&terms[lanes..]), simd.load(&scales[lanes..]));
                    }
                    let (count, rest) = all_lanes.split_at_mut(1);
                    let (sums, scatters) = rest.split_at_mut(d);
                    count[0] = simd.add(count[0], add_vectors(simd, responsibilities));
                    let mut scatters = scatters.iter_mut();
                    for i in 0..d {
                        let coordinates =
                            &coordinates[i * GROUP_POINTS + first..][..Self::BLOCK_POINTS];
                        let center = simd.splat(center[i]);
                        let (mut centered, mut weighted) = (responsibilities, responsibilities);
                        for v in 0..VECTORS {
                            centered[v] = simd.sub(simd.load(&coordinates[v * S::LANES..]), center);
                            weighted[v] = simd.mul(responsibilities[v], centered[v]);
                        }
                        differences[i] = centered;
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
                for (moments, lanes) in
                    moments.chunks_mut(S::LANES).zip(self.lanes.chunks_exact(S::LANES))
                {
                    simd.store(simd.sums(lanes), &mut sums);
                    for (moment, sum) in moments.iter_mut().zip(sums) {
                        *moment += sum;
                    }
                }
            },
        );
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
