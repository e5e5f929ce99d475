//! Lines of grid pixels by log-sum-exp, for any exponents.
//!
//! Along a line only x varies, and the whitening factor is lower triangular with x last.
//! The squared Mahalanobis distance of a component is therefore
//! (scale (x - `x_mean`) + offset)² + a constant of the line: three operations a pixel
//! instead of the full product, and the differences stay centered. The constants are
//! computed once per line and chunk of components. This kernel renders tiles whose
//! exponents are beyond the range of tile/: first log p of each pixel, then averages of
//! values under the responsibilities.

use crate::grid::axes::Axis;
use crate::grid::output_band::{Channels, OutputBand, TileOutput, TileRect};
use crate::grid::tile::Size;
use crate::rendering::components::{GridComponents, Regression};
use crate::rendering::quantity::Quantity;
use crate::simd::block::{Block, CHUNK_COMPONENTS, VECTORS, splat};
use crate::simd::logsumexp::LogSumExp;
use crate::simd::math::{entropy_in_nats, exp2_clamped, log2};
use crate::simd::{MAX_LANES, Simd};
use std::ops::Range;

/// A component along a line.
#[derive(Clone, Copy, Default)]
struct LineTerm {
    x_mean: f64,
    scale: f64,
    offset: f64,
    peak: f64,
}

impl LineTerm {
    /// Restricts component `k` to the line at `line` (coordinates of all axes but x).
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

    /// Returns the base-2 log-probability at the pixels `x`.
    #[inline(always)]
    fn exponent<S: Simd>(&self, simd: S, x: &Block<S>) -> Block<S> {
        let mut exponent = *x;
        for v in 0..VECTORS {
            let difference = simd.sub(x[v], simd.splat(self.x_mean));
            let whitened =
                simd.mul_add(simd.splat(self.scale), difference, simd.splat(self.offset));
            exponent[v] = simd.neg_mul_add(whitened, whitened, simd.splat(self.peak));
        }
        exponent
    }
}

/// The mean of a remaining feature under a component along a line.
#[derive(Clone, Copy)]
struct LineRegression {
    x_mean: f64,
    at_x_mean: f64,
    slope: f64,
}

impl LineRegression {
    #[inline(always)]
    fn of(components: &GridComponents, k: usize, t: usize, line: &[f64]) -> Self {
        let Regression { mean, slopes } = components.regression(k, t);
        let (x_slope, slopes) = slopes.split_last().expect("a grid has an x axis");
        let offsets = line.iter().zip(components.mean(k)).map(|(u, m)| u - m);
        let at_line: f64 = slopes.iter().zip(offsets).map(|(s, o)| s * o).sum();
        Self { x_mean: components.mean(k)[line.len()], at_x_mean: mean + at_line, slope: *x_slope }
    }

    #[inline(always)]
    fn at<S: Simd>(&self, simd: S, x: S::F) -> S::F {
        let difference = simd.sub(x, simd.splat(self.x_mean));
        simd.mul_add(simd.splat(self.slope), difference, simd.splat(self.at_x_mean))
    }
}

/// An average over the components at each pixel of a block.
struct Average<S: Simd> {
    values: Block<S>,
    /// The sum of the responsibilities: 1, or less where every distance overflows and all
    /// of them are the smallest number.
    totals: Block<S>,
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
    /// Conditional means of the remaining features, block by block.
    means: Vec<Block<S>>,
}

impl<'a, S: Simd> LineKernel<'a, S> {
    pub(crate) fn new(simd: S, components: &'a GridComponents) -> Self {
        Self { simd, components, x: vec![], state: vec![], means: vec![] }
    }

    /// Writes a quantity of each pixel of a segment, the first one at `pixel`.
    pub(crate) fn render(
        &mut self,
        quantity: Quantity,
        segment: &Segment<'_>,
        pixel: usize,
        band: &mut OutputBand<'_>,
    ) {
        let simd = self.simd;
        simd.vectorize(
            #[inline(always)]
            || {
                self.place_pixels(segment);
                self.sum(segment);
                // Averages are long code: here, and once more below.
                if quantity.is_conditional() {
                    self.place_means(segment);
                }
                let n_pixels = segment.columns.len();
                self.write(quantity, segment, &mut LineOutput { simd, pixel, n_pixels, band });
            },
        );
    }

    /// Writes a quantity of each pixel, after the densities and conditional means.
    #[inline(always)]
    fn write(&self, quantity: Quantity, segment: &Segment<'_>, output: &mut LineOutput<'_, '_, S>) {
        let (simd, n_remaining) = (self.simd, self.components.n_remaining());
        match quantity {
            Quantity::LogDensity => {
                for (b, state) in self.state.iter().enumerate() {
                    output.write(b, 0, &state.ln(simd));
                }
            }
            Quantity::Density => {
                for (b, state) in self.state.iter().enumerate() {
                    output.write(b, 0, &state.exp(simd));
                }
            }
            Quantity::Entropy => {
                for b in 0..self.x.len() {
                    output.write(b, 0, &self.entropy(segment, b));
                }
            }
            Quantity::Mean => {
                for (i, mean) in self.means.iter().enumerate() {
                    output.write(i / n_remaining, i % n_remaining, mean);
                }
            }
            Quantity::Covariance | Quantity::Std => {
                let is_std = quantity == Quantity::Std;
                for (b, at) in pairs(self.x.len(), quantity.values_per_pixel(n_remaining)) {
                    let (i, j) =
                        if is_std { (at, at) } else { (at / n_remaining, at % n_remaining) };
                    let mut moment = self.moment(segment, b, i, j);
                    if is_std {
                        for x in &mut moment {
                            *x = simd.sqrt(*x);
                        }
                    }
                    output.write(b, at, &moment);
                }
            }
            Quantity::Label | Quantity::Sample { .. } => {
                unreachable!("labels and draws have kernels for any exponents")
            }
        }
    }

    /// Computes the pixel centers of the segment; the last one is repeated to fill its block.
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
    }

    /// Computes log p of every pixel, in one pass over the components.
    #[inline(always)]
    fn sum(&mut self, segment: &Segment<'_>) {
        let simd = self.simd;
        self.state.clear();
        self.state.resize(self.x.len(), LogSumExp::new(simd));
        let mut exponents = [splat(simd, 0.0); CHUNK_COMPONENTS];
        for chunk in segment.components.chunks(CHUNK_COMPONENTS) {
            let mut terms = [LineTerm::default(); CHUNK_COMPONENTS];
            for (term, &k) in terms.iter_mut().zip(chunk) {
                *term = LineTerm::of(self.components, k as usize, segment.line);
            }
            for (x, state) in self.x.iter().zip(&mut self.state) {
                for (exponent, term) in exponents.iter_mut().zip(&terms[..chunk.len()]) {
                    *exponent = term.exponent(simd, x);
                }
                state.absorb(simd, &mut exponents[..chunk.len()]);
            }
        }
    }

    /// Computes the conditional means of every pixel.
    #[inline(always)]
    fn place_means(&mut self, segment: &Segment<'_>) {
        self.means.clear();
        for (b, t) in pairs(self.x.len(), self.components.n_remaining()) {
            let mean = self.average(
                segment,
                b,
                #[inline(always)]
                |k, v, _| self.regression(segment, k, t, self.x[b][v]),
            );
            self.means.push(mean.values);
        }
    }

    /// Returns the covariance of remaining features `i` and `j`, about the mean of each pixel.
    #[inline(always)]
    fn moment(&self, segment: &Segment<'_>, b: usize, i: usize, j: usize) -> Block<S> {
        let (simd, n_remaining) = (self.simd, self.components.n_remaining());
        let centers = [self.means[b * n_remaining + i], self.means[b * n_remaining + j]];
        let moment = self.average(
            segment,
            b,
            #[inline(always)]
            |k, v, _| {
                let covariance = self.components.remaining_covariance(k, i.max(j), i.min(j));
                let di = simd.sub(self.regression(segment, k, i, self.x[b][v]), centers[0][v]);
                let dj = simd.sub(self.regression(segment, k, j, self.x[b][v]), centers[1][v]);
                simd.mul_add(di, dj, simd.splat(covariance))
            },
        );
        moment.values
    }

    /// Returns the mean of remaining feature `t` under component `k` at `x`.
    #[inline(always)]
    fn regression(&self, segment: &Segment<'_>, k: usize, t: usize, x: S::F) -> S::F {
        LineRegression::of(self.components, k, t, segment.line).at(self.simd, x)
    }

    /// Returns the entropy of the responsibilities in nats.
    #[inline(always)]
    fn entropy(&self, segment: &Segment<'_>, b: usize) -> Block<S> {
        let simd = self.simd;
        let Average { values: mut entropy, totals } = self.average(
            segment,
            b,
            #[inline(always)]
            |_, _, surprise| surprise,
        );
        for v in 0..VECTORS {
            let bits = simd.add(entropy[v], log2(simd, totals[v]));
            entropy[v] = entropy_in_nats(simd, bits);
        }
        entropy
    }

    /// Returns the average of `value(component, vector, -log2 r)` over the components,
    /// weighted by their responsibilities r, at block `b`.
    #[inline(always)]
    fn average(
        &self,
        segment: &Segment<'_>,
        b: usize,
        value: impl Fn(usize, usize, S::F) -> S::F,
    ) -> Average<S> {
        let simd = self.simd;
        let log_density = self.state[b].log2(simd);
        let (mut totals, mut sums) = (splat(simd, 0.0), splat(simd, 0.0));
        let limit = simd.splat(-S::FORMAT.min_exponent);
        for &k in segment.components {
            let term = LineTerm::of(self.components, k as usize, segment.line);
            let exponent = term.exponent(simd, &self.x[b]);
            for v in 0..VECTORS {
                let responsibility = exp2_clamped(simd, simd.sub(exponent[v], log_density[v]));
                let surprise = simd.min(simd.sub(log_density[v], exponent[v]), limit);
                totals[v] = simd.add(totals[v], responsibility);
                let value = value(k as usize, v, surprise);
                sums[v] = simd.mul_add(responsibility, value, sums[v]);
            }
        }
        for v in 0..VECTORS {
            sums[v] = simd.div(sums[v], totals[v]);
        }
        Average { values: sums, totals }
    }
}

/// The pixels to which the blocks of a segment are written.
struct LineOutput<'a, 'b, S: Simd> {
    simd: S,
    pixel: usize,
    n_pixels: usize,
    band: &'a mut OutputBand<'b>,
}

impl<S: Simd> LineOutput<'_, '_, S> {
    #[inline(always)]
    fn write(&mut self, b: usize, channel: usize, block: &Block<S>) {
        let before = b * block_len::<S>();
        let n_pixels = block_len::<S>().min(self.n_pixels - before);
        let size = Size { rows: 1, columns: n_pixels };
        let rect = TileRect { first: self.pixel + before, row_stride: 0, size };
        let channels = Channels { first: channel, len: 1 };
        TileOutput { rect, band: self.band }.write(self.simd, channels, block);
    }
}

/// Iterates over all pairs of a number below `n` and one below `m`.
fn pairs(n: usize, m: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..n * m).map(move |i| (i / m, i % m))
}

/// Pixels of a block.
const fn block_len<S: Simd>() -> usize {
    S::LANES * VECTORS
}
