//! Blocks: the points that a kernel of scattered points or lines works on at once.

use crate::simd::Simd;

/// Vectors of points worked on together: independent chains that hide latency.
pub(crate) const VECTORS: usize = 4;

/// Components whose terms are absorbed at once: one rescaling, hence one more
/// exponential, a chunk.
pub(crate) const CHUNK_COMPONENTS: usize = 16;

/// A value for each point of a block: `VECTORS` vectors.
pub(crate) type Block<S> = [<S as Simd>::F; VECTORS];

/// A block of equal values.
#[inline(always)]
pub(crate) fn splat<S: Simd>(simd: S, x: f64) -> Block<S> {
    [simd.splat(x); VECTORS]
}
