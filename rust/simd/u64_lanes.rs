//! Vectors of 64-bit words for random streams: [`Words`] at every level.
//!
//! Nothing here fuses two operations of float64; see the trait for the guarantees.

use crate::simd::baseline::{Baseline, Lanes};
use crate::simd::{Simd, Words};

/// 2^-53: a word's upper 53 bits times this are in [0, 1).
const UNIT: f64 = 1.0 / (1_u64 << 53) as f64;

/// The bits of 1.0.
const ONE: u64 = 1023 << 52;

/// The words of the baseline: an array.
#[derive(Clone, Copy)]
#[repr(align(32))]
pub(crate) struct WordLanes([u64; Baseline::LANES]);

impl Words for Baseline {
    type U = WordLanes;

    #[inline(always)]
    fn words_from(self, first: u64, step: u64) -> WordLanes {
        WordLanes(std::array::from_fn(|i| first.wrapping_add(step.wrapping_mul(i as u64))))
    }
    #[inline(always)]
    fn load_words(self, from: &[u64]) -> WordLanes {
        let from = &from[..Self::LANES];
        WordLanes(std::array::from_fn(|i| from[i]))
    }
    #[inline(always)]
    fn add_word(self, a: WordLanes, b: u64) -> WordLanes {
        WordLanes(a.0.map(|a| a.wrapping_add(b)))
    }
    #[inline(always)]
    fn mul_word(self, a: WordLanes, b: u64) -> WordLanes {
        WordLanes(a.0.map(|a| a.wrapping_mul(b)))
    }
    #[inline(always)]
    fn xor_shifted<const N: u32>(self, a: WordLanes) -> WordLanes {
        WordLanes(a.0.map(|a| a ^ (a >> N)))
    }
    #[inline(always)]
    fn fraction(self, a: WordLanes) -> Lanes {
        Lanes(a.0.map(|a| (a >> 11) as f64 * UNIT))
    }
    #[inline(always)]
    fn centered_fraction(self, a: WordLanes) -> Lanes {
        Lanes(a.0.map(|a| f64::from_bits((a >> 12) | ONE) - 1.5))
    }
    #[inline(always)]
    fn negate_by_bit_0(self, a: WordLanes, x: Lanes) -> Lanes {
        Lanes(std::array::from_fn(|i| f64::from_bits(x.0[i].to_bits() ^ (a.0[i] << 63))))
    }
    #[inline(always)]
    fn select_by_bit_1(self, a: WordLanes, x: Lanes, y: Lanes) -> Lanes {
        Lanes(std::array::from_fn(|i| if a.0[i] & 2 == 0 { x.0[i] } else { y.0[i] }))
    }
}

#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code, reason = "intrinsics; every block states its obligation")]
mod avx2 {
    //! Safety: every `unsafe` block calls an intrinsic of AVX2, which the token proves.

    use super::{ONE, UNIT};
    use crate::simd::avx2::Avx2;
    use crate::simd::{Simd, Words};
    use std::arch::x86_64::*;

    /// The bits of 2^52 and 2^84: an integer in their low 32 bits adds itself, or itself
    /// times 2^32.
    const TWO_52: i64 = 0x4330_0000_0000_0000;
    const TWO_84: i64 = 0x4530_0000_0000_0000;

    impl Words for Avx2 {
        type U = __m256i;

        #[inline(always)]
        fn words_from(self, first: u64, step: u64) -> __m256i {
            let lanes: [u64; 4] = std::array::from_fn(|i| step.wrapping_mul(i as u64));
            self.add_word(self.load_words(&lanes), first)
        }
        #[inline(always)]
        fn load_words(self, from: &[u64]) -> __m256i {
            let from = &from[..Self::LANES];
            // SAFETY: the token proves AVX2; the slice has as many words.
            unsafe { _mm256_loadu_si256(from.as_ptr().cast()) }
        }
        #[inline(always)]
        fn add_word(self, a: __m256i, b: u64) -> __m256i {
            // SAFETY: the token proves AVX2.
            unsafe { _mm256_add_epi64(a, _mm256_set1_epi64x(b as i64)) }
        }
        #[inline(always)]
        fn mul_word(self, a: __m256i, b: u64) -> __m256i {
            // SAFETY: the token proves AVX2.
            unsafe {
                let (low, high) =
                    (_mm256_set1_epi64x(b as i64), _mm256_set1_epi64x((b >> 32) as i64));
                let upper = _mm256_mul_epu32(_mm256_srli_epi64::<32>(a), low);
                let upper = _mm256_add_epi64(upper, _mm256_mul_epu32(a, high));
                _mm256_add_epi64(_mm256_mul_epu32(a, low), _mm256_slli_epi64::<32>(upper))
            }
        }
        #[inline(always)]
        fn xor_shifted<const N: u32>(self, a: __m256i) -> __m256i {
            // SAFETY: the token proves AVX2.
            unsafe { _mm256_xor_si256(a, _mm256_srl_epi64(a, _mm_cvtsi32_si128(N as i32))) }
        }
        #[inline(always)]
        fn fraction(self, a: __m256i) -> __m256d {
            // SAFETY: the token proves AVX2.
            unsafe {
                // Upper and lower half as 2^84 + 2^32 h and 2^52 + l: exact, and so is
                // the sum of both, which has 53 bits.
                let upper = _mm256_or_si256(_mm256_srli_epi64::<32>(a), _mm256_set1_epi64x(TWO_84));
                let kept = _mm256_and_si256(a, _mm256_set1_epi64x(0xFFFF_F800));
                let lower = _mm256_or_si256(kept, _mm256_set1_epi64x(TWO_52));
                let both = f64::from_bits(TWO_84 as u64) + f64::from_bits(TWO_52 as u64);
                let upper = _mm256_sub_pd(_mm256_castsi256_pd(upper), _mm256_set1_pd(both));
                let sum = _mm256_add_pd(upper, _mm256_castsi256_pd(lower));
                _mm256_mul_pd(sum, _mm256_set1_pd(UNIT / 2048.0))
            }
        }
        #[inline(always)]
        fn centered_fraction(self, a: __m256i) -> __m256d {
            // SAFETY: the token proves AVX2.
            unsafe {
                let shifted = _mm256_srli_epi64::<12>(a);
                let bits = _mm256_or_si256(shifted, _mm256_set1_epi64x(ONE as i64));
                _mm256_sub_pd(_mm256_castsi256_pd(bits), _mm256_set1_pd(1.5))
            }
        }
        #[inline(always)]
        fn negate_by_bit_0(self, a: __m256i, x: __m256d) -> __m256d {
            // SAFETY: the token proves AVX2.
            unsafe { _mm256_xor_pd(x, _mm256_castsi256_pd(_mm256_slli_epi64::<63>(a))) }
        }
        #[inline(always)]
        fn select_by_bit_1(self, a: __m256i, x: __m256d, y: __m256d) -> __m256d {
            // SAFETY: the token proves AVX2.
            unsafe { _mm256_blendv_pd(x, y, _mm256_castsi256_pd(_mm256_slli_epi64::<62>(a))) }
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[allow(unsafe_code, reason = "intrinsics; every block states its obligation")]
mod avx512 {
    //! Safety: every `unsafe` block calls an intrinsic of AVX-512 F or DQ, which the
    //! token proves.

    use super::{ONE, UNIT};
    use crate::simd::avx512::Avx512;
    use crate::simd::{Simd, Words};
    use std::arch::x86_64::*;

    impl Words for Avx512 {
        type U = __m512i;

        #[inline(always)]
        fn words_from(self, first: u64, step: u64) -> __m512i {
            let lanes: [u64; 8] = std::array::from_fn(|i| step.wrapping_mul(i as u64));
            self.add_word(self.load_words(&lanes), first)
        }
        #[inline(always)]
        fn load_words(self, from: &[u64]) -> __m512i {
            let from = &from[..Self::LANES];
            // SAFETY: the token proves AVX-512 F; the slice has as many words.
            unsafe { _mm512_loadu_si512(from.as_ptr().cast()) }
        }
        #[inline(always)]
        fn add_word(self, a: __m512i, b: u64) -> __m512i {
            // SAFETY: the token proves AVX-512 F.
            unsafe { _mm512_add_epi64(a, _mm512_set1_epi64(b as i64)) }
        }
        #[inline(always)]
        fn mul_word(self, a: __m512i, b: u64) -> __m512i {
            // SAFETY: the token proves AVX-512 DQ.
            unsafe { _mm512_mullo_epi64(a, _mm512_set1_epi64(b as i64)) }
        }
        #[inline(always)]
        fn xor_shifted<const N: u32>(self, a: __m512i) -> __m512i {
            // SAFETY: the token proves AVX-512 F.
            unsafe { _mm512_xor_si512(a, _mm512_srl_epi64(a, _mm_cvtsi32_si128(N as i32))) }
        }
        #[inline(always)]
        fn fraction(self, a: __m512i) -> __m512d {
            // SAFETY: the token proves AVX-512 F and DQ.
            unsafe {
                let integer = _mm512_cvtepi64_pd(_mm512_srli_epi64::<11>(a));
                _mm512_mul_pd(integer, _mm512_set1_pd(UNIT))
            }
        }
        #[inline(always)]
        fn centered_fraction(self, a: __m512i) -> __m512d {
            // SAFETY: the token proves AVX-512 F.
            unsafe {
                let shifted = _mm512_srli_epi64::<12>(a);
                let bits = _mm512_or_si512(shifted, _mm512_set1_epi64(ONE as i64));
                _mm512_sub_pd(_mm512_castsi512_pd(bits), _mm512_set1_pd(1.5))
            }
        }
        #[inline(always)]
        fn negate_by_bit_0(self, a: __m512i, x: __m512d) -> __m512d {
            // SAFETY: the token proves AVX-512 F and DQ.
            unsafe { _mm512_xor_pd(x, _mm512_castsi512_pd(_mm512_slli_epi64::<63>(a))) }
        }
        #[inline(always)]
        fn select_by_bit_1(self, a: __m512i, x: __m512d, y: __m512d) -> __m512d {
            // SAFETY: the token proves AVX-512 F.
            unsafe { _mm512_mask_blend_pd(_mm512_test_epi64_mask(a, _mm512_set1_epi64(2)), x, y) }
        }
    }
}
