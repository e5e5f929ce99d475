//! Lines of grid pixels: the robust kernel, by log-sum-exp, for any exponents.
//!
//! Along a line only x varies, and the whitening factor is lower triangular
//! with x last, so that a component's squared Mahalanobis distance is
//! (scale (x - x_mean) + offset)² + a constant of the line: three operations a
//! pixel instead of the full product, and the differences stay centred. What is
//! constant on a line is computed once per line and chunk of components. It
//! does the tiles whose exponents tile.rs cannot hold.

use super::logsumexp::{Block, CHUNK, LogSumExp, VECTORS, splat};
use super::simd::{MAX_LANES, Simd};
use crate::components::GridComponents;
use crate::grid::Axis;
use crate::pixel::Sink;
use std::ops::Range;

#[derive(Clone, Copy, Default)]
struct LineTerm {
    x_mean: f64,
    scale: f64,
    offset: f64,
    peak: f64,
}

impl LineTerm {
    /// What component `k` is along the line at `line` (all axes but x).
    #[inline(always)]
    fn of(components: &GridComponents, k: usize, line: &[f64]) -> Self {
        let mean = components.mean(k);
        let whitened = |row: &[f64]| -> f64 {
            row.iter().zip(line).zip(mean).map(|((w, u), m)| w * (u - m)).sum()
        };
        let x_axis = line.len();
        let distance: f64 =
            (0..x_axis).map(|i| whitened(components.factor_row(k, i)).powi(2)).sum();
        let x_row = components.factor_row(k, x_axis);
        Self {
            x_mean: mean[x_axis],
            scale: x_row[x_axis],
            offset: whitened(&x_row[..x_axis]),
            peak: components.peak(k) - distance,
        }
    }
}

#[derive(Clone, Copy)]
struct Expert {
    at_x_mean: f64,
    slope: f64,
}

impl Expert {
    /// What the mean of target `t` under component `k` is along the line.
    #[inline(always)]
    fn of(components: &GridComponents, k: usize, t: usize, line: &[f64]) -> Self {
        let (mean, slopes) = components.expert(k, t);
        let (x_slope, slopes) = slopes.split_last().expect("a grid has an x axis");
        let offsets = line.iter().zip(components.mean(k)).map(|(u, m)| u - m);
        let at_line: f64 = slopes.iter().zip(offsets).map(|(s, o)| s * o).sum();
        Self { at_x_mean: mean + at_line, slope: *x_slope }
    }
}

/// A run of pixels of one line.
pub(crate) struct Segment<'a> {
    /// Coordinates of the line on all axes but x, in array order.
    pub(crate) line: &'a [f64],
    pub(crate) x_axis: &'a Axis,
    /// The pixels.
    pub(crate) columns: Range<usize>,
    /// The components to evaluate.
    pub(crate) components: &'a [u32],
}

/// Memory for one segment, reused from line to line.
pub(crate) struct LineKernel<'a, S: Simd> {
    simd: S,
    components: &'a GridComponents,
    x: Vec<Block<S>>,
    state: Vec<LogSumExp<S>>,
    /// Sums of exponential times expert, all targets of a block together.
    sums: Vec<Block<S>>,
    experts: Vec<Expert>,
}

impl<'a, S: Simd> LineKernel<'a, S> {
    pub(crate) fn new(simd: S, components: &'a GridComponents) -> Self {
        Self { simd, components, x: vec![], state: vec![], sums: vec![], experts: vec![] }
    }

    /// Writes log p, one value a pixel, from position `first` of `out` on.
    pub(crate) fn log_density(&mut self, segment: &Segment<'_>, out: &mut dyn Sink, first: usize) {
        self.accumulate(segment);
        self.finish(segment, out, (first, 1), |simd, state, _| state.ln(simd));
    }

    /// Writes p, one value a pixel.
    pub(crate) fn density(&mut self, segment: &Segment<'_>, out: &mut dyn Sink, first: usize) {
        self.accumulate(segment);
        self.finish(segment, out, (first, 1), |simd, state, _| state.exp(simd));
    }

    /// Writes E[targets | pixel], `n_targets` values a pixel.
    pub(crate) fn mean(&mut self, segment: &Segment<'_>, out: &mut dyn Sink, first: usize) {
        self.accumulate(segment);
        let n_targets = self.components.n_targets();
        for t in 0..n_targets {
            self.finish(segment, out, (first + t, n_targets), |simd, state, sums| {
                let mut mean = sums[t];
                for v in 0..VECTORS {
                    mean[v] = simd.div(mean[v], state.relative_sum()[v]);
                }
                mean
            });
        }
    }

    /// Writes a value a pixel, which `value` makes of a block's state and sums.
    #[inline(always)]
    fn finish(
        &self,
        segment: &Segment<'_>,
        out: &mut dyn Sink,
        (first, stride): (usize, usize),
        value: impl Fn(S, &LogSumExp<S>, &[Block<S>]) -> Block<S>,
    ) {
        let simd = self.simd;
        let (n_targets, block_len) = (self.components.n_targets(), S::LANES * VECTORS);
        let mut values = [0.0; MAX_LANES * VECTORS];
        for (b, state) in self.state.iter().enumerate() {
            simd.vectorize(
                #[inline(always)]
                || {
                    let sums = &self.sums[b * n_targets..][..n_targets];
                    for (v, &vector) in value(simd, state, sums).iter().enumerate() {
                        simd.store(vector, &mut values[v * S::LANES..]);
                    }
                },
            );
            let n = block_len.min(segment.columns.len() - b * block_len);
            out.write(first + b * block_len * stride, stride, &values[..n]);
        }
    }

    /// One pass over the segment's components.
    fn accumulate(&mut self, segment: &Segment<'_>) {
        self.simd.vectorize(
            #[inline(always)]
            || self.accumulate_vectorized(segment),
        );
    }

    #[inline(always)]
    fn accumulate_vectorized(&mut self, segment: &Segment<'_>) {
        self.place_pixels(segment);
        let mut terms = [LineTerm::default(); CHUNK];
        for chunk in segment.components.chunks(CHUNK) {
            for (term, &k) in terms.iter_mut().zip(chunk) {
                *term = LineTerm::of(self.components, k as usize, segment.line);
            }
            self.experts.clear();
            for t in 0..self.components.n_targets() {
                let expert = |&k: &u32| Expert::of(self.components, k as usize, t, segment.line);
                self.experts.extend(chunk.iter().map(expert));
            }
            self.absorb(&terms[..chunk.len()]);
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
        self.sums.resize(n_blocks * self.components.n_targets(), splat(simd, 0.0));
    }

    /// Adds a chunk of components to every block.
    #[inline(always)]
    fn absorb(&mut self, terms: &[LineTerm]) {
        let simd = self.simd;
        let n_targets = self.components.n_targets();
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
