//! The choice of an instruction set, at run time.
//!
//! A token of an instruction set is created only here, after the processor
//! reported that it supports the instructions.

use crate::simd::Simd;
use crate::simd::baseline::Baseline;
#[cfg(target_arch = "x86_64")]
use crate::simd::{avx2::Avx2, avx512::Avx512};

/// Work that runs on whichever instruction set is chosen.
pub(crate) trait Dispatch {
    /// The result of the work.
    type Output;
    /// Does the work; compiled once for each instruction set.
    fn run<S: Simd>(self, simd: S) -> Self::Output;
}

/// An instruction set that the kernels are compiled for, lowest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// The baseline of the architecture: SSE2 on x86-64, NEON on aarch64.
    Baseline,
    /// AVX2 with FMA.
    Avx2,
    /// AVX-512 F and DQ.
    Avx512,
}

impl Level {
    /// Every level, lowest first.
    const ALL: [Self; 3] = [Self::Baseline, Self::Avx2, Self::Avx512];

    /// The name, as spelled in `GMMFAST_DISABLE_CPU_FEATURES`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Baseline => "baseline",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
        }
    }

    /// The levels that this processor supports, lowest first.
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

    /// Names in `GMMFAST_DISABLE_CPU_FEATURES` that are not recognized.
    #[must_use]
    pub fn unknown_names() -> Vec<String> {
        disabled_names().filter(|name| Self::named(name).is_none()).collect()
    }

    /// The lowest level that needs the processor feature `name`.
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
    /// If the processor does not support it: see [`Self::available`].
    pub(crate) fn dispatch<W: Dispatch>(self, work: W) -> W::Output {
        self.try_dispatch(work).unwrap_or_else(|| panic!("this processor has no {}", self.name()))
    }

    fn try_dispatch<W: Dispatch>(self, work: W) -> Option<W::Output> {
        match self {
            Self::Baseline => Some(work.run(Baseline)),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => Avx2::detect().map(|simd| work.run(simd)),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => Avx512::detect().map(|simd| work.run(simd)),
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
