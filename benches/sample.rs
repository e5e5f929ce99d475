//! Random streams and samples on one thread at every instruction set. The moments of the
//! samples are compared with the mixture's before they are timed.
#![allow(missing_docs, reason = "a program")]

#[path = "models.rs"]
mod models;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use gmmfast::{Level, Mixture, Order, Purpose, Runtime, Sampling, Stream};
use models::picture_mixture;

/// A number of values that fits the first-level cache.
const N_NUMBERS: usize = 2048;

fn streams(criterion: &mut Criterion) {
    let stream = Stream::new(0, Purpose::Normals);
    let mut out = vec![0.0; N_NUMBERS];
    for (name, fill) in [
        ("uniforms", Stream::uniforms as fn(&Stream, u64, &mut [f64], Level)),
        ("normals", Stream::normals),
    ] {
        let mut group = criterion.benchmark_group(format!("stream/{name}"));
        group.sample_size(20).throughput(Throughput::Elements(N_NUMBERS as u64));
        for level in Level::available() {
            fill(&stream, 0, &mut out, level);
            let mean = out.iter().sum::<f64>() / N_NUMBERS as f64;
            let expected = if name == "normals" { 0.0 } else { 0.5 };
            assert!((mean - expected).abs() < 5.0 / (N_NUMBERS as f64).sqrt(), "a mean of {mean}");
            group.bench_function(level.name(), |b| b.iter(|| fill(&stream, 0, &mut out, level)));
        }
        group.finish();
    }
}

const N_SAMPLES: usize = 1 << 18;

/// Compares the samples' means with the mixture's, within five standard errors.
fn check(mixture: &Mixture, points: &[f64]) {
    let (d, n) = (mixture.n_features(), points.len() / mixture.n_features());
    for i in 0..d {
        let mean = |x: &dyn Fn(usize) -> f64| {
            (0..mixture.n_components()).map(|k| mixture.weights()[k] * x(k)).sum::<f64>()
        };
        let want = mean(&|k| mixture.mean(k)[i]);
        let square = mean(&|k| mixture.covariance(k, i, i) + mixture.mean(k)[i].powi(2));
        let got = points.iter().skip(i).step_by(d).sum::<f64>() / n as f64;
        let error = ((square - want * want) / n as f64).sqrt();
        assert!((got - want).abs() < 5.0 * error, "a mean of {got}, not {want}");
    }
}

fn samples(criterion: &mut Criterion) {
    for (n_features, n_components) in [(5, 1000), (2, 500)] {
        let mixture = picture_mixture(n_components, n_features);
        let mut group = criterion.benchmark_group(format!("sample/{n_features}d"));
        group.sample_size(10).throughput(Throughput::Elements(N_SAMPLES as u64));
        let sampling = Sampling::new(&mixture, 0);
        let mut points = vec![0.0; N_SAMPLES * n_features];
        for level in Level::available() {
            let runtime = Runtime::new(Some(1)).unwrap().with_level(level);
            let mut draw = || sampling.draw(Order::Shuffled, &mut points, None, &runtime);
            draw().expect("nothing interrupts");
            check(&mixture, &points);
            let mut draw = || sampling.draw(Order::Shuffled, &mut points, None, &runtime);
            group.bench_function(level.name(), |b| b.iter(&mut draw));
        }
        group.finish();
    }
}

criterion_group!(benches, streams, samples);
criterion_main!(benches);
