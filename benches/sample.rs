//! Random streams on one thread at every instruction set.
#![allow(missing_docs)]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use gmmfast::{Level, Purpose, Stream};

/// So many numbers fit the first cache.
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

criterion_group!(benches, streams);
criterion_main!(benches);
