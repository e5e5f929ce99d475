//! Bands of a plane, `TILE` rows each: blocks of tiles, tiles, parts of tiles.
//!
//! At each step cull.rs leaves the components that can matter there, so that the
//! work a tile sees does not grow with the components elsewhere. The hierarchy
//! depends on the grid alone. A tile that its painter cannot take whole is painted
//! in parts, and what is beyond the range of one plane line by line.

use crate::error::Result;
use crate::grid::output::{Band, Window};
use crate::rendering::cull::{Area, Candidates, survivors};
use crate::rendering::lines::{LineKernel, Segment};
use crate::rendering::painter::{Outcome, Painter, painter};
use crate::rendering::plane::{Columns, Plane, PlaneModel, TILE};
use crate::rendering::quantity::Precision;
use crate::rendering::render::Rendering;
use crate::rendering::tile::TileInput;
use crate::runtime::Runtime;
use crate::simd::Simd;
use std::ops::Range;

/// Tiles of a band that share a candidate list.
const TILES_IN_BLOCK: usize = 8;

/// What the bands of a plane share.
pub(crate) struct Shared<'a> {
    pub(crate) rendering: &'a Rendering,
    pub(crate) model: &'a PlaneModel<'a>,
    pub(crate) plane: &'a Plane,
    pub(crate) plane_index: usize,
    pub(crate) precision: Precision,
}

/// Culls box by box: the band, its blocks, their tiles.
#[derive(Clone, Copy)]
pub(crate) struct Culler<'a, S> {
    pub(crate) simd: S,
    pub(crate) shared: &'a Shared<'a>,
}

/// A tile of a band, and what survives there.
pub(crate) struct Tile<'a> {
    /// Columns of the plane.
    columns: Range<usize>,
    pub(crate) candidates: &'a Candidates,
    /// Position of the reference among them.
    reference: Option<usize>,
    /// Of the block of tiles that it lies in.
    block: &'a Candidates,
    starts_block: bool,
}

impl<S: Simd> Culler<'_, S> {
    /// Visits the tiles of the band from row `first_row` on, from left to right. Not generic
    /// over the visit, so that it is compiled once for all that it is for.
    pub(crate) fn tiles(
        self,
        first_row: usize,
        [band, blocks, tile]: &mut [Candidates; 3],
        visit: &mut dyn FnMut(&Tile<'_>) -> Result<()>,
    ) -> Result<()> {
        let width = self.shared.model.shape.1;
        let block_width = TILES_IN_BLOCK * TILE;
        self.cull(&self.shared.plane.columns, band, (0, first_row), (width, TILE));
        for block_column in (0..width).step_by(block_width) {
            let block_size = (block_width.min(width - block_column), TILE);
            let block = if block_size.0 == width {
                &*band // the same pixels: no second list of them
            } else {
                self.cull(&band.columns, blocks, (block_column, first_row), block_size);
                &*blocks
            };
            for column in (block_column..block_column + block_size.0).step_by(TILE) {
                let size = (TILE.min(width - column), TILE);
                let reference = self.cull(&block.columns, tile, (column, first_row), size);
                visit(&Tile {
                    columns: column..column + size.0,
                    candidates: tile,
                    reference,
                    block,
                    starts_block: column == block_column,
                })?;
            }
        }
        Ok(())
    }

    /// Puts those of `from` that can matter in a box of `size`, columns and rows, into
    /// `into`;
    /// the reference's position there.
    fn cull(
        self,
        from: &Columns,
        into: &mut Candidates,
        corner: (usize, usize),
        size: (usize, usize),
    ) -> Option<usize> {
        let Self { simd, shared } = self;
        let area = Area::new(corner, size);
        simd.vectorize(
            #[inline(always)]
            || survivors(simd, from, &area, shared.precision.bits, into),
        )
    }
}

/// Renders bands of one plane.
pub(crate) struct BandRenderer<'a, S: Simd> {
    culler: Culler<'a, S>,
    shared: &'a Shared<'a>,
    /// Of the band, the block and the tile.
    lists: [Candidates; 3],
    /// Of a part of a tile.
    part: Candidates,
    painter: Box<dyn Painter + 'a>,
    robust: LineKernel<'a, S>,
}

impl<'a, S: Simd> BandRenderer<'a, S> {
    pub(crate) fn new(simd: S, shared: &'a Shared<'a>) -> Self {
        let Rendering { quantity, components, .. } = shared.rendering;
        Self {
            culler: Culler { simd, shared },
            shared,
            lists: Default::default(),
            part: Candidates::default(),
            painter: painter(simd, *quantity, components, shared),
            robust: LineKernel::new(simd, components),
        }
    }

    /// Renders the band of `n_pixels` from row `first_row` on; looks for an
    /// interrupt at every tile.
    pub(crate) fn render(
        &mut self,
        (first_row, n_pixels): (usize, usize),
        mut wanted: Band<'_>,
        runtime: &Runtime,
    ) -> Result<()> {
        let n_rows = n_pixels.div_ceil(self.shared.model.shape.1);
        let mut lists = std::mem::take(&mut self.lists);
        let result = self.culler.tiles(first_row, &mut lists, &mut |tile| {
            runtime.check()?;
            self.render_tile(tile, (first_row, n_rows), &mut wanted);
            Ok(())
        });
        self.lists = lists;
        result
    }

    /// Renders a tile of the band from row `first_row` on, of so many rows: whole, in
    /// parts, or line by line.
    fn render_tile(
        &mut self,
        tile: &Tile<'_>,
        (first_row, n_rows): (usize, usize),
        wanted: &mut Band<'_>,
    ) {
        let Tile { candidates, block, .. } = *tile;
        if tile.starts_block {
            self.painter.start_block();
        }
        let column = tile.columns.start;
        let spot = Spot { column, row: 0, n_rows, n_columns: tile.columns.len() };
        let place = (first_row, &spot);
        match self.paint((candidates, tile.reference), block, (place, TILE), wanted) {
            Outcome::Painted => return,
            Outcome::BeyondRange => {
                return self.render_robustly(&candidates.columns, place, wanted);
            }
            Outcome::TooLarge => {}
        }
        let mut part = std::mem::take(&mut self.part);
        for (row, left) in PARTS {
            let corner = (row * PART, column + left * PART);
            let spot = Spot::part(corner, (n_rows, self.shared.model.shape.1));
            if spot.n_rows == 0 || spot.n_columns == 0 {
                continue;
            }
            let corner = (spot.column, first_row + spot.row);
            let size = (spot.n_columns, PART);
            let reference = self.culler.cull(&candidates.columns, &mut part, corner, size);
            for position in &mut part.positions {
                *position = candidates.positions[*position as usize];
            }
            let place = (first_row, &spot);
            if self.paint((&part, reference), block, (place, PART), wanted) != Outcome::Painted {
                self.render_robustly(&part.columns, place, wanted);
            }
        }
        self.part = part;
    }

    /// Paints a tile, or a part of one, of so many rows, with its candidates and the
    /// position of the reference among them.
    fn paint(
        &mut self,
        (tile, reference): (&Candidates, Option<usize>),
        block: &Candidates,
        ((first_row, spot), side): ((usize, &Spot), usize),
        wanted: &mut Band<'_>,
    ) -> Outcome {
        let (rendering, width) = (self.shared.rendering, self.shared.model.shape.1);
        if reference.is_none() && !rendering.quantity.is_of_centred_distances() {
            return Outcome::BeyondRange;
        }
        let size = (spot.n_rows, spot.n_columns);
        let input = TileInput {
            plane: self.shared.plane,
            columns: &tile.columns,
            parents: &tile.positions,
            reference: reference.unwrap_or(0),
            area: Area::new((spot.column, first_row + spot.row), (spot.n_columns, side)),
            size,
            bits: self.shared.precision.bits,
        };
        let window = Window { first: spot.row * width + spot.column, row_stride: width, size };
        self.painter.paint(&input, &block.columns, &window, wanted)
    }

    /// Renders a tile by log-sum-exp, line by line.
    fn render_robustly(
        &mut self,
        columns: &Columns,
        (first_row, spot): (usize, &Spot),
        wanted: &mut Band<'_>,
    ) {
        let Shared { rendering, model, plane_index, .. } = self.shared;
        let (grid, width) = (&rendering.grid, model.shape.1);
        let is_folded = grid.n_axes() == 1;
        for row in spot.row..spot.row + spot.n_rows {
            let y = first_row + row;
            let line = if is_folded { 0 } else { plane_index * model.shape.0 + y };
            let start = if is_folded { y * TILE + spot.column } else { spot.column };
            let end = grid.x_axis().n_pixels().min(start + spot.n_columns);
            if start >= end {
                continue;
            }
            let segment = Segment {
                line: &grid.line(line),
                x_axis: grid.x_axis(),
                columns: start..end,
                components: &columns.index,
            };
            self.robust.render(rendering.quantity, &segment, row * width + spot.column, wanted);
        }
    }
}

/// Rows and columns of a part of a tile.
const PART: usize = TILE / 2;

/// The parts of a tile, in rows and columns of parts.
const PARTS: [(usize, usize); 4] = [(0, 0), (0, 1), (1, 0), (1, 1)];

/// Pixels of a tile: column in the plane, row in the band.
struct Spot {
    column: usize,
    row: usize,
    n_rows: usize,
    n_columns: usize,
}

impl Spot {
    /// The part of a tile from `row` and `column` on; the band has
    /// (`n_rows`, `width`) pixels.
    fn part((row, column): (usize, usize), (n_rows, width): (usize, usize)) -> Self {
        Self {
            column,
            row,
            n_rows: n_rows.saturating_sub(row).min(PART),
            n_columns: width.saturating_sub(column).min(PART),
        }
    }
}
