//! Random streams: numbers that depend on the seed alone.
//!
//! A stream is a function from counters to numbers, without state. Any thread can compute
//! any part of it, in any order and at any instruction set, with the same bits.
//! [`STREAM_VERSION`] names, and keeps fixed: how a seed and a purpose become two keys
//! (here), how keys and a counter become a word, and words a uniform or a pair of normals
//! (normals.rs, which also explains why the bits are the same on every machine), and
//! which counters a sample uses (sampling/sampler.rs).
//!
//! A stream has 2^64 words, all different. Uniforms have 53 bits and are in [0, 1).
//! The radius of a pair of normals uses a uniform of 53 bits, which bounds normals by
//! sqrt(106 log 2) = 8.57; one in 10^17 true normals lies beyond.

use crate::random::normals::{Keys, NORMALS_PER_GROUP, fill_groups};
use crate::simd::{Dispatch, Level, Simd, Words};

/// The version of the streams. Other bits for a seed require another version.
pub const STREAM_VERSION: &str = "gmmfast-1";

/// The purpose of a stream's numbers. Streams of one seed for different purposes are
/// independent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Components of samples.
    Components,
    /// Normals of samples.
    Normals,
    /// Components of draws from conditionals.
    ConditionalComponents,
    /// Normals of draws from conditionals.
    ConditionalNormals,
}

/// The stream of random numbers of a seed for a purpose.
///
/// ```
/// use gmmfast::{Level, Purpose, Stream};
///
/// let stream = Stream::new(42, Purpose::Normals);
/// let (mut all, mut some) = ([0.0; 100], [0.0; 10]);
/// stream.normals(0, &mut all, Level::best());
/// stream.normals(70, &mut some, Level::Baseline);
/// assert_eq!(all[70..80], some);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stream(Keys);

impl Stream {
    /// Creates the stream of a seed for a purpose.
    #[must_use]
    pub fn new(seed: u64, purpose: Purpose) -> Self {
        Self::of_round(seed, purpose, 0)
    }

    /// Creates one of many streams for a purpose: another one for each round of attempts.
    ///
    /// Its keys are two words of SplitMix64 started at the scrambled seed. Streams of
    /// similar seeds are therefore unrelated.
    pub(crate) fn of_round(seed: u64, purpose: Purpose, round: u64) -> Self {
        let split_mix = |start: u64| Keys([start, 0]);
        let start = split_mix(seed).word(1);
        let number = round.wrapping_mul(256).wrapping_add(purpose as u64);
        let key = |i: u64| split_mix(start).word(number.wrapping_mul(2).wrapping_add(i));
        Self(Keys([key(1), key(2)]))
    }

    /// The keys of the stream, for kernels: see normals.rs.
    pub(crate) fn keys(self) -> Keys {
        self.0
    }

    /// Writes uniforms in [0, 1) at the counters `first`, `first + 1`, ...
    pub fn uniforms(&self, first: u64, out: &mut [f64], level: Level) {
        level.dispatch(Fill::<false> { keys: self.0, first, out });
    }

    /// Writes standard normals number `first`, `first + 1`, ...
    ///
    /// Number n is one of the pair whose words are at the counters c and c + 1: with
    /// n = 16 q + l, it is the pair's first at c = 16 q + 2 l for l < 8, and its second
    /// at c = 16 q + 2 (l - 8) above.
    pub fn normals(&self, first: u64, out: &mut [f64], level: Level) {
        level.dispatch(Fill::<true> { keys: self.0, first, out });
    }
}

impl Stream {
    /// [`Self::uniforms`] inside a kernel.
    pub(crate) fn fill_uniforms<S: Simd>(&self, simd: S, first: u64, out: &mut [f64]) {
        Fill::<false> { keys: self.0, first, out }.run(simd);
    }

    /// [`Self::normals`] inside a kernel.
    pub(crate) fn fill_normals<S: Simd>(&self, simd: S, first: u64, out: &mut [f64]) {
        Fill::<true> { keys: self.0, first, out }.run(simd);
    }
}

/// Writes uniforms or normals.
struct Fill<'a, const NORMAL: bool> {
    keys: Keys,
    first: u64,
    out: &'a mut [f64],
}

impl<const NORMAL: bool> Dispatch for Fill<'_, NORMAL> {
    type Output = ();

    fn run<S: Simd>(self, simd: S) {
        let simd = simd.double();
        simd.vectorize(
            #[inline(always)]
            || self.fill(simd),
        );
    }
}

impl<const NORMAL: bool> Fill<'_, NORMAL> {
    #[inline(always)]
    fn fill<S: Words>(self, simd: S) {
        let Self { keys, mut first, out: mut rest } = self;
        // First up to a whole group, then whole groups, then the rest.
        while !rest.is_empty() {
            let skipped = (first % NORMALS_PER_GROUP as u64) as usize;
            if skipped == 0 && rest.len() >= NORMALS_PER_GROUP {
                let whole = rest.len() - rest.len() % NORMALS_PER_GROUP;
                let (now, later) = rest.split_at_mut(whole);
                Self::numbers(simd, keys, first, now);
                (rest, first) = (later, first.wrapping_add(whole as u64));
            } else {
                let mut numbers = [0.0; NORMALS_PER_GROUP];
                Self::numbers(simd, keys, first - skipped as u64, &mut numbers);
                let numbers = &numbers[skipped..];
                let (now, later) = rest.split_at_mut(numbers.len().min(rest.len()));
                now.copy_from_slice(&numbers[..now.len()]);
                (first, rest) = (first.wrapping_add(now.len() as u64), later);
            }
        }
    }

    #[inline(always)]
    fn numbers<S: Words>(simd: S, keys: Keys, first: u64, to: &mut [f64]) {
        if NORMAL {
            return fill_groups(simd, keys, first, to);
        }
        for (at, to) in to.chunks_exact_mut(S::LANES).enumerate() {
            let first = first.wrapping_add((at * S::LANES) as u64);
            simd.store(simd.fraction(keys.words(simd, first, 1)), to);
        }
    }
}
