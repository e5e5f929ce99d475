//! Mixtures that resemble those of pictures, from a fixed seed. Components are spread over
//! the picture, as wide as their spacing, and their positions correlate with colors.

use gmmfast::{Covariances, Mixture};

/// Width of the picture that the mixtures describe.
pub const WIDTH: usize = 640;
/// Height of that picture.
pub const HEIGHT: usize = 427;

/// Returns a generator of numbers in [0, 1): Weyl's sequence with the golden ratio, scrambled.
fn uniform(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed;
    move || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (state ^ (state >> 31)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        ((mixed ^ (mixed >> 29)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Returns a mixture with full covariances; its first two features are positions, the
/// others colors.
pub fn picture_mixture(n_components: usize, n_features: usize) -> Mixture {
    let mut random = uniform(7);
    let spacing = ((WIDTH * HEIGHT) as f64 / n_components as f64).sqrt();
    let mut means = Vec::new();
    let mut covariances = Vec::new();
    for _ in 0..n_components {
        let range = |i: usize| [WIDTH as f64, HEIGHT as f64].get(i).copied().unwrap_or(255.0);
        means.extend((0..n_features).map(|i| range(i) * random()));
        let stds: Vec<f64> = (0..n_features)
            .map(|i| if i < 2 { spacing * (0.3 + random()) } else { 5.0 + 30.0 * random() })
            .collect();
        let mixing: Vec<f64> = (0..n_features * n_features).map(|_| random() - 0.5).collect();
        for i in 0..n_features {
            for j in 0..n_features {
                let rows = mixing[i * n_features..].iter().zip(&mixing[j * n_features..]);
                let dot: f64 = rows.take(n_features).map(|(a, b)| a * b).sum();
                covariances.push((dot + f64::from(u8::from(i == j))) * stds[i] * stds[j]);
            }
        }
    }
    let weights = vec![1.0 / n_components as f64; n_components];
    Mixture::new(weights, means, Covariances::Full(covariances)).expect("a valid mixture")
}
