//! The hierarchy of boxes of a band: the band of `TILE` rows, blocks of tiles, tiles.
//!
//! At each step cull.rs keeps the components that can matter in the box. The work of a
//! tile therefore does not grow with the components elsewhere. The hierarchy depends on
//! the grid alone.

use crate::error::Result;
use crate::grid::tile::{Place, Size, TILE};
use crate::rendering::context::BandContext;
use crate::rendering::cull::{Area, Survivors, cull};
use crate::rendering::plane::PlaneComponents;
use crate::simd::Simd;

/// Tiles of a band that share a list of survivors.
const TILES_IN_BLOCK: usize = 8;

/// Culls box by box.
#[derive(Clone, Copy)]
pub(crate) struct Culler<'a, S> {
    pub(crate) simd: S,
    pub(crate) context: &'a BandContext<'a>,
}

/// Memory for the survivors of the boxes that contain a tile.
#[derive(Default)]
pub(crate) struct BoxLists {
    band: Survivors,
    block: Survivors,
    tile: Survivors,
}

/// A tile of a band and its survivors.
pub(crate) struct Tile<'a> {
    /// The first pixel in the plane.
    pub(crate) place: Place,
    /// At most `TILE`; all tiles have `TILE` rows, of which the last may be outside.
    pub(crate) n_columns: usize,
    pub(crate) survivors: &'a Survivors,
    /// Survivors of the block that contains the tile.
    pub(crate) block: &'a Survivors,
    pub(crate) starts_block: bool,
}

impl<S: Simd> Culler<'_, S> {
    /// Visits the tiles of the band that starts at row `first_row`, from left to right, within
    /// the columns of the context. Survivors are those of a visit of all columns. The visit is a
    /// trait object to compile this function only once.
    pub(crate) fn tiles(
        self,
        first_row: usize,
        lists: &mut BoxLists,
        visit: &mut dyn FnMut(&Tile<'_>) -> Result<()>,
    ) -> Result<()> {
        let width = self.context.model.size.columns;
        let columns = &self.context.columns;
        let block_width = TILES_IN_BLOCK * TILE;
        let BoxLists { band, block: block_list, tile } = lists;
        let place = |column| Place { row: first_row, column };
        let size = |columns| Size { rows: TILE, columns };
        self.cull(&self.context.plane.components, place(0), size(width), band);
        let first_block = columns.start / block_width * block_width;
        for block_column in (first_block..columns.end).step_by(block_width) {
            let n_block_columns = block_width.min(width - block_column);
            let block = if n_block_columns == width {
                &*band // the same box needs no second list
            } else {
                self.cull(&band.components, place(block_column), size(n_block_columns), block_list);
                &*block_list
            };
            let first = block_column.max(columns.start);
            let end = columns.end.min(block_column + n_block_columns);
            for column in (first..end).step_by(TILE) {
                let n_columns = TILE.min(width - column);
                self.cull(&block.components, place(column), size(n_columns), tile);
                visit(&Tile {
                    place: place(column),
                    n_columns,
                    survivors: tile,
                    block,
                    starts_block: column == first,
                })?;
            }
        }
        Ok(())
    }

    /// Writes the components of `from` that can matter in a box to `into`.
    pub(crate) fn cull(
        self,
        from: &PlaneComponents,
        place: Place,
        size: Size,
        into: &mut Survivors,
    ) {
        let Self { simd, context } = self;
        let area = Area::new(place, size).with_margin(context.margin);
        simd.vectorize(
            #[inline(always)]
            || cull(simd, from, &area, context.precision.bits, into),
        );
    }
}
