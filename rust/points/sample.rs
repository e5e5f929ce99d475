//! Scattered points: one draw of the remaining features for each row of the given features.
//!
//! Point i uses the uniform i of one stream and the normals T i to T i + T - 1 of another
//! (random/stream.rs), where T is the number of remaining features. The component is the one
//! at which the running sum of responsibilities passes the uniform, in the components' order.
//! The draw is the mean of the component's regression plus the Cholesky factor of its covariance
//! times the normals. A draw therefore depends only on the seed, the point's number and its
//! row, not on threads or on the rest of the call. A uniform within a rounding of a running
//! sum may choose a neighbor on another instruction set; all else is plain float64.

use crate::error::Result;
use crate::model::conditional::Conditional;
use crate::model::linalg::{invert_lower, packed_len, packed_row};
use crate::model::mixture::Mixture;
use crate::points::evaluate::{Evaluator, PointJob, PointQuantity};
use crate::points::group::negligible_bits;
use crate::points::moments::check_rows;
use crate::points::responsibilities::Choice;
use crate::points::threshold::Threshold;
use crate::random::stream::{Purpose, Stream};
use crate::runtime::{Runtime, distribute};
use crate::simd::Simd;

/// Points whose components are held at a time.
const PIECE_POINTS: usize = 1 << 17;

/// Points that one thread takes at a time: their normals begin at a whole group.
const CHUNK_POINTS: usize = 1024;

/// The random numbers of draws: a point's draw depends on the seed and the point's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DrawStart {
    /// The seed of all draws.
    pub seed: u64,
    /// The number of the first point; the others follow.
    pub first_point: u64,
}

/// Draws the remaining features once for each row of `values`, (n, `n_given`) row-major, into
/// `out`, (n, `n_remaining`) row-major.
///
/// ```
/// use gmmfast::{Conditional, Covariances, DrawStart, Mixture, Runtime, conditional_sample};
///
/// let covariances = Covariances::Full(vec![2.0, 1.0, 1.0, 3.0]);
/// let joint = Mixture::new(vec![1.0], vec![0.0, 10.0], covariances)?;
/// let conditional = Conditional::new(&joint, &[0])?;
/// let (values, runtime) = ([1.0, 2.0, 3.0], Runtime::new(None)?);
/// let (mut all, mut last) = ([0.0; 3], [0.0; 1]);
/// let start = |first_point| DrawStart { seed: 42, first_point };
/// conditional_sample(&conditional, &values, start(0), &mut all, &runtime)?;
/// conditional_sample(&conditional, &values[2..], start(2), &mut last, &runtime)?;
/// assert_eq!(all[2], last[0]);
/// # Ok::<(), gmmfast::Error>(())
/// ```
///
/// # Errors
/// If `values` and `out` do not have the same number of rows, or the runtime was interrupted,
/// which leaves `out` partly written.
pub fn conditional_sample(
    conditional: &Conditional,
    values: &[f64],
    DrawStart { seed, first_point }: DrawStart,
    out: &mut [f64],
    runtime: &Runtime,
) -> Result<()> {
    let mixture = conditional.marginal();
    let (n_given, n_remaining) = (mixture.n_features(), conditional.remaining().len());
    check_rows(values, n_given, out, n_remaining)?;
    let draws = Draws::new(conditional, seed);
    let uniforms = Stream::new(seed, Purpose::ConditionalComponents);
    let mut components = Vec::new();
    let pieces =
        values.chunks(PIECE_POINTS * n_given).zip(out.chunks_mut(PIECE_POINTS * n_remaining));
    for (piece, (points, out)) in pieces.enumerate() {
        let first = first_point.wrapping_add((piece * PIECE_POINTS) as u64);
        components.resize(points.len() / n_given, 0.0);
        uniforms.uniforms(first, &mut components, runtime.level());
        PointJob { quantity: Chosen, mixture, points, out: &mut components, runtime }.run()?;
        let chosen = ChosenPoints { points, components: &components, first };
        draws.write(chosen, out, runtime)?;
    }
    Ok(())
}

/// The component that a uniform chooses. The row holds the uniform, which is replaced.
struct Chosen;

/// Points, and the component of each.
struct ChosenPoints<'a> {
    points: &'a [f64],
    components: &'a [f64],
    /// The number of the first point.
    first: u64,
}

/// A run of points and the rows of their draws.
struct DrawChunk<'a> {
    chosen: ChosenPoints<'a>,
    out: &'a mut [f64],
}

impl PointQuantity for Chosen {
    type Value = f64;

    fn row_len(&self, _: &Mixture) -> usize {
        1
    }

    fn threshold(&self, mixture: &Mixture) -> Threshold {
        Threshold::fixed(negligible_bits(mixture))
    }

    fn evaluator<'a, S: Simd>(&'a self, simd: S, mixture: &Mixture) -> Evaluator<'a, f64, S> {
        let mut kernel = Choice::new(simd, self.threshold(mixture));
        Box::new(move |points, group, components, rows| {
            components.sort_unstable();
            kernel.evaluate(points, group, components, rows);
        })
    }
}

/// Draws from the components that were chosen.
struct Draws<'a> {
    conditional: &'a Conditional,
    /// Cholesky factors of the remaining features' covariances, packed.
    factors: Vec<f64>,
    normals: Stream,
}

impl<'a> Draws<'a> {
    fn new(conditional: &'a Conditional, seed: u64) -> Self {
        let n_remaining = conditional.remaining().len();
        let n_components = conditional.marginal().n_components();
        let inverse = conditional.precisions_cholesky();
        let mut factors = Vec::with_capacity(n_components * packed_len(n_remaining));
        let mut packed = Vec::new();
        for k in 0..n_components {
            packed.clear();
            for i in 0..n_remaining {
                packed.extend((0..=i).map(|j| inverse.at(k, i, j)));
            }
            factors.extend(invert_lower(&packed, n_remaining));
        }
        Self { conditional, factors, normals: Stream::new(seed, Purpose::ConditionalNormals) }
    }

    /// Writes the draws of points whose components were chosen.
    fn write(
        &self,
        ChosenPoints { points, components, first }: ChosenPoints<'_>,
        out: &mut [f64],
        runtime: &Runtime,
    ) -> Result<()> {
        let n_given = self.conditional.marginal().n_features();
        let n_remaining = self.conditional.remaining().len();
        let chunks = points
            .chunks(CHUNK_POINTS * n_given)
            .zip(components.chunks(CHUNK_POINTS))
            .zip(out.chunks_mut(CHUNK_POINTS * n_remaining))
            .enumerate()
            .map(|(chunk, ((points, components), out))| {
                let first = first.wrapping_add((chunk * CHUNK_POINTS) as u64);
                DrawChunk { chosen: ChosenPoints { points, components, first }, out }
            })
            .collect();
        runtime.install(|| {
            distribute(chunks, &|| {
                let mut normals = Vec::new();
                Box::new(move |DrawChunk { chosen, out }: DrawChunk<'_>| {
                    runtime.check()?;
                    normals.resize(out.len(), 0.0);
                    let counter = chosen.first.wrapping_mul(n_remaining as u64);
                    self.normals.normals(counter, &mut normals, runtime.level());
                    let points = chosen.points.chunks_exact(n_given).zip(chosen.components);
                    let rows =
                        normals.chunks_exact(n_remaining).zip(out.chunks_exact_mut(n_remaining));
                    for ((values, &k), (normals, out)) in points.zip(rows) {
                        self.draw(k as usize, values, normals, out);
                    }
                    Ok(())
                })
            })
        })
    }

    /// Writes the regression of component `k` at `values` plus its factor times `normals`.
    fn draw(&self, k: usize, values: &[f64], normals: &[f64], out: &mut [f64]) {
        let (mean, remaining_means) =
            (self.conditional.marginal().mean(k), self.conditional.remaining_means(k));
        let len = packed_len(out.len());
        let factor = &self.factors[k * len..][..len];
        for (t, out) in out.iter_mut().enumerate() {
            let mut draw = 0.0;
            for (slope, (value, mean)) in
                self.conditional.slopes(k, t).iter().zip(values.iter().zip(mean))
            {
                draw += slope * (value - mean);
            }
            draw += remaining_means[t];
            for (factor, normal) in packed_row(factor, t).iter().zip(normals) {
                draw += factor * normal;
            }
            *out = draw;
        }
    }
}
