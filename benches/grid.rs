//! Grid kernels on one thread at every instruction set, checked against the
//! specification on every 97th pixel before they are timed.
#![allow(missing_docs, reason = "a program")]

#[path = "checks.rs"]
mod checks;
#[path = "models.rs"]
mod models;

use checks::{check_picture, grid};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use gmmfast::{Level, Pixel, Quantity, Rendering, Runtime, spec};
use models::{HEIGHT, WIDTH, picture_mixture};

fn time<P: Pixel + Default>(
    criterion: &mut Criterion,
    (name, n_components): (&str, usize),
    rendering: &Rendering,
    check: impl Fn(&Runtime),
) {
    let mut group = criterion.benchmark_group(format!("grid/{name}"));
    group.sample_size(10).throughput(Throughput::Elements((WIDTH * HEIGHT * n_components) as u64));
    let mut out = vec![P::default(); rendering.n_values()];
    for level in Level::available() {
        let runtime = Runtime::new(Some(1)).unwrap().with_level(level);
        check(&runtime);
        group.bench_function(level.name(), |b| {
            b.iter(|| rendering.render(&mut out, &runtime).expect("nothing interrupts"));
        });
    }
    group.finish();
}

fn densities(criterion: &mut Criterion) {
    let mixture = picture_mixture(500, 2);
    for (name, quantity) in [("log_density", Quantity::LogDensity), ("density", Quantity::Density)]
    {
        let rendering = Rendering::new(&mixture, &grid(), &[0, 1], quantity).expect("valid");
        let want = |x: &[f64]| match quantity {
            Quantity::Density => vec![spec::log_density(&mixture, x).exp()],
            _ => vec![spec::log_density(&mixture, x)],
        };
        time::<f64>(criterion, (name, 500), &rendering, |r| {
            check_picture::<f64>(&rendering, r, want)
        });
    }
}

fn means(criterion: &mut Criterion) {
    let mixture = picture_mixture(1000, 5);
    let rendering = Rendering::new(&mixture, &grid(), &[0, 1], Quantity::Mean).expect("valid");
    let want = |x: &[f64]| spec::conditional_mean(&mixture, &[0, 1], x);
    time::<f64>(criterion, ("mean/float64", 1000), &rendering, |r| {
        check_picture::<f64>(&rendering, r, want)
    });
    time::<u8>(criterion, ("mean/uint8", 1000), &rendering, |r| {
        check_picture::<u8>(&rendering, r, want)
    });
}

/// Times the quantities of the responsibilities other than the mean.
fn others(criterion: &mut Criterion) {
    let mixture = picture_mixture(1000, 5);
    let marginal = mixture.marginal(&[0, 1]).expect("valid");
    let new = |quantity| Rendering::new(&mixture, &grid(), &[0, 1], quantity).expect("valid");
    let covariance = |x: &[f64]| spec::conditional_covariance(&mixture, &[0, 1], x);
    let std = |x: &[f64]| covariance(x).iter().step_by(4).map(|variance| variance.sqrt()).collect();
    let rendering = new(Quantity::Std);
    time::<f64>(criterion, ("std", 1000), &rendering, |r| check_picture::<f64>(&rendering, r, std));
    let rendering = new(Quantity::Label);
    time::<i32>(criterion, ("label", 1000), &rendering, |r| {
        check_picture::<i32>(&rendering, r, |x| vec![spec::label(&marginal, x) as f64])
    });
    let rendering = new(Quantity::Entropy);
    time::<f64>(criterion, ("entropy", 1000), &rendering, |r| {
        check_picture::<f64>(&rendering, r, |x| vec![spec::entropy(&marginal, x)])
    });
}

criterion_group!(benches, densities, means, others);
criterion_main!(benches);
