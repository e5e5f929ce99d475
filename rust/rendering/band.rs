//! Rendering of the bands of a plane, `TILE` rows each, tile by tile.
//!
//! A tile that its painter cannot paint whole is painted in parts. Parts whose exponents
//! are beyond the range of one reference plane are rendered line by line.

use crate::error::Result;
use crate::grid::output_band::{OutputBand, TileOutput, TileRect};
use crate::grid::tile::{N_DIVISIONS, Place, Size, TILE};
use crate::rendering::context::BandContext;
use crate::rendering::cull::{Area, Survivors};
use crate::rendering::hierarchy::{BoxLists, Culler, Tile};
use crate::rendering::lines::{LineKernel, Segment};
use crate::rendering::painter::{Outcome, Painter, painter};
use crate::rendering::plane::PlaneComponents;
use crate::rendering::tile::TileInput;
use crate::runtime::Runtime;
use crate::simd::Simd;

/// Renders bands of one plane.
pub(crate) struct BandRenderer<'a, S: Simd> {
    culler: Culler<'a, S>,
    context: &'a BandContext<'a>,
    lists: BoxLists,
    /// Survivors of the parts that contain a pixel, from the largest.
    parts: [Survivors; N_DIVISIONS],
    painter: Box<dyn Painter + 'a>,
    lines: LineKernel<'a, S>,
}

/// The rows of a plane that form a band.
#[derive(Clone, Copy)]
pub(crate) struct BandRows {
    pub(crate) first: usize,
    pub(crate) len: usize,
}

impl<'a, S: Simd> BandRenderer<'a, S> {
    pub(crate) fn new(simd: S, context: &'a BandContext<'a>) -> Self {
        Self {
            culler: Culler { simd, context },
            context,
            lists: BoxLists::default(),
            parts: Default::default(),
            painter: painter(simd, context),
            lines: LineKernel::new(simd, context.components),
        }
    }

    /// Renders a band and checks for an interrupt at every tile.
    pub(crate) fn render(
        &mut self,
        rows: BandRows,
        mut output: OutputBand<'_>,
        runtime: &Runtime,
    ) -> Result<()> {
        let mut lists = std::mem::take(&mut self.lists);
        let result = self.culler.tiles(rows.first, &mut lists, &mut |tile| {
            runtime.check()?;
            self.render_tile(tile, rows, &mut output);
            Ok(())
        });
        self.lists = lists;
        result
    }

    /// Renders a tile: whole, in parts, or line by line.
    fn render_tile(&mut self, tile: &Tile<'_>, rows: BandRows, output: &mut OutputBand<'_>) {
        if tile.starts_block {
            self.painter.start_block();
        }
        let size = Size { rows: rows.len, columns: tile.n_columns };
        let whole = TilePart { place: tile.place, band_row: 0, size, side: TILE };
        let mut lists = std::mem::take(&mut self.parts);
        self.render_part(&whole, tile.survivors, tile.block, &mut lists, output);
        self.parts = lists;
    }

    /// Renders a tile or a part of one; `lists` is memory for the survivors of its own parts.
    fn render_part(
        &mut self,
        part: &TilePart,
        survivors: &Survivors,
        block: &Survivors,
        lists: &mut [Survivors],
        output: &mut OutputBand<'_>,
    ) {
        match (self.paint(survivors, block, part, output), lists) {
            (Outcome::Painted, _) => {}
            (Outcome::SplitTile, [list, lists @ ..]) => {
                for quarter in part.quarters() {
                    let size = Size { rows: quarter.side, ..quarter.size };
                    self.culler.cull(&survivors.components, quarter.place, size, list);
                    for position in &mut list.positions {
                        *position = survivors.positions[*position as usize];
                    }
                    self.render_part(&quarter, list, block, lists, output);
                }
            }
            _ => self.render_by_lines(&survivors.components, part, output),
        }
    }

    /// Paints a tile, or a part of one.
    fn paint(
        &mut self,
        survivors: &Survivors,
        block: &Survivors,
        part: &TilePart,
        output: &mut OutputBand<'_>,
    ) -> Outcome {
        let context = self.context;
        if survivors.reference.is_none() && !context.quantity.takes_any_exponents() {
            return Outcome::UseLogSumExp;
        }
        let Size { columns, .. } = part.size;
        let input = TileInput {
            plane: context.plane,
            components: &survivors.components,
            block_positions: &survivors.positions,
            reference: survivors.reference.unwrap_or(0),
            area: Area::new(part.place, Size { rows: part.side, columns }),
            size: part.size,
            bits: context.precision.bits,
        };
        let width = context.columns.len();
        let first = part.band_row * width + part.place.column - context.columns.start;
        let rect = TileRect { first, row_stride: width, size: part.size };
        self.painter.paint(&input, &block.components, &mut TileOutput { rect, band: output })
    }

    /// Renders a tile, or a part of one, by log-sum-exp, line by line.
    fn render_by_lines(
        &mut self,
        components: &PlaneComponents,
        part: &TilePart,
        output: &mut OutputBand<'_>,
    ) {
        let BandContext { grid, model, .. } = *self.context;
        let Place { row: first_row, column } = part.place;
        let is_folded = grid.n_axes() == 1;
        for row in 0..part.size.rows {
            let y = first_row + row;
            let line = if is_folded { 0 } else { self.context.plane_index * model.size.rows + y };
            let start = if is_folded { y * TILE + column } else { column };
            let end = grid.x_axis().n_pixels().min(start + part.size.columns);
            if start >= end {
                continue;
            }
            let segment = Segment {
                line: &grid.line(line),
                x_axis: grid.x_axis(),
                columns: start..end,
                components: &components.index,
            };
            let columns = &self.context.columns;
            let pixel = (part.band_row + row) * columns.len() + column - columns.start;
            self.lines.render(self.context.quantity, &segment, pixel, output);
        }
    }
}

/// A tile or a part of one.
struct TilePart {
    /// The first pixel in the plane.
    place: Place,
    /// The first row in the band.
    band_row: usize,
    /// The pixels that are in the band.
    size: Size,
    /// Number of rows, whether in the band or not.
    side: usize,
}

impl TilePart {
    /// Iterates over the quarters that have pixels.
    fn quarters(&self) -> impl Iterator<Item = Self> {
        let side = self.side / 2;
        [(0, 0), (0, side), (side, 0), (side, side)].into_iter().filter_map(move |(down, right)| {
            let rows = self.size.rows.saturating_sub(down).min(side);
            let columns = self.size.columns.saturating_sub(right).min(side);
            let Place { row, column } = self.place;
            (rows > 0 && columns > 0).then_some(Self {
                place: Place { row: row + down, column: column + right },
                band_row: self.band_row + down,
                size: Size { rows, columns },
                side,
            })
        })
    }
}
