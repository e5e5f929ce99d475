//! Exponents of a group of points as polynomials about its center, and moments by the same
//! monomials.
//!
//! For points x = c + u about the center c of their box, and a component of mean μ,
//! the exponent in base 2 is a polynomial of u,
//!
//!   q = peak + A(c - μ) + Σ gᵢ uᵢ + A(u),   A(u) = Σ_{i≥j} aᵢⱼ uᵢ uⱼ,
//!
//! for A(u) = -log2(e)/2 |W u|² and g the gradient of A at c - μ. The exponents of all components
//! at all points are one product of matrices, coefficients by monomials (1, uᵢ, uᵢuⱼ). Count,
//! sums and scatter of all components about c are another, responsibilities by monomials. Both
//! run near the speed of multiplication, whereas whitening the differences from each mean is
//! limited by its loads. The number of features changes only their length.
//!
//! Rounding: with m the sum of the monomials' largest magnitudes in the box times
//! those of their coefficients, q is wrong by some 2^-53 m. Components for which m is more
//! than [`MAX_MAGNITUDE`] - narrow for the box, or far from it - are left to the
//! centered formula. Everywhere in the box log2(e)/2 (xᵢ - μᵢ)² / Σᵢᵢ is at most peak - q, and
//! that at most m: so moments about c are carried over to the component's own center with an
//! error of some 2^-53 m Σᵢᵢ a point. The sum of m times responsibilities bounds the error of all
//! ([`statistics`](crate::fitting::statistics)).

use crate::fitting::em::quadratic::{MAX_MONOMIALS, Quadratics};
use crate::model::linalg::packed_len;
use crate::points::group::{GROUP_POINTS, PeakedMixture, Row};
use crate::simd::block::{VECTORS, splat};
use crate::simd::unroll::{MAX_UNROLLED, unrolled};
use crate::simd::{MAX_LANES, Simd};

/// Largest sum of magnitudes, in bits: q is right to 2^-41.
const MAX_MAGNITUDE: f64 = 4096.0;

/// A component's count, sums and scatter, followed by unused room.
pub(crate) type MomentRow = [f64; MAX_MONOMIALS];

/// Components processed together: as many sums as hide the latency of one and fit the registers.
pub(crate) const FUSED_ROWS: usize = 3;

/// Where a component's exponent is largest, and its value there.
struct Peak<'a> {
    mean: &'a [f64],
    value: f64,
}

/// The components of a list whose exponents are polynomials, and the others.
#[derive(Default)]
pub(crate) struct Split {
    pub(crate) near: Vec<u32>,
    pub(crate) far: Vec<u32>,
}

/// A group's monomials, and the coefficients of near components.
pub(crate) struct PolynomialKernel<'a, S: Simd> {
    simd: S,
    quadratics: &'a Quadratics,
    /// One row of `GROUP_POINTS` lanes a monomial, zeros to a multiple of any level's lanes.
    monomials: Vec<f64>,
    /// The largest magnitude of each row.
    magnitudes: Vec<f64>,
    center: Vec<f64>,
    /// The difference c - μ of a component.
    shift: Vec<f64>,
    /// The coefficients, one row a component.
    coefficients: Vec<f64>,
    /// The sum of magnitudes of each of them, in bits.
    bits: Vec<f64>,
}

impl<'a, S: Simd> PolynomialKernel<'a, S> {
    pub(crate) fn new(simd: S, quadratics: &'a Quadratics) -> Self {
        let row_len = quadratics.n_monomials.next_multiple_of(MAX_LANES);
        let is_useful = !quadratics.is_empty();
        Self {
            simd,
            quadratics,
            monomials: vec![0.0; if is_useful { row_len * GROUP_POINTS } else { 0 }],
            magnitudes: vec![0.0; row_len],
            center: vec![0.0; quadratics.n_features],
            shift: vec![0.0; quadratics.n_features],
            coefficients: Vec::new(),
            bits: Vec::new(),
        }
    }

    /// The distance from one row of coefficients or moments to the next.
    fn row_len(&self) -> usize {
        self.magnitudes.len()
    }

    /// The sum of magnitudes of the near component at this place, in bits.
    pub(crate) fn magnitude(&self, at: usize) -> f64 {
        self.bits[at]
    }

    /// Takes a group of points, one row of `GROUP_POINTS` lanes a feature, and splits
    /// `components`.
    pub(crate) fn split(
        &mut self,
        PeakedMixture { mixture, peaks }: PeakedMixture<'_>,
        coordinates: &[f64],
        components: &[u32],
        Split { near, far }: &mut Split,
    ) {
        near.clear();
        far.clear();
        self.bits.clear();
        if self.monomials.is_empty() {
            far.extend_from_slice(components);
            return;
        }
        let simd = self.simd;
        simd.vectorize(
            #[inline(always)]
            || {
                self.fill_monomials(coordinates);
                let len = components.len() * self.row_len();
                if self.coefficients.len() < len {
                    self.coefficients.resize(len, 0.0);
                }
                for &k in components {
                    let (mean, value) = (mixture.mean(k as usize), peaks[k as usize]);
                    let bits = unrolled!(
                        self.quadratics.n_features,
                        self.fill_coefficients(near.len(), k as usize, Peak { mean, value })
                    );
                    if bits <= MAX_MAGNITUDE {
                        self.bits.push(bits);
                        near.push(k);
                    } else {
                        far.push(k);
                    }
                }
            },
        );
    }

    #[inline(always)]
    fn fill_monomials(&mut self, coordinates: &[f64]) {
        let (simd, d) = (self.simd, self.quadratics.n_features);
        let (ones, rest) = self.monomials.split_at_mut(GROUP_POINTS);
        let (linear, quadratic) = rest.split_at_mut(d * GROUP_POINTS);
        ones.fill(1.0);
        for (i, x) in coordinates.chunks_exact(GROUP_POINTS).enumerate() {
            let (mut low, mut high) = (simd.load(x), simd.load(x));
            for lanes in x.chunks_exact(S::LANES) {
                low = simd.min(simd.load(lanes), low);
                high = simd.max(simd.load(lanes), high);
            }
            let (mut lows, mut highs) = ([0.0; MAX_LANES], [0.0; MAX_LANES]);
            simd.store(low, &mut lows);
            simd.store(high, &mut highs);
            let low = lows[..S::LANES].iter().copied().fold(f64::INFINITY, f64::min);
            let high = highs[..S::LANES].iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let center = 0.5 * low + 0.5 * high;
            self.center[i] = center;
            self.magnitudes[1 + i] = (high - center).max(center - low);
            let u = &mut linear[i * GROUP_POINTS..][..GROUP_POINTS];
            for (lanes, u) in x.chunks_exact(S::LANES).zip(u.chunks_exact_mut(S::LANES)) {
                simd.store(simd.sub(simd.load(lanes), simd.splat(center)), u);
            }
        }
        let mut products = quadratic.chunks_exact_mut(GROUP_POINTS);
        let mut at = 1 + d;
        for i in 0..d {
            for j in if self.quadratics.is_diagonal { i } else { 0 }..=i {
                let (a, b) = (
                    &linear[i * GROUP_POINTS..][..GROUP_POINTS],
                    &linear[j * GROUP_POINTS..][..GROUP_POINTS],
                );
                let Some(product) = products.next() else { return };
                for first in (0..GROUP_POINTS).step_by(S::LANES) {
                    let value = simd.mul(simd.load(&a[first..]), simd.load(&b[first..]));
                    simd.store(value, &mut product[first..]);
                }
                self.magnitudes[at] = self.magnitudes[1 + i] * self.magnitudes[1 + j];
                at += 1;
            }
        }
    }

    /// Fills a row for component `k`, and returns its sum of magnitudes.
    #[inline(always)]
    fn fill_coefficients<const D: usize>(
        &mut self,
        row: usize,
        k: usize,
        Peak { mean, value }: Peak<'_>,
    ) -> f64 {
        let d = if D == 0 { self.quadratics.n_features } else { D };
        let row_len = self.row_len();
        let row = &mut self.coefficients[row * row_len..][..row_len];
        let form = self.quadratics.form(k);
        let (linear, rest) = row[1..].split_at_mut(d);
        rest[..form.len()].copy_from_slice(form);
        let mut in_registers = [0.0; MAX_UNROLLED];
        let shift = if D == 0 { &mut self.shift[..d] } else { &mut in_registers[..d] };
        for ((shift, center), mean) in shift.iter_mut().zip(&self.center[..d]).zip(&mean[..d]) {
            *shift = center - mean;
        }
        if self.quadratics.is_diagonal {
            for i in 0..d {
                linear[i] = 2.0 * form[i] * shift[i];
            }
        } else {
            let form = &form[..packed_len(d)];
            for i in 0..d {
                let a = &form[packed_len(i)..][..i + 1];
                linear[i] = 2.0 * a[i] * shift[i];
                for j in 0..i {
                    linear[i] += a[j] * shift[j];
                    linear[j] += a[j] * shift[i];
                }
            }
        }
        let constant = 0.5 * (0..d).map(|i| linear[i] * shift[i]).sum::<f64>();
        row[0] = value + constant;
        let simd = self.simd;
        let mut bits = simd.splat(0.0);
        for (row, most) in row.chunks_exact(S::LANES).zip(self.magnitudes.chunks_exact(S::LANES)) {
            bits = simd.mul_add(simd.abs(simd.load(row)), simd.load(most), bits);
        }
        add_lanes(simd, bits) + constant.abs()
    }

    /// Writes q of the points of a group under each near component, one row each, and raises
    /// `largest` to the largest of them.
    pub(crate) fn fill_terms(&self, terms: &mut [Row], largest: &mut Row) {
        self.simd.vectorize(
            #[inline(always)]
            || {
                let row_len = self.row_len();
                let coefficients =
                    self.coefficients[..terms.len() * row_len].chunks(FUSED_ROWS * row_len);
                for (coefficients, terms) in coefficients.zip(terms.chunks_mut(FUSED_ROWS)) {
                    if let [a, b, c] = terms {
                        let rows = [0, 1, 2].map(|r| &coefficients[r * row_len..]);
                        self.fill_rows(rows, [a, b, c], largest);
                    } else {
                        for (row, terms) in coefficients.chunks(row_len).zip(terms) {
                            self.fill_rows([row], [terms], largest);
                        }
                    }
                }
            },
        );
    }

    #[inline(always)]
    fn fill_rows<const N: usize>(
        &self,
        coefficients: [&[f64]; N],
        terms: [&mut Row; N],
        largest: &mut Row,
    ) {
        let (simd, n) = (self.simd, self.quadratics.n_monomials);
        let coefficients = coefficients.map(|row| &row[..n]);
        for first in (0..GROUP_POINTS).step_by(S::LANES * VECTORS) {
            let mut sums = [splat(simd, 0.0); N];
            for (m, monomial) in self.monomials.chunks_exact(GROUP_POINTS).take(n).enumerate() {
                let lanes = &monomial[first..][..S::LANES * VECTORS];
                for v in 0..VECTORS {
                    let monomial = simd.load(&lanes[v * S::LANES..]);
                    for r in 0..N {
                        let a = simd.splat(coefficients[r][m]);
                        sums[r][v] = simd.mul_add(a, monomial, sums[r][v]);
                    }
                }
            }
            for v in 0..VECTORS {
                let largest = &mut largest[first + v * S::LANES..][..S::LANES];
                let mut most = simd.load(largest);
                for r in 0..N {
                    most = simd.max(sums[r][v], most);
                    simd.store(sums[r][v], &mut terms[r][first + v * S::LANES..]);
                }
                simd.store(most, largest);
            }
        }
    }

    /// Multiplies the monomials at each point by a factor: the moments that follow count each
    /// point so many times.
    #[inline(always)]
    pub(crate) fn scale(&mut self, factors: &Row) {
        let simd = self.simd;
        for row in self.monomials.chunks_exact_mut(GROUP_POINTS).take(self.quadratics.n_monomials) {
            for (lanes, factor) in
                row.chunks_exact_mut(S::LANES).zip(factors.chunks_exact(S::LANES))
            {
                simd.store(simd.mul(simd.load(lanes), simd.load(factor)), lanes);
            }
        }
    }

    /// Writes count, sums and scatter about the center, for each row of responsibilities, to as
    /// many rows of moments. The room that follows these is overwritten.
    #[inline(always)]
    pub(crate) fn fill_moments<const N: usize>(
        &self,
        responsibilities: [&Row; N],
        moments: &mut [MomentRow; N],
    ) {
        let simd = self.simd;
        let n = self.quadratics.n_monomials.next_multiple_of(S::LANES);
        let tiles = self.monomials[..n * GROUP_POINTS].chunks_exact(S::LANES * GROUP_POINTS);
        for (tile, monomials) in tiles.enumerate() {
            let mut sums = [[simd.splat(0.0); MAX_LANES]; N];
            for first in (0..GROUP_POINTS).step_by(S::LANES) {
                let mut lanes = [simd.splat(0.0); N];
                for r in 0..N {
                    lanes[r] = simd.load(&responsibilities[r][first..]);
                }
                for m in 0..S::LANES {
                    let monomial = simd.load(&monomials[m * GROUP_POINTS + first..]);
                    for r in 0..N {
                        sums[r][m] = simd.mul_add(lanes[r], monomial, sums[r][m]);
                    }
                }
            }
            for r in 0..N {
                let sums = simd.sums(&sums[r][..S::LANES]);
                simd.store(sums, &mut moments[r][tile * S::LANES..]);
            }
        }
    }

    /// Adds moments about the center to those about another one, `center`.
    #[inline(always)]
    pub(crate) fn add_about(&self, center: &[f64], moments: &MomentRow, to: &mut [f64]) {
        unrolled!(self.quadratics.n_features, self.add_unrolled_about(center, moments, to));
    }

    #[inline(always)]
    fn add_unrolled_about<const D: usize>(
        &self,
        center: &[f64],
        moments: &MomentRow,
        to: &mut [f64],
    ) {
        let d = if D == 0 { self.quadratics.n_features } else { D };
        let (count, from) = (moments[0], &moments[1..]);
        let (n_before, to) = to.split_first_mut().expect("a count");
        let (sums, scatter) = to.split_at_mut(d);
        let (from_sums, from_scatter) = from.split_at(d);
        let mut in_registers = [(0.0, 0.0); MAX_UNROLLED];
        let mut allocated = [(0.0, 0.0); MAX_MONOMIALS];
        let shifted = if D == 0 { &mut allocated[..d] } else { &mut in_registers[..d] };
        *n_before += count;
        for i in 0..d {
            let shift = self.center[i] - center[i];
            shifted[i] = (shift, from_sums[i] + count * shift);
            sums[i] += shifted[i].1;
        }
        let mut at = 0;
        for i in 0..d {
            for j in if self.quadratics.is_diagonal { i } else { 0 }..=i {
                let carried = shifted[i].0 * shifted[j].1 + shifted[j].0 * from_sums[i];
                scatter[at] += from_scatter[at] + carried;
                at += 1;
            }
        }
    }
}

#[inline(always)]
fn add_lanes<S: Simd>(simd: S, x: S::F) -> f64 {
    let mut lanes = [0.0; MAX_LANES];
    simd.store(x, &mut lanes);
    lanes.iter().sum()
}
