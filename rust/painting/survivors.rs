//! The components that survive in each tile: those whose responsibility is not negligible.
//!
//! The picture is cut into blocks of 32 x 32 pixels and these into tiles of 8 x 8. A
//! component survives in a tile if its gate comes within a threshold of the greatest gate in
//! one of the tile's pixels. From rectangles of 256 pixels down, a component is dropped where
//! its upper bound is below the best lower bound by more than the threshold; the last test
//! is by pixels. The lists depend on the components and the picture's size alone.

use crate::error::Result;
use crate::painting::component::{Component, Gate, Rectangle, larger};
use crate::painting::kernel::lanes::{GatePolynomial, MAX_VECTORS, Parabolas, Pixels, n_vectors};
use crate::painting::picture::{Picture, TILE};
use crate::runtime::{Runtime, distribute};
use crate::simd::{Dispatch, Simd};

/// Width and height of the rectangles that culling starts from, and of those that are the
/// work of one thread.
const WHOLE: usize = 256;
const COARSE: usize = 64;

/// Width and height of a block.
const BLOCK: usize = 32;

/// A tile and its survivors.
pub(crate) struct Tile {
    pub(crate) x: usize,
    pub(crate) y: usize,
    /// First and last of the block's `survivors`, which are positions in its `components`.
    pub(crate) first: usize,
    pub(crate) end: usize,
}

/// The tiles of a block, and the components that survive in any of them.
#[derive(Default)]
pub(crate) struct Block {
    /// The first pixel.
    pub(crate) x: usize,
    pub(crate) y: usize,
    pub(crate) tiles: Vec<Tile>,
    pub(crate) survivors: Vec<u32>,
    pub(crate) components: Vec<u32>,
}

impl Block {
    /// The origin of the coordinates in which kernels work: the middle of the block.
    pub(crate) fn origin(&self) -> [f64; 2] {
        [self.x, self.y].map(|first| first as f64 + 0.5 * (BLOCK - 1) as f64)
    }

    pub(crate) fn survivors_of(&self, tile: &Tile) -> &[u32] {
        &self.survivors[tile.first..tile.end]
    }
}

/// The blocks of a picture, and for each component where its sums are.
///
/// Kernels write sums into slots, one for each block and component of it, in the blocks'
/// order.
pub(crate) struct Survivors {
    pub(crate) blocks: Vec<Block>,
    pub(crate) n_slots: usize,
    /// The slots of component k are `slots[ends[k]..ends[k + 1]]`, in increasing order.
    ends: Vec<u32>,
    slots: Vec<Slot>,
}

/// A slot, and the block that it is of.
#[derive(Clone, Copy, Default)]
pub(crate) struct Slot {
    pub(crate) slot: u32,
    pub(crate) block: u32,
}

impl Survivors {
    /// Finds the survivors of `picture` at a threshold of responsibility.
    pub(crate) fn new(
        components: &[Component],
        picture: &Picture,
        threshold: f64,
        runtime: &Runtime,
    ) -> Result<Self> {
        let gates: Vec<Gate> = components.iter().map(Component::gate).collect();
        let size = [picture.width(), picture.height()];
        let find = Find { gates: &gates, size, bits: threshold.log2() };
        let near = for_rectangles(size, WHOLE, runtime, |x, y| {
            runtime.level().dispatch(FindNear { find: &find, x, y })
        })?;
        let across = size[0].div_ceil(WHOLE);
        let blocks = for_rectangles(size, COARSE, runtime, |x, y| {
            let near = &near[y / WHOLE * across + x / WHOLE];
            runtime.level().dispatch(FindFrom { find: &find, near, x, y })
        })?;
        Ok(Self::of_blocks(blocks.into_iter().flatten().collect(), components.len()))
    }

    fn of_blocks(blocks: Vec<Block>, n_components: usize) -> Self {
        let mut ends = vec![0_u32; n_components + 1];
        let members = || {
            let blocks = blocks.iter().enumerate();
            blocks.flat_map(|(at, block)| block.components.iter().map(move |&k| (at, k as usize)))
        };
        members().for_each(|(_, k)| ends[k + 1] += 1);
        (0..n_components).for_each(|k| ends[k + 1] += ends[k]);
        let n_slots = ends[n_components] as usize;
        let mut slots = vec![Slot::default(); n_slots];
        let mut next = ends.clone();
        for (slot, (block, k)) in members().enumerate() {
            slots[next[k] as usize] = Slot { slot: slot as u32, block: block as u32 };
            next[k] += 1;
        }
        Self { blocks, n_slots, ends, slots }
    }

    /// The slots of component `k`, in increasing order.
    pub(crate) fn slots_of(&self, k: usize) -> &[Slot] {
        &self.slots[self.ends[k] as usize..self.ends[k + 1] as usize]
    }

    /// Number of survivors of all tiles together.
    pub(crate) fn n_survivors(&self) -> usize {
        self.blocks.iter().map(|block| block.survivors.len()).sum()
    }
}

/// Returns the results of `work` for all rectangles of a picture, row by row; it gets the
/// first pixel.
fn for_rectangles<T: Default + Send>(
    [width, height]: [usize; 2],
    side: usize,
    runtime: &Runtime,
    work: impl Fn(usize, usize) -> T + Sync,
) -> Result<Vec<T>> {
    let across = width.div_ceil(side);
    let mut results = Vec::new();
    results.resize_with(across * height.div_ceil(side), T::default);
    let items: Vec<_> = results.iter_mut().enumerate().collect();
    runtime.install(|| {
        distribute(items, &|| {
            Box::new(|(at, result): (usize, &mut T)| {
                runtime.check()?;
                *result = work(at % across * side, at / across * side);
                Ok(())
            })
        })
    })?;
    Ok(results)
}

/// A search for survivors.
struct Find<'a> {
    gates: &'a [Gate],
    size: [usize; 2],
    /// The logarithm of the threshold.
    bits: f64,
}

/// A search among all components in the rectangle of 256 pixels from (x, y) on.
struct FindNear<'a> {
    find: &'a Find<'a>,
    x: usize,
    y: usize,
}

impl Dispatch for FindNear<'_> {
    type Output = Vec<u32>;
    fn run<S: Simd>(self, simd: S) -> Vec<u32> {
        let all: Vec<u32> = (0..self.find.gates.len() as u32).collect();
        self.find.kept(simd, &all, (self.x, self.y), WHOLE)
    }
}

/// A search in the rectangle of 64 pixels from (x, y) on, among the components `near` it.
struct FindFrom<'a> {
    find: &'a Find<'a>,
    near: &'a [u32],
    x: usize,
    y: usize,
}

impl Dispatch for FindFrom<'_> {
    type Output = Vec<Block>;
    fn run<S: Simd>(self, simd: S) -> Vec<Block> {
        let Self { find, near, x, y } = self;
        let coarse = find.kept(simd, near, (x, y), COARSE);
        let mut blocks = Vec::new();
        for (x, y) in find.parts((x, y), BLOCK) {
            let mut block = Block { x, y, ..Block::default() };
            let components = find.kept(simd, &coarse, (x, y), BLOCK);
            for corner in find.parts((x, y), BLOCK / 2) {
                let near = find.kept(simd, &components, corner, BLOCK / 2);
                for (x, y) in find.parts(corner, TILE) {
                    let first = block.survivors.len();
                    let nearest = find.kept(simd, &near, (x, y), TILE);
                    find.by_pixels(simd.single(), &nearest, (x, y), &mut block.survivors);
                    block.tiles.push(Tile { x, y, first, end: block.survivors.len() });
                }
            }
            block.components = block.survivors.clone();
            block.components.sort_unstable();
            block.components.dedup();
            for k in &mut block.survivors {
                let at = block.components.binary_search(k).expect("one of the components");
                *k = at as u32;
            }
            blocks.push(block);
        }
        blocks
    }
}

impl Find<'_> {
    /// The corners within the picture of the four parts of a rectangle of twice this size.
    fn parts(&self, (x, y): (usize, usize), size: usize) -> impl Iterator<Item = (usize, usize)> {
        let [width, height] = self.size;
        let corners = [(x, y), (x + size, y), (x, y + size), (x + size, y + size)];
        corners.into_iter().filter(move |&(x, y)| x < width && y < height)
    }

    /// The candidates that may survive in a rectangle.
    fn kept<S: Simd>(
        &self,
        simd: S,
        candidates: &[u32],
        (x, y): (usize, usize),
        size: usize,
    ) -> Vec<u32> {
        let last = |from: usize, side: usize| (from + size).min(side) as f64 - 1.0;
        let low = [x as f64, y as f64];
        let rectangle = Rectangle { low, high: [last(x, self.size[0]), last(y, self.size[1])] };
        simd.vectorize(
            #[inline(always)]
            || {
                let mut bound = f64::NEG_INFINITY;
                let mut greatest = Vec::with_capacity(candidates.len());
                for &k in candidates {
                    let gate = &self.gates[k as usize];
                    bound = larger(bound, gate.least(rectangle));
                    greatest.push(gate.greatest(rectangle));
                }
                bound += self.bits;
                let pairs = candidates.iter().zip(&greatest);
                pairs.filter(|(_, greatest)| **greatest >= bound).map(|(&k, _)| k).collect()
            },
        )
    }

    /// Appends the candidates that survive in one of a tile's pixels.
    fn by_pixels<S: Simd<Element = f32>>(
        &self,
        simd: S,
        candidates: &[u32],
        (x, y): (usize, usize),
        survivors: &mut Vec<u32>,
    ) {
        let origin = [x as f64, y as f64];
        simd.vectorize(
            #[inline(always)]
            || {
                let pixels = Pixels::new(simd, [x, y], origin, self.size);
                let parabolas = |&k: &u32| {
                    let polynomial = GatePolynomial::new(&self.gates[k as usize], origin);
                    Parabolas::new(simd, &polynomial, pixels.x)
                };
                let parabolas: Vec<Parabolas<S>> = candidates.iter().map(parabolas).collect();
                let mut bounds = [simd.splat(f64::NEG_INFINITY); MAX_VECTORS];
                for parabolas in &parabolas {
                    for v in 0..n_vectors::<S>() {
                        bounds[v] = simd.max(bounds[v], parabolas.at(simd, pixels.y[v]));
                    }
                }
                for bound in &mut bounds {
                    *bound = simd.add(*bound, simd.splat(self.bits));
                }
                for (&k, parabolas) in candidates.iter().zip(&parabolas) {
                    let mut below = u32::MAX;
                    for v in 0..n_vectors::<S>() {
                        below &= simd.less_bits(parabolas.at(simd, pixels.y[v]), bounds[v]);
                    }
                    if below != u32::MAX >> (32 - S::LANES) {
                        survivors.push(k);
                    }
                }
            },
        );
    }
}
