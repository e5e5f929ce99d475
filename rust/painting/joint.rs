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
pub(crate) const RANGE: f64 = 255.0;

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
    let scatters = || -> Result<Vec<Matrix>> {
        let mut sums = vec![Scatters::default(); components.len()];
        add_scatters(&mut sums, scene, &mut Slots::default(), runtime)?;
        Ok(sums.iter().map(|sums| scatter(sums, n_channels, reg_covar)).collect())
    };
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
pub(crate) type Matrix = [[f64; MAX_CHANNELS]; MAX_CHANNELS];

/// The sums of [`Scatter`] for a component.
pub(crate) type Scatters = [f64; 1 + MAX_CHANNELS * (MAX_CHANNELS + 1) / 2];

/// Adds the sums of a scene for each component; `slots` are memory to reuse.
pub(crate) fn add_scatters(
    totals: &mut [Scatters],
    scene: &Scene<'_>,
    slots: &mut Slots,
    runtime: &Runtime,
) -> Result<()> {
    scene.sum(&Scatter, slots, runtime)?;
    for (k, total) in totals.iter_mut().enumerate() {
        for slot in scene.survivors.slots_of(k) {
            total.iter_mut().zip(slots.of(slot.slot)).for_each(|(sum, more)| *sum += more);
        }
    }
    Ok(())
}

/// Returns the scatter of a component's colors, with `reg_covar` added to their variances.
pub(crate) fn scatter(sums: &Scatters, n_channels: usize, reg_covar: f64) -> Matrix {
    let mut matrix = [[0.0; MAX_CHANNELS]; MAX_CHANNELS];
    let mut products = sums[1..].iter().map(|sum| RANGE * RANGE * sum / sums[0].max(LEAST_PIXELS));
    for i in 0..n_channels {
        for j in 0..=i {
            let product = products.next().expect("as many as pairs of channels");
            (matrix[i][j], matrix[j][i]) = (product, product);
        }
        matrix[i][i] += reg_covar;
    }
    matrix
}

/// Returns the joint covariance [F; B] [F; B]ᵀ + C of P positions and some channels: `rows` are
/// those of a factor F of the positions' covariance, `slopes` those of B = A F, in units of the
/// picture's range, and C is the scatter of the channels.
pub(crate) fn covariance<const P: usize>(
    rows: &[[f64; P]; P],
    slopes: &[[f64; P]],
    scatter: &Matrix,
) -> Vec<f64> {
    let d = P + slopes.len();
    let row = |i: usize| if i < P { rows[i] } else { slopes[i - P].map(|b| RANGE * b) };
    let entry = |at: usize| {
        let (i, j) = (at / d, at % d);
        let (i, j) = (i.max(j), i.min(j));
        let products = row(i).into_iter().zip(row(j)).map(|(a, b)| a * b);
        let scatter = if j < P { 0.0 } else { scatter[i - P][j - P] };
        products.reduce(|sum, product| sum + product).unwrap_or(0.0) + scatter
    };
    (0..d * d).map(entry).collect()
}

/// The joint covariance of a component.
fn full(component: &Component, scatter: &Matrix, n_channels: usize) -> Vec<f64> {
    let [f0, f1, f2] = component.factor;
    let slopes = component.experts.map(|[_, x, y]| [x * f0 + y * f1, y * f2]);
    covariance(&[[f0, 0.0], [f1, f2]], &slopes[..n_channels], scatter)
}

/// The variances of a component without slopes.
fn diagonal(component: &Component, scatter: &Matrix, n_channels: usize) -> Vec<f64> {
    let [f0, _, f2] = component.factor;
    [f0 * f0, f2 * f2].into_iter().chain((0..n_channels).map(|c| scatter[c][c])).collect()
}
