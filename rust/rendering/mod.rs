//! Quantities over grids, in the order in which a call goes through them: the grid and
//! the model as it sees it, planes, bands and tiles, what can matter there, and what
//! paints it.

pub(crate) mod band;
pub(crate) mod components;
pub(crate) mod cull;
pub(crate) mod grid;
pub(crate) mod painter;
pub(crate) mod pixel;
pub(crate) mod plane;
pub(crate) mod quantity;
pub(crate) mod render;
pub(crate) mod survivors;
