//! Paintings: mixtures whose conditional mean approximates a picture.
//!
//! [`draw`] makes components from a [`Picture`], or [`components_of`] from a mixture, and a
//! [`Refinement`] moves them until their painting is sharp. Gates and experts together are an
//! ordinary Gaussian mixture over (x, y, channels). A [`ClipRefinement`] moves the experts of a
//! mixture over (x, y, t, channels). [`spec`] is the specification.

mod clip;
mod component;
mod joint;
mod kernel;
mod moments;
mod options;
mod picture;
mod refinement;
mod relocation;
pub mod spec;
mod start;
mod survivors;
mod update;

pub use clip::{Clip, ClipRefinement};
pub use component::{Change, Component, MAX_CHANNELS, N_PARAMETERS};
pub use joint::components_of;
pub use options::Options;
pub use picture::Picture;
pub use refinement::Refinement;
pub use start::draw;

use crate::error::Result;
use crate::model::mixture::Mixture;
use crate::runtime::Runtime;
use kernel::gradient::Gradient;
use kernel::sums::{Scene, Slots};
use survivors::Survivors;

/// A refinement in progress, of a picture or of a clip.
pub trait Refine {
    /// Number of passes over the pixels, at any size.
    fn n_passes(&self) -> usize;

    /// The part of the whole budget that is spent, in 0..=1.
    fn progress(&self) -> f64;

    /// The peak signal-to-noise ratio of the best painting in dB, before it is clipped and
    /// rounded; at half the size until the first pass at full size.
    fn psnr(&self) -> f64;

    /// Makes some passes; returns whether there are more to make.
    ///
    /// # Errors
    /// If the runtime is interrupted; the state is then that of the last complete pass.
    fn advance(&mut self, runtime: &Runtime) -> Result<bool>;

    /// The best mixture so far, with covariances of the type of the one it began with, whose
    /// colors scatter as the pixels do about the painting; `reg_covar` is added to their
    /// variances.
    ///
    /// # Errors
    /// If the runtime is interrupted, or if a covariance is not positive definite in float64.
    fn mixture(&self, reg_covar: f64, runtime: &Runtime) -> Result<Mixture>;
}

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
    Ok(Error { squared_error: slots.squared_error(), gradient: update::gradients(&scene, &slots) })
}
