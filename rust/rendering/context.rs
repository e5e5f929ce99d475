//! The data that all bands of a plane read.

use crate::grid::axes::Grid;
use crate::rendering::components::GridComponents;
use crate::rendering::plane::{Plane, PlaneModel};
use crate::rendering::precision::Precision;
use crate::rendering::quantity::Quantity;
use std::ops::Range;

/// One plane of a rendering, and how to render it.
pub(crate) struct BandContext<'a> {
    pub(crate) quantity: Quantity,
    pub(crate) precision: Precision,
    pub(crate) grid: &'a Grid,
    pub(crate) components: &'a GridComponents,
    pub(crate) model: &'a PlaneModel<'a>,
    pub(crate) plane: &'a Plane,
    pub(crate) plane_index: usize,
    /// The columns that are rendered: all, or those of whole tiles.
    pub(crate) columns: Range<usize>,
    /// Pixels by which the boxes of culling are wider on each side: 0 for pixel centers.
    pub(crate) margin: f64,
}
