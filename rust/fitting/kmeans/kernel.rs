//! Squared Euclidean distances of a leaf's points from one center, and the nearest of several
//! centers.
//!
//! Differences are taken before they are squared: no digits are lost far from the origin. The sum
//! is over features in their order.

use crate::points::tree::LEAF_POINTS;
use crate::simd::Simd;
use crate::simd::block::{Block, VECTORS, splat};

/// Values of the points of a leaf.
pub(crate) type Row = [f64; LEAF_POINTS];

/// Writes the squared distances of a leaf's points, of a row of lanes a feature, from
/// `center`.
pub(crate) fn squared_distances<S: Simd>(
    simd: S,
    coordinates: &[f64],
    center: &[f64],
    distances: &mut Row,
) {
    simd.vectorize(
        #[inline(always)]
        || {
            for first in (0..LEAF_POINTS).step_by(S::LANES * VECTORS) {
                let squared = squared_distances_of_block(simd, coordinates, center, first);
                for v in 0..VECTORS {
                    simd.store(squared[v], &mut distances[first + v * S::LANES..]);
                }
            }
        },
    );
}

/// Some of the rows of `centers`, by ascending indices.
#[derive(Clone, Copy)]
pub(crate) struct Candidates<'a> {
    pub(crate) centers: &'a [f64],
    pub(crate) indices: &'a [u32],
}

/// Writes the index of the candidate that is nearest to each of a leaf's points, the first of
/// equals, as a number.
pub(crate) fn nearest<S: Simd>(
    simd: S,
    coordinates: &[f64],
    Candidates { centers, indices }: Candidates<'_>,
    labels: &mut Row,
) {
    let d = coordinates.len() / LEAF_POINTS;
    simd.vectorize(
        #[inline(always)]
        || {
            for first in (0..LEAF_POINTS).step_by(S::LANES * VECTORS) {
                let mut least = splat(simd, f64::INFINITY);
                let mut nearest = splat(simd, f64::from(indices[0]));
                for &k in indices {
                    let center = &centers[k as usize * d..][..d];
                    let squared = squared_distances_of_block(simd, coordinates, center, first);
                    let label = simd.splat(f64::from(k));
                    for v in 0..VECTORS {
                        nearest[v] = simd.select_less(squared[v], least[v], label, nearest[v]);
                        least[v] = simd.select_less(squared[v], least[v], squared[v], least[v]);
                    }
                }
                for v in 0..VECTORS {
                    simd.store(nearest[v], &mut labels[first + v * S::LANES..]);
                }
            }
        },
    );
}

/// Writes the index of the nearest candidate, and by how much the next one is farther, an
/// enormous number if there is none.
pub(crate) fn nearest_two<S: Simd>(
    simd: S,
    coordinates: &[f64],
    Candidates { centers, indices }: Candidates<'_>,
    labels: &mut Row,
    gaps: &mut Row,
) {
    let d = coordinates.len() / LEAF_POINTS;
    simd.vectorize(
        #[inline(always)]
        || {
            for first in (0..LEAF_POINTS).step_by(S::LANES * VECTORS) {
                let (mut least, mut next) = (splat(simd, f64::INFINITY), splat(simd, f64::MAX));
                let mut nearest = splat(simd, f64::from(indices[0]));
                for &k in indices {
                    let center = &centers[k as usize * d..][..d];
                    let squared = squared_distances_of_block(simd, coordinates, center, first);
                    let label = simd.splat(f64::from(k));
                    for v in 0..VECTORS {
                        next[v] = simd.min(simd.max(squared[v], least[v]), next[v]);
                        nearest[v] = simd.select_less(squared[v], least[v], label, nearest[v]);
                        least[v] = simd.min(squared[v], least[v]);
                    }
                }
                for v in 0..VECTORS {
                    let lanes = first + v * S::LANES;
                    simd.store(nearest[v], &mut labels[lanes..]);
                    simd.store(simd.sub(next[v], least[v]), &mut gaps[lanes..]);
                }
            }
        },
    );
}

#[inline(always)]
fn squared_distances_of_block<S: Simd>(
    simd: S,
    coordinates: &[f64],
    center: &[f64],
    first: usize,
) -> Block<S> {
    let mut squared = splat(simd, 0.0);
    for (row, &c) in coordinates.chunks_exact(LEAF_POINTS).zip(center) {
        let row = &row[first..][..S::LANES * VECTORS];
        let c = simd.splat(c);
        for v in 0..VECTORS {
            let difference = simd.sub(simd.load(&row[v * S::LANES..]), c);
            squared[v] = simd.mul_add(difference, difference, squared[v]);
        }
    }
    squared
}
