//! Gaussian mixtures over pixels and grids, evaluated exactly and fast.
//!
//! This is the core of the Python package `gmmfast`; it does not need Python. Data flows
//! through these types and functions:
//!
//! - [`Mixture`] is the model, validated once, of any of scikit-learn's four covariance
//!   types.
//! - [`Conditional`] is a mixture conditioned on some features, in closed form.
//! - [`Grid`] maps pixels to points.
//! - [`Rendering`] evaluates a [`Quantity`] over a grid (density, conditional mean or
//!   covariance, label, entropy), whole or in bands, in float64, float32 or uint8
//!   ([`Pixel`]).
//! - [`score_samples`], [`predict`] and [`predict_proba`] evaluate scattered points, by a
//!   k-d tree where that pays; [`conditional_mean`] and related functions evaluate the
//!   remaining features of scattered points, given the others.
//! - [`Sampling`] draws samples whose bits depend on the seed alone ([`Stream`]), and
//!   [`Splat`] accumulates them on a grid.
//! - [`Data`] and [`expectation`] compute the sufficient statistics of points under a
//!   mixture, exactly and in one pass. [`Statistics`] add up and give the next mixture.
//! - [`Runtime`] holds threads, instruction set and interruption of a call.
//! - [`spec`] is the specification that tests compare the fast kernels with.
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
pub mod painting;
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
pub use fitting::kmeans::{
    KMeans, KMeansOptions, LatticeRows, kmeans, kmeans_on_lattice, kmeans_plusplus,
};
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
