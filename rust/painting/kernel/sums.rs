//! Sums over all pixels for each component, in an order that does not depend on threads.
//!
//! A block is the work of one thread: it paints its tiles in order and adds the sums of
//! each survivor to the slot of its component. Blocks write to slots of their own, which
//! are added in the blocks' order afterwards.

use crate::error::Result;
use crate::painting::component::Component;
use crate::painting::kernel::lanes::Pixels;
use crate::painting::kernel::paint::{Canvas, Coefficients, Painted, Survivor, paint};
use crate::painting::picture::Picture;
use crate::painting::survivors::{Block, Survivors};
use crate::runtime::{Runtime, Worker, distribute};
use crate::simd::{Dispatch, Simd};

/// Most sums for a component, a multiple of 8.
const MAX_SUMS: usize = 32;

/// Sums that have not been added over the lanes yet.
pub(crate) type VectorSums<S> = [<S as Simd>::F; MAX_SUMS];

/// A kind of sums. Coordinates are relative to the block's origin.
pub(crate) trait Summand: Sync {
    /// The part that all survivors of a tile share.
    type Tile<S: Simd, const C: usize>;

    /// Number of sums for a component.
    fn n_sums(n_channels: usize) -> usize;

    fn tile<S: Simd<Element = f32>, const C: usize>(
        &self,
        simd: S,
        painted: &Painted<S, C>,
    ) -> Self::Tile<S, C>;

    /// Writes the sums of a survivor, which is `component`, over the pixels of a tile.
    fn sums<S: Simd<Element = f32>, const C: usize>(
        &self,
        simd: S,
        painted: &Painted<S, C>,
        tile: &Self::Tile<S, C>,
        survivor: &Survivor<S, C>,
        component: Place<'_>,
        sums: &mut VectorSums<S>,
    );
}

/// The component that sums are for, and the origin of the coordinates.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) component: usize,
    pub(crate) block: &'a Block,
}

/// Sums in slots: see [`Survivors`].
#[derive(Default)]
pub(crate) struct Slots {
    width: usize,
    values: Vec<f64>,
    errors: Vec<f64>,
}

impl Slots {
    pub(crate) fn of(&self, slot: u32) -> &[f64] {
        &self.values[slot as usize * self.width..][..self.width]
    }

    /// The squared error, summed over pixels and channels.
    pub(crate) fn squared_error(&self) -> f64 {
        self.errors.iter().sum()
    }
}

/// Components, their picture and their survivors in it.
#[derive(Clone, Copy)]
pub(crate) struct Scene<'a> {
    pub(crate) components: &'a [Component],
    pub(crate) picture: &'a Picture,
    pub(crate) survivors: &'a Survivors,
}

impl Scene<'_> {
    /// Computes sums into `slots`, whose memory is reused.
    pub(crate) fn sum(
        &self,
        summand: &impl Summand,
        slots: &mut Slots,
        runtime: &Runtime,
    ) -> Result<()> {
        runtime.install(|| runtime.level().dispatch(Pass { scene: *self, summand, slots, runtime }))
    }
}

struct Pass<'a, T> {
    scene: Scene<'a>,
    summand: &'a T,
    slots: &'a mut Slots,
    runtime: &'a Runtime,
}

impl<T: Summand> Dispatch for Pass<'_, T> {
    type Output = Result<()>;
    fn run<S: Simd>(self, simd: S) -> Result<()> {
        match self.scene.picture.n_planes() {
            1 => self.run_channels::<_, 1>(simd.single()),
            3 => self.run_channels::<_, 3>(simd.single()),
            _ => self.run_channels::<_, 4>(simd.single()),
        }
    }
}

/// A block, and where its sums and its squared error go.
struct Item<'a> {
    block: &'a Block,
    slots: &'a mut [f64],
    error: &'a mut f64,
}

impl<T: Summand> Pass<'_, T> {
    fn run_channels<S: Simd<Element = f32>, const C: usize>(self, simd: S) -> Result<()> {
        let Self { scene, summand, slots, runtime } = self;
        let blocks = &scene.survivors.blocks;
        slots.width = T::n_sums(C).next_multiple_of(8);
        slots.values.resize(scene.survivors.n_slots * slots.width, 0.0);
        slots.errors.resize(blocks.len(), 0.0);
        let (mut rest, width) = (&mut slots.values[..], slots.width);
        let item = |(block, error)| {
            let block: &Block = block;
            let slots = rest.split_off_mut(..block.components.len() * width);
            Item { block, slots: slots.expect("as many slots as components"), error }
        };
        let items = blocks.iter().zip(&mut slots.errors).map(item).collect();
        distribute(items, &|| -> Worker<'_, Item<'_>> {
            let mut components = Vec::<Coefficients<C>>::new();
            let mut survivors = Vec::<Survivor<S, C>>::new();
            Box::new(move |item| {
                runtime.check()?;
                simd.vectorize(
                    #[inline(always)]
                    || sum_block(simd, scene, summand, item, &mut components, &mut survivors),
                );
                Ok(())
            })
        })
    }
}

#[inline(always)]
fn sum_block<S: Simd<Element = f32>, const C: usize, T: Summand>(
    simd: S,
    scene: Scene<'_>,
    summand: &T,
    Item { block, slots, error }: Item<'_>,
    components: &mut Vec<Coefficients<C>>,
    survivors: &mut Vec<Survivor<S, C>>,
) {
    let picture = scene.picture;
    components.clear();
    for &k in &block.components {
        components.push(Coefficients::new(&scene.components[k as usize], block.origin()));
    }
    slots.fill(0.0);
    *error = 0.0;
    let mut sums = [simd.splat(0.0); MAX_SUMS];
    for tile in &block.tiles {
        let size = [picture.width(), picture.height()];
        let pixels = Pixels::new(simd, [tile.x, tile.y], block.origin(), size);
        let positions = block.survivors_of(tile);
        let planes = picture.tile(tile.x, tile.y);
        let canvas = Canvas { pixels, planes, positions };
        let painted = paint(simd, components, canvas, survivors);
        *error += painted.squared_error(simd);
        let shared = summand.tile(simd, &painted);
        for (survivor, &at) in survivors.iter().zip(positions) {
            let place = Place { component: block.components[at as usize] as usize, block };
            summand.sums(simd, &painted, &shared, survivor, place, &mut sums);
            let width = T::n_sums(C).next_multiple_of(8);
            let slot = &mut slots[at as usize * width..][..width];
            for (slot, sums) in slot.as_chunks_mut::<8>().0.iter_mut().zip(sums.as_chunks::<8>().0)
            {
                let mut added = [0.0; 8];
                simd.store_sums(sums, &mut added);
                for (slot, sum) in slot.iter_mut().zip(added) {
                    *slot += f64::from(sum);
                }
            }
        }
    }
}
