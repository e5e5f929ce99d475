//! The least squares of experts whose gates stay.
//!
//! The painting is linear in the experts θ, f = J θ, and the squared error |J θ - picture|² is
//! least where Jᵀ J θ = Jᵀ picture. Both sides are gradients of the error, Jᵀ J v that of experts v
//! against black frames, so that a pass over the clip is a product and J is never stored.

use crate::error::Result;
use crate::painting::clip::Clip;
use crate::painting::clip::gate::{Experts, MovingGate};
use crate::painting::component::{Component, MAX_CHANNELS};
use crate::painting::joint::{Scatters, add_scatters};
use crate::painting::kernel::gradient::Gradient;
use crate::painting::kernel::sums::{Scene, Slots};
use crate::painting::picture::Picture;
use crate::painting::survivors::Survivors;
use crate::painting::update::gradient;
use crate::runtime::Runtime;

/// Smaller responsibilities in all pixels of a tile are neglected.
const THRESHOLD: f64 = 1e-3;

/// Half the squared error's derivatives by the experts, and the error.
pub(crate) struct Derivatives {
    pub(crate) by_experts: Vec<Experts>,
    pub(crate) squared_error: f64,
}

/// Gates and the frames in which they survive.
pub(crate) struct LeastSquares {
    clip: Clip,
    gates: Vec<MovingGate>,
    /// One for each frame.
    survivors: Vec<Survivors>,
    black: Picture,
    slots: Slots,
}

impl LeastSquares {
    pub(crate) fn new(clip: Clip, gates: Vec<MovingGate>, runtime: &Runtime) -> Result<Self> {
        let no_experts = vec![[[0.0; 4]; MAX_CHANNELS]; gates.len()];
        let survivors = clip.frames().iter().enumerate().map(|(t, frame)| {
            Survivors::new(&components(&gates, &no_experts, t), frame, THRESHOLD, runtime)
        });
        let survivors = survivors.collect::<Result<_>>()?;
        let black = clip.frames()[0].black();
        Ok(Self { clip, gates, survivors, black, slots: Slots::default() })
    }

    pub(crate) fn clip(&self) -> &Clip {
        &self.clip
    }

    pub(crate) fn gates(&self) -> &[MovingGate] {
        &self.gates
    }

    /// Returns the derivatives at `experts`.
    pub(crate) fn derivatives(
        &mut self,
        experts: &[Experts],
        runtime: &Runtime,
    ) -> Result<Derivatives> {
        self.sums(experts, false, runtime)
    }

    /// Returns the product of Jᵀ J and `experts`.
    pub(crate) fn product(
        &mut self,
        experts: &[Experts],
        runtime: &Runtime,
    ) -> Result<Vec<Experts>> {
        Ok(self.sums(experts, true, runtime)?.by_experts)
    }

    fn sums(
        &mut self,
        experts: &[Experts],
        is_black: bool,
        runtime: &Runtime,
    ) -> Result<Derivatives> {
        let mut by_experts = vec![[[0.0; 4]; MAX_CHANNELS]; self.gates.len()];
        let mut squared_error = 0.0;
        for (t, (frame, survivors)) in self.clip.frames().iter().zip(&self.survivors).enumerate() {
            let components = components(&self.gates, experts, t);
            let picture = if is_black { &self.black } else { frame };
            let scene = Scene { components: &components, picture, survivors };
            scene.sum(&Gradient, &mut self.slots, runtime)?;
            squared_error += self.slots.squared_error();
            for (k, (gate, total)) in self.gates.iter().zip(&mut by_experts).enumerate() {
                if !survivors.slots_of(k).is_empty() {
                    let change = gradient(&components[k], k, survivors, &self.slots);
                    gate.add(total, &change, t as f64);
                }
            }
        }
        Ok(Derivatives { by_experts, squared_error })
    }

    /// Returns how colors scatter about the painting, for each component.
    pub(crate) fn scatters(&self, experts: &[Experts], runtime: &Runtime) -> Result<Vec<Scatters>> {
        let mut totals = vec![Scatters::default(); self.gates.len()];
        let mut slots = Slots::default();
        for (t, (picture, survivors)) in self.clip.frames().iter().zip(&self.survivors).enumerate()
        {
            let components = components(&self.gates, experts, t);
            let scene = Scene { components: &components, picture, survivors };
            add_scatters(&mut totals, &scene, &mut slots, runtime)?;
        }
        Ok(totals)
    }
}

/// Returns the components of the frame at `t`.
fn components(gates: &[MovingGate], experts: &[Experts], t: usize) -> Vec<Component> {
    gates.iter().zip(experts).map(|(gate, experts)| gate.at(experts, t as f64)).collect()
}
