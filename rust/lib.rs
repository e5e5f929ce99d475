//! Gaussian mixtures over pixels and grids, exactly, at the speed of memory.
//!
//! This is the core of the Python package `gmmfast`, and needs no Python. In
//! the order in which data pass them:
//!
//! - [`Mixture`]: the model, validated once, of any of scikit-learn's four
//!   covariance types;
//! - [`Conditional`]: closed-form conditioning, computed once per component;
//! - [`Grid`]: which point each pixel stands for; planes and tiles of it, and the
//!   components that can matter on each;
//! - [`Rendering`]: a [`Quantity`] over a grid (density, conditional mean or
//!   covariance, label, entropy), whole or in bands, in float64, float32 or uint8
//!   ([`Pixel`]); [`score_samples`], [`predict`] and [`predict_proba`] for scattered
//!   points, by a k-d tree where that pays;
//! - [`conditional_mean`] and its like: what the remaining features of scattered points
//!   are, given the others;
//! - [`Sampling`]: samples of which the seed alone decides the bits ([`Stream`]), and
//!   [`Splat`], which puts them onto a grid;
//! - [`Data`] and [`expectation`]: what points say about each component, exactly and
//!   in one pass, and [`Statistics`], which add up and give the next mixture;
//! - [`Runtime`]: threads, instruction set and interruption of a call;
//! - [`spec`]: the specification that the fast kernels are tested against.
//!
//! ```
//! use gmmfast::{Covariances, Grid, Mixture, Quantity, Rendering, Runtime};
//!
//! // Two components over (x, y, gray): a dark one to the left, a light one to the right.
//! let mixture = Mixture::new(
//!     vec![0.5, 0.5],
//!     vec![2.0, 2.0, 40.0, 6.0, 2.0, 200.0],
//!     Covariances::Diag(vec![1.0, 2.0, 25.0, 1.0, 2.0, 25.0]),
//! )?;
//! let grid = Grid::new(&[5, 9], &[(-0.5, 8.5), (-0.5, 4.5)])?;
//! let painting = Rendering::new(&mixture, &grid, &[0, 1], Quantity::Mean)?;
//! let mut pixels = vec![0_u8; painting.n_values()];
//! painting.render(&mut pixels, &Runtime::new(None)?)?;
//! assert_eq!((pixels[0], pixels[4], pixels[8]), (40, 120, 200));
//! # Ok::<(), gmmfast::Error>(())
//! ```

mod error;
mod fitting;
mod grid;
mod model;
mod points;
#[cfg(feature = "python")]
mod python;
mod random;
mod rendering;
mod runtime;
mod sampling;
mod simd;
pub mod spec;

pub use error::{Error, Result};
pub use fitting::data::Data;
pub use fitting::em::{expectation, expectation_about};
pub use fitting::kmeans::{KMeans, KMeansOptions, kmeans, kmeans_plusplus};
pub use fitting::statistics::{Estimate, Statistics, StatisticsArrays};
pub use grid::axes::{Axis, Grid, MAX_AXES};
pub use grid::output::Pixel;
pub use model::conditional::Conditional;
pub use model::covariances::Covariances;
pub use model::mixture::Mixture;
pub use points::log_prob::conditional_log_prob;
pub use points::moments::{
    conditional_covariance, conditional_mean, conditional_mean_and_covariance,
    conditional_mean_and_std, conditional_std,
};
pub use points::sample::{DrawStart, conditional_sample};
pub use points::score::{predict, predict_proba, score_samples};
pub use random::stream::{Purpose, STREAM_VERSION, Stream};
pub use rendering::quantity::Quantity;
pub use rendering::render::Rendering;
pub use runtime::Runtime;
pub use sampling::sampler::{Order, Sampling};
pub use sampling::splat::Splat;
pub use simd::Level;
pub use simd::rounding::RoundFrom;
