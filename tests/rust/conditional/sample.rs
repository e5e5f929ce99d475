//! Draws of the remaining features against the specification.

use super::{K, N, same_bits, size, values_of};
use crate::support::{every_level, fitted, kinds, ordinary_or, stride};
use gmmfast::{Conditional, DrawStart, Level, Purpose, Runtime, Stream, conditional_sample, spec};

fn start(seed: u64, first_point: u64) -> DrawStart {
    DrawStart { seed, first_point }
}

fn draws(
    conditional: &Conditional,
    values: &[f64],
    start: DrawStart,
    runtime: &Runtime,
) -> Vec<f64> {
    let n = values.len() / conditional.marginal().n_features();
    let mut out = vec![f64::NAN; n * conditional.remaining().len()];
    conditional_sample(conditional, values, start, &mut out, runtime).unwrap();
    out
}

#[test]
fn draws_follow_the_specification_by_the_numbers_of_the_streams() {
    let given = [(2, &[0][..]), (5, &[0, 1]), (4, &[3, 1, 0])];
    for (case, (d, given)) in given.into_iter().enumerate() {
        for kind in kinds(case) {
            let mixture = fitted(kind, K, d, 3.0);
            let conditional = Conditional::new(&mixture, given).unwrap();
            let values = values_of(&mixture, given, N, 3.0);
            let (n_given, n) = (given.len(), d - given.len());
            let (mut uniforms, mut normals) = (vec![0.0; N], vec![0.0; N * n]);
            let stream = |purpose| Stream::new(7, purpose);
            stream(Purpose::ConditionalComponents).uniforms(100, &mut uniforms, Level::best());
            let first = 100 * n as u64;
            stream(Purpose::ConditionalNormals).normals(first, &mut normals, Level::best());
            for runtime in every_level() {
                let got = draws(&conditional, &values, start(7, 100), &runtime);
                for i in (0..N).step_by(if kind == 0 { 3 } else { 13 } * stride()) {
                    let (x, z) = (&values[i * n_given..][..n_given], &normals[i * n..][..n]);
                    let (_, want) = spec::conditional_sample(&mixture, given, x, uniforms[i], z);
                    for t in 0..n {
                        let error = (got[i * n + t] - want[t]).abs();
                        let tolerance = 1e-13 * (100.0 + size(&conditional, t, x));
                        assert!(error <= tolerance, "{:?} {i}: {want:?}", runtime.level());
                    }
                }
            }
        }
    }
}

#[test]
fn neither_threads_nor_other_points_change_a_draw() {
    let mixture = fitted(0, K, 5, 4.0);
    let conditional = Conditional::new(&mixture, &[0, 1]).unwrap();
    // More than a piece, and parts of it; in emulation the parts of one.
    let (n, part) = ordinary_or(((1 << 17) + 5000, 30_011), (9000, 2001));
    let values = values_of(&mixture, &[0, 1], n, 4.0);
    let on = |n| Runtime::new(Some(n)).unwrap();
    let one = draws(&conditional, &values, start(7, 0), &on(1));
    for n_threads in [2, 3] {
        assert!(same_bits(&one, &draws(&conditional, &values, start(7, 0), &on(n_threads))));
    }
    for (i, some) in values.chunks(2 * part).enumerate() {
        let some = draws(&conditional, some, start(7, (part * i) as u64), &on(1));
        assert!(same_bits(&one[i * part * 3..][..some.len()], &some));
    }
    let other = draws(&conditional, &values[..2 * N], start(8, 0), &on(1));
    assert!(other.iter().zip(&one).all(|(a, b)| a != b), "another seed, other draws");
}
