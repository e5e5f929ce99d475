//! Random streams and samples: the seed alone determines the bits.

use crate::support::{every_level, fitted, spherical};
use gmmfast::{Error, Grid, Level, Order, Purpose, Runtime, Sampling, Splat, Stream};
use std::sync::atomic::Ordering;

const STREAM: fn(u64) -> Stream = |seed| Stream::new(seed, Purpose::Normals);

fn normals(seed: u64, first: u64, n: usize, level: Level) -> Vec<f64> {
    let mut out = vec![0.0; n];
    STREAM(seed).normals(first, &mut out, level);
    out
}

fn uniforms(seed: u64, first: u64, n: usize, level: Level) -> Vec<f64> {
    let mut out = vec![0.0; n];
    STREAM(seed).uniforms(first, &mut out, level);
    out
}

#[test]
fn every_level_and_every_part_of_a_stream_has_the_same_bits() {
    for numbers in [normals, uniforms] {
        let want = numbers(7, 0, 100_000, Level::Baseline);
        for level in Level::available() {
            assert!(numbers(7, 0, want.len(), level) == want, "{level:?}");
            for (first, n) in [(0, 1), (1, 15), (17, 100), (31, 1), (4096, 33), (99_983, 17)] {
                let some = numbers(7, first as u64, n, level);
                assert_eq!(some, want[first..first + n], "{level:?} from {first}");
            }
        }
    }
}

/// Returns the FNV-1a hash of the bits of the numbers, little-endian.
fn hash(numbers: &[f64]) -> u64 {
    let byte = |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
    numbers.iter().flat_map(|x| x.to_le_bytes()).fold(0xCBF2_9CE4_8422_2325, byte)
}

#[test]
fn the_stream_version_has_these_bits() {
    // Computed by this code when the version was named; tests/oracle gives the same numbers.
    assert_eq!(gmmfast::STREAM_VERSION, "gmmfast-1");
    for (seed, of_uniforms, of_normals) in [
        (0, 1_738_101_939_997_343_228, 7_813_678_118_978_280_404),
        (u64::MAX, 5_792_548_951_603_500_903, 5_908_606_780_167_530_687),
    ] {
        let got = (
            hash(&uniforms(seed, 0, 10_000, Level::Baseline)),
            hash(&normals(seed, 0, 10_000, Level::Baseline)),
        );
        assert_eq!(got, (of_uniforms, of_normals), "seed {seed}");
    }
}

#[test]
fn streams_of_different_seeds_purposes_and_rounds_are_independent() {
    // Correlations of 100,000 pairs: below 5 deviations, one in two million.
    let n = 100_000;
    let uniforms = |seed, purpose, first| {
        let mut out = vec![0.0; n];
        Stream::new(seed, purpose).uniforms(first, &mut out, Level::best());
        out
    };
    let others = [
        (0, Purpose::Normals, 1),
        (0, Purpose::Normals, 2),
        (0, Purpose::Normals, 1 << 40),
        (0, Purpose::Components, 0),
        (0, Purpose::ConditionalComponents, 0),
        (0, Purpose::ConditionalNormals, 0),
        (1, Purpose::Normals, 0),
        (256, Purpose::Normals, 0),
        (u64::MAX, Purpose::Normals, 0),
    ];
    let one = uniforms(0, Purpose::Normals, 0);
    for (seed, purpose, first) in others {
        let other = uniforms(seed, purpose, first);
        let sum: f64 = one.iter().zip(&other).map(|(a, b)| (a - 0.5) * (b - 0.5)).sum();
        let deviations = 12.0 * sum / (n as f64).sqrt();
        assert!(deviations.abs() < 5.0, "{seed} {purpose:?} {first}: {deviations}");
    }
}

#[test]
fn uniforms_and_their_pairs_fill_their_cells_evenly() {
    // Chi-square of 4096 cells is 4095 with a deviation of 90: within 5 of them.
    let numbers = uniforms(3, 0, 1 << 20, Level::best());
    let within = |cells: &[usize], of: usize| {
        let expected = of as f64 / cells.len() as f64;
        let chi: f64 = cells.iter().map(|&c| (c as f64 - expected).powi(2) / expected).sum();
        (chi - 4095.0).abs() < 5.0 * (2.0_f64 * 4095.0).sqrt()
    };
    let (mut single, mut pairs, mut low) = (vec![0; 4096], vec![0; 4096], vec![0; 4096]);
    for pair in numbers.chunks_exact(2) {
        pairs[(pair[0] * 64.0) as usize * 64 + (pair[1] * 64.0) as usize] += 1;
    }
    for x in &numbers {
        single[(x * 4096.0) as usize] += 1;
        low[(x * 2.0_f64.powi(53)) as usize % 4096] += 1;
    }
    assert!(within(&single, numbers.len()) && within(&low, numbers.len()));
    assert!(within(&pairs, numbers.len() / 2));
}

fn drawn(sampling: &Sampling, order: Order, n: usize, runtime: &Runtime) -> (Vec<f64>, Vec<i64>) {
    let (mut points, mut labels) = (vec![0.0; n * sampling.n_features()], vec![0; n]);
    sampling.draw(order, &mut points, Some(&mut labels), runtime).unwrap();
    (points, labels)
}

#[test]
fn samples_have_the_same_bits_at_every_level_on_any_number_of_threads() {
    for (kind, d) in
        [(0, 1), (0, 2), (0, 3), (0, 5), (0, 9), (1, 5), (2, 4), (2, 5), (3, 11), (4, 3), (5, 2)]
    {
        let mixture = fitted(kind, 30, d, 5.0);
        let n = 40_003; // three pieces, and a block that is not whole
        let one = Runtime::new(Some(1)).unwrap().with_level(Level::Baseline);
        for order in [Order::Shuffled, Order::Grouped] {
            let sampling = Sampling::new(&mixture, 5);
            let want = drawn(&sampling, order, n, &one);
            for runtime in every_level() {
                let got = drawn(&sampling, order, n, &runtime);
                assert!(got == want, "{kind} {d} {order:?} {:?}", runtime.level());
            }
        }
    }
}

#[test]
fn the_first_samples_of_many_are_the_samples_of_few() {
    let mixture = fitted(0, 30, 3, 5.0);
    let runtime = Runtime::new(Some(2)).unwrap();
    for bounds in [None, Some([(20.0, 80.0), (f64::NEG_INFINITY, 50.0), (0.0, f64::INFINITY)])] {
        let mut sampling = Sampling::new(&mixture, 5);
        if let Some(bounds) = &bounds {
            sampling = sampling.with_bounds(bounds).unwrap();
        }
        let (points, labels) = drawn(&sampling, Order::Shuffled, 20_000, &runtime);
        for n in [0, 1, 64, 65, 1024, 1030, 16_384, 16_400] {
            let few = drawn(&sampling, Order::Shuffled, n, &runtime);
            assert!(few.0 == points[..3 * n] && few.1 == labels[..n], "{n} {bounds:?}");
        }
        let mut single = vec![0.0_f32; points.len()];
        sampling.draw(Order::Shuffled, &mut single, None, &runtime).unwrap();
        assert!(single.iter().zip(&points).all(|(s, &x)| *s == x as f32));
        for row in points.chunks(3).filter(|_| bounds.is_some()) {
            assert!((20.0..=80.0).contains(&row[0]) && row[1] <= 50.0 && row[2] >= 0.0);
        }
    }
}

#[test]
fn grouped_samples_are_the_shuffled_ones_sorted_by_component() {
    let sampling = Sampling::new(&fitted(0, 30, 2, 5.0), 6);
    let runtime = Runtime::new(Some(3)).unwrap();
    let (points, labels) = drawn(&sampling, Order::Shuffled, 30_000, &runtime);
    let mut order: Vec<usize> = (0..labels.len()).collect();
    order.sort_by_key(|&i| labels[i]); // stable
    let want: Vec<f64> = order.iter().flat_map(|&i| [points[2 * i], points[2 * i + 1]]).collect();
    let (grouped, of_grouped) = drawn(&sampling, Order::Grouped, 30_000, &runtime);
    assert!(grouped == want);
    assert!(of_grouped.is_sorted());
}

#[test]
fn a_splat_counts_the_samples_on_any_number_of_threads() {
    let mixture = fitted(0, 30, 3, 5.0);
    let sampling = Sampling::new(&mixture, 7);
    let grid = Grid::new(&[6, 8], &[(0.0, 100.0), (90.0, 10.0)]).unwrap();
    let n = 50_000;
    let splat = |runtime: &Runtime| {
        let (mut counts, mut means) = (vec![0; 48], vec![0.0; 48]);
        let splat = Splat { given: &[2, 0], counts: &mut counts, means: &mut means };
        splat.draw(&sampling, &grid, n, runtime).unwrap();
        (counts, means)
    };
    let (points, _) = drawn(&sampling, Order::Shuffled, n, &Runtime::new(Some(1)).unwrap());
    let (mut counts, mut sums) = (vec![0; 48], vec![0.0; 48]);
    for x in points.chunks(3) {
        let (column, row) = ((x[2] / 12.5).floor(), ((x[0] - 90.0) / (-80.0 / 6.0)).floor());
        if (0.0..8.0).contains(&column) && (0.0..6.0).contains(&row) {
            let pixel = 8 * row as usize + column as usize;
            counts[pixel] += 1;
            sums[pixel] += x[1];
        }
    }
    let want = splat(&Runtime::new(Some(1)).unwrap());
    assert_eq!(want.0, counts);
    for (at, mean) in want.1.iter().enumerate().filter(|(at, _)| counts[*at] > 0) {
        assert!((mean - sums[at] / counts[at] as f64).abs() < 1e-9);
    }
    for runtime in every_level() {
        let got = splat(&runtime);
        assert!(
            got.0 == want.0 && got.1.iter().zip(&want.1).all(|(a, b)| a.to_bits() == b.to_bits())
        );
    }
}

/// The logarithms of a variational score need not sum to 1, and their exponentials may all be 0.
#[test]
fn weights_that_underflow_are_drawn_by_their_ratios() {
    let mixture = spherical(vec![0.0, 100.0], &[1.0, 1.0]);
    let mixture = mixture.with_log_weights(vec![-1000.0, -1000.0 - 3_f64.ln()]).unwrap();
    let runtime = Runtime::new(Some(1)).unwrap();
    let (points, _) = drawn(&Sampling::new(&mixture, 0), Order::Shuffled, 10_000, &runtime);
    let n_first = points.chunks(mixture.n_features()).filter(|x| x[0] < 50.0).count();
    assert!((7_300..7_700).contains(&n_first), "{n_first}");
}

#[test]
fn wrong_lengths_are_errors_and_an_interrupt_ends_the_call() {
    let mixture = spherical(vec![0.0, 3.0], &[1.0]);
    let runtime = Runtime::new(Some(2)).unwrap();
    let new = || Sampling::new(&mixture, 0);
    let draw = |points: &mut [f64], labels: &mut [i64], runtime: &Runtime| {
        new().draw(Order::Shuffled, points, Some(labels), runtime)
    };
    assert!(matches!(
        draw(&mut [0.0; 3], &mut [0], &runtime),
        Err(Error::Length { argument: "points", .. })
    ));
    assert!(matches!(
        draw(&mut [0.0; 4], &mut [0], &runtime),
        Err(Error::Length { argument: "labels", .. })
    ));
    let bounds = |bounds: &[(f64, f64)]| new().with_bounds(bounds).map(|_| ());
    assert!(matches!(bounds(&[(0.0, 1.0)]), Err(Error::Length { argument: "bounds", .. })));
    assert!(matches!(
        bounds(&[(0.0, 1.0), (2.0, 2.0)]),
        Err(Error::Value { argument: "bounds", .. })
    ));
    assert!(matches!(bounds(&[(0.0, 1.0), (f64::NAN, 2.0)]), Err(Error::Value { .. })));
    let narrow = new().with_bounds(&[(8.0, 9.0), (0.0, 9.0)]).unwrap();
    for order in [Order::Shuffled, Order::Grouped] {
        let error = narrow.draw(order, &mut [0.0; 2], None, &runtime);
        assert_eq!(error, Err(Error::Bounds { n_candidates: 10_240_000, n_within: 0 }));
    }
    runtime.interrupt().store(true, Ordering::Relaxed);
    assert_eq!(draw(&mut [0.0; 2], &mut [0], &runtime), Err(Error::Interrupted));
    let grid = Grid::new(&[1, 1], &[(0.0, 1.0), (0.0, 1.0)]).unwrap();
    let splat = Splat { given: &[0, 1], counts: &mut [0], means: &mut [] };
    assert_eq!(splat.draw(&new(), &grid, 9, &runtime), Err(Error::Interrupted));
}
