//! The assignment of points to their nearest centers, box by box: the proof of what is left out is
//! in the header of mod.rs.

use crate::fitting::data::Data;
use crate::fitting::kmeans::kernel::Row;
use crate::points::tree::{Bounds, LEAF_POINTS, Node};
use crate::points::walk::Visitor;

/// The part of its terms' size above which a difference of distances is positive.
const ROUNDING: f64 = 1.0 / (1_u64 << 40) as f64;

/// Writes the nearest of some centers to a leaf's points.
pub(super) type Nearest<'a> = dyn Fn(&[f64], &[u32], &mut Row) + Sync + 'a;

/// The assignment of one task's points to their nearest centers. It is not generic over the
/// instruction set, which is called once a leaf.
pub(super) struct Assignment<'a> {
    pub(super) data: &'a Data,
    pub(super) centers: &'a [f64],
    pub(super) has_moved: &'a [bool],
    pub(super) is_first: bool,
    pub(super) nearest: &'a Nearest<'a>,
    /// The difference of distances within which either center may be the nearest.
    pub(super) margin: f64,
    pub(super) first_leaf: usize,
    /// Labels of the task's points, whole leaves.
    pub(super) labels: &'a mut [u32],
    pub(super) has_changed: bool,
}

impl Visitor for Assignment<'_> {
    type Candidate = u32;
    type Output = ();
    const LEVELS: u32 = 1;

    fn cull(&mut self, node: Node, candidates: &[u32], kept: &mut Vec<u32>) {
        cull(self.data.tree().bounds(node), self.centers, self.margin, candidates, kept);
    }

    fn visit_leaf(&mut self, leaf: Node, candidates: &[u32]) {
        let leaf = self.data.tree().leaves(leaf).start;
        let labels = &mut self.labels[(leaf - self.first_leaf) * LEAF_POINTS..][..LEAF_POINTS];
        let has_moved = |&k: &u32| self.has_moved[k as usize];
        let may_change =
            self.is_first || candidates.iter().any(has_moved) || labels.iter().any(has_moved);
        if !may_change {
            return;
        }
        let mut found: Row = [0.0; LEAF_POINTS];
        (self.nearest)(self.data.leaf(leaf), candidates, &mut found);
        for (label, found) in labels.iter_mut().zip(found) {
            self.has_changed |= *label != found as u32;
            *label = found as u32;
        }
    }
}

/// Replaces `kept` by those of `list` that may be nearest to some point of the box: see the
/// header of mod.rs.
fn cull(bounds: Bounds<'_>, centers: &[f64], margin: f64, list: &[u32], kept: &mut Vec<u32>) {
    let d = bounds.low.len();
    let center = |k: u32| &centers[k as usize * d..][..d];
    let from_middle = |k: u32| -> f64 {
        let edges = bounds.low.iter().zip(bounds.high);
        center(k).iter().zip(edges).map(|(c, (l, h))| (c - (0.5 * l + 0.5 * h)).powi(2)).sum()
    };
    let mut best = (f64::INFINITY, list[0]);
    for &k in list {
        let distance = from_middle(k);
        if distance < best.0 {
            best = (distance, k);
        }
    }
    let z = center(best.1);
    let may_be_nearest = |k: u32| {
        // |x - z|² - |x - c|² = Σ (c - z)(2 x - c - z), the greatest over the box.
        let (mut greatest, mut size) = (0.0, 0.0);
        for (i, (&c, &z)) in center(k).iter().zip(z).enumerate() {
            let difference = c - z;
            let x = if difference > 0.0 { bounds.high[i] } else { bounds.low[i] };
            greatest += difference * ((x - c) + (x - z));
            size += difference.abs() * ((x - c).abs() + (x - z).abs());
        }
        let is_out = greatest < -margin.max(ROUNDING * size); // false for a NaN
        !is_out
    };
    kept.clear();
    kept.extend(list.iter().copied().filter(|&k| may_be_nearest(k)));
}
