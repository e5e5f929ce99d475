//! Quantities over grids, in the order in which a call goes through them: the model as the
//! grid sees it, planes, bands and tiles, what can matter there, and what paints it.

pub(crate) mod band;
pub(crate) mod components;
pub(crate) mod cull;
pub(crate) mod draws;
pub(crate) mod labels;
pub(crate) mod lines;
pub(crate) mod painter;
pub(crate) mod plane;
pub(crate) mod quantity;
pub(crate) mod render;
pub(crate) mod survivors;
pub(crate) mod tile;
