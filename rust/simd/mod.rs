//! The SIMD layer: what the kernels need of a machine, and the choice of it.
//!
//! A kernel is written once, generic over a [`Simd`] token. A token can only
//! be had from `Level::dispatch` after the processor said that it has the
//! instructions, so its methods are safe; each implementation rests its
//! `unsafe` on that. The choice is made at run time, once a call, at the top;
//! the wheel is built for the baseline of its architecture.
//!
//! Each instruction set comes twice, with lanes of float64 and of float32: the
//! second has twice the lanes and serves results that show no more than some 14
//! bits, such as 8-bit colours. Kernels see no difference but [`Format`].
//!
//! Why not a crate: the kernels need scalef, getexp and getmant of AVX-512,
//! which the portable layers do not have; this layer is the few operations that
//! are used. There is no flush-to-zero mode either: exponents are clamped
//! before they are used, so that no operation of a kernel makes a subnormal
//! number but the last one of a density, whose value it is.

/// Methods of [`Simd`] that are one intrinsic each.
#[cfg(target_arch = "x86_64")]
macro_rules! forward {
    ($($method:ident($($argument:ident),+) = $intrinsic:ident;)+) => {$(
        #[inline(always)]
        fn $method(self, $($argument: Self::F),+) -> Self::F {
            // SAFETY: the token proves that the processor has the instruction.
            unsafe { $intrinsic($($argument),+) }
        }
    )+};
}
/// [`Simd::interleave_bytes`] by shuffles within 128 bits.
#[cfg(target_arch = "x86_64")]
macro_rules! interleave_by_shuffles {
    () => {
        #[inline(always)]
        fn interleave_bytes(self, from: [&[u8; 16]; 3], to: &mut [u8; 48]) {
            // Byte i of the result is byte i / 3 of plane i % 3; -1 gives zero.
            const MASKS: [[[i8; 16]; 3]; 3] = {
                let mut masks = [[[-1; 16]; 3]; 3];
                let mut i = 0;
                while i < 48 {
                    masks[i / 16][i % 3][i % 16] = (i / 3) as i8;
                    i += 1;
                }
                masks
            };
            for (part, masks) in MASKS.iter().enumerate() {
                // SAFETY: the token proves AVX2, which has these instructions; all
                // arrays have 16 bytes from the pointers on.
                unsafe {
                    let load = |p: *const u8| _mm_loadu_si128(p.cast());
                    let mask = |n: usize| load(masks[n].as_ptr().cast());
                    let a = _mm_shuffle_epi8(load(from[0].as_ptr()), mask(0));
                    let b = _mm_shuffle_epi8(load(from[1].as_ptr()), mask(1));
                    let c = _mm_shuffle_epi8(load(from[2].as_ptr()), mask(2));
                    let bytes = _mm_or_si128(_mm_or_si128(a, b), c);
                    _mm_storeu_si128(to.as_mut_ptr().add(16 * part).cast(), bytes);
                }
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)]
mod avx2;
#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)]
mod avx2_single;
#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)]
mod avx512;
#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)]
mod avx512_single;
/// Methods of [`Simd`] that are one loop over arrays each.
macro_rules! array_arithmetic {
    () => {
        #[inline(always)]
        fn add(self, a: Lanes, b: Lanes) -> Lanes {
            map(|i| a.0[i] + b.0[i])
        }
        #[inline(always)]
        fn sub(self, a: Lanes, b: Lanes) -> Lanes {
            map(|i| a.0[i] - b.0[i])
        }
        #[inline(always)]
        fn mul(self, a: Lanes, b: Lanes) -> Lanes {
            map(|i| a.0[i] * b.0[i])
        }
        #[inline(always)]
        fn div(self, a: Lanes, b: Lanes) -> Lanes {
            map(|i| a.0[i] / b.0[i])
        }
        #[inline(always)]
        fn mul_add(self, a: Lanes, b: Lanes, c: Lanes) -> Lanes {
            if cfg!(target_arch = "aarch64") {
                map(|i| a.0[i].mul_add(b.0[i], c.0[i]))
            } else {
                map(|i| a.0[i] * b.0[i] + c.0[i])
            }
        }
        #[inline(always)]
        fn neg_mul_add(self, a: Lanes, b: Lanes, c: Lanes) -> Lanes {
            if cfg!(target_arch = "aarch64") {
                map(|i| (-a.0[i]).mul_add(b.0[i], c.0[i]))
            } else {
                map(|i| c.0[i] - a.0[i] * b.0[i])
            }
        }
        #[inline(always)]
        fn max(self, a: Lanes, b: Lanes) -> Lanes {
            map(|i| if a.0[i] > b.0[i] { a.0[i] } else { b.0[i] })
        }
        #[inline(always)]
        fn min(self, a: Lanes, b: Lanes) -> Lanes {
            map(|i| if a.0[i] < b.0[i] { a.0[i] } else { b.0[i] })
        }
        #[inline(always)]
        fn abs(self, x: Lanes) -> Lanes {
            map(|i| x.0[i].abs())
        }
        #[inline(always)]
        fn sqrt(self, x: Self::F) -> Self::F {
            map(|i| x.0[i].sqrt())
        }
        #[inline(always)]
        fn less_bits(self, a: Lanes, b: Lanes) -> u32 {
            (0..LANES).map(|i| u32::from(a.0[i] < b.0[i]) << i).sum()
        }
        #[inline(always)]
        fn select_less(self, a: Lanes, b: Lanes, x: Lanes, y: Lanes) -> Lanes {
            map(|i| if a.0[i] < b.0[i] { x.0[i] } else { y.0[i] })
        }
    };
}
mod baseline;
mod baseline_single;
pub(crate) mod logsumexp;
pub(crate) mod math;
mod u64_lanes;
pub(crate) mod unroll;

pub(crate) use u64_lanes::Words;

/// 1.5 * 2^52: adding it leaves the nearest integer, ties to even, in the low
/// mantissa bits.
pub(crate) const ROUNDER: f64 = 6_755_399_441_055_744.0;

/// The same for float32: 1.5 * 2^23.
pub(crate) const ROUNDER_SINGLE: f32 = 12_582_912.0;

/// Most lanes of float64 of any level.
pub(crate) const MAX_LANES: usize = 8;

/// What the numbers in the lanes can hold.
pub(crate) struct Format {
    /// Largest share of a tile, in bits, and one of whose smallness sums stay normal.
    pub(crate) max_bits: f64,
    /// Largest exponent that a factor of a share may have, and be normal.
    pub(crate) max_range: f64,
    /// Exponentials are taken of nothing below this; a normal number.
    pub(crate) min_exponent: f64,
    /// Terms of the polynomials for 2^x and log2(x) that a lane can tell.
    pub(crate) exp2_terms: usize,
    pub(crate) log2_terms: usize,
}

/// Of float64, whose exponents end at 1022. Shares below 2^-1000 of a sum of at
/// least 2^-400 are nothing.
pub(crate) const DOUBLE: Format = Format {
    max_bits: 400.0,
    max_range: 400.0,
    min_exponent: -1000.0,
    exp2_terms: 11,
    log2_terms: 8,
};

/// Of float32, whose exponents end at 126: products of two factors within
/// `max_bits` are normal.
pub(crate) const SINGLE: Format =
    Format { max_bits: 60.0, max_range: 110.0, min_exponent: -120.0, exp2_terms: 7, log2_terms: 5 };

/// Bits that sums in float32 show: shares err by some 2^-16, from exponents up
/// to 60 and 31 multiplications.
pub(crate) const SINGLE_BITS: f64 = 15.0;

/// Vectors of numbers and the operations of one instruction set.
///
/// The methods are `inline(always)`: they compile to the instructions of the
/// function that [`Simd::vectorize`] runs. What it runs must be inlined into it
/// too, closures by their own attribute: an operation left outside becomes a
/// call, and a kernel fifty times slower.
pub(crate) trait Simd: Copy + Send + Sync + 'static {
    /// A vector of [`Self::LANES`] numbers.
    type F: Copy;
    /// One of them: float64 or float32.
    type Element: Copy;
    /// The same instruction set with float32 lanes.
    type Single: Simd;
    /// The same with float64 lanes.
    type Double: Words;
    /// Number of lanes.
    const LANES: usize;
    /// What a lane holds.
    const FORMAT: Format;

    /// The token for float64 lanes.
    fn double(self) -> Self::Double;
    /// The token for float32 lanes.
    fn single(self) -> Self::Single;
    /// Runs `f`, compiled with this token's instructions if `f` is inlined.
    fn vectorize<R>(self, f: impl FnOnce() -> R) -> R;
    fn element(self, x: f64) -> Self::Element;
    fn splat_element(self, x: Self::Element) -> Self::F;
    #[inline(always)]
    fn splat(self, x: f64) -> Self::F {
        self.splat_element(self.element(x))
    }
    /// The first `LANES` values; panics if there are fewer.
    fn load(self, from: &[f64]) -> Self::F;
    /// Into the first `LANES` values; panics if there are fewer.
    fn store(self, x: Self::F, to: &mut [f64]);
    /// The same, to the lanes' own type.
    fn store_elements(self, x: Self::F, to: &mut [Self::Element]);
    /// The same, to float32.
    fn store_single(self, x: Self::F, to: &mut [f32]);
    /// The same, clipped to 0..=255 and rounded half to even; NaN is 0.
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
    /// Takes turns: a[0], b[0], c[0], a[1], ...
    #[inline(always)]
    fn interleave_bytes(self, [a, b, c]: [&[u8; 16]; 3], to: &mut [u8; 48]) {
        for i in 0..16 {
            (to[3 * i], to[3 * i + 1], to[3 * i + 2]) = (a[i], b[i], c[i]);
        }
    }
    /// Puts `first + i` for every bit i of `lanes` into `to`, in order, and returns
    /// how many; `to` has room for all lanes, and what follows there is lost.
    #[inline(always)]
    fn store_positions(self, first: u32, lanes: u32, to: &mut [u32]) -> usize {
        let (mut rest, mut n) = (lanes, 0);
        while rest != 0 {
            to[n] = first + rest.trailing_zeros();
            rest &= rest - 1;
            n += 1;
        }
        n
    }
    /// The sum of each of `LANES` vectors' lanes, one in each lane; of float64.
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
    /// Nearest integer, ties to even; for |x| < 2^51, or 2^22 in float32.
    fn round(self, x: Self::F) -> Self::F;
    /// x 2^n, rounded, for integral n in [-1022, 1023], or [-126, 127] in float32.
    fn scale(self, x: Self::F, n: Self::F) -> Self::F;
    /// (e, m) with x = m 2^e and m in [sqrt(1/2), sqrt(2)), for positive,
    /// finite, normal x.
    fn split(self, x: Self::F) -> (Self::F, Self::F);
}

/// Work that runs on whichever instruction set is chosen.
pub(crate) trait Dispatch {
    /// What the work gives.
    type Output;
    /// Does the work; compiled once for each instruction set.
    fn run<S: Simd>(self, simd: S) -> Self::Output;
}

/// An instruction set that the kernels are compiled for, lowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// What every processor of the architecture has: SSE2, or NEON on aarch64.
    Baseline,
    /// AVX2 with FMA.
    Avx2,
    /// AVX-512 F and DQ.
    Avx512,
}

impl Level {
    /// Every level, lowest first.
    const ALL: [Self; 3] = [Self::Baseline, Self::Avx2, Self::Avx512];

    /// Its name, as `GMMFAST_DISABLE_CPU_FEATURES` spells it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
        }
    }

    /// The levels that this processor has, lowest first.
    #[must_use]
    pub fn available() -> Vec<Self> {
        struct Nothing;
        impl Dispatch for Nothing {
            type Output = ();
            fn run<S: Simd>(self, _: S) {}
        }
        Self::ALL.into_iter().filter(|level| level.try_dispatch(Nothing).is_some()).collect()
    }

    /// The best level of this processor that the environment variable
    /// `GMMFAST_DISABLE_CPU_FEATURES` does not turn off: names separated by commas
    /// or spaces, "avx512" or "avx2", each with all levels above it.
    #[must_use]
    pub fn best() -> Self {
        let lowest = disabled_names().filter_map(|name| Self::named(&name)).min();
        let is_enabled = |level: &Self| lowest.is_none_or(|lowest| *level < lowest);
        Self::available().into_iter().rfind(is_enabled).unwrap_or(Self::Baseline)
    }

    /// Names in `GMMFAST_DISABLE_CPU_FEATURES` that mean nothing, for telling.
    #[must_use]
    pub fn unknown_names() -> Vec<String> {
        disabled_names().filter(|name| Self::named(name).is_none()).collect()
    }

    /// The level that is gone where the processor's feature `name` is.
    fn named(name: &str) -> Option<Self> {
        match name {
            "avx2" | "fma" => Some(Self::Avx2),
            "avx512" | "avx512f" | "avx512dq" => Some(Self::Avx512),
            _ => None,
        }
    }

    /// Runs `work` on this level.
    ///
    /// # Panics
    /// If the processor does not have it: see [`Self::available`].
    pub(crate) fn dispatch<W: Dispatch>(self, work: W) -> W::Output {
        self.try_dispatch(work).unwrap_or_else(|| panic!("this processor has no {}", self.name()))
    }

    fn try_dispatch<W: Dispatch>(self, work: W) -> Option<W::Output> {
        match self {
            Self::Baseline => Some(work.run(baseline::Baseline)),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => avx2::Avx2::detect().map(|simd| work.run(simd)),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => avx512::Avx512::detect().map(|simd| work.run(simd)),
            #[cfg(not(target_arch = "x86_64"))]
            Self::Avx2 | Self::Avx512 => None,
        }
    }
}

fn disabled_names() -> impl Iterator<Item = String> {
    let names = std::env::var("GMMFAST_DISABLE_CPU_FEATURES").unwrap_or_default();
    let names: Vec<String> = names.split([',', ' ']).map(str::to_ascii_lowercase).collect();
    names.into_iter().filter(|name| !name.is_empty())
}
