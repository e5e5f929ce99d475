//! Scattered points on one thread at every instruction set. Each result is compared with
//! the specification before it is timed.
//!
//! `dense` has log-densities where no component is negligible at any point; `culled` has
//! log-densities, labels and responsibilities of the pixels of a picture, where the tree
//! culls most components; `conditional` has moments and draws of colors at positions.
#![allow(missing_docs, reason = "a program")]

#[path = "checks.rs"]
mod checks;
#[path = "models.rs"]
mod models;

use checks::{check_points, grid, scattered_points, spread};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use gmmfast::{
    Conditional, DrawStart, Level, Mixture, Quantity, Rendering, Runtime, conditional_mean,
    conditional_mean_and_covariance, conditional_sample, predict, predict_proba, score_samples,
    spec,
};
use models::{WIDTH, picture_mixture};

const N_POINTS: usize = 50_000;

/// Points for which responsibilities are timed; with 1000 components these take 160 MB.
const N_ASSIGNED: usize = 20_000;

fn runtimes() -> impl Iterator<Item = Runtime> {
    Level::available().into_iter().map(|l| Runtime::new(Some(1)).unwrap().with_level(l))
}

fn dense(criterion: &mut Criterion) {
    for (n_features, n_components) in [(2, 200), (5, 100), (16, 25)] {
        let mixture = picture_mixture(n_components, n_features);
        let points = scattered_points(N_POINTS, n_features);
        let mut group = criterion.benchmark_group(format!("points/dense/{n_features}d"));
        group.sample_size(10).throughput(Throughput::Elements((N_POINTS * n_components) as u64));
        for runtime in runtimes() {
            let mut out = vec![0.0; N_POINTS];
            check_points(&mixture, &points, &runtime);
            group.bench_function(runtime.level().name(), |b| {
                b.iter(|| score_samples(&mixture, &points, &mut out, &runtime));
            });
        }
        group.finish();
    }
}

/// Returns (x, y, r, g, b) of every pixel of the painting by the mixture, with noise in
/// the colors, like the pixels to which such a mixture is fitted.
fn pixels(mixture: &Mixture) -> Vec<f64> {
    let painting =
        Rendering::new(mixture, &grid(), &[0, 1], Quantity::Mean).expect("five features");
    let mut colors = vec![0.0; painting.n_values()];
    painting.render(&mut colors, &Runtime::new(Some(1)).unwrap()).expect("nothing interrupts");
    let pixel = |(at, color): (usize, &[f64])| {
        let noise = |i: usize| 10.0 * (spread(at, i) + spread(at, i + 3) - 1.0);
        let (x, y) = ((at % WIDTH) as f64, (at / WIDTH) as f64);
        [x, y, color[0] + noise(0), color[1] + noise(1), color[2] + noise(2)]
    };
    colors.chunks_exact(3).enumerate().flat_map(pixel).collect()
}

fn culled(criterion: &mut Criterion) {
    let (n_features, n_components) = (5, 1000);
    let mixture = picture_mixture(n_components, n_features);
    let points = pixels(&mixture);
    let n_points = points.len() / n_features;
    let mut group = criterion.benchmark_group("points/culled/5d");
    group.sample_size(10).throughput(Throughput::Elements((n_points * n_components) as u64));
    for runtime in runtimes() {
        let level = runtime.level().name();
        let mut scores = vec![0.0; n_points];
        check_points(&mixture, &points, &runtime);
        group.bench_function(format!("score_samples/{level}"), |b| {
            b.iter(|| score_samples(&mixture, &points, &mut scores, &runtime));
        });
        let mut labels = vec![0; n_points];
        predict(&mixture, &points, &mut labels, &runtime).expect("nothing interrupts");
        for (x, &label) in points.chunks(n_features).zip(&labels).step_by(97) {
            let q = spec::weighted_log_prob(&mixture, x);
            let largest = q.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            assert!(q[label as usize] >= largest - 1e-11 * (1.0 + largest.abs()));
        }
        group.bench_function(format!("predict/{level}"), |b| {
            b.iter(|| predict(&mixture, &points, &mut labels, &runtime));
        });
    }
    let points = &points[..N_ASSIGNED * n_features];
    group.throughput(Throughput::Elements((N_ASSIGNED * n_components) as u64));
    for runtime in runtimes() {
        let mut responsibilities = vec![0.0; N_ASSIGNED * n_components];
        predict_proba(&mixture, points, &mut responsibilities, &runtime)
            .expect("nothing interrupts");
        let rows = points.chunks(n_features).zip(responsibilities.chunks(n_components));
        for (x, got) in rows.step_by(97) {
            for (got, want) in got.iter().zip(spec::responsibilities(&mixture, x)) {
                assert!((got - want).abs() <= 1e-11 * want + 1e-300, "{got} against {want}");
            }
        }
        group.bench_function(format!("predict_proba/{}", runtime.level().name()), |b| {
            b.iter(|| predict_proba(&mixture, points, &mut responsibilities, &runtime));
        });
    }
    group.finish();
}

/// Times moments and draws of (r, g, b) at scattered (x, y).
fn conditional(criterion: &mut Criterion) {
    type Evaluate = fn(&Conditional, &[f64], &mut [f64], &Runtime) -> gmmfast::Result<()>;
    let mixture = picture_mixture(1000, 5);
    let conditional = Conditional::new(&mixture, &[0, 1]).expect("five features");
    let points = scattered_points(N_POINTS, 2);
    let mut group = criterion.benchmark_group("points/conditional/2d");
    group.sample_size(10).throughput(Throughput::Elements(N_POINTS as u64));
    let draw: Evaluate = |conditional, values, out, runtime| {
        conditional_sample(conditional, values, DrawStart { seed: 0, first_point: 0 }, out, runtime)
    };
    let work: [(&str, Evaluate, usize); 3] = [
        ("mean", conditional_mean, 3),
        ("mean_and_covariance", conditional_mean_and_covariance, 12),
        ("sample", draw, 3),
    ];
    for runtime in runtimes() {
        let mut out = vec![0.0; 12 * N_POINTS];
        conditional_mean_and_covariance(&conditional, &points, &mut out, &runtime)
            .expect("nothing interrupts");
        for (x, row) in points.chunks(2).zip(out.chunks(12)).step_by(997) {
            let mut want = spec::conditional_mean(&mixture, &[0, 1], x);
            want.extend(spec::conditional_covariance(&mixture, &[0, 1], x));
            for (got, want) in row.iter().zip(want) {
                assert!((got - want).abs() <= 1e-10 * (1.0 + want.abs()), "{got} against {want}");
            }
        }
        for (name, evaluate, row_len) in work {
            let out = &mut out[..row_len * N_POINTS];
            group.bench_function(format!("{name}/{}", runtime.level().name()), |b| {
                b.iter(|| evaluate(&conditional, &points, out, &runtime));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, dense, culled, conditional);
criterion_main!(benches);
