//! Scattered points: one draw of the targets given a row of the other features each.
//!
//! Point i takes the uniform i of one stream and the normals T i to T i + T - 1 of
//! another (random.rs), T the number of targets: the component is the one at which the
//! running sum of responsibilities passes the uniform, in the components' order, and
//! the draw is its expert's mean plus the Cholesky factor of its covariance times the
//! normals. So a draw depends on the seed, the point's number and its row alone, not on
//! threads or on the rest of the call. Uniforms within a rounding of a running sum may
//! choose a neighbor on another instruction set; all else is plain float64.

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
const PIECE: usize = 1 << 17;

/// Points that one thread takes at a time: their normals begin at a whole group.
const CHUNK: usize = 1024;

/// Draws the targets once for each row of `values`, (n, `n_given`) row-major, into `out`,
/// (n, `n_targets`) row-major. `seed` decides the draws, with the number of each point;
/// that of the first is `first`.
///
/// ```
/// use gmmfast::{Conditional, Covariances, Mixture, Runtime, conditional_sample};
///
/// let covariances = Covariances::Full(vec![2.0, 1.0, 1.0, 3.0]);
/// let joint = Mixture::new(vec![1.0], vec![0.0, 10.0], covariances)?;
/// let conditional = Conditional::new(&joint, &[0])?;
/// let (values, runtime) = ([1.0, 2.0, 3.0], Runtime::new(None)?);
/// let (mut all, mut last) = ([0.0; 3], [0.0; 1]);
/// conditional_sample(&conditional, &values, (42, 0), &mut all, &runtime)?;
/// conditional_sample(&conditional, &values[2..], (42, 2), &mut last, &runtime)?;
/// assert_eq!(all[2], last[0]);
/// # Ok::<(), gmmfast::Error>(())
/// ```
///
/// # Errors
/// `values` and `out` are not of the same number of rows, or the runtime was
/// interrupted, which leaves `out` partly written.
pub fn conditional_sample(
    conditional: &Conditional,
    values: &[f64],
    (seed, first): (u64, u64),
    out: &mut [f64],
    runtime: &Runtime,
) -> Result<()> {
    let mixture = conditional.marginal();
    let (n_given, n_targets) = (mixture.n_features(), conditional.targets().len());
    check_rows(values, n_given, out, n_targets)?;
    let draws = Draws::new(conditional, seed);
    let uniforms = Stream::new(seed, Purpose::ConditionalComponents);
    let mut components = Vec::new();
    let pieces = values.chunks(PIECE * n_given).zip(out.chunks_mut(PIECE * n_targets));
    for (piece, (points, out)) in pieces.enumerate() {
        let first = first.wrapping_add((piece * PIECE) as u64);
        components.resize(points.len() / n_given, 0.0);
        uniforms.uniforms(first, &mut components, runtime.level());
        PointJob { quantity: Chosen, mixture, points, out: &mut components, runtime }.run()?;
        draws.write((points, &components), first, out, runtime)?;
    }
    Ok(())
}

/// The component that a uniform chooses: it is in the row, and replaced.
struct Chosen;

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

/// What draws are made of, once their components are known.
struct Draws<'a> {
    conditional: &'a Conditional,
    /// Cholesky factors of the targets' covariances, packed.
    factors: Vec<f64>,
    normals: Stream,
}

impl<'a> Draws<'a> {
    fn new(conditional: &'a Conditional, seed: u64) -> Self {
        let n_targets = conditional.targets().len();
        let n_components = conditional.marginal().n_components();
        let inverse = conditional.precisions_cholesky();
        let mut factors = Vec::with_capacity(n_components * packed_len(n_targets));
        let mut packed = Vec::new();
        for k in 0..n_components {
            packed.clear();
            for i in 0..n_targets {
                packed.extend((0..=i).map(|j| inverse.at(k, i, j)));
            }
            factors.extend(invert_lower(&packed, n_targets));
        }
        Self { conditional, factors, normals: Stream::new(seed, Purpose::ConditionalNormals) }
    }

    /// Writes the draws of points of which the first has the number `first`.
    fn write(
        &self,
        (points, components): (&[f64], &[f64]),
        first: u64,
        out: &mut [f64],
        runtime: &Runtime,
    ) -> Result<()> {
        let n_given = self.conditional.marginal().n_features();
        let n_targets = self.conditional.targets().len();
        let chunks = points
            .chunks(CHUNK * n_given)
            .zip(components.chunks(CHUNK))
            .zip(out.chunks_mut(CHUNK * n_targets))
            .enumerate()
            .collect();
        runtime.install(|| {
            distribute(chunks, &|| {
                let mut normals = Vec::new();
                Box::new(move |(chunk, ((points, components), out))| {
                    runtime.check()?;
                    let first = first.wrapping_add((chunk * CHUNK) as u64);
                    normals.resize(out.len(), 0.0);
                    let counter = first.wrapping_mul(n_targets as u64);
                    self.normals.normals(counter, &mut normals, runtime.level());
                    let rows = points
                        .chunks_exact(n_given)
                        .zip(components)
                        .zip(normals.chunks_exact(n_targets).zip(out.chunks_exact_mut(n_targets)));
                    for ((values, &k), (normals, out)) in rows {
                        self.draw(k as usize, values, normals, out);
                    }
                    Ok(())
                })
            })
        })
    }

    /// Component `k`'s expert at `values` plus its factor times `normals`.
    fn draw(&self, k: usize, values: &[f64], normals: &[f64], out: &mut [f64]) {
        let (mean, target_means) =
            (self.conditional.marginal().mean(k), self.conditional.target_means(k));
        let len = packed_len(out.len());
        let factor = &self.factors[k * len..][..len];
        for (t, out) in out.iter_mut().enumerate() {
            let mut draw = 0.0;
            for (slope, (value, mean)) in
                self.conditional.slopes(k, t).iter().zip(values.iter().zip(mean))
            {
                draw += slope * (value - mean);
            }
            draw += target_means[t];
            for (factor, normal) in packed_row(factor, t).iter().zip(normals) {
                draw += factor * normal;
            }
            *out = draw;
        }
    }
}
