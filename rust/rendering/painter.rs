//! Painters: the sums that a quantity takes on a tile, and the values that it writes.
//!
//! The painter of a quantity is chosen once a call and called once a tile. `paint` may
//! refuse a tile; band.rs then splits it, or renders it line by line.

use crate::grid::output_band::{MAX_CHANNELS, TileOutput};
use crate::grid::tile::Size;
use crate::rendering::components::GridComponents;
use crate::rendering::context::BandContext;
use crate::rendering::draws::{DrawKernel, GridRows};
use crate::rendering::labels::LabelKernel;
use crate::rendering::plane::PlaneComponents;
use crate::rendering::quantity::Quantity;
use crate::rendering::tile::{Densities, Exponents, Means, Pair, TileInput, TileKernel};
use crate::simd::Simd;

/// Sums of one pass over a tile: the density and the channels of a color. More channels
/// take more passes.
const N_SUMS: usize = MAX_CHANNELS + 1;

/// Paints tiles with one quantity.
pub(crate) trait Painter {
    /// Discards the data kept for the last block of tiles.
    fn start_block(&mut self);

    /// Writes a tile, or returns how to render it instead.
    fn paint(
        &mut self,
        input: &TileInput<'_>,
        block: &PlaneComponents,
        output: &mut TileOutput<'_, '_>,
    ) -> Outcome;
}

/// The outcome of painting a tile.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Painted,
    /// The tile must be painted in parts.
    SplitTile,
    /// The exponents are beyond the range of one reference plane.
    UseLogSumExp,
}

/// Creates the painter of the quantity of a rendering.
pub(crate) fn painter<'a, S: Simd>(simd: S, context: &BandContext<'a>) -> Box<dyn Painter + 'a> {
    let BandContext { quantity, components, .. } = *context;
    let n_remaining = components.n_remaining();
    match quantity {
        Quantity::Density | Quantity::LogDensity => {
            let density = Density { is_log: quantity == Quantity::LogDensity };
            Box::new(SumPainter::<S, _, 1>::new(simd, context, density))
        }
        Quantity::Mean if n_remaining >= MAX_CHANNELS => {
            Box::new(SumPainter::<S, _, N_SUMS>::new(simd, context, Mean { n_remaining }))
        }
        Quantity::Mean => Box::new(SumPainter::<S, _, 2>::new(simd, context, Mean { n_remaining })),
        Quantity::Covariance | Quantity::Std => {
            Box::new(MomentPainter::new(simd, components, quantity))
        }
        Quantity::Label => Box::new(LabelPainter { kernel: LabelKernel::new(simd), components }),
        Quantity::Sample { seed } => {
            let Size { rows, columns } = context.model.size;
            let kernel = DrawKernel::new(simd, seed, n_remaining);
            let first_pixel = context.plane_index * rows * columns;
            Box::new(SamplePainter { kernel, components, first_pixel, width: columns })
        }
        Quantity::Entropy => Box::new(EntropyPainter { kernel: TileKernel::<S, 2>::new(simd) }),
    }
}

/// The kernel in float32, if that is precise enough, and the kernel in float64 for tiles
/// beyond the range or the precision of the former.
struct Kernels<S: Simd, const N: usize> {
    single: Option<TileKernel<S::Single, N>>,
    /// The components whose values are too large for it; empty if none are.
    are_too_large: Vec<bool>,
    double: TileKernel<S, N>,
}

impl<S: Simd, const N: usize> Kernels<S, N> {
    fn new(simd: S, context: &BandContext<'_>) -> Self {
        let limit = context.precision.single;
        Self {
            single: limit.map(|_| TileKernel::new(simd.single())),
            are_too_large: limit.map_or_else(Vec::new, |limit| context.components.beyond(limit)),
            double: TileKernel::new(simd),
        }
    }

    fn start_block(&mut self) {
        self.double.start_block();
        if let Some(single) = &mut self.single {
            single.start_block();
        }
    }
}

/// The numbers for which a tile is set up, or the reason why it is not.
enum Ready {
    Single,
    Double,
    Not(Outcome),
}

impl<S: Simd, const N: usize> Kernels<S, N> {
    /// Sets a tile up, in float32 if that is precise enough and has the range.
    fn prepare(&mut self, input: &TileInput<'_>, block: &PlaneComponents) -> Ready {
        let are_too_large = &self.are_too_large;
        let is_too_large = !are_too_large.is_empty()
            && input.components.index.iter().any(|&k| are_too_large[k as usize]);
        if let Some(single) = self.single.as_mut().filter(|_| !is_too_large) {
            match outcome(single, input, block) {
                Outcome::Painted => return Ready::Single,
                // The exponents of parts of the tile may be within range.
                _ if input.is_divisible() => return Ready::Not(Outcome::SplitTile),
                _ => {}
            }
        }
        match outcome(&mut self.double, input, block) {
            Outcome::Painted => Ready::Double,
            outcome => Ready::Not(outcome),
        }
    }
}

/// Sets a tile up and returns the outcome of painting it.
fn outcome<S: Simd, const N: usize>(
    kernel: &mut TileKernel<S, N>,
    input: &TileInput<'_>,
    block: &PlaneComponents,
) -> Outcome {
    if !kernel.prepare(input, block) {
        Outcome::UseLogSumExp
    } else if input.is_divisible() && !kernel.is_mostly_smooth() {
        Outcome::SplitTile
    } else {
        Outcome::Painted
    }
}

/// A quantity computed from sums of densities and of weighted values, in float64 or
/// float32.
trait Finish<const N: usize> {
    /// Sums a tile that is set up, and writes it.
    fn finish<K: Simd>(
        &self,
        kernel: &mut TileKernel<K, N>,
        input: &TileInput<'_>,
        output: &mut TileOutput<'_, '_>,
    );
}

struct Density {
    is_log: bool,
}

impl Finish<1> for Density {
    fn finish<K: Simd>(
        &self,
        kernel: &mut TileKernel<K, 1>,
        input: &TileInput<'_>,
        output: &mut TileOutput<'_, '_>,
    ) {
        kernel.sum(input, &Densities);
        if self.is_log {
            kernel.log_density(output);
        } else {
            kernel.density(output);
        }
    }
}

struct Mean {
    n_remaining: usize,
}

impl<const N: usize> Finish<N> for Mean {
    fn finish<K: Simd>(
        &self,
        kernel: &mut TileKernel<K, N>,
        input: &TileInput<'_>,
        output: &mut TileOutput<'_, '_>,
    ) {
        for first in passes(self.n_remaining, N - 1) {
            let (plane, index) = (input.plane, &input.components.index[..]);
            kernel.sum(input, &Means { plane, index, first });
            kernel.averages(output, first);
        }
    }
}

/// Paints a [`Finish`] quantity, in float32 where that is precise enough.
struct SumPainter<S: Simd, F, const N: usize> {
    kernels: Kernels<S, N>,
    quantity: F,
}

impl<S: Simd, F: Finish<N>, const N: usize> SumPainter<S, F, N> {
    fn new(simd: S, context: &BandContext<'_>, quantity: F) -> Self {
        Self { kernels: Kernels::new(simd, context), quantity }
    }
}

impl<S: Simd, F: Finish<N>, const N: usize> Painter for SumPainter<S, F, N> {
    fn start_block(&mut self) {
        self.kernels.start_block();
    }

    fn paint(
        &mut self,
        input: &TileInput<'_>,
        block: &PlaneComponents,
        output: &mut TileOutput<'_, '_>,
    ) -> Outcome {
        match (self.kernels.prepare(input, block), &mut self.kernels) {
            (Ready::Not(outcome), _) => return outcome,
            (Ready::Single, Kernels { single: Some(kernel), .. }) => {
                self.quantity.finish(kernel, input, output);
            }
            (_, kernels) => self.quantity.finish(&mut kernels.double, input, output),
        }
        Outcome::Painted
    }
}

struct MomentPainter<'a, S: Simd> {
    kernel: TileKernel<S, 2>,
    components: &'a GridComponents,
    quantity: Quantity,
    /// Covariances of one pair of remaining features under each term.
    covariances: Vec<f64>,
    /// Conditional means of each remaining feature at the pixels of the tile.
    centers: Vec<Vec<f64>>,
}

impl<'a, S: Simd> MomentPainter<'a, S> {
    fn new(simd: S, components: &'a GridComponents, quantity: Quantity) -> Self {
        let (kernel, covariances) = (TileKernel::new(simd), Vec::new());
        let centers = vec![Vec::new(); components.n_remaining()];
        Self { kernel, components, quantity, covariances, centers }
    }

    /// Sums the second moment of remaining features `i` and `j`.
    fn sum(&mut self, input: &TileInput<'_>, i: usize, j: usize) {
        self.covariances.clear();
        for &k in &input.components.index {
            self.covariances.push(self.components.remaining_covariance(k as usize, i, j));
        }
        let pair = Pair {
            plane: input.plane,
            index: &input.components.index,
            features: [i, j],
            covariances: &self.covariances,
            centers: [&self.centers[i], &self.centers[j]],
        };
        self.kernel.sum(input, &pair);
    }
}

impl<S: Simd> Painter for MomentPainter<'_, S> {
    fn start_block(&mut self) {
        self.kernel.start_block();
    }

    fn paint(
        &mut self,
        input: &TileInput<'_>,
        block: &PlaneComponents,
        output: &mut TileOutput<'_, '_>,
    ) -> Outcome {
        let outcome = outcome(&mut self.kernel, input, block);
        if outcome != Outcome::Painted {
            return outcome;
        }
        let n_remaining = self.components.n_remaining();
        let (plane, index) = (input.plane, &input.components.index[..]);
        for first in 0..n_remaining {
            self.kernel.sum(input, &Means { plane, index, first });
            self.kernel.store_averages(input.size, &mut self.centers[first..]);
        }
        for i in 0..n_remaining {
            if self.quantity == Quantity::Std {
                self.sum(input, i, i);
                self.kernel.roots(output, i);
                continue;
            }
            for j in 0..=i {
                self.sum(input, i, j);
                self.kernel.averages(output, i * n_remaining + j);
                self.kernel.averages(output, j * n_remaining + i);
            }
        }
        Outcome::Painted
    }
}

struct EntropyPainter<S: Simd> {
    kernel: TileKernel<S, 2>,
}

impl<S: Simd> Painter for EntropyPainter<S> {
    fn start_block(&mut self) {
        self.kernel.start_block();
    }

    fn paint(
        &mut self,
        input: &TileInput<'_>,
        block: &PlaneComponents,
        output: &mut TileOutput<'_, '_>,
    ) -> Outcome {
        let outcome = outcome(&mut self.kernel, input, block);
        if outcome != Outcome::Painted {
            return outcome;
        }
        self.kernel.sum(input, &Exponents);
        self.kernel.entropy(output);
        Outcome::Painted
    }
}

struct LabelPainter<'a, S: Simd> {
    kernel: LabelKernel<S>,
    components: &'a GridComponents,
}

impl<S: Simd> Painter for LabelPainter<'_, S> {
    fn start_block(&mut self) {}

    fn paint(
        &mut self,
        input: &TileInput<'_>,
        _: &PlaneComponents,
        output: &mut TileOutput<'_, '_>,
    ) -> Outcome {
        self.kernel.label(self.components, input, output);
        Outcome::Painted
    }
}

struct SamplePainter<'a, S: Simd> {
    kernel: DrawKernel<S>,
    components: &'a GridComponents,
    /// Index in the grid of the first pixel of the plane.
    first_pixel: usize,
    /// Pixels of a row.
    width: usize,
}

impl<S: Simd> Painter for SamplePainter<'_, S> {
    fn start_block(&mut self) {}

    fn paint(
        &mut self,
        input: &TileInput<'_>,
        _: &PlaneComponents,
        output: &mut TileOutput<'_, '_>,
    ) -> Outcome {
        let corner = input.area.corner();
        let first = self.first_pixel + corner.row * self.width + corner.column;
        let rows = GridRows { first: first as u64, stride: self.width as u64 };
        self.kernel.draw(self.components, input, rows, output);
        Outcome::Painted
    }
}

/// Iterates over the first value of each pass of `step` values, for `n` >= `step` values.
/// The last two passes may overlap.
fn passes(n: usize, step: usize) -> impl Iterator<Item = usize> {
    (0..n).step_by(step).map(move |first| first.min(n - step))
}
