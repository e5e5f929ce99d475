//! One iteration of expectation-maximization on one thread at every instruction set.
//!
//! `culled` has the pixels of a picture, where the tree culls most components; `dense` has
//! a few components, none of which is negligible at any point. Each
//! result is compared with the specification at a part of the points before it is
//! timed. The data are prepared once, as in a fit.
#![allow(missing_docs, reason = "a program")]

#[path = "models.rs"]
mod models;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use gmmfast::{Data, Grid, Level, Mixture, Quantity, Rendering, Runtime, spec};
use models::{HEIGHT, WIDTH, picture_mixture};

/// Number of points that are checked; the specification evaluates every component at each.
const N_CHECKED: usize = 5000;

const REG_COVAR: f64 = 1e-6;

/// Returns coordinate `i` of point `n` of Kronecker's sequence, which is evenly spread.
fn spread(n: usize, i: usize) -> f64 {
    (n as f64 * ((i + 2) as f64).sqrt()).fract()
}

/// Returns (x, y, r, g, b) of every pixel of the painting by the mixture, with noise in
/// the colors.
fn pixels(mixture: &Mixture) -> Vec<f64> {
    let extent = [(-0.5, WIDTH as f64 - 0.5), (-0.5, HEIGHT as f64 - 0.5)];
    let grid = Grid::new(&[HEIGHT, WIDTH], &extent).expect("a grid");
    let painting = Rendering::new(mixture, &grid, &[0, 1], Quantity::Mean).expect("five features");
    let mut colors = vec![0.0; painting.n_values()];
    painting.render(&mut colors, &Runtime::new(Some(1)).unwrap()).expect("nothing interrupts");
    let pixel = |(at, color): (usize, &[f64])| {
        let noise = |i: usize| 10.0 * (spread(at, i) + spread(at, i + 3) - 1.0);
        let (x, y) = ((at % WIDTH) as f64, (at / WIDTH) as f64);
        [x, y, color[0] + noise(0), color[1] + noise(1), color[2] + noise(2)]
    };
    colors.chunks_exact(3).enumerate().flat_map(pixel).collect()
}

/// Compares the means of components that have points with the specification.
fn check(mixture: &Mixture, points: &[f64], runtime: &Runtime) {
    let d = mixture.n_features();
    let points = &points[..N_CHECKED * d];
    let data = Data::new(points, d, None, None, runtime).expect("finite points");
    let (got, _) = data.step(mixture, REG_COVAR, runtime).expect("nothing interrupts");
    let (weights, means, _) = spec::m_step(mixture, points, &[1.0; N_CHECKED], REG_COVAR);
    for (ki, (got, want)) in got.means.iter().zip(means).enumerate() {
        if weights[ki / d] > 1e-9 {
            assert!((got - want).abs() <= 1e-9 * (1.0 + want.abs()), "{got} against {want}");
        }
    }
}

fn iterations(criterion: &mut Criterion) {
    for (name, n_components) in [("culled", 1000), ("dense", 10)] {
        let mixture = picture_mixture(n_components, 5);
        let points = pixels(&mixture);
        let n_points = points.len() / 5;
        let mut group = criterion.benchmark_group(format!("em/{name}/5d"));
        group.sample_size(10).throughput(Throughput::Elements((n_points * n_components) as u64));
        for level in Level::available() {
            let runtime = Runtime::new(Some(1)).unwrap().with_level(level);
            check(&mixture, &points, &runtime);
            let data = Data::new(&points, 5, None, None, &runtime).expect("finite points");
            group.bench_function(level.name(), |b| {
                b.iter(|| data.step(&mixture, REG_COVAR, &runtime));
            });
        }
        group.finish();
    }
}

criterion_group!(benches, iterations);
criterion_main!(benches);
