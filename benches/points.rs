//! Scattered log-densities on one thread at every instruction set, checked
//! against the specification before they are timed.
#![allow(missing_docs)]

#[path = "checks.rs"]
mod checks;
#[path = "models.rs"]
mod models;

use checks::{check_points, scattered_points};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use gmmfast::{Level, Runtime, score_samples};
use models::picture_mixture;

const N_POINTS: usize = 50_000;

fn scattered(criterion: &mut Criterion) {
    for (n_features, n_components) in [(2, 500), (5, 100), (16, 64)] {
        let mixture = picture_mixture(n_components, n_features);
        let points = scattered_points(N_POINTS, n_features);
        let mut group = criterion.benchmark_group(format!("points/{n_features}d"));
        group.sample_size(10).throughput(Throughput::Elements((N_POINTS * n_components) as u64));
        for level in Level::available() {
            let runtime = Runtime::new(Some(1)).unwrap().with_level(level);
            let mut out = vec![0.0; N_POINTS];
            check_points(&mixture, &points, &runtime);
            group.bench_function(level.name(), |b| {
                b.iter(|| score_samples(&mixture, &points, &mut out, &runtime));
            });
        }
        group.finish();
    }
}

criterion_group!(benches, scattered);
criterion_main!(benches);
