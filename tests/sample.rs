//! Random streams and samples: the seed alone decides the bits.

#[path = "support.rs"]
mod support;

use gmmfast::{Level, Purpose, Stream};

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

/// FNV-1a of the numbers' bits, little-endian.
fn hash(numbers: &[f64]) -> u64 {
    let byte = |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
    numbers.iter().flat_map(|x| x.to_le_bytes()).fold(0xCBF2_9CE4_8422_2325, byte)
}

#[test]
fn the_version_names_these_bits() {
    // Of this very code when the version was named; the NumPy twin gives the same.
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
fn streams_of_other_seeds_purposes_and_parts_have_nothing_in_common() {
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
