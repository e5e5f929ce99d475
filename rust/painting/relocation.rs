//! Components move from where they paint little to where the error is large.
//!
//! A component vanishes if the rise of the squared error that this costs is small next to
//! the fall that a component promises elsewhere: there a component is split in two, whose
//! experts are its own, and which together paint nearly what it painted.

use crate::error::Result;
use crate::painting::component::{Component, factor_of, inverse, moments_about};
use crate::painting::kernel::roles::{Cell, Roles, Shapes};
use crate::painting::kernel::sums::{Scene, Slots};
use crate::runtime::Runtime;

/// Most components that move at once, as a part of all.
const PART: f64 = 0.1;

/// A component moves if its cost is below this many times the promise.
const GAIN: f64 = 30.0;

/// The part of a cell's error that two components are expected to mend in the long run.
const ERROR_PART: f64 = 0.02;

/// Pixels of a cell that is split, at least.
const LEAST_PIXELS: f64 = 4.0;

/// Most standard deviations from the mean of a half to the middle of its cell. Gates that paint
/// only far out in their tails have large peaks, and steps of the usual size then change the
/// painting so much that whole fits diverge.
const MAX_DISTANCE: f64 = 4.0;

/// Pixels added to a cell's number in its promise: small cells promise less.
const EXTRA_PIXELS: f64 = 4.0;

/// The variance of a pixel, added to a cell's.
const PIXEL_VARIANCE: f64 = 1.0 / 12.0;

/// Least variance of a cell or a half, in square pixels.
const LEAST_VARIANCE: f64 = 1e-4;

/// Change of the logarithm of the halves' ratio over a standard deviation of the cell.
const STEEPNESS: f64 = 3.5;

/// Directions of a split that are tried, in half a turn.
const N_DIRECTIONS: usize = 24;

/// A cell, and the split that promises the most.
struct Split {
    n_pixels: f64,
    cell: Cell,
    /// Fall of the squared error.
    promise: f64,
    /// Direction in the frame of the cell.
    direction: [f64; 2],
}

/// Moves components. Returns all, and the numbers of those that changed. Components must
/// survive in `scene` at a threshold of 1 % or less.
pub(crate) fn relocate(
    scene: &Scene<'_>,
    runtime: &Runtime,
) -> Result<(Vec<Component>, Vec<usize>)> {
    let (mut components, n) = (scene.components.to_vec(), scene.components.len());
    let (costs, splits) = costs_and_splits(scene, runtime)?;
    let mut by_promise: Vec<usize> = (0..n).collect();
    by_promise.sort_by(|&a, &b| splits[b].promise.total_cmp(&splits[a].promise));
    let mut by_cost: Vec<usize> = (0..n).collect();
    by_cost.sort_by(|&a, &b| costs[a].total_cmp(&costs[b]));
    let n_moved = (PART * n as f64) as usize;
    let (mut is_used, mut changed) = (vec![false; n], Vec::new());
    let mut sources = by_promise.into_iter();
    for to in by_cost.into_iter().take(n_moved) {
        if is_used[to] {
            continue;
        }
        let split = sources.find_map(|source| {
            let is_free = !is_used[source] && source != to;
            let halves = is_free.then(|| halves(&components[source], &splits[source]))??;
            Some((source, halves))
        });
        let Some((source, [one, other])) = split else { break };
        if costs[to] > GAIN * splits[source].promise {
            break;
        }
        (is_used[to], is_used[source]) = (true, true);
        (components[source], components[to]) = (one, other);
        changed.extend([source, to]);
    }
    Ok((components, changed))
}

/// Returns the cost of each component's loss, and its best split.
fn costs_and_splits(scene: &Scene<'_>, runtime: &Runtime) -> Result<(Vec<f64>, Vec<Split>)> {
    let mut slots = Slots::default();
    scene.sum(&Roles, &mut slots, runtime)?;
    let roles: Vec<Role> =
        (0..scene.components.len()).map(|k| Role::new(scene, &slots, k)).collect();
    let cells: Vec<Cell> = roles.iter().map(|role| role.cell).collect();
    scene.sum(&Shapes(&cells), &mut slots, runtime)?;
    let n_channels = scene.picture.n_channels();
    let split = |(k, role): (usize, &Role)| {
        let mut shapes = vec![[0.0; 7]; n_channels];
        for slot in scene.survivors.slots_of(k) {
            for (shapes, sums) in shapes.iter_mut().zip(slots.of(slot.slot).chunks(7)) {
                shapes.iter_mut().zip(sums).for_each(|(shape, sum)| *shape += sum);
            }
        }
        role.split(&shapes)
    };
    let splits = roles.iter().enumerate().map(split).collect();
    Ok((roles.iter().map(|role| role.cost).collect(), splits))
}

/// The role of a component in a painting.
struct Role {
    cost: f64,
    error: f64,
    n_pixels: f64,
    cell: Cell,
}

impl Role {
    /// The role of component `k`, from the sums of [`Roles`].
    fn new(scene: &Scene<'_>, slots: &Slots, k: usize) -> Self {
        let component = &scene.components[k];
        let (mut cost, mut error, mut moments) = (0.0, 0.0, [0.0; 6]);
        for slot in scene.survivors.slots_of(k) {
            let sums = slots.of(slot.slot);
            let origin = scene.survivors.blocks[slot.block as usize].origin();
            cost += sums[0];
            error += sums[1];
            let about_mean = moments_about(component.mean, origin, &sums[2..]);
            moments.iter_mut().zip(about_mean).for_each(|(m, more)| *m += more);
        }
        let [n_pixels, x, y, xx, xy, yy] = moments;
        let n = n_pixels.max(1e-9);
        let (x, y) = (x / n, y / n);
        let variances = [xx / n - x * x + PIXEL_VARIANCE, xy / n - x * y];
        let covariance = [variances[0], variances[1], yy / n - y * y + PIXEL_VARIANCE];
        let factor = factor_of(covariance, LEAST_VARIANCE);
        let mean = [component.mean[0] + x, component.mean[1] + y];
        let cell = Cell { mean, factor, inverse: inverse(factor) };
        Self { cost, error, n_pixels, cell }
    }

    /// The split in the direction that mends most. Two experts along a direction w can mend
    /// about (Σ r g H₂(u·w))² / 2 + (Σ r g H₃(u·w))² / 6, over the number of pixels.
    fn split(&self, shapes: &[[f64; 7]]) -> Split {
        let (mut best, mut direction) = (0.0, [1.0, 0.0]);
        for i in 0..N_DIRECTIONS {
            let angle = std::f64::consts::PI * i as f64 / N_DIRECTIONS as f64;
            let (b, a) = angle.sin_cos();
            let mended = |h: &[f64; 7]| {
                let second = a * a * h[0] + 2.0 * a * b * h[1] + b * b * h[2];
                let third =
                    a.powi(3) * h[3] + 3.0 * a * b * (a * h[4] + b * h[5]) + b.powi(3) * h[6];
                second * second / 2.0 + third * third / 6.0
            };
            let mended: f64 = shapes.iter().map(mended).sum();
            if mended > best {
                (best, direction) = (mended, [a, b]);
            }
        }
        let promise = best / (self.n_pixels + EXTRA_PIXELS) + ERROR_PART * self.error;
        Split { n_pixels: self.n_pixels, cell: self.cell, promise, direction }
    }
}

/// The halves of a split component. In the middle of the cell, which is often not at the mean
/// of the gate, each has half of the density. There are none of a cell that is too small, or
/// too far from the halves' means.
fn halves(component: &Component, split: &Split) -> Option<[Component; 2]> {
    if split.n_pixels <= LEAST_PIXELS {
        return None;
    }
    let Split { cell, direction: [a, b], .. } = split;
    let (f, l) = (component.factor, component.inverse());
    // The direction in the frame of the gate. A standard deviation of the cell is `length`
    // of the gate's.
    let way = [cell.factor[0] * a, cell.factor[1] * a + cell.factor[2] * b];
    let along = [l[0] * way[0], l[1] * way[0] + l[2] * way[1]];
    let length = along[0].hypot(along[1]);
    let along = along.map(|w| w / length);
    // With means at +-offset and the variance 1 - offset² along the direction, the two are
    // together as wide as the one, and the logarithm of their ratio has the slope
    // 2 offset / (1 - offset²).
    let slope = STEEPNESS / length;
    let offset = (slope.hypot(1.0) - 1.0) / slope;
    let step = [offset * f[0] * along[0], offset * (f[1] * along[0] + f[2] * along[1])];
    let covariance = [
        f[0] * f[0] - step[0] * step[0],
        f[0] * f[1] - step[0] * step[1],
        f[1] * f[1] + f[2] * f[2] - step[1] * step[1],
    ];
    let factor = factor_of(covariance, LEAST_VARIANCE);
    let density = |component: &Component| {
        component.gate().at(cell.mean[0], cell.mean[1]) * std::f64::consts::LN_2
    };
    let mut distance: f64 = 0.0;
    let halves = [1.0, -1.0].map(|sign| {
        let mut half = Component { peak: 0.0, factor, ..*component };
        for i in 0..2 {
            half.mean[i] += sign * step[i];
        }
        for [level, along_x, along_y] in &mut half.experts {
            *level += sign * (*along_x * step[0] + *along_y * step[1]);
        }
        let at_middle = density(&half);
        distance = distance.max((-2.0 * at_middle).sqrt());
        half.peak = density(component) - std::f64::consts::LN_2 - at_middle;
        half
    });
    (distance <= MAX_DISTANCE).then_some(halves)
}
