//! Draws points of a mixture, and fits another mixture to them: `cargo run --release --example fit`.
//!
//! k-means++ chooses the first centers, and EM iterates until the mean log-likelihood is constant.

use gmmfast::{Covariances, Data, Mixture, Order, Result, Runtime, Sampling, kmeans_plusplus};

const N_SAMPLES: usize = 20_000;
const N_COMPONENTS: usize = 3;

/// Prints the weights and the means.
pub fn main() -> Result<()> {
    let runtime = Runtime::new(None)?;
    let true_means = vec![0.0, 0.0, 6.0, 1.0, 2.0, 5.0];
    let variances = Covariances::Spherical(vec![1.0, 0.25, 0.5]);
    let source = Mixture::new(vec![0.5, 0.3, 0.2], true_means, variances)?;
    let mut points = vec![0.0; 2 * N_SAMPLES];
    Sampling::new(&source, 1).draw(Order::Shuffled, &mut points, None, &runtime)?;

    let data = Data::new(&points, 2, None, None, &runtime)?;
    let draws = [0.3, 0.7, 0.2, 0.9]; // two candidates for each center after the first
    let rows = kmeans_plusplus(&data, 0, &draws, 2, &runtime)?;
    let means = rows.iter().flat_map(|&row| points[2 * row..2 * row + 2].to_vec()).collect();
    let weights = vec![1.0 / N_COMPONENTS as f64; N_COMPONENTS];
    let identities = [1.0, 0.0, 0.0, 1.0].repeat(N_COMPONENTS);
    let mut mixture = Mixture::new(weights, means, Covariances::Full(identities))?;

    let mut last = f64::NEG_INFINITY;
    for iteration in 1.. {
        let (estimate, mean_log_likelihood) = data.step(&mixture, 1e-6, &runtime)?;
        mixture = Mixture::new(estimate.weights, estimate.means, estimate.covariances)?;
        if mean_log_likelihood - last < 1e-6 {
            println!("{iteration} iterations, mean log-likelihood {mean_log_likelihood:.4}");
            break;
        }
        last = mean_log_likelihood;
    }
    for k in 0..N_COMPONENTS {
        let (weight, mean) = (mixture.weights()[k], mixture.mean(k));
        println!("weight {weight:.3}, mean ({:.2}, {:.2})", mean[0], mean[1]);
    }
    Ok(())
}
