//! One quantity on one tile: which sums it takes, and what it writes.
//!
//! Which painter a quantity has is decided once a call; a painter is asked once a
//! tile. `paint` may refuse a tile; render.rs then gives it in parts, or takes it
//! line by line.

use crate::grid::output::{Band, MAX_CHANNELS, Window};
use crate::rendering::band::Shared;
use crate::rendering::components::GridComponents;
use crate::rendering::draws::DrawKernel;
use crate::rendering::labels::LabelKernel;
use crate::rendering::plane::Columns;
use crate::rendering::quantity::{Precision, Quantity};
use crate::rendering::tile::{Exponents, Means, Pair, Shares, TileInput, TileKernel};
use crate::simd::Simd;

/// Values of a pass over a tile: the channels of a colour; more take more passes.
const WIDE: usize = MAX_CHANNELS + 1;

/// What paints tiles with one quantity.
pub(crate) trait Painter {
    /// Forgets what was kept for the last block of tiles.
    fn start_block(&mut self);

    /// Writes a tile, or says why not.
    fn paint(
        &mut self,
        input: &TileInput<'_>,
        block: &Columns,
        window: &Window,
        band: &mut Band<'_>,
    ) -> Outcome;
}

/// What became of a tile.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Painted,
    /// In parts it would be faster.
    TooLarge,
    /// The exponents are beyond what numbers hold relative to one plane.
    BeyondRange,
}

/// The painter of a quantity.
pub(crate) fn painter<'a, S: Simd>(
    simd: S,
    quantity: Quantity,
    components: &'a GridComponents,
    shared: &Shared<'_>,
) -> Box<dyn Painter + 'a> {
    let (n_targets, precision) = (components.n_targets(), shared.precision);
    match quantity {
        Quantity::Density | Quantity::LogDensity => {
            let density = Density { is_log: quantity == Quantity::LogDensity };
            Box::new(SumPainter::<S, _, 1>::new(simd, precision, density))
        }
        Quantity::Mean if n_targets >= MAX_CHANNELS => {
            Box::new(SumPainter::<S, _, WIDE>::new(simd, precision, Mean { n_targets }))
        }
        Quantity::Mean => Box::new(SumPainter::<S, _, 2>::new(simd, precision, Mean { n_targets })),
        Quantity::Covariance | Quantity::Std => {
            Box::new(MomentPainter::new(simd, components, quantity))
        }
        Quantity::Label => Box::new(LabelPainter { kernel: LabelKernel::new(simd), components }),
        Quantity::Sample { seed } => {
            let (height, width) = shared.model.shape;
            let kernel = DrawKernel::new(simd, seed, n_targets);
            let first = shared.plane_index * height * width;
            Box::new(SamplePainter { kernel, components, first, width })
        }
        Quantity::Entropy => Box::new(EntropyPainter { kernel: TileKernel::<S, 2>::new(simd) }),
    }
}

/// The kernel in float32, if that is good enough, and the one in float64 for tiles
/// that are beyond its range.
struct Kernels<S: Simd, const N: usize> {
    single: Option<TileKernel<S::Single, N>>,
    double: TileKernel<S, N>,
}

impl<S: Simd, const N: usize> Kernels<S, N> {
    fn new(simd: S, precision: Precision) -> Self {
        let single = precision.is_single.then(|| TileKernel::new(simd.single()));
        Self { single, double: TileKernel::new(simd) }
    }

    fn start_block(&mut self) {
        self.double.start_block();
        if let Some(single) = &mut self.single {
            single.start_block();
        }
    }
}

/// Whether a tile is set up, and in which numbers.
enum Ready {
    Single,
    Double,
    Not(Outcome),
}

impl<S: Simd, const N: usize> Kernels<S, N> {
    /// Sets a tile up, in float32 if that is good enough and it fits the range.
    fn prepare(&mut self, input: &TileInput<'_>, block: &Columns) -> Ready {
        if let Some(single) = &mut self.single {
            match outcome(single, input, block) {
                Outcome::Painted => return Ready::Single,
                // In a part of the tile the exponents may be within range.
                _ if input.is_whole() => return Ready::Not(Outcome::TooLarge),
                _ => {}
            }
        }
        match outcome(&mut self.double, input, block) {
            Outcome::Painted => Ready::Double,
            outcome => Ready::Not(outcome),
        }
    }
}

/// Sets a tile up; what becomes of it if nothing goes wrong.
fn outcome<S: Simd, const N: usize>(
    kernel: &mut TileKernel<S, N>,
    input: &TileInput<'_>,
    block: &Columns,
) -> Outcome {
    if !kernel.prepare(input, block) {
        Outcome::BeyondRange
    } else if input.is_whole() && !kernel.is_mostly_smooth() {
        Outcome::TooLarge
    } else {
        Outcome::Painted
    }
}

/// A quantity that sums of shares, and of what they weight, make at once, whatever
/// the lanes.
trait Finish<const N: usize> {
    /// Sums a tile that was set up, and writes it.
    fn finish<K: Simd>(
        &self,
        kernel: &mut TileKernel<K, N>,
        input: &TileInput<'_>,
        window: &Window,
        band: &mut Band<'_>,
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
        window: &Window,
        band: &mut Band<'_>,
    ) {
        kernel.sum(input, &Shares);
        if self.is_log {
            kernel.log_density(window, band);
        } else {
            kernel.density(window, band);
        }
    }
}

struct Mean {
    n_targets: usize,
}

impl<const N: usize> Finish<N> for Mean {
    fn finish<K: Simd>(
        &self,
        kernel: &mut TileKernel<K, N>,
        input: &TileInput<'_>,
        window: &Window,
        band: &mut Band<'_>,
    ) {
        for first in passes(self.n_targets, N - 1) {
            let (plane, index) = (input.plane, &input.columns.index[..]);
            kernel.sum(input, &Means { plane, index, first });
            kernel.averages(window, first, band);
        }
    }
}

/// Paints such a quantity, in float32 where that is good enough.
struct SumPainter<S: Simd, F, const N: usize> {
    kernels: Kernels<S, N>,
    quantity: F,
}

impl<S: Simd, F: Finish<N>, const N: usize> SumPainter<S, F, N> {
    fn new(simd: S, precision: Precision, quantity: F) -> Self {
        Self { kernels: Kernels::new(simd, precision), quantity }
    }
}

impl<S: Simd, F: Finish<N>, const N: usize> Painter for SumPainter<S, F, N> {
    fn start_block(&mut self) {
        self.kernels.start_block();
    }

    fn paint(
        &mut self,
        input: &TileInput<'_>,
        block: &Columns,
        window: &Window,
        band: &mut Band<'_>,
    ) -> Outcome {
        match (self.kernels.prepare(input, block), &mut self.kernels) {
            (Ready::Not(outcome), _) => return outcome,
            (Ready::Single, Kernels { single: Some(kernel), .. }) => {
                self.quantity.finish(kernel, input, window, band);
            }
            (_, kernels) => self.quantity.finish(&mut kernels.double, input, window, band),
        }
        Outcome::Painted
    }
}

struct MomentPainter<'a, S: Simd> {
    kernel: TileKernel<S, 2>,
    components: &'a GridComponents,
    quantity: Quantity,
    /// Of the terms, for one pair of targets.
    covariances: Vec<f64>,
    /// Conditional means of the tile, by target.
    centers: Vec<Vec<f64>>,
}

impl<'a, S: Simd> MomentPainter<'a, S> {
    fn new(simd: S, components: &'a GridComponents, quantity: Quantity) -> Self {
        let (kernel, covariances) = (TileKernel::new(simd), Vec::new());
        let centers = vec![Vec::new(); components.n_targets()];
        Self { kernel, components, quantity, covariances, centers }
    }

    /// Sums the moment of targets `i` and `j`.
    fn sum(&mut self, input: &TileInput<'_>, (i, j): (usize, usize)) {
        self.covariances.clear();
        for &k in &input.columns.index {
            self.covariances.push(self.components.target_covariance(k as usize, i, j));
        }
        let pair = Pair {
            plane: input.plane,
            index: &input.columns.index,
            targets: [i, j],
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
        block: &Columns,
        window: &Window,
        band: &mut Band<'_>,
    ) -> Outcome {
        let outcome = outcome(&mut self.kernel, input, block);
        if outcome != Outcome::Painted {
            return outcome;
        }
        let n_targets = self.components.n_targets();
        let (plane, index) = (input.plane, &input.columns.index[..]);
        for first in 0..n_targets {
            self.kernel.sum(input, &Means { plane, index, first });
            self.kernel.store_averages(input.size, &mut self.centers[first..]);
        }
        for i in 0..n_targets {
            if self.quantity == Quantity::Std {
                self.sum(input, (i, i));
                self.kernel.roots(window, i, band);
                continue;
            }
            for j in 0..=i {
                self.sum(input, (i, j));
                self.kernel.averages(window, i * n_targets + j, band);
                self.kernel.averages(window, j * n_targets + i, band);
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
        block: &Columns,
        window: &Window,
        band: &mut Band<'_>,
    ) -> Outcome {
        let outcome = outcome(&mut self.kernel, input, block);
        if outcome != Outcome::Painted {
            return outcome;
        }
        self.kernel.sum(input, &Exponents);
        self.kernel.entropy(window, band);
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
        _: &Columns,
        window: &Window,
        band: &mut Band<'_>,
    ) -> Outcome {
        self.kernel.label(self.components, input, window, band);
        Outcome::Painted
    }
}

struct SamplePainter<'a, S: Simd> {
    kernel: DrawKernel<S>,
    components: &'a GridComponents,
    /// Index of the plane's first pixel in the grid, and pixels of a row.
    first: usize,
    width: usize,
}

impl<S: Simd> Painter for SamplePainter<'_, S> {
    fn start_block(&mut self) {}

    fn paint(
        &mut self,
        input: &TileInput<'_>,
        _: &Columns,
        window: &Window,
        band: &mut Band<'_>,
    ) -> Outcome {
        let (first, width, (column, line)) = (self.first, self.width, input.area.corner());
        let index_of = move |row: usize| first + (line + row) * width + column;
        self.kernel.draw(self.components, input, &index_of, (window, band));
        Outcome::Painted
    }
}

/// The first of each `step` of `n` values, at least `step`; the last two passes may
/// overlap.
fn passes(n: usize, step: usize) -> impl Iterator<Item = usize> {
    (0..n).step_by(step).map(move |first| first.min(n - step))
}
