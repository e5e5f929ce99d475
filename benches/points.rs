//! Scattered log-densities on one thread at every instruction set, checked
//! against the specification before they are timed.
#![allow(missing_docs)]

#[path = "models.rs"]
mod models;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use gmmfast::{Level, Runtime, naive, score_samples};
use models::{HEIGHT, WIDTH, picture_mixture};

const N_POINTS: usize = 50_000;

fn scattered(criterion: &mut Criterion) {
    for (n_features, n_components) in [(2, 500), (5, 100), (16, 64)] {
        let mixture = picture_mixture(n_components, n_features);
        let range = |i: usize| [WIDTH, HEIGHT].get(i).copied().unwrap_or(255) as f64;
        // Kronecker's sequence: spread evenly, the same every time.
        let coordinate = |n: usize, i: usize| (n as f64 * ((i + 2) as f64).sqrt()).fract();
        let points: Vec<f64> = (0..N_POINTS)
            .flat_map(|n| (0..n_features).map(move |i| coordinate(n, i) * range(i)))
            .collect();
        let mut group = criterion.benchmark_group(format!("points/{n_features}d"));
        group.sample_size(10).throughput(Throughput::Elements((N_POINTS * n_components) as u64));
        for level in Level::available() {
            let runtime = Runtime::new(Some(1)).unwrap().with_level(level);
            let mut out = vec![0.0; N_POINTS];
            score_samples(&mixture, &points, &mut out, &runtime).expect("nothing interrupts");
            for (x, got) in points.chunks(n_features).zip(&out).step_by(97) {
                let want = naive::log_density(&mixture, x);
                assert!((got - want).abs() <= 1e-11 * (1.0 + want.abs()), "{got} against {want}");
            }
            group.bench_function(level.name(), |b| {
                b.iter(|| score_samples(&mixture, &points, &mut out, &runtime));
            });
        }
        group.finish();
    }
}

criterion_group!(benches, scattered);
criterion_main!(benches);
