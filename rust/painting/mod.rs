//! Paintings: mixtures whose conditional mean approximates a picture.
//!
//! [`draw`] makes components from a [`Picture`], or [`components_of`] from a mixture, and a
//! [`Refinement`] moves them until their painting is sharp. Gates and experts together are an
//! ordinary Gaussian mixture over (x, y, channels). [`spec`] is the specification.

mod adam;
mod component;
mod joint;
mod kernel;
mod options;
mod picture;
mod refinement;
mod relocation;
pub mod spec;
mod start;
mod survivors;

pub use component::{Change, Component, MAX_CHANNELS, N_PARAMETERS};
pub use joint::components_of;
pub use options::{Freedom, Options};
pub use picture::Picture;
pub use refinement::Refinement;
pub use start::draw;

use crate::error::Result;
use crate::runtime::Runtime;
use kernel::gradient::Gradient;
use kernel::sums::{Scene, Slots};
use survivors::Survivors;

/// The squared error of a painting and its derivatives.
#[derive(Debug, Clone, PartialEq)]
pub struct Error {
    /// Summed over pixels and channels, which have the range 0..1.
    pub squared_error: f64,
    /// Half its derivatives by a change of each component.
    pub gradient: Vec<Change>,
}

/// Returns the squared error of a painting and its derivatives by changes of the components,
/// where responsibilities below `threshold` in all pixels of a tile are neglected.
///
/// # Errors
/// If the runtime is interrupted.
pub fn squared_error(
    components: &[Component],
    picture: &Picture,
    threshold: f64,
    runtime: &Runtime,
) -> Result<Error> {
    let survivors = Survivors::new(components, picture, threshold, runtime)?;
    let (scene, mut slots) =
        (Scene { components, picture, survivors: &survivors }, Slots::default());
    scene.sum(&Gradient, &mut slots, runtime)?;
    Ok(Error { squared_error: slots.squared_error(), gradient: adam::gradients(&scene, &slots) })
}
