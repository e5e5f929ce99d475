//! Clips: frames that a mixture over (x, y, t, channels) paints.
//!
//! A frame of the mixture is the painting of an ordinary [`Component`](super::Component) for each
//! of its own, so kernels and survivors are those of pictures.

mod gate;
mod least_squares;
mod refinement;

pub use refinement::ClipRefinement;

use crate::error::{Error, Result};
use crate::painting::picture::Picture;

/// The frames of a clip, all of one size; frame number i is at t = i.
#[derive(Debug, Clone)]
pub struct Clip(Vec<Picture>);

impl Clip {
    /// Creates a clip of frames.
    ///
    /// # Errors
    /// If there is no frame, or if their sizes or numbers of channels differ.
    pub fn new(frames: Vec<Picture>) -> Result<Self> {
        let shape = |frame: &Picture| (frame.height(), frame.width(), frame.n_channels());
        let Some(first) = frames.first().map(shape) else {
            let expected = "at least one frame".to_owned();
            return Err(Error::Value { argument: "image", expected, got: "none".into() });
        };
        if let Some(other) = frames.iter().map(shape).find(|&shape| shape != first) {
            let expected = format!("frames of one shape, {first:?}");
            return Err(Error::Value { argument: "image", expected, got: format!("{other:?}") });
        }
        Ok(Self(frames))
    }

    pub(crate) fn frames(&self) -> &[Picture] {
        &self.0
    }

    /// Number of values of all frames.
    #[must_use]
    pub fn n_values(&self) -> usize {
        self.0.iter().map(Picture::n_values).sum()
    }
}
