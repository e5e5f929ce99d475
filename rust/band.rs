//! Bands of a plane, `TILE` rows each: blocks of tiles, tiles, parts of tiles.
//!
//! At each step cull.rs leaves the components that can matter there, so that the
//! work a tile sees does not grow with the components elsewhere. The hierarchy
//! depends on the grid alone. A tile that its painter cannot take whole is painted
//! in parts, and what is beyond the range of one plane line by line.

use crate::cull::{Area, Candidates, survivors};
use crate::error::Result;
use crate::kernel::line::{LineKernel, Segment};
use crate::kernel::simd::Simd;
use crate::kernel::tile::TileInput;
use crate::painter::{Outcome, Painter, painter};
use crate::pixel::{Band, Window};
use crate::plane::{Columns, Plane, PlaneModel, TILE};
use crate::pool::Runtime;
use crate::quantity::Precision;
use crate::render::Rendering;

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

/// Renders bands of one plane.
pub(crate) struct BandRenderer<'a, S: Simd> {
    simd: S,
    shared: &'a Shared<'a>,
    /// Of the band, the block, the tile and a part of it.
    lists: [Candidates; 4],
    painter: Box<dyn Painter + 'a>,
    robust: LineKernel<'a, S>,
}

impl<'a, S: Simd> BandRenderer<'a, S> {
    pub(crate) fn new(simd: S, shared: &'a Shared<'a>) -> Self {
        let Rendering { quantity, components, .. } = shared.rendering;
        Self {
            simd,
            shared,
            lists: Default::default(),
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
        let width = self.shared.model.shape.1;
        let n_rows = n_pixels.div_ceil(width);
        let block_width = TILES_IN_BLOCK * TILE;
        let [mut band, mut blocks, mut tile, mut part] = std::mem::take(&mut self.lists);
        self.cull(&self.shared.plane.columns, &mut band, (0, first_row), (width, TILE));
        for block_column in (0..width).step_by(block_width) {
            let block_size = (block_width.min(width - block_column), TILE);
            let block = match block_size.0 == width {
                true => &band, // the same pixels: no second list of them
                false => {
                    self.cull(&band.columns, &mut blocks, (block_column, first_row), block_size);
                    &blocks
                }
            };
            self.painter.start_block();
            for column in (block_column..block_column + block_size.0).step_by(TILE) {
                runtime.check()?;
                let size = (TILE.min(width - column), TILE);
                let spot = Spot { column, row: 0, n_rows, n_columns: size.0 };
                let reference = self.cull(&block.columns, &mut tile, (column, first_row), size);
                let place = (first_row, &spot);
                let outcome = self.paint((&tile, reference), block, (place, TILE), &mut wanted);
                match outcome {
                    Outcome::Painted => continue,
                    Outcome::BeyondRange => {
                        self.render_robustly(&tile.columns, place, &mut wanted);
                        continue;
                    }
                    Outcome::TooLarge => {}
                }
                for (row, left) in PARTS {
                    let corner = (row * PART, column + left * PART);
                    let spot = Spot::part(corner, (n_rows, width));
                    if spot.n_rows == 0 || spot.n_columns == 0 {
                        continue;
                    }
                    let corner = (spot.column, first_row + spot.row);
                    let size = (spot.n_columns, PART);
                    let reference = self.cull(&tile.columns, &mut part, corner, size);
                    for position in &mut part.positions {
                        *position = tile.positions[*position as usize];
                    }
                    let place = (first_row, &spot);
                    let outcome = self.paint((&part, reference), block, (place, PART), &mut wanted);
                    if outcome != Outcome::Painted {
                        self.render_robustly(&part.columns, place, &mut wanted);
                    }
                }
            }
        }
        self.lists = [band, blocks, tile, part];
        Ok(())
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

    /// Puts those of `from` that can matter in a box of `size`, columns and rows, into
    /// `into`;
    /// the reference's position there.
    fn cull(
        &self,
        from: &Columns,
        into: &mut Candidates,
        corner: (usize, usize),
        size: (usize, usize),
    ) -> Option<usize> {
        let (simd, bits) = (self.simd, self.shared.precision.bits);
        let area = Area::new(corner, size);
        simd.vectorize(
            #[inline(always)]
            || survivors(simd, from, &area, bits, into),
        )
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
