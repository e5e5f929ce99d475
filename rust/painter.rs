//! One quantity on one tile: which sums it takes, and what it writes.
//!
//! Which painter a quantity has is decided once a call; a painter is asked once a
//! tile. `paint` may refuse a tile, whose exponents are beyond what one plane
//! holds; render.rs then takes it line by line.

use crate::components::GridComponents;
use crate::kernel::label::LabelKernel;
use crate::kernel::simd::Simd;
use crate::kernel::tile::{
    Experts, Exponents, Means, Pairs, Shares, TileInput, TileKernel, Window,
};
use crate::pixel::{Band, MAX_CHANNELS};
use crate::plane::Columns;
use crate::quantity::{Precision, Quantity};

/// Values of a pass over a tile: the channels of a colour; more take more passes.
const WIDE: usize = MAX_CHANNELS + 1;

/// What paints tiles with one quantity.
pub(crate) trait Painter {
    /// Forgets what was kept for the last block of tiles.
    fn start_block(&mut self);

    /// Writes a tile; false if it cannot be done relative to one plane.
    fn paint(
        &mut self,
        input: &TileInput<'_>,
        block: &Columns,
        window: &Window,
        band: &mut Band<'_>,
    ) -> bool;
}

/// The painter of a quantity.
pub(crate) fn painter<'a, S: Simd>(
    simd: S,
    quantity: Quantity,
    components: &'a GridComponents,
    precision: Precision,
) -> Box<dyn Painter + 'a> {
    let is_wide = components.n_targets() >= MAX_CHANNELS;
    match quantity {
        Quantity::Density | Quantity::LogDensity => {
            Box::new(DensityPainter { kernels: Kernels::new(simd, precision), quantity })
        }
        Quantity::Mean if is_wide => {
            Box::new(MeanPainter::<S, WIDE>::new(simd, components, precision))
        }
        Quantity::Mean => Box::new(MeanPainter::<S, 2>::new(simd, components, precision)),
        Quantity::Covariance | Quantity::Std if is_wide => {
            Box::new(MomentPainter::<S, WIDE>::new(simd, components, quantity))
        }
        Quantity::Covariance | Quantity::Std => {
            Box::new(MomentPainter::<S, 2>::new(simd, components, quantity))
        }
        Quantity::Label => Box::new(LabelPainter { kernel: LabelKernel::new(simd), components }),
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

struct DensityPainter<S: Simd> {
    kernels: Kernels<S, 1>,
    quantity: Quantity,
}

impl<S: Simd> DensityPainter<S> {
    fn paint_with<K: Simd>(
        kernel: &mut TileKernel<K, 1>,
        quantity: Quantity,
        (input, block): (&TileInput<'_>, &Columns),
        window: &Window,
        band: &mut Band<'_>,
    ) -> bool {
        if !kernel.prepare(input, block) {
            return false;
        }
        kernel.sum(input, &Shares);
        match quantity {
            Quantity::LogDensity => kernel.log_density(window, band),
            _ => kernel.density(window, band),
        }
        true
    }
}

impl<S: Simd> Painter for DensityPainter<S> {
    fn start_block(&mut self) {
        self.kernels.start_block();
    }

    fn paint(
        &mut self,
        input: &TileInput<'_>,
        block: &Columns,
        window: &Window,
        band: &mut Band<'_>,
    ) -> bool {
        let (quantity, input) = (self.quantity, (input, block));
        if let Some(single) = &mut self.kernels.single {
            if Self::paint_with(single, quantity, input, window, band) {
                return true;
            }
        }
        Self::paint_with(&mut self.kernels.double, quantity, input, window, band)
    }
}

struct MeanPainter<'a, S: Simd, const N: usize> {
    kernels: Kernels<S, N>,
    components: &'a GridComponents,
    experts: Vec<Experts<N>>,
}

impl<'a, S: Simd, const N: usize> MeanPainter<'a, S, N> {
    fn new(simd: S, components: &'a GridComponents, precision: Precision) -> Self {
        Self { kernels: Kernels::new(simd, precision), components, experts: Vec::new() }
    }

    fn paint_with<K: Simd>(
        kernel: &mut TileKernel<K, N>,
        experts: &mut Vec<Experts<N>>,
        n_targets: usize,
        (input, block): (&TileInput<'_>, &Columns),
        (window, band): (&Window, &mut Band<'_>),
    ) -> bool {
        if !kernel.prepare(input, block) {
            return false;
        }
        for first in passes(n_targets, N - 1) {
            collect_experts(input, experts, |n| first + n - 1);
            kernel.sum(input, &Means { experts });
            kernel.averages(window, first, band);
        }
        true
    }
}

impl<S: Simd, const N: usize> Painter for MeanPainter<'_, S, N> {
    fn start_block(&mut self) {
        self.kernels.start_block();
    }

    fn paint(
        &mut self,
        input: &TileInput<'_>,
        block: &Columns,
        window: &Window,
        band: &mut Band<'_>,
    ) -> bool {
        let (n_targets, input) = (self.components.n_targets(), (input, block));
        if let Some(single) = &mut self.kernels.single {
            let to = (window, &mut *band);
            if Self::paint_with(single, &mut self.experts, n_targets, input, to) {
                return true;
            }
        }
        let kernel = &mut self.kernels.double;
        Self::paint_with(kernel, &mut self.experts, n_targets, input, (window, band))
    }
}

struct MomentPainter<'a, S: Simd, const N: usize> {
    kernel: TileKernel<S, N>,
    components: &'a GridComponents,
    quantity: Quantity,
    /// The pairs of targets whose moments are wanted.
    pairs: Vec<(usize, usize)>,
    experts: Vec<Experts<N>>,
    expert_pairs: Vec<[Experts<N>; 2]>,
    covariances: Vec<[f64; N]>,
    /// Conditional means of the tile, by target.
    centers: Vec<Vec<f64>>,
}

impl<'a, S: Simd, const N: usize> MomentPainter<'a, S, N> {
    fn new(simd: S, components: &'a GridComponents, quantity: Quantity) -> Self {
        let n_targets = components.n_targets();
        let lower = |i: usize| (0..=i).map(move |j| (i, j));
        let pairs = match quantity {
            Quantity::Std => (0..n_targets).map(|t| (t, t)).collect(),
            _ => (0..n_targets).flat_map(lower).collect(),
        };
        Self {
            kernel: TileKernel::new(simd),
            components,
            quantity,
            pairs,
            experts: Vec::new(),
            expert_pairs: Vec::new(),
            covariances: Vec::new(),
            centers: vec![Vec::new(); n_targets],
        }
    }

    /// Sums the moments of the pairs from `first` on.
    fn sum(&mut self, input: &TileInput<'_>, first: usize) {
        let pairs = &self.pairs[first..first + N - 1];
        self.expert_pairs.clear();
        for side in [0, 1] {
            let target = |n: usize| if side == 0 { pairs[n - 1].0 } else { pairs[n - 1].1 };
            collect_experts(input, &mut self.experts, target);
            self.expert_pairs.resize(self.experts.len(), [[[0.0; 3]; N]; 2]);
            for (both, &one) in self.expert_pairs.iter_mut().zip(&self.experts) {
                both[side] = one;
            }
        }
        self.covariances.clear();
        for &k in &input.columns.index {
            let mut covariances = [0.0; N];
            for (covariance, &(i, j)) in covariances[1..].iter_mut().zip(pairs) {
                *covariance = self.components.target_covariance(k as usize, i, j);
            }
            self.covariances.push(covariances);
        }
        let mut centers: [[&[f64]; N]; 2] = [[&[]; N]; 2];
        for (n, &(i, j)) in pairs.iter().enumerate() {
            centers[0][n + 1] = &self.centers[i];
            centers[1][n + 1] = &self.centers[j];
        }
        let (experts, covariances) = (&self.expert_pairs[..], &self.covariances[..]);
        self.kernel.sum(input, &Pairs { experts, covariances, centers });
    }
}

impl<S: Simd, const N: usize> Painter for MomentPainter<'_, S, N> {
    fn start_block(&mut self) {
        self.kernel.start_block();
    }

    fn paint(
        &mut self,
        input: &TileInput<'_>,
        block: &Columns,
        window: &Window,
        band: &mut Band<'_>,
    ) -> bool {
        if !self.kernel.prepare(input, block) {
            return false;
        }
        let n_targets = self.components.n_targets();
        for first in passes(n_targets, N - 1) {
            collect_experts(input, &mut self.experts, |n| first + n - 1);
            self.kernel.sum(input, &Means { experts: &self.experts });
            self.kernel.store_averages(input.size, &mut self.centers[first..]);
        }
        for first in passes(self.pairs.len(), N - 1) {
            self.sum(input, first);
            if self.quantity == Quantity::Std {
                self.kernel.roots(window, first, band);
                continue;
            }
            for (n, &(i, j)) in (1..N).zip(&self.pairs[first..]) {
                self.kernel.average(window, n, i * n_targets + j, band);
                self.kernel.average(window, n, j * n_targets + i, band);
            }
        }
        true
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
    ) -> bool {
        if !self.kernel.prepare(input, block) {
            return false;
        }
        self.kernel.sum(input, &Exponents);
        self.kernel.entropy(window, band);
        true
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
    ) -> bool {
        self.kernel.label(self.components, input, window, band);
        true
    }
}

/// The first of each `step` of `n` values, at least `step`; the last two passes may
/// overlap.
fn passes(n: usize, step: usize) -> impl Iterator<Item = usize> {
    (0..n).step_by(step).map(move |first| first.min(n - step))
}

/// The experts of `target(n)`, n from 1 on, of every component of the tile.
fn collect_experts<const N: usize>(
    input: &TileInput<'_>,
    experts: &mut Vec<Experts<N>>,
    target: impl Fn(usize) -> usize,
) {
    experts.clear();
    for &k in &input.columns.index {
        let mut expert = [[0.0; 3]; N];
        for (n, expert) in expert.iter_mut().enumerate().skip(1) {
            *expert = input.plane.expert(k as usize, target(n));
        }
        experts.push(expert);
    }
}
