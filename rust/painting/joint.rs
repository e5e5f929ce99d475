//! Components as a Gaussian mixture over (x, y, channels), and back.
//!
//! A gate with covariance S, experts with slopes A and a scatter C of the colors make the
//! joint covariance [[S, S Aᵀ], [A S, C + A S Aᵀ]]. Its conditional mean is the painting, for
//! any positive definite C. Here C is the responsible pixels' scatter about the painting, not
//! about the expert: experts may compensate each other far from the colors.

use crate::error::{Error, Result};
use crate::model::covariances::Covariances;
use crate::model::mixture::Mixture;
use crate::painting::component::{Component, MAX_CHANNELS, factor_of, inverse};
use crate::painting::kernel::roles::Scatter;
use crate::painting::kernel::sums::{Scene, Slots};
use crate::runtime::Runtime;

/// The range of a picture's levels.
const RANGE: f64 = 255.0;

/// Pixels of a component, at least; a component of fewer has no scatter.
const LEAST_PIXELS: f64 = 1.0;

/// Returns the components of a mixture over (x, y, channels), channels in 0..255.
///
/// # Errors
/// If the mixture does not have 1 to 4 features more than the two of position.
pub fn components_of(mixture: &Mixture) -> Result<Vec<Component>> {
    let d = mixture.n_features();
    if !(3..=2 + MAX_CHANNELS).contains(&d) {
        let expected = "features (x, y) and 1 to 4 channels".to_owned();
        return Err(Error::Value { argument: "model", expected, got: format!("{d} features") });
    }
    let component = |k: usize| {
        let at = |i: usize, j: usize| mixture.covariances().at(d, k, i, j);
        let factor = factor_of([at(0, 0), at(1, 0), at(1, 1)], f64::MIN_POSITIVE);
        let l = inverse(factor);
        let mut experts = [[0.0; 3]; MAX_CHANNELS];
        for (c, expert) in experts.iter_mut().enumerate().take(d - 2) {
            // A = (A S) S⁻¹ with S⁻¹ = Lᵀ L.
            let along = [l[0] * at(2 + c, 0), l[1] * at(2 + c, 0) + l[2] * at(2 + c, 1)];
            let slopes = [l[0] * along[0] + l[1] * along[1], l[2] * along[1]];
            *expert = [mixture.mean(k)[2 + c], slopes[0], slopes[1]].map(|v| v / RANGE);
        }
        Component {
            peak: mixture.log_weights()[k] - (factor[0] * factor[2]).ln(),
            mean: [mixture.mean(k)[0], mixture.mean(k)[1]],
            factor,
            experts,
        }
    };
    Ok((0..mixture.n_components()).map(component).collect())
}

/// Returns the mixture of a scene's components, with covariances of the type of `like`:
/// of it, those that have a type without matrices of their own are kept.
///
/// `reg_covar` is added to the variances of the channels, in squared levels.
///
/// # Errors
/// If a covariance is not positive definite in float64.
pub(crate) fn mixture_of(
    scene: &Scene<'_>,
    like: &Covariances,
    reg_covar: f64,
    runtime: &Runtime,
) -> Result<Mixture> {
    let (components, n_channels) = (scene.components, scene.picture.n_channels());
    let d = 2 + n_channels;
    let mut means = Vec::with_capacity(components.len() * d);
    for component in components {
        means.extend(component.mean);
        means.extend(component.experts.iter().take(n_channels).map(|expert| RANGE * expert[0]));
    }
    let scatters = || scatters(scene, reg_covar, runtime);
    let covariances = match like {
        Covariances::Full(_) => {
            let pairs = components.iter().zip(scatters()?);
            Covariances::Full(pairs.flat_map(|(k, c)| full(k, &c, n_channels)).collect())
        }
        Covariances::Diag(_) => {
            let pairs = components.iter().zip(scatters()?);
            Covariances::Diag(pairs.flat_map(|(k, c)| diagonal(k, &c, n_channels)).collect())
        }
        // Shared covariances and single variances stay.
        _ => like.clone(),
    };
    Mixture::from_log_weights(log_weights(components), means, covariances)
}

/// Logarithms of weights that sum to 1.
fn log_weights(components: &[Component]) -> Vec<f64> {
    let mass = |k: &Component| k.peak + (k.factor[0] * k.factor[2]).ln();
    let masses: Vec<f64> = components.iter().map(mass).collect();
    let largest = masses.iter().fold(f64::NEG_INFINITY, |m, &mass| m.max(mass));
    let total = largest + masses.iter().map(|mass| (mass - largest).exp()).sum::<f64>().ln();
    masses.into_iter().map(|mass| mass - total).collect()
}

/// A symmetric matrix of the channels, in squared levels.
type Matrix = [[f64; MAX_CHANNELS]; MAX_CHANNELS];

fn scatters(scene: &Scene<'_>, reg_covar: f64, runtime: &Runtime) -> Result<Vec<Matrix>> {
    let mut slots = Slots::default();
    scene.sum(&Scatter, &mut slots, runtime)?;
    let scatter = |k: usize| {
        let mut sums = [0.0; 1 + MAX_CHANNELS * (MAX_CHANNELS + 1) / 2];
        for slot in scene.survivors.slots_of(k) {
            sums.iter_mut().zip(slots.of(slot.slot)).for_each(|(sum, more)| *sum += more);
        }
        let mut matrix = [[0.0; MAX_CHANNELS]; MAX_CHANNELS];
        let mut products =
            sums[1..].iter().map(|sum| RANGE * RANGE * sum / sums[0].max(LEAST_PIXELS));
        for i in 0..scene.picture.n_channels() {
            for j in 0..=i {
                let product = products.next().expect("as many as pairs of channels");
                (matrix[i][j], matrix[j][i]) = (product, product);
            }
            matrix[i][i] += reg_covar;
        }
        matrix
    };
    Ok((0..scene.components.len()).map(scatter).collect())
}

/// The joint covariance of a component.
fn full(component: &Component, scatter: &Matrix, n_channels: usize) -> Vec<f64> {
    let d = 2 + n_channels;
    let [f0, f1, f2] = component.factor;
    // The rows of [F; A F]: the covariance is its product with its transpose, and C.
    let expert = |c: usize| component.experts[c].map(|e| RANGE * e);
    let row = |i: usize| match i {
        0 => [f0, 0.0],
        1 => [f1, f2],
        _ => {
            let [_, x, y] = expert(i - 2);
            [x * f0 + y * f1, y * f2]
        }
    };
    let entry = |at: usize| {
        let (i, j) = (at / d, at % d);
        let ([a, b], [p, q]) = (row(i.max(j)), row(i.min(j)));
        let scatter = if i.min(j) < 2 { 0.0 } else { scatter[i - 2][j - 2] };
        a * p + b * q + scatter
    };
    (0..d * d).map(entry).collect()
}

/// The variances of a component without slopes.
fn diagonal(component: &Component, scatter: &Matrix, n_channels: usize) -> Vec<f64> {
    let [f0, _, f2] = component.factor;
    [f0 * f0, f2 * f2].into_iter().chain((0..n_channels).map(|c| scatter[c][c])).collect()
}
