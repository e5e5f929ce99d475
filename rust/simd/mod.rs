//! The SIMD layer: the operations that kernels need, and the choice of an
//! instruction set. It imports no other folder.
//!
//! A kernel is written once, generic over a [`Simd`] token. Only
//! `Level::dispatch` creates a token, after the processor reported that it
//! supports the instructions. The methods are therefore safe, and each
//! implementation rests its `unsafe` on the token. The choice is made at run
//! time, once a call, at the top; the wheel is built for the baseline of its
//! architecture.
//!
//! Each instruction set has one file with two tokens, for lanes of float64 and
//! of float32. The second has twice the lanes and serves results that show no
//! more than some 14 bits, such as 8-bit colors. Kernels see no difference but
//! [`Format`].
//!
//! No crate is used because the kernels need scalef, getexp and getmant of
//! AVX-512, which portable layers lack. There is no flush-to-zero mode either:
//! exponents are clamped before use, and the only subnormal numbers that a kernel
//! makes are final densities.

#[cfg(target_arch = "x86_64")]
#[macro_use]
mod x86;
#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code, reason = "intrinsics; every block states its obligation")]
mod avx2;
#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code, reason = "intrinsics; every block states its obligation")]
mod avx512;
mod baseline;
pub(crate) mod block;
mod level;
pub(crate) mod logsumexp;
pub(crate) mod math;
pub(crate) mod rounding;
mod u64_lanes;
pub(crate) mod unroll;

pub(crate) use level::Dispatch;
pub use level::Level;
pub(crate) use rounding::ROUNDER;

/// Most lanes of float64 of any level.
pub(crate) const MAX_LANES: usize = 8;

/// Most lanes of float32 of any level.
pub(crate) const MAX_SINGLE_LANES: usize = 16;

/// The range and precision of a lane.
pub(crate) struct Format {
    /// Largest exponent, in bits, of a term of a tile; sums of terms as small as its
    /// reciprocal stay normal.
    pub(crate) max_bits: f64,
    /// Largest exponent of a factor of a term that keeps the factor normal.
    pub(crate) max_range: f64,
    /// Exponents are clamped to at least this; 2 to its power is a normal number.
    pub(crate) min_exponent: f64,
    /// Terms of the polynomials for 2^x and log2(x) that a lane resolves.
    pub(crate) exp2_terms: usize,
    pub(crate) log2_terms: usize,
}

/// The format of float64, whose exponents end at 1022. Terms below 2^-1000 are
/// negligible in a sum of at least 2^-400.
pub(crate) const DOUBLE: Format = Format {
    max_bits: 400.0,
    max_range: 400.0,
    min_exponent: -1000.0,
    exp2_terms: 11,
    log2_terms: 8,
};

/// The format of float32, whose exponents end at 126: products of two factors within
/// `max_bits` are normal.
pub(crate) const SINGLE: Format =
    Format { max_bits: 60.0, max_range: 110.0, min_exponent: -120.0, exp2_terms: 7, log2_terms: 5 };

/// Bits to which sums in float32 are accurate: terms err by some 2^-16, from
/// exponents up to 60 and 31 multiplications.
pub(crate) const SINGLE_BITS: f64 = 15.0;

/// A token for one instruction set: its vectors and their operations.
///
/// The methods are `inline(always)`: they compile to the instructions of the
/// function that [`Simd::vectorize`] runs. What it runs must be inlined into it
/// too, closures by their own attribute: an operation left outside becomes a
/// call, and a kernel fifty times slower.
pub(crate) trait Simd: Copy + Send + Sync + 'static {
    /// A vector of [`Self::LANES`] numbers.
    type F: Copy;
    /// The type of a lane: float64 or float32.
    type Element: Copy;
    /// The token of this instruction set with float32 lanes.
    type Single: Simd<Element = f32>;
    /// The token of this instruction set with float64 lanes.
    type Double: Words;
    /// Number of lanes.
    const LANES: usize;
    /// Whether registers hold 32 vectors; otherwise they hold 16 at most.
    const HAS_32_REGISTERS: bool = false;
    /// Range and precision of a lane.
    const FORMAT: Format;

    /// The token for float64 lanes.
    fn double(self) -> Self::Double;
    /// The token for float32 lanes.
    fn single(self) -> Self::Single;
    /// Runs `f`, compiled with this token's instructions if `f` is inlined.
    fn vectorize<R>(self, f: impl FnOnce() -> R) -> R;
    /// Rounds `x` to the type of the lanes.
    fn element(self, x: f64) -> Self::Element;
    fn splat_element(self, x: Self::Element) -> Self::F;
    #[inline(always)]
    fn splat(self, x: f64) -> Self::F {
        self.splat_element(self.element(x))
    }
    /// Loads the first `LANES` values; panics if there are fewer.
    fn load(self, from: &[f64]) -> Self::F;
    /// Loads values of the type of the lanes.
    fn load_elements(self, from: &[Self::Element]) -> Self::F;
    /// Stores into the first `LANES` values; panics if there are fewer.
    fn store(self, x: Self::F, to: &mut [f64]);
    /// Stores in the type of the lanes.
    fn store_elements(self, x: Self::F, to: &mut [Self::Element]);
    /// Stores as float32.
    fn store_single(self, x: Self::F, to: &mut [f32]);
    /// Stores as bytes, clipped to 0..=255 and rounded half to even; NaN is 0.
    fn store_bytes(self, x: Self::F, to: &mut [u8]);
    fn add(self, a: Self::F, b: Self::F) -> Self::F;
    fn sub(self, a: Self::F, b: Self::F) -> Self::F;
    fn mul(self, a: Self::F, b: Self::F) -> Self::F;
    fn div(self, a: Self::F, b: Self::F) -> Self::F;
    /// a b + c, in one rounding where the machine has it.
    fn mul_add(self, a: Self::F, b: Self::F, c: Self::F) -> Self::F;
    /// c - a b, in one rounding where the machine has it.
    fn neg_mul_add(self, a: Self::F, b: Self::F, c: Self::F) -> Self::F;
    /// The larger; `b` where either is NaN.
    fn max(self, a: Self::F, b: Self::F) -> Self::F;
    /// The smaller; `b` where either is NaN.
    fn min(self, a: Self::F, b: Self::F) -> Self::F;
    fn abs(self, x: Self::F) -> Self::F;
    fn sqrt(self, x: Self::F) -> Self::F;
    /// Bit i is set where a < b in lane i; not where either is NaN.
    fn less_bits(self, a: Self::F, b: Self::F) -> u32;
    /// `x` in the lanes where a < b, `y` in the others, and where either is NaN.
    fn select_less(self, a: Self::F, b: Self::F, x: Self::F, y: Self::F) -> Self::F;
    /// Interleaves three planes: a[0], b[0], c[0], a[1], ...
    #[inline(always)]
    fn interleave_bytes(self, [a, b, c]: [&[u8; 16]; 3], to: &mut [u8; 48]) {
        for i in 0..16 {
            (to[3 * i], to[3 * i + 1], to[3 * i + 2]) = (a[i], b[i], c[i]);
        }
    }
    /// Writes `first + i` for every bit i of `lanes` into `to`, in order, and returns
    /// their number. `to` has room for all lanes; the values after the written ones
    /// are unspecified.
    #[inline(always)]
    fn store_positions(self, first: u32, lanes: u32, to: &mut [u32]) -> usize {
        // Which lanes are set is hard to predict: a store for each lane, and no branch.
        let (to, mut n) = (&mut to[..Self::LANES], 0);
        for lane in 0..Self::LANES as u32 {
            to[n % Self::LANES] = first + lane;
            n += (lanes >> lane & 1) as usize;
        }
        n
    }
    /// The sums over the lanes of each of `LANES` vectors of float64, one in each lane.
    #[inline(always)]
    fn sums(self, x: &[Self::F]) -> Self::F {
        let mut sums = [0.0; MAX_LANES];
        for (sum, x) in sums.iter_mut().zip(&x[..Self::LANES]) {
            let mut lanes = [0.0; MAX_LANES];
            self.store(*x, &mut lanes);
            *sum = lanes.iter().sum();
        }
        self.load(&sums)
    }
    /// Stores the sums over the lanes of each of eight vectors, as float32.
    #[inline(always)]
    fn store_sums(self, x: &[Self::F; 8], to: &mut [f32; 8]) {
        for (sum, x) in to.iter_mut().zip(x) {
            let mut lanes = [0.0; MAX_SINGLE_LANES];
            self.store_single(*x, &mut lanes);
            *sum = lanes.iter().sum();
        }
    }
    /// Nearest integer, ties to even; for |x| < 2^51, or 2^22 in float32.
    fn round(self, x: Self::F) -> Self::F;
    /// x 2^n, rounded, for integral n in [-1022, 1023], or [-126, 127] in float32.
    fn scale(self, x: Self::F, n: Self::F) -> Self::F;
    /// (e, m) with x = m 2^e and m in [sqrt(1/2), sqrt(2)), for positive,
    /// finite, normal x.
    fn split(self, x: Self::F) -> (Self::F, Self::F);
}

/// Vectors of 64-bit words, as many as lanes of float64, for random streams.
///
/// Every method returns the same bits at every level: integer operations wrap, and
/// those on float64 are rounded once, as IEEE 754 specifies.
pub(crate) trait Words: Simd<Element = f64> {
    /// A vector of [`Simd::LANES`] words of 64 bits.
    type U: Copy;

    /// `first + i step` in lane i.
    fn words_from(self, first: u64, step: u64) -> Self::U;
    /// Loads the first `LANES` words; panics if there are fewer. Only x86-64's own levels and tests
    /// use it.
    #[cfg_attr(not(target_arch = "x86_64"), allow(dead_code))]
    fn load_words(self, from: &[u64]) -> Self::U;
    /// The sum of each word and `b`.
    fn add_word(self, a: Self::U, b: u64) -> Self::U;
    /// The low half of the product of each word and `b`.
    fn mul_word(self, a: Self::U, b: u64) -> Self::U;
    /// a xor (a >> N).
    fn xor_shifted<const N: u32>(self, a: Self::U) -> Self::U;
    /// The upper 53 bits as a fraction, in [0, 1).
    fn fraction(self, a: Self::U) -> Self::F;
    /// The upper 52 bits as a fraction in [0, 1), less a half.
    fn centered_fraction(self, a: Self::U) -> Self::F;
    /// -x where the lowest bit of `a` is set, x elsewhere.
    fn negate_by_bit_0(self, a: Self::U, x: Self::F) -> Self::F;
    /// `y` where the next bit of `a` is set, `x` elsewhere.
    fn select_by_bit_1(self, a: Self::U, x: Self::F, y: Self::F) -> Self::F;
}
