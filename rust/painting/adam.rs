//! Adam, the optimizer: each parameter moves by about its rate, whatever the gradient's scale.
//!
//! D. Kingma and J. Ba, Adam: a method for stochastic optimization, ICLR 2015. A component
//! that is new starts with moments of its own age.

use crate::error::Result;
use crate::painting::component::{Change, Component, N_PARAMETERS, moments_about};
use crate::painting::kernel::sums::{Scene, Slots};
use crate::painting::survivors::Survivors;
use crate::runtime::{Runtime, Worker, distribute};
use crate::simd::{Dispatch, Simd};

/// Weights of the past in the means of the gradient and of its square.
const DECAY_FIRST: f64 = 0.9;
const DECAY_SECOND: f64 = 0.99;

/// Keeps a parameter without gradient in place.
const EPSILON: f64 = 1e-8;

/// Age from which the means are those of infinitely many gradients.
const OLD: u32 = 2000;

/// Components that a thread updates at once.
const CHUNK: usize = 64;

/// Means of the gradient and of its square, and how many gradients they are of.
#[derive(Clone, Copy)]
pub(crate) struct Moments {
    first: Change,
    second: Change,
    age: u32,
}

impl Moments {
    pub(crate) const NEW: Self =
        Self { first: [0.0; N_PARAMETERS], second: [0.0; N_PARAMETERS], age: 0 };

    /// Takes a gradient and returns the change for it.
    #[inline(always)]
    fn change(&mut self, gradient: &Change, rates: &Change) -> Change {
        self.age = (self.age + 1).min(OLD);
        let bias = |decay: f64| 1.0 - decay.powi(self.age.cast_signed());
        let scale = -bias(DECAY_SECOND).sqrt() / bias(DECAY_FIRST);
        let mut change = [0.0; N_PARAMETERS];
        for i in 0..N_PARAMETERS {
            self.first[i] += (1.0 - DECAY_FIRST) * (gradient[i] - self.first[i]);
            self.second[i] += (1.0 - DECAY_SECOND) * (gradient[i] * gradient[i] - self.second[i]);
            change[i] = scale * rates[i] * self.first[i] / (self.second[i].sqrt() + EPSILON);
        }
        change
    }
}

/// The size of a step.
#[derive(Clone, Copy)]
pub(crate) struct Step {
    /// The rate of each parameter.
    pub(crate) rates: Change,
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
                    let change = moments.change(&gradient, &self.step.rates);
                    *component = component.changed(&change, self.step.least_std);
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
