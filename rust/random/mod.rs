//! Counter-based random streams, normals, and the alias table of a mixture's weights.

pub(crate) mod alias;
pub(crate) mod normals;
pub(crate) mod stream;
