//! One step of all components: from sums over the picture to gradients, and from these to changes.

use crate::error::Result;
use crate::painting::component::{Change, Component, N_PARAMETERS, moments_about};
use crate::painting::kernel::sums::{Scene, Slots};
use crate::painting::moments::Moments;
use crate::painting::survivors::Survivors;
use crate::runtime::{Runtime, Worker, distribute};
use crate::simd::{Dispatch, Simd};

/// Components that a thread updates at once.
const CHUNK: usize = 64;

/// The size of a step.
#[derive(Clone, Copy)]
pub(crate) struct Step {
    /// The rate of each parameter, at the start.
    pub(crate) rates: Change,
    /// The part of the rates that is left.
    pub(crate) scale: f64,
    /// Channels of the picture.
    pub(crate) n_channels: usize,
    /// Least diagonal entry of a gate's factor.
    pub(crate) least_std: f64,
}

/// Returns half the derivatives of the squared error by a change of component `k`, from the
/// sums of [`crate::painting::kernel::gradient::Gradient`].
pub(crate) fn gradient(
    component: &Component,
    k: usize,
    survivors: &Survivors,
    slots: &Slots,
) -> Change {
    let mut total = [0.0; N_PARAMETERS];
    for slot in survivors.slots_of(k) {
        let sums = slots.of(slot.slot);
        let origin = survivors.blocks[slot.block as usize].origin();
        let [x, y] = [0, 1].map(|i| component.mean[i] - origin[i]);
        let by_gate = moments_about(component.mean, origin, sums);
        total.iter_mut().zip(by_gate).for_each(|(total, sum)| *total += sum);
        for (total, sums) in total[6..].as_chunks_mut::<3>().0.iter_mut().zip(sums[6..].chunks(3)) {
            if let [sum, by_x, by_y] = sums {
                total[0] += sum;
                total[1] += by_x - x * sum;
                total[2] += by_y - y * sum;
            }
        }
    }
    component.gradient(&total)
}

/// Updates all components for the sums in `slots`.
pub(crate) fn update(
    components: &mut [Component],
    moments: &mut [Moments],
    survivors: &Survivors,
    slots: &Slots,
    step: &Step,
    runtime: &Runtime,
) -> Result<()> {
    let chunks = components.chunks_mut(CHUNK).zip(moments.chunks_mut(CHUNK)).enumerate();
    let chunks = chunks.map(|(at, (components, moments))| Update {
        first: at * CHUNK,
        components,
        moments,
        survivors,
        slots,
        step,
    });
    let chunks: Vec<_> = chunks.collect();
    runtime.install(|| {
        distribute(chunks, &|| -> Worker<'_, Update<'_>> {
            Box::new(|chunk| {
                runtime.level().dispatch(chunk);
                Ok(())
            })
        })
    })
}

/// The update of some components, from the component with number `first` on.
struct Update<'a> {
    first: usize,
    components: &'a mut [Component],
    moments: &'a mut [Moments],
    survivors: &'a Survivors,
    slots: &'a Slots,
    step: &'a Step,
}

impl Dispatch for Update<'_> {
    type Output = ();
    fn run<S: Simd>(self, simd: S) {
        simd.vectorize(
            #[inline(always)]
            || {
                let pairs = self.components.iter_mut().zip(self.moments);
                for (at, (component, moments)) in pairs.enumerate() {
                    let k = self.first + at;
                    let gradient = gradient(component, k, self.survivors, self.slots);
                    let Step { rates, scale, n_channels, least_std } = self.step;
                    let change = moments.change(&gradient, rates, *n_channels).map(|c| scale * c);
                    *component = component.changed(&change, *least_std);
                }
            },
        );
    }
}

/// Returns half the derivatives of a scene's squared error, for sums in `slots`.
pub(crate) fn gradients(scene: &Scene<'_>, slots: &Slots) -> Vec<Change> {
    let components = scene.components.iter().enumerate();
    components.map(|(k, component)| gradient(component, k, scene.survivors, slots)).collect()
}
