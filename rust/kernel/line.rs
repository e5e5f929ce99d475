//! Lines of grid pixels: log-density and conditional mean, all components.
//!
//! Along a line only x varies, and the whitening factor is lower triangular
//! with x last, so that a component's squared Mahalanobis distance is
//! (scale (x - x_mean) + offset)² + a constant of the line: three operations a
//! pixel instead of the full product, and the differences stay centred. What is
//! constant on a line is computed once per line and chunk of components.
//! Every component is evaluated at every pixel; nothing is larger than a
//! segment of a line.

use super::HALF_LOG2_E;
use super::logsumexp::{Block, CHUNK, LogSumExp, VECTORS, splat};
use super::simd::{MAX_LANES, Simd};
use crate::condition::Conditional;
use crate::grid::Axis;
use crate::mixture::Mixture;
use crate::pixel::Pixel;
use std::ops::Range;

/// Longest run of pixels that share one pass over the components.
pub(crate) const SEGMENT: usize = 1024;

/// Parameters of the active components as lines need them: axes in array
/// order, exponents in base 2.
pub(crate) struct LineComponents {
    n_axes: usize,
    components: Vec<Component>,
    /// Per component and target: the mean, then the slope along each axis.
    experts: Vec<f64>,
    n_targets: usize,
}

struct Component {
    /// Base-2 logarithm of the weighted density at the mean.
    peak: f64,
    mean: Vec<f64>,
    /// Inverse Cholesky factor, row by row, times sqrt(log2(e) / 2).
    factor: Vec<Vec<f64>>,
}

impl LineComponents {
    /// Of a mixture over the grid's axes, in array order.
    pub(crate) fn of_mixture(mixture: &Mixture) -> Self {
        let n_axes = mixture.n_features();
        let scale = HALF_LOG2_E.sqrt();
        let whitening = mixture.precisions_cholesky();
        let component = |k: usize| Component {
            peak: mixture.log_peak(k) * std::f64::consts::LOG2_E,
            mean: mixture.mean(k).to_vec(),
            factor: (0..n_axes)
                .map(|i| (0..=i).map(|j| whitening.at(k, i, j) * scale).collect())
                .collect(),
        };
        let components = mixture.active_components().map(component).collect();
        Self { n_axes, components, experts: Vec::new(), n_targets: 0 }
    }

    /// Of a conditional whose given features are the grid's axes, in array order.
    pub(crate) fn of_conditional(conditional: &Conditional) -> Self {
        let n_targets = conditional.targets().len();
        let mut experts = Vec::new();
        for k in conditional.marginal().active_components() {
            for t in 0..n_targets {
                experts.push(conditional.target_mean(k, t));
                experts.extend(conditional.slopes(k, t));
            }
        }
        Self { experts, n_targets, ..Self::of_mixture(conditional.marginal()) }
    }

    /// What component `k` is along the line at `line` (all axes but x).
    #[inline(always)]
    fn term(&self, k: usize, line: &[f64]) -> LineTerm {
        let component = &self.components[k];
        let whitened = |row: &[f64]| -> f64 {
            row.iter().zip(line).zip(&component.mean).map(|((w, u), m)| w * (u - m)).sum()
        };
        let x_axis = self.n_axes - 1;
        let distance: f64 =
            component.factor[..x_axis].iter().map(|row| whitened(row).powi(2)).sum();
        let x_row = &component.factor[x_axis];
        LineTerm {
            x_mean: component.mean[x_axis],
            scale: x_row[x_axis],
            offset: whitened(&x_row[..x_axis]),
            peak: component.peak - distance,
        }
    }

    /// What the mean of target `t` under component `k` is along the line.
    #[inline(always)]
    fn expert(&self, k: usize, t: usize, line: &[f64]) -> Expert {
        let width = self.n_axes + 1;
        let expert = &self.experts[(k * self.n_targets + t) * width..][..width];
        let (x_slope, slopes) = expert[1..].split_last().expect("a grid has an x axis");
        let offsets = line.iter().zip(&self.components[k].mean).map(|(u, m)| u - m);
        let at_line: f64 = slopes.iter().zip(offsets).map(|(s, o)| s * o).sum();
        Expert { at_x_mean: expert[0] + at_line, slope: *x_slope }
    }
}

#[derive(Clone, Copy, Default)]
struct LineTerm {
    x_mean: f64,
    scale: f64,
    offset: f64,
    peak: f64,
}

#[derive(Clone, Copy)]
struct Expert {
    at_x_mean: f64,
    slope: f64,
}

/// A run of pixels of one line.
pub(crate) struct Segment<'a> {
    /// Coordinates of the line on all axes but x, in array order.
    pub(crate) line: &'a [f64],
    pub(crate) x_axis: &'a Axis,
    /// The pixels, at most [`SEGMENT`].
    pub(crate) columns: Range<usize>,
}

/// Memory for one segment, reused from line to line.
pub(crate) struct LineKernel<'a, S: Simd> {
    simd: S,
    components: &'a LineComponents,
    x: Vec<Block<S>>,
    state: Vec<LogSumExp<S>>,
    /// Sums of exponential times expert, all targets of a block together.
    sums: Vec<Block<S>>,
    experts: Vec<Expert>,
}

impl<'a, S: Simd> LineKernel<'a, S> {
    pub(crate) fn new(simd: S, components: &'a LineComponents) -> Self {
        Self { simd, components, x: vec![], state: vec![], sums: vec![], experts: vec![] }
    }

    /// log p, one value a pixel.
    pub(crate) fn log_density<P: Pixel>(&mut self, segment: &Segment<'_>, out: &mut [P]) {
        self.accumulate(segment);
        self.write(out, LogSumExp::ln);
    }

    /// p, one value a pixel.
    pub(crate) fn density<P: Pixel>(&mut self, segment: &Segment<'_>, out: &mut [P]) {
        self.accumulate(segment);
        self.write(out, LogSumExp::exp);
    }

    /// E[targets | pixel], `n_targets` values a pixel.
    pub(crate) fn mean<P: Pixel>(&mut self, segment: &Segment<'_>, out: &mut [P]) {
        self.accumulate(segment);
        let (simd, n_targets) = (self.simd, self.components.n_targets);
        let outs = out.chunks_mut(block_len::<S>() * n_targets);
        let blocks = self.state.iter().zip(self.sums.chunks(n_targets)).zip(outs);
        simd.vectorize(
            #[inline(always)]
            || {
                for ((state, sums), out) in blocks {
                    for (t, &sum) in sums.iter().enumerate() {
                        let mut mean = sum;
                        for v in 0..VECTORS {
                            mean[v] = simd.div(sum[v], state.relative_sum()[v]);
                        }
                        write_block(simd, mean, out, (t, n_targets));
                    }
                }
            },
        );
    }

    /// Writes one value a pixel, which `finish` makes of the sums.
    #[inline(always)]
    fn write<P: Pixel>(&self, out: &mut [P], finish: impl Fn(&LogSumExp<S>, S) -> Block<S>) {
        let simd = self.simd;
        simd.vectorize(
            #[inline(always)]
            || {
                for (state, out) in self.state.iter().zip(out.chunks_mut(block_len::<S>())) {
                    write_block(simd, finish(state, simd), out, (0, 1));
                }
            },
        );
    }

    /// One pass over all components for a segment.
    fn accumulate(&mut self, segment: &Segment<'_>) {
        self.simd.vectorize(
            #[inline(always)]
            || self.accumulate_vectorized(segment),
        );
    }

    #[inline(always)]
    fn accumulate_vectorized(&mut self, segment: &Segment<'_>) {
        self.place_pixels(segment);
        let n_components = self.components.components.len();
        let mut terms = [LineTerm::default(); CHUNK];
        for first in (0..n_components).step_by(CHUNK) {
            let n = CHUNK.min(n_components - first);
            for (c, term) in terms[..n].iter_mut().enumerate() {
                *term = self.components.term(first + c, segment.line);
            }
            self.experts.clear();
            for t in 0..self.components.n_targets {
                let expert = |k| self.components.expert(k, t, segment.line);
                self.experts.extend((first..first + n).map(expert));
            }
            self.absorb(&terms[..n]);
        }
    }

    /// Pixel centres of the segment, the last one repeated to fill its block.
    #[inline(always)]
    fn place_pixels(&mut self, segment: &Segment<'_>) {
        let simd = self.simd;
        let n_pixels = segment.columns.len();
        let n_blocks = n_pixels.div_ceil(block_len::<S>());
        self.x.clear();
        let mut lanes = [0.0; MAX_LANES];
        for b in 0..n_blocks {
            let mut x = splat(simd, 0.0);
            for (v, x) in x.iter_mut().enumerate() {
                for (lane, value) in lanes[..S::LANES].iter_mut().enumerate() {
                    let i = b * block_len::<S>() + v * S::LANES + lane;
                    *value = segment.x_axis.center(segment.columns.start + i.min(n_pixels - 1));
                }
                *x = simd.load(&lanes);
            }
            self.x.push(x);
        }
        self.state.clear();
        self.state.resize(n_blocks, LogSumExp::new(simd));
        self.sums.clear();
        self.sums.resize(n_blocks * self.components.n_targets, splat(simd, 0.0));
    }

    /// Adds a chunk of components to every block.
    #[inline(always)]
    fn absorb(&mut self, terms: &[LineTerm]) {
        let simd = self.simd;
        let n_targets = self.components.n_targets;
        let mut shares = [splat(simd, 0.0); CHUNK];
        let shares = &mut shares[..terms.len()];
        for (b, (x, state)) in self.x.iter().zip(&mut self.state).enumerate() {
            for (share, term) in shares.iter_mut().zip(terms) {
                for v in 0..VECTORS {
                    let difference = simd.sub(x[v], simd.splat(term.x_mean));
                    let whitened =
                        simd.mul_add(simd.splat(term.scale), difference, simd.splat(term.offset));
                    share[v] = simd.neg_mul_add(whitened, whitened, simd.splat(term.peak));
                }
            }
            let rescale = state.absorb(simd, shares);
            let experts = self.experts.chunks_exact(terms.len());
            for (sum, experts) in self.sums[b * n_targets..].iter_mut().zip(experts) {
                let mut running = *sum;
                for v in 0..VECTORS {
                    running[v] = simd.mul(running[v], rescale[v]);
                }
                for ((share, term), expert) in shares.iter().zip(terms).zip(experts) {
                    for v in 0..VECTORS {
                        let difference = simd.sub(x[v], simd.splat(term.x_mean));
                        let mean = simd.mul_add(
                            simd.splat(expert.slope),
                            difference,
                            simd.splat(expert.at_x_mean),
                        );
                        running[v] = simd.mul_add(share[v], mean, running[v]);
                    }
                }
                *sum = running;
            }
        }
    }
}

const fn block_len<S: Simd>() -> usize {
    S::LANES * VECTORS
}

/// Writes the lanes of a block that `out` has pixels for: pixel i's value goes
/// to `out[offset + i * stride]`.
#[inline(always)]
fn write_block<S: Simd, P: Pixel>(
    simd: S,
    block: Block<S>,
    out: &mut [P],
    (offset, stride): (usize, usize),
) {
    let mut values = [0.0; MAX_LANES * VECTORS];
    for (v, &vector) in block.iter().enumerate() {
        simd.store(vector, &mut values[v * S::LANES..]);
    }
    for (pixel, &value) in out[offset..].iter_mut().step_by(stride).zip(&values) {
        *pixel = P::from_f64(value);
    }
}
