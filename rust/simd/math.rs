//! exp2 and log2 on vectors, and the base-2 units of the kernels.
//!
//! The kernels keep log-probabilities in base 2: an exponential is then a
//! polynomial and a shift of the exponent. They become natural logarithms once
//! a pixel, at the end. Both polynomials are minimax fits by the Remez exchange
//! in 60-digit arithmetic. The stated errors are of the polynomial, to which about
//! two roundings are added. Coefficients are given to 22 digits, more than a
//! float64 keeps, for comparison with a new fit.
#![expect(clippy::excessive_precision, clippy::approx_constant, reason = "minimax coefficients")]

use crate::simd::Simd;

/// log2(e) / 2, the factor from a squared Mahalanobis distance to bits.
pub(crate) const HALF_LOG2_E: f64 = std::f64::consts::LOG2_E / 2.0;

/// (2^f - 1) / f on [-1/2, 1/2]; relative error of 2^f 3.4e-18.
const EXP2: [f64; 11] = [
    0.6931471805599453258059,
    0.2402265069591013125866,
    0.05550410866482008313891,
    0.009618129107594120702114,
    0.001333355814677464713889,
    0.0001540353045711129270168,
    0.00001525273349309731543065,
    0.000001321543528271122351779,
    1.017819958597295036086e-7,
    7.073783179690688312767e-9,
    4.434768989775280171314e-10,
];

/// log2(m) / s for s = (m - 1) / (m + 1), in powers of s², for m in
/// [sqrt(1/2), sqrt(2)]; relative error 1.2e-18.
const LOG2: [f64; 8] = [
    2.885390081777926811444,
    0.9617966939259898204382,
    0.5770780163454703422689,
    0.4121985858510780561931,
    0.3205985339254347835047,
    0.2623344017847173407842,
    0.2209118661176814981655,
    0.2136707847298718732,
];

// A plain loop: a fold would leave its closure outside the function that has the
// instructions.
#[inline(always)]
fn horner<S: Simd>(simd: S, coefficients: &[f64], x: S::F) -> S::F {
    let mut i = coefficients.len() - 1;
    let mut p = simd.splat(coefficients[i]);
    while i > 0 {
        i -= 1;
        p = simd.mul_add(p, x, simd.splat(coefficients[i]));
    }
    p
}

/// 2^x to two units in the last place, for x as large as the format allows;
/// 2^`min_exponent` below that exponent of the format, and for NaN.
///
/// Against a sum of at least 1 that is negligible (2^-947 of a float64 rounding, for
/// every component), and no subnormal number is ever made. Where every distance
/// overflows, all components get equal responsibilities, and a conditional mean
/// stays finite.
#[inline(always)]
pub(crate) fn exp2_clamped<S: Simd>(simd: S, x: S::F) -> S::F {
    let x = simd.max(x, simd.splat(S::FORMAT.min_exponent));
    let n = simd.round(x);
    simd.scale(exp2_of_fraction(simd, simd.sub(x, n)), n)
}

/// 2^f for f in [-1/2, 1/2].
#[inline(always)]
fn exp2_of_fraction<S: Simd>(simd: S, f: S::F) -> S::F {
    // Where float32 ends the series, the remainder is below 6e-9 of it.
    simd.mul_add(horner(simd, &EXP2[..S::FORMAT.exp2_terms], f), f, simd.splat(1.0))
}

/// a 2^x over the whole range of the format: subnormal results are rounded
/// correctly, large ones overflow to infinity; NaN in x is taken as minus infinity.
#[inline(always)]
pub(crate) fn times_exp2<S: Simd>(simd: S, a: S::F, x: S::F) -> S::F {
    // Two steps of at most this each reach beyond both ends of the range.
    let limit = 2.0 * S::FORMAT.min_exponent;
    let x = simd.min(simd.max(x, simd.splat(limit)), simd.splat(-limit));
    let n = simd.round(x);
    let p = exp2_of_fraction(simd, simd.sub(x, n));
    let half = simd.round(simd.mul(n, simd.splat(0.5)));
    let first = simd.scale(simd.mul(a, p), half);
    simd.scale(first, simd.sub(n, half))
}

/// log2(x) for positive, finite, normal x, to three units in the last place.
#[inline(always)]
pub(crate) fn log2<S: Simd>(simd: S, x: S::F) -> S::F {
    let (exponent, mantissa) = simd.split(x);
    let one = simd.splat(1.0);
    let s = simd.div(simd.sub(mantissa, one), simd.add(mantissa, one));
    let p = horner(simd, &LOG2[..S::FORMAT.log2_terms], simd.mul(s, s));
    simd.mul_add(s, p, exponent)
}

/// Converts an entropy from bits to nats; 0 below 2^-44 bits, the size of the rounding
/// errors where one component is certain.
#[inline(always)]
pub(crate) fn entropy_in_nats<S: Simd>(simd: S, bits: S::F) -> S::F {
    let nats = simd.mul(bits, simd.splat(std::f64::consts::LN_2));
    simd.select_less(bits, simd.splat(2.0_f64.powi(-44)), simd.splat(0.0), nats)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::{Dispatch, Level};

    struct Map<'a, const LOG: bool>(&'a [f64]);

    impl<const LOG: bool> Dispatch for Map<'_, LOG> {
        type Output = Vec<f64>;
        fn run<S: Simd>(self, simd: S) -> Vec<f64> {
            let mut out = vec![0.0; self.0.len().next_multiple_of(S::LANES)];
            let mut padded = self.0.to_vec();
            padded.resize(out.len(), if LOG { 1.0 } else { 0.0 });
            simd.vectorize(
                #[inline(always)]
                || {
                    for (x, y) in padded.chunks_exact(S::LANES).zip(out.chunks_exact_mut(S::LANES))
                    {
                        let x = simd.load(x);
                        let value = if LOG { log2(simd, x) } else { exp2_clamped(simd, x) };
                        simd.store(value, y);
                    }
                },
            );
            out.truncate(self.0.len());
            out
        }
    }

    #[test]
    fn exp2_is_right_to_two_units_in_the_last_place_at_every_level() {
        let mut x: Vec<f64> = (0..200_000).map(|i| -f64::from(i) * 0.004_999_7).collect();
        x.extend([-0.0, -1e-300, -0.5, -1.5, -999.999, -1000.0]);
        for level in Level::available() {
            for (x, y) in x.iter().zip(level.dispatch(Map::<false>(&x))) {
                let error = (y / x.exp2() - 1.0).abs();
                assert!(error < 2.0 * f64::EPSILON, "{level:?} 2^{x}: {error}");
            }
            let beyond = [-1001.0, -1e300, f64::NEG_INFINITY, f64::NAN];
            for y in level.dispatch(Map::<false>(&beyond)) {
                assert_eq!(y, (-1000.0_f64).exp2());
            }
        }
    }

    #[test]
    fn log2_is_right_to_three_units_in_the_last_place_at_every_level() {
        let mut x: Vec<f64> = (1..200_000).map(|i| f64::from(i) * 1.3e-5).collect();
        x.extend((-1022..1024).map(|e| 1.7 * f64::from(e).exp2()).filter(|x| x.is_finite()));
        x.extend([1.0, 1.0 + f64::EPSILON, 1.0 - f64::EPSILON / 2.0, f64::MAX, f64::MIN_POSITIVE]);
        for level in Level::available() {
            for (x, y) in x.iter().zip(level.dispatch(Map::<true>(&x))) {
                let error = (y - x.log2()).abs();
                assert!(error <= 3.0 * f64::EPSILON * y.abs(), "{level:?} log2({x}): {error}");
            }
        }
    }

    /// The first lanes of a function of two numbers, in float64 and in float32.
    struct Both<'a, F>(&'a [(f64, f64)], F);

    trait Function {
        fn of<S: Simd>(&self, simd: S, a: S::F, x: S::F) -> S::F;
    }

    fn first<S: Simd>(simd: S, x: S::F) -> f64 {
        let mut lanes = [0.0; 32];
        simd.store(x, &mut lanes);
        assert!(lanes[..S::LANES].iter().all(|lane| lane.to_bits() == lanes[0].to_bits()));
        lanes[0]
    }

    impl<F: Function> Dispatch for Both<'_, F> {
        type Output = Vec<(f64, f64)>;
        fn run<S: Simd>(self, simd: S) -> Vec<(f64, f64)> {
            let Self(pairs, function) = self;
            let double = |a, x| {
                simd.vectorize(|| first(simd, function.of(simd, simd.splat(a), simd.splat(x))))
            };
            let single = simd.single();
            let single = |a, x| {
                let at = || function.of(single, single.splat(a), single.splat(x));
                single.vectorize(|| first(single, at()))
            };
            pairs.iter().map(|&(a, x)| (double(a, x), single(a, x))).collect()
        }
    }

    struct TimesExp2;
    impl Function for TimesExp2 {
        fn of<S: Simd>(&self, simd: S, a: S::F, x: S::F) -> S::F {
            times_exp2(simd, a, x)
        }
    }

    #[test]
    fn products_with_powers_of_two_are_right_over_the_whole_range_at_every_level() {
        let tiny = f64::from_bits(1);
        let huge = 2.0_f64.powi(1023);
        let cases = [
            (1.0, 1023.0, huge),
            (1.0, 1024.0, f64::INFINITY),
            (1.0, 1e300, f64::INFINITY),
            (1.0, f64::INFINITY, f64::INFINITY),
            (1.0, -1022.0, f64::MIN_POSITIVE),
            (1.0, -1074.0, tiny),
            (1.75, -1074.0, 2.0 * tiny),
            (5.25, -1074.0, 5.0 * tiny),
            (1.0, -1076.0, 0.0),
            (1.0, -1e300, 0.0),
            (1.0, f64::NEG_INFINITY, 0.0),
            (1.0, f64::NAN, 0.0),
            (tiny.sqrt(), 1537.0, 2.0_f64.powi(1000)),
            (2.0_f64.powi(500), -1500.0, 2.0_f64.powi(-1000)),
        ];
        let pairs = cases.map(|(a, x, _)| (a, x));
        for level in Level::available() {
            for ((a, x, want), (got, _)) in
                cases.iter().zip(level.dispatch(Both(&pairs, TimesExp2)))
            {
                assert!(got == *want, "{level:?} {a:e} 2^{x}: {got:e}");
            }
        }
        let pairs: Vec<(f64, f64)> =
            (-300..300).map(|i| (1.5 + f64::from(i) * 1e-3, f64::from(i) * 0.377)).collect();
        for level in Level::available() {
            for ((a, x), (double, single)) in
                pairs.iter().zip(level.dispatch(Both(&pairs, TimesExp2)))
            {
                let error = (double / (a * x.exp2()) - 1.0).abs();
                assert!(error < 3.0 * f64::EPSILON, "{level:?} {a} 2^{x}: {error}");
                // Numbers between have a float32's digits, and x has them above the point, too.
                let error = (single / (a * x.exp2()) - 1.0).abs();
                assert!(error < 6e-6, "{level:?} {a} 2^{x} in float32: {error}");
            }
        }
    }

    struct Exp2AndLog2;
    impl Function for Exp2AndLog2 {
        fn of<S: Simd>(&self, simd: S, a: S::F, x: S::F) -> S::F {
            simd.add(log2(simd, a), exp2_clamped(simd, x))
        }
    }

    #[test]
    fn exp2_and_log2_are_right_in_float32_at_every_level() {
        let below = -119.9;
        let cases: Vec<(f64, f64)> = (1..900)
            .flat_map(|i| {
                let x = f64::from(i) * 0.131;
                [(1.0, -x), (x, below), (x.recip(), below)]
            })
            .collect();
        for level in Level::available() {
            for ((a, x), (_, got)) in cases.iter().zip(level.dispatch(Both(&cases, Exp2AndLog2))) {
                let (a, x) = (f64::from(*a as f32), f64::from(*x as f32));
                let want = a.log2() + x.exp2();
                assert!((got - want).abs() <= 4e-7 * want.abs(), "{level:?} {a} {x}: {got:e}");
            }
            let beyond = [(1.0, -121.0), (1.0, f64::NAN), (1.0, f64::NEG_INFINITY)];
            for (_, got) in level.dispatch(Both(&beyond, Exp2AndLog2)) {
                assert_eq!(got, 2.0_f64.powi(-120));
            }
        }
    }

    #[test]
    fn half_a_squared_distance_is_as_many_bits_as_in_a_normal_density() {
        let density = (-HALF_LOG2_E * 9.0).exp2();
        assert!((density / (-4.5_f64).exp() - 1.0).abs() < 1e-14);
    }

    struct Entropy;
    impl Function for Entropy {
        fn of<S: Simd>(&self, simd: S, _: S::F, bits: S::F) -> S::F {
            entropy_in_nats(simd, bits)
        }
    }

    #[test]
    fn an_entropy_below_rounding_is_none_at_every_level() {
        let least = 2.0_f64.powi(-44);
        let below = least * (1.0 - f64::EPSILON);
        let cases = [(0.0, 3.0), (0.0, least), (0.0, below), (0.0, 0.0), (0.0, -least)];
        for level in Level::available() {
            let got: Vec<f64> =
                level.dispatch(Both(&cases, Entropy)).iter().map(|(double, _)| *double).collect();
            let ln_2 = std::f64::consts::LN_2;
            assert_eq!(got, [3.0 * ln_2, least * ln_2, 0.0, 0.0, 0.0]);
        }
    }
}
