//! The start, drawn from the picture: many narrow gates where it changes much.
//!
//! The structure tensor (J. Bigün and G. Granlund, Optimal orientation detection of linear
//! symmetry, ICCV 1987) gives the energy of the gradient near each pixel and the direction
//! in which the picture changes. Means are drawn with the density energy^(1/2) by error
//! diffusion, which spreads them evenly (R. Floyd and L. Steinberg, An adaptive algorithm
//! for spatial greyscale, 1976).

use crate::painting::component::{Component, MAX_CHANNELS, factor_of};
use crate::painting::picture::Picture;

/// Radius of the box over which the tensor is averaged, in pixels.
const RADIUS: usize = 4;

/// Density everywhere, relative to the mean of energy^(1/2).
const LEAST_DENSITY: f32 = 0.2;

/// Standard deviation of a gate, relative to the distance between means.
const WIDTH: f64 = 0.3;

/// The ratio of variances along and across an edge is exp of twice this, times coherence.
const STRETCH: f64 = 2.0;

/// Energy of the gradient that is noise.
const LEAST_ENERGY: f64 = 1e-4;

/// Least variance of a gate, in square pixels.
const LEAST_VARIANCE: f64 = 1e-6;

/// Means are this far from the middles of pixels: a gate would be symmetric there, and its
/// gradient zero.
const OFFSET: f64 = 0.01;

/// The averaged structure tensor at each pixel.
struct Tensor {
    /// xx + yy.
    energy: Vec<f32>,
    /// xx - yy and 2 xy.
    difference: Vec<f32>,
    product: Vec<f32>,
}

impl Tensor {
    fn new(picture: &Picture) -> Self {
        let (width, height) = (picture.width(), picture.height());
        let n = width * height;
        let (mut energy, mut difference, mut product) = (vec![0.0; n], vec![0.0; n], vec![0.0; n]);
        for c in 0..picture.n_channels() {
            let values: Vec<f32> = (0..n).map(|at| picture.at(at % width, at / width, c)).collect();
            for y in 0..height {
                let line = |y: usize| &values[y * width..][..width];
                let (own, above) = (line(y), line(y.saturating_sub(1)));
                let below = line((y + 1).min(height - 1));
                for x in 0..width {
                    let along_x = own[(x + 1).min(width - 1)] - own[x.saturating_sub(1)];
                    let along_y = below[x] - above[x];
                    let at = y * width + x;
                    energy[at] += along_x * along_x + along_y * along_y;
                    difference[at] += along_x * along_x - along_y * along_y;
                    product[at] += 2.0 * along_x * along_y;
                }
            }
        }
        for plane in [&mut energy, &mut difference, &mut product] {
            blur(plane, width);
        }
        Self { energy, difference, product }
    }
}

/// Averages over a box, whose part outside the picture is left out.
fn blur(plane: &mut [f32], width: usize) {
    let near = |at: usize, len: usize| at.saturating_sub(RADIUS)..(at + RADIUS + 1).min(len);
    for row in plane.chunks_mut(width) {
        let values = row.to_vec();
        for (x, mean) in row.iter_mut().enumerate() {
            let values = &values[near(x, width)];
            *mean = values.iter().sum::<f32>() / values.len() as f32;
        }
    }
    // Whole rows are added: a column has one value in each.
    let rows = plane.to_vec();
    for (y, means) in plane.chunks_mut(width).enumerate() {
        let near = near(y, rows.len() / width);
        let n = near.len() as f32;
        means.fill(0.0);
        for row in rows[near.start * width..near.end * width].chunks(width) {
            means.iter_mut().zip(row).for_each(|(mean, value)| *mean += value);
        }
        means.iter_mut().for_each(|mean| *mean /= n);
    }
}

/// Draws `n_components` components from a picture: gates of equal peaks, experts of the
/// colors there without slopes.
#[must_use]
pub fn draw(picture: &Picture, n_components: usize) -> Vec<Component> {
    let tensor = Tensor::new(picture);
    let roots = tensor.energy.iter().map(|e| e.sqrt());
    let mean = (roots.clone().map(f64::from).sum::<f64>() / tensor.energy.len() as f64) as f32;
    // A picture of one color has the same density everywhere.
    let density = |root: f32| root / mean.max(f32::MIN_POSITIVE) + LEAST_DENSITY;
    let densities: Vec<f32> = roots.map(density).collect();
    let total: f64 = densities.iter().copied().map(f64::from).sum();
    let per_pixel = n_components as f64 / total;
    let mut places = diffuse(&densities, picture.width(), per_pixel as f32);
    // Diffusion gives a few more or less.
    for i in 0..places.len().saturating_sub(n_components) {
        places.swap_remove(spread(i, places.len()));
    }
    for i in 0..n_components.saturating_sub(places.len()) {
        places.push(spread(i, densities.len()));
    }
    let component = |at: usize| {
        let spacing = (1.0 / (per_pixel * f64::from(densities[at]))).sqrt();
        component_at(picture, &tensor, at, WIDTH * spacing)
    };
    places.into_iter().map(component).collect()
}

/// Number `i` of a sequence that is spread evenly below `n`.
fn spread(i: usize, n: usize) -> usize {
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    ((GOLDEN * (i + 1) as f64).fract() * n as f64) as usize
}

/// Numbers of pixels, drawn with a density by error diffusion along a serpentine.
fn diffuse(densities: &[f32], width: usize, scale: f32) -> Vec<usize> {
    let mut drawn = Vec::new();
    // Errors of this row and of the next, with a pixel to the left and to the right.
    let (mut errors, mut below) = (vec![0.0; width + 2], vec![0.0; width + 2]);
    for (y, row) in densities.chunks(width).enumerate() {
        let is_forward = y % 2 == 0;
        for i in 0..width {
            let x = if is_forward { i } else { width - 1 - i };
            let value = row[x] * scale + errors[x + 1];
            let is_drawn = value > 0.5;
            if is_drawn {
                drawn.push(y * width + x);
            }
            let error = value - f32::from(is_drawn);
            let (next, last) = if is_forward { (x + 2, x) } else { (x, x + 2) };
            errors[next] += error * (7.0 / 16.0);
            below[last] += error * (3.0 / 16.0);
            below[x + 1] += error * (5.0 / 16.0);
            below[next] += error * (1.0 / 16.0);
        }
        errors.fill(0.0);
        std::mem::swap(&mut errors, &mut below);
    }
    drawn
}

/// A component at pixel number `at`, stretched across the gradient.
fn component_at(picture: &Picture, tensor: &Tensor, at: usize, std: f64) -> Component {
    let (width, height) = (picture.width(), picture.height());
    let (x, y) = (at % width, at / width);
    let [energy, difference, product] =
        [&tensor.energy, &tensor.difference, &tensor.product].map(|plane| f64::from(plane[at]));
    let stretch = STRETCH * difference.hypot(product) / (energy + LEAST_ENERGY);
    let (sine, cosine) = (0.5 * product.atan2(difference)).sin_cos();
    let (along, across) = (std * std * (-stretch).exp(), std * std * stretch.exp());
    let covariance = [
        along * cosine * cosine + across * sine * sine,
        (along - across) * sine * cosine,
        along * sine * sine + across * cosine * cosine,
    ];
    let radius = (0.5 * std).round() as usize;
    let near = |at: usize, side: usize| at.saturating_sub(radius)..(at + radius + 1).min(side);
    let mut experts = [[0.0; 3]; MAX_CHANNELS];
    let n_pixels = (near(x, width).len() * near(y, height).len()) as f64;
    for (c, expert) in experts.iter_mut().enumerate().take(picture.n_channels()) {
        let row = |y: usize| near(x, width).map(move |x| f64::from(picture.at(x, y, c)));
        expert[0] = near(y, height).flat_map(row).sum::<f64>() / n_pixels;
    }
    Component {
        peak: 0.0,
        mean: [x as f64 + OFFSET, y as f64 - OFFSET],
        factor: factor_of(covariance, LEAST_VARIANCE),
        experts,
    }
}
