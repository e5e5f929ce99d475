//! The specification of a painting's squared error and gradient: scalar float64 over all
//! pixels and components, for tests only.

use crate::painting::component::{Change, Component, MAX_CHANNELS, N_PARAMETERS};
use crate::painting::picture::Picture;

/// Responsibilities and values of all components at a pixel, and the painting there.
struct Pixel {
    responsibilities: Vec<f64>,
    /// Position in the frame of each component, F⁻¹ (p - mean).
    frames: Vec<[f64; 2]>,
    values: Vec<[f64; MAX_CHANNELS]>,
    painted: [f64; MAX_CHANNELS],
}

fn pixel(components: &[Component], x: f64, y: f64) -> Pixel {
    let frames: Vec<[f64; 2]> = components
        .iter()
        .map(|k| {
            let u = (x - k.mean[0]) / k.factor[0];
            [u, (y - k.mean[1] - k.factor[1] * u) / k.factor[2]]
        })
        .collect();
    let gates: Vec<f64> =
        components.iter().zip(&frames).map(|(k, [u, v])| k.peak - 0.5 * (u * u + v * v)).collect();
    let largest = gates.iter().fold(f64::NEG_INFINITY, |m, &q| m.max(q));
    let sum: f64 = gates.iter().map(|q| (q - largest).exp()).sum();
    let responsibilities: Vec<f64> = gates.iter().map(|q| (q - largest).exp() / sum).collect();
    let values: Vec<[f64; MAX_CHANNELS]> = components
        .iter()
        .map(|k| {
            k.experts.map(|[level, sx, sy]| level + sx * (x - k.mean[0]) + sy * (y - k.mean[1]))
        })
        .collect();
    let painted =
        std::array::from_fn(|c| responsibilities.iter().zip(&values).map(|(r, e)| r * e[c]).sum());
    Pixel { responsibilities, frames, values, painted }
}

/// Returns the painted value of channel `c` at (x, y).
#[must_use]
pub fn painted(components: &[Component], x: f64, y: f64, c: usize) -> f64 {
    pixel(components, x, y).painted[c]
}

/// Returns the squared error of a painting, summed over pixels and channels.
#[must_use]
pub fn squared_error(components: &[Component], picture: &Picture) -> f64 {
    let mut sum = 0.0;
    for (x, y) in pixels(picture) {
        let painted = pixel(components, x as f64, y as f64).painted;
        for (c, painted) in painted.iter().enumerate().take(picture.n_channels()) {
            sum += (painted - f64::from(picture.at(x, y, c))).powi(2);
        }
    }
    sum
}

/// Returns half the derivatives of the squared error by a change of each component.
#[must_use]
pub fn gradient(components: &[Component], picture: &Picture) -> Vec<Change> {
    let mut gradient = vec![[0.0; N_PARAMETERS]; components.len()];
    for (x, y) in pixels(picture) {
        let Pixel { responsibilities, frames, values, painted } =
            pixel(components, x as f64, y as f64);
        for (k, gradient) in gradient.iter_mut().enumerate() {
            let (r, [u, v]) = (responsibilities[k], frames[k]);
            let mut by_gate = 0.0;
            for c in 0..picture.n_channels() {
                let error = painted[c] - f64::from(picture.at(x, y, c));
                by_gate += r * error * (values[k][c] - painted[c]);
                for (at, factor) in [1.0, u, v].into_iter().enumerate() {
                    gradient[6 + 3 * c + at] += r * error * factor;
                }
            }
            for (at, factor) in [1.0, u, v, u * u, u * v, v * v].into_iter().enumerate() {
                gradient[at] += by_gate * factor;
            }
        }
    }
    gradient
}

fn pixels(picture: &Picture) -> impl Iterator<Item = (usize, usize)> {
    let (width, height) = (picture.width(), picture.height());
    (0..width * height).map(move |at| (at % width, at / width))
}
