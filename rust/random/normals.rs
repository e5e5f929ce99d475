//! Words, uniforms and normals of a random stream, a vector at a time.
//!
//! The version of the streams is `gmmfast-1` ([`crate::random::stream`] lists what it
//! fixes). A word is a function of the two keys of the stream and a counter: the
//! finalizer of SplitMix64 (Steele, Lea and Flood, Fast splittable pseudorandom number
//! generators, OOPSLA 2014), applied to first key + counter * gamma, with the second
//! key added between its two multiplications. With a second key of 0 it is SplitMix64
//! started at the first key. Streams of other keys are thus not shifted copies of each
//! other, and within a stream different counters give different words.
//!
//! Normals come in pairs from pairs of words, by Box and Muller: the radius is
//! sqrt(-2 log u) with u in (0, 1]; the angle is in [-pi/4, pi/4), and one bit
//! mirrors it at the vertical and another at the diagonal.
//!
//! All operations are +, -, *, / and sqrt of float64, rounded as IEEE 754 specifies, in
//! the same order at every level, without fused multiply-add: the bits are the
//! same on every machine. The polynomials are minimax fits by the Remez exchange in
//! 60-digit arithmetic; with their rounding, a normal is accurate to some 8 units in the
//! last place.
#![expect(clippy::excessive_precision, clippy::approx_constant, reason = "minimax coefficients")]

use crate::simd::{MAX_LANES, Words};

/// 2^64 divided by the golden ratio, rounded to an odd number.
const GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;
/// Multipliers of SplitMix64's finalizer.
const MULTIPLIERS: [u64; 2] = [0xBF58_476D_1CE4_E5B9, 0x94D0_49BB_1331_11EB];

/// -2 log(m) / s for s = (m - 1) / (m + 1), in powers of s², for m in
/// [sqrt(1/2), sqrt(2)]; relative error 1.8e-16.
const LOG: [f64; 7] = [
    -4.000000000000000689189,
    -1.333333333331044513906,
    -0.8000000012403268817506,
    -0.5714283196249860663071,
    -0.4444687432167283507917,
    -0.3624371094047586234624,
    -0.336771090889688705471,
];

/// -2 log(2).
const LOG_2: f64 = -1.386294361119890618834;

/// sin(pi t / 2) / t in powers of t², for t in [-1/2, 1/2]; relative error 3.4e-18.
const SIN: [f64; 7] = [
    1.570796326794896614029,
    -0.6459640975062442416226,
    0.07969262624603956044377,
    -0.004681754132282420023925,
    0.000160441150291664289001,
    -0.000003598641754487235929058,
    5.633721016484235176253e-8,
];

/// cos(pi t / 2) likewise; relative error 1.2e-16.
const COS: [f64; 7] = [
    1.0,
    -1.233700550136148919524,
    0.2536695078997530909649,
    -0.02086348073305855128151,
    0.0009192599355801670363332,
    -0.00002520008413781678323319,
    4.654617676678486668745e-7,
];

/// Number of normals from as many pairs as the widest vectors have lanes: the first normals
/// of all pairs, then the second ones, at every level.
pub(crate) const NORMALS_PER_GROUP: usize = 16;

/// The two keys of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Keys(pub(crate) [u64; 2]);

impl Keys {
    /// Returns the word at one counter.
    pub(crate) fn word(self, counter: u64) -> u64 {
        let x = self.0[0].wrapping_add(counter.wrapping_mul(GAMMA));
        let x = (x ^ (x >> 30)).wrapping_mul(MULTIPLIERS[0]).wrapping_add(self.0[1]);
        let x = (x ^ (x >> 27)).wrapping_mul(MULTIPLIERS[1]);
        x ^ (x >> 31)
    }

    /// Returns the words at `first`, `first + step`, ..., one per lane.
    #[inline(always)]
    pub(crate) fn words<S: Words>(self, simd: S, first: u64, step: u64) -> S::U {
        let first = self.0[0].wrapping_add(first.wrapping_mul(GAMMA));
        let x = simd.words_from(first, step.wrapping_mul(GAMMA));
        let x = simd.mul_word(simd.xor_shifted::<30>(x), MULTIPLIERS[0]);
        let x = simd.add_word(x, self.0[1]);
        let x = simd.mul_word(simd.xor_shifted::<27>(x), MULTIPLIERS[1]);
        simd.xor_shifted::<31>(x)
    }

    /// Returns pairs of independent normals, one pair per lane. The words at `first`,
    /// `first + step`, ... give the radius, and those at the next counters the angle; there
    /// are as many vectors of pairs as `N`.
    #[inline(always)]
    pub(crate) fn normals<S: Words, const N: usize>(
        self,
        simd: S,
        first: u64,
        step: u64,
    ) -> [[S::F; 2]; N] {
        let mut words = [[simd.words_from(0, 0); 2]; N];
        for v in 0..N {
            let first = first.wrapping_add(step.wrapping_mul((v * S::LANES) as u64));
            words[v][0] = self.words(simd, first, step);
            words[v][1] = self.words(simd, first.wrapping_add(1), step);
        }
        normals_of_words(simd, words)
    }
}

/// Runs each step for all vectors before the next step. The steps of one vector wait for one
/// another, and the processor does not look ahead as far as the next vector.
macro_rules! each {
    ($simd:ident, $n:ident, $v:ident => $step:expr) => {{
        let mut out = [$simd.splat(0.0); $n];
        for $v in 0..$n {
            out[$v] = $step;
        }
        out
    }};
}

/// Returns the pairs of normals of each lane's two words, radius and angle.
#[inline(always)]
pub(crate) fn normals_of_words<S: Words, const N: usize>(
    simd: S,
    words: [[S::U; 2]; N],
) -> [[S::F; 2]; N] {
    let one = simd.splat(1.0);
    let (mut exponent, mut s) = ([one; N], [one; N]);
    for v in 0..N {
        let u = simd.sub(one, simd.fraction(words[v][0]));
        let (e, mantissa) = simd.split(u);
        exponent[v] = e;
        s[v] = simd.div(simd.sub(mantissa, one), simd.add(mantissa, one));
    }
    let t = each!(simd, N, v => simd.centered_fraction(words[v][1]));
    let t2 = each!(simd, N, v => simd.mul(t[v], t[v]));
    let [sin, cos] = polynomials(simd, [&SIN, &COS], t2);
    let sin = each!(simd, N, v => simd.mul(t[v], sin[v]));
    let cos = each!(simd, N, v => simd.negate_by_bit_0(words[v][1], cos[v]));
    let x = each!(simd, N, v => simd.select_by_bit_1(words[v][1], cos[v], sin[v]));
    let y = each!(simd, N, v => simd.select_by_bit_1(words[v][1], sin[v], cos[v]));

    let s2 = each!(simd, N, v => simd.mul(s[v], s[v]));
    let [log] = polynomials(simd, [&LOG], s2);
    let log = each!(simd, N, v => simd.mul(s[v], log[v]));
    let log = each!(simd, N, v => simd.add(simd.mul(exponent[v], simd.splat(LOG_2)), log[v]));
    // For u = 1 the argument may be -0, whose root is -0: a normal of 0.
    let radius = each!(simd, N, v => simd.sqrt(log[v]));
    let mut pairs = [[one; 2]; N];
    for v in 0..N {
        pairs[v] = [simd.mul(radius[v], x[v]), simd.mul(radius[v], y[v])];
    }
    pairs
}

/// Evaluates several polynomials by Horner's rule, with each product and sum rounded.
#[inline(always)]
fn polynomials<S: Words, const N: usize, const M: usize>(
    simd: S,
    coefficients: [&[f64; 7]; M],
    x: [S::F; N],
) -> [[S::F; N]; M] {
    let mut p = [[simd.splat(0.0); N]; M];
    for m in 0..M {
        p[m] = [simd.splat(coefficients[m][6]); N];
    }
    for i in (0..6).rev() {
        for m in 0..M {
            let c = simd.splat(coefficients[m][i]);
            for v in 0..N {
                p[m][v] = simd.add(simd.mul(p[m][v], x[v]), c);
            }
        }
    }
    p
}

/// Writes normals `first` to `first + to.len()`, both multiples of 16.
///
/// It is long, and therefore not inlined into its callers.
#[inline(never)]
pub(crate) fn fill_groups<S: Words>(simd: S, keys: Keys, first: u64, to: &mut [f64]) {
    simd.vectorize(
        #[inline(always)]
        || whole_groups(simd, keys, first, to),
    );
}

#[inline(always)]
fn whole_groups<S: Words>(simd: S, keys: Keys, first: u64, to: &mut [f64]) {
    let mut first = first;
    let mut rest = to;
    if S::LANES == MAX_LANES {
        let twice = 2 * NORMALS_PER_GROUP;
        let mut chunks = rest.chunks_exact_mut(twice);
        for to in &mut chunks {
            let [a, b] = keys.normals(simd, first, 2);
            for (pair, to) in [a, b].into_iter().zip(to.chunks_exact_mut(NORMALS_PER_GROUP)) {
                simd.store(pair[0], to);
                simd.store(pair[1], &mut to[MAX_LANES..]);
            }
            first = first.wrapping_add(twice as u64);
        }
        rest = chunks.into_remainder();
    }
    for to in rest.chunks_exact_mut(NORMALS_PER_GROUP) {
        group(simd, keys, first, to);
        first = first.wrapping_add(NORMALS_PER_GROUP as u64);
    }
}

/// Writes normals `first` to `first + 15`, for a multiple `first` of 16, into the first 16
/// values of `to`.
#[inline(always)]
fn group<S: Words>(simd: S, keys: Keys, first: u64, to: &mut [f64]) {
    let (firsts, seconds) = to[..NORMALS_PER_GROUP].split_at_mut(MAX_LANES);
    if S::LANES == MAX_LANES {
        let [[x, y]] = keys.normals(simd, first, 2);
        simd.store(x, firsts);
        simd.store(y, seconds);
    } else {
        let [a, b] = keys.normals(simd, first, 2);
        simd.store(a[0], firsts);
        simd.store(b[0], &mut firsts[S::LANES..]);
        simd.store(a[1], seconds);
        simd.store(b[1], &mut seconds[S::LANES..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::{Dispatch, Level, Simd};

    /// Returns pairs of normals of pairs of words.
    struct Normals<'a>(&'a [[u64; 2]]);

    impl Dispatch for Normals<'_> {
        type Output = Vec<[f64; 2]>;
        fn run<S: Simd>(self, simd: S) -> Vec<[f64; 2]> {
            let simd = simd.double();
            let one_pair = |words: &[u64; 2]| {
                let load = |word: u64| simd.load_words(&[word; 8]);
                let first = |x: <S::Double as Simd>::F| {
                    let mut lanes = [0.0; 8];
                    simd.store(x, &mut lanes);
                    lanes[0]
                };
                {
                    let [pair] = normals_of_words(simd, [words.map(load)]);
                    pair.map(first)
                }
            };
            self.0.iter().map(one_pair).collect()
        }
    }

    #[test]
    fn without_a_second_key_words_are_split_mix_64() {
        // The sequence of the authors' reference code started at 1234567, as published
        // with Vigna's splitmix64.c in many test suites.
        let want = [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
            4_593_380_528_125_082_431,
            16_408_922_859_458_223_821,
        ];
        assert_eq!([1, 2, 3, 4, 5].map(|counter| Keys([1_234_567, 0]).word(counter)), want);
    }

    #[test]
    fn normals_are_box_and_mullers_at_every_level() {
        let keys = Keys([3, 4]);
        let mut words: Vec<_> =
            (0..50_000).map(|i| [keys.word(2 * i), keys.word(2 * i + 1)]).collect();
        let ends =
            [0, 1 << 11, 1 << 12, 1 << 63, (1 << 63) - 1, u64::MAX, u64::MAX - 1, u64::MAX - 2];
        words.extend(ends.iter().flat_map(|&a| ends.map(|b| [a, b])));
        let want = |[radius, angle]: [u64; 2]| {
            let u = 1.0 - (radius >> 11) as f64 * 2.0_f64.powi(-53);
            let radius = (-2.0 * u.ln()).sqrt();
            let turn =
                ((angle >> 12) as f64 * 2.0_f64.powi(-52) - 0.5) * std::f64::consts::FRAC_PI_2;
            let cos = if angle & 1 == 1 { -turn.cos() } else { turn.cos() };
            let (x, y) = if angle & 2 == 2 { (turn.sin(), cos) } else { (cos, turn.sin()) };
            [radius * x, radius * y]
        };
        for level in Level::available() {
            for (words, got) in words.iter().zip(level.dispatch(Normals(&words))) {
                for (got, want) in got.iter().zip(want(*words)) {
                    let error = (got - want).abs();
                    assert!(
                        error <= 8.0 * f64::EPSILON * want.abs(),
                        "{level:?} {words:?}: {got:?} {want:?}"
                    );
                    assert!(got.abs() <= (106.0 * std::f64::consts::LN_2).sqrt());
                }
            }
        }
    }
}
