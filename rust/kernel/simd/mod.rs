//! The SIMD layer: what the kernels need of a machine, and the choice of it.
//!
//! A kernel is written once, generic over a [`Simd`] token. A token can only
//! be had from `Level::dispatch` after the processor said that it has the
//! instructions, so its methods are safe; each implementation rests its
//! `unsafe` on that. The choice is made at run time, once a call, at the top;
//! the wheel is built for the baseline of its architecture.
//!
//! Why not a crate: the kernels need scalef, getexp and getmant of AVX-512 now
//! and compress-store, non-temporal stores and flush-to-zero next, which the
//! portable layers do not have; this layer is the few operations that are used.

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
#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)]
mod avx2;
#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code)]
mod avx512;
mod baseline;

/// 1.5 * 2^52: adding it leaves the nearest integer, ties to even, in the low
/// mantissa bits.
pub(crate) const ROUNDER: f64 = 6_755_399_441_055_744.0;

/// Most lanes of any level.
pub(crate) const MAX_LANES: usize = 8;

/// Vectors of float64 and the operations of one instruction set.
///
/// The methods are `inline(always)`: they compile to the instructions of the
/// function that [`Simd::vectorize`] runs. What it runs must be inlined into it
/// too, closures by their own attribute: an operation left outside becomes a
/// call, and a kernel fifty times slower.
pub(crate) trait Simd: Copy + Send + Sync + 'static {
    /// A vector of [`Self::LANES`] float64.
    type F: Copy;
    /// Number of lanes.
    const LANES: usize;

    /// Runs `f`, compiled with this token's instructions if `f` is inlined.
    fn vectorize<R>(self, f: impl FnOnce() -> R) -> R;
    fn splat(self, x: f64) -> Self::F;
    /// The first `LANES` values; panics if there are fewer.
    fn load(self, from: &[f64]) -> Self::F;
    /// Into the first `LANES` values; panics if there are fewer.
    fn store(self, x: Self::F, to: &mut [f64]);
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
    /// Bit i is set where a < b in lane i; not where either is NaN.
    fn less_bits(self, a: Self::F, b: Self::F) -> u32;
    /// Nearest integer, ties to even; for |x| < 2^51.
    fn round(self, x: Self::F) -> Self::F;
    /// x 2^n, rounded, for integral n in [-1022, 1023].
    fn scale(self, x: Self::F, n: Self::F) -> Self::F;
    /// (e, m) with x = m 2^e and m in [sqrt(1/2), sqrt(2)), for positive,
    /// finite, normal x.
    fn split(self, x: Self::F) -> (Self::F, Self::F);
    /// x where a < b, else y; y where a or b is NaN.
    fn select_less(self, a: Self::F, b: Self::F, x: Self::F, y: Self::F) -> Self::F;
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
    /// `GMMFAST_DISABLE_CPU_FEATURES` (names separated by commas or spaces)
    /// does not turn off.
    #[must_use]
    pub fn best() -> Self {
        let disabled = std::env::var("GMMFAST_DISABLE_CPU_FEATURES").unwrap_or_default();
        let disabled: Vec<String> =
            disabled.split([',', ' ']).map(str::to_ascii_lowercase).collect();
        let is_enabled = |level: &Self| !disabled.iter().any(|name| name == level.name());
        Self::available().into_iter().rfind(is_enabled).unwrap_or(Self::Baseline)
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
