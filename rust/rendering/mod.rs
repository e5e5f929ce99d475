//! Rendering of quantities over grids.
//!
//! Each file uses only files before it in this order: quantity, precision, components,
//! plane, cull, context, tile, lines, labels, draws, painter, hierarchy, band, render,
//! survivors.

pub(crate) mod band;
pub(crate) mod components;
pub(crate) mod context;
pub(crate) mod cull;
pub(crate) mod draws;
pub(crate) mod hierarchy;
pub(crate) mod labels;
pub(crate) mod lines;
pub(crate) mod painter;
pub(crate) mod plane;
pub(crate) mod precision;
pub(crate) mod quantity;
pub(crate) mod render;
pub(crate) mod survivors;
pub(crate) mod tile;
