//! AVX2 with FMA: 4 lanes of float64 or 8 of float32.
//!
//! Safety: every `unsafe` block calls intrinsics of AVX2 and FMA, or the function
//! compiled for them. A token exists only where `detect` found both, which is the
//! whole obligation. Pointers come from slices whose length was checked the line
//! before.

use crate::simd::rounding::{ROUNDER, ROUNDER_SINGLE, RoundFrom};
use crate::simd::{DOUBLE, Format, SINGLE, Simd};
use std::arch::x86_64::*;

/// The token for float64 lanes.
#[derive(Clone, Copy)]
pub(crate) struct Avx2(());

impl Avx2 {
    pub(crate) fn detect() -> Option<Self> {
        (is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")).then_some(Self(()))
    }
}

#[target_feature(enable = "avx2,fma")]
fn with_avx2<R>(f: impl FnOnce() -> R) -> R {
    f()
}

impl Simd for Avx2 {
    type F = __m256d;
    type Element = f64;
    type Single = Avx2Single;
    type Double = Self;
    const LANES: usize = 4;
    const FORMAT: Format = DOUBLE;

    #[inline(always)]
    fn double(self) -> Self {
        self
    }
    #[inline(always)]
    fn single(self) -> Avx2Single {
        Avx2Single(self)
    }
    #[inline(always)]
    fn element(self, x: f64) -> f64 {
        x
    }

    #[inline(always)]
    fn vectorize<R>(self, f: impl FnOnce() -> R) -> R {
        // SAFETY: the token proves AVX2 and FMA.
        unsafe { with_avx2(f) }
    }
    #[inline(always)]
    fn splat_element(self, x: f64) -> __m256d {
        // SAFETY: the token proves AVX2 and FMA.
        unsafe { _mm256_set1_pd(x) }
    }
    #[inline(always)]
    fn load(self, from: &[f64]) -> __m256d {
        let from = &from[..Self::LANES];
        // SAFETY: the token proves AVX2; the slice has LANES values.
        unsafe { _mm256_loadu_pd(from.as_ptr()) }
    }
    #[inline(always)]
    fn load_elements(self, from: &[f64]) -> __m256d {
        self.load(from)
    }
    #[inline(always)]
    fn store(self, x: __m256d, to: &mut [f64]) {
        let to = &mut to[..Self::LANES];
        // SAFETY: the token proves AVX2; the slice has room for LANES values.
        unsafe { _mm256_storeu_pd(to.as_mut_ptr(), x) }
    }
    #[inline(always)]
    fn store_elements(self, x: __m256d, to: &mut [f64]) {
        self.store(x, to);
    }
    #[inline(always)]
    fn store_single(self, x: __m256d, to: &mut [f32]) {
        let to = &mut to[..Self::LANES];
        // SAFETY: the token proves AVX2; the slice has room for LANES values.
        unsafe { _mm_storeu_ps(to.as_mut_ptr(), _mm256_cvtpd_ps(x)) }
    }
    #[inline(always)]
    fn store_bytes(self, x: __m256d, to: &mut [u8]) {
        let to = &mut to[..Self::LANES];
        // SAFETY: the token proves AVX2; the slice has room for LANES bytes.
        unsafe {
            let clipped = _mm256_max_pd(x, _mm256_setzero_pd());
            let clipped = _mm256_min_pd(clipped, _mm256_set1_pd(255.0));
            let integers = _mm256_cvtpd_epi32(clipped);
            let words = _mm_packs_epi32(integers, integers);
            _mm_storeu_si32(to.as_mut_ptr(), _mm_packus_epi16(words, words));
        }
    }
    forward! {
        add(a, b) = _mm256_add_pd;
        sub(a, b) = _mm256_sub_pd;
        mul(a, b) = _mm256_mul_pd;
        div(a, b) = _mm256_div_pd;
        mul_add(a, b, c) = _mm256_fmadd_pd;
        neg_mul_add(a, b, c) = _mm256_fnmadd_pd;
        max(a, b) = _mm256_max_pd;
        min(a, b) = _mm256_min_pd;
        sqrt(x) = _mm256_sqrt_pd;
    }
    #[inline(always)]
    fn abs(self, x: Self::F) -> Self::F {
        // SAFETY: the token proves that the processor has the instruction.
        unsafe { _mm256_andnot_pd(_mm256_set1_pd(-0.0), x) }
    }
    #[inline(always)]
    fn less_bits(self, a: Self::F, b: Self::F) -> u32 {
        // SAFETY: the token proves that the processor has the instruction.
        unsafe { _mm256_movemask_pd(_mm256_cmp_pd::<_CMP_LT_OQ>(a, b)) as u32 }
    }
    #[inline(always)]
    fn select_less(self, a: __m256d, b: __m256d, x: __m256d, y: __m256d) -> __m256d {
        // SAFETY: the token proves that the processor has the instruction.
        unsafe { _mm256_blendv_pd(y, x, _mm256_cmp_pd::<_CMP_LT_OQ>(a, b)) }
    }
    #[inline(always)]
    fn sums(self, x: &[__m256d]) -> __m256d {
        let x = &x[..Self::LANES];
        // SAFETY: the token proves AVX2.
        unsafe {
            let (a, b) = (_mm256_hadd_pd(x[0], x[1]), _mm256_hadd_pd(x[2], x[3]));
            let (low, high) =
                (_mm256_permute2f128_pd::<0x20>(a, b), _mm256_permute2f128_pd::<0x31>(a, b));
            _mm256_add_pd(low, high)
        }
    }
    interleave_by_shuffles!();
    #[inline(always)]
    fn round(self, x: __m256d) -> __m256d {
        // SAFETY: the token proves AVX2 and FMA.
        unsafe { _mm256_round_pd::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(x) }
    }
    #[inline(always)]
    fn scale(self, x: __m256d, n: __m256d) -> __m256d {
        // SAFETY: the token proves AVX2 and FMA.
        unsafe {
            let integers = _mm256_castpd_si256(_mm256_add_pd(n, _mm256_set1_pd(ROUNDER)));
            let biased = _mm256_add_epi64(integers, _mm256_set1_epi64x(1023));
            _mm256_mul_pd(x, _mm256_castsi256_pd(_mm256_slli_epi64::<52>(biased)))
        }
    }
    #[inline(always)]
    fn split(self, x: __m256d) -> (__m256d, __m256d) {
        // SAFETY: the token proves AVX2 and FMA.
        unsafe {
            let bits = _mm256_castpd_si256(x);
            let one = _mm256_set1_pd(1.0);
            let mantissa_bits = _mm256_set1_epi64x((1 << 52) - 1);
            let mantissa = _mm256_castsi256_pd(_mm256_or_si256(
                _mm256_and_si256(bits, mantissa_bits),
                _mm256_castpd_si256(one),
            ));
            // The biased exponent, put into the low bits of 2^52, is 2^52 + itself.
            let two_52 = _mm256_set1_pd(4_503_599_627_370_496.0);
            let biased = _mm256_castsi256_pd(_mm256_or_si256(
                _mm256_srli_epi64::<52>(bits),
                _mm256_castpd_si256(two_52),
            ));
            let exponent = _mm256_sub_pd(biased, _mm256_set1_pd(4_503_599_627_370_496.0 + 1023.0));
            let is_upper =
                _mm256_cmp_pd::<_CMP_GE_OQ>(mantissa, _mm256_set1_pd(std::f64::consts::SQRT_2));
            let halved = _mm256_mul_pd(mantissa, _mm256_set1_pd(0.5));
            (
                _mm256_add_pd(exponent, _mm256_and_pd(is_upper, one)),
                _mm256_blendv_pd(mantissa, halved, is_upper),
            )
        }
    }
}

/// Returns the sums over the lanes of each of eight vectors.
#[target_feature(enable = "avx2,fma")]
#[inline]
pub(in crate::simd) fn sums_of_eight(x: &[__m256; 8]) -> __m256 {
    let halves = |a, b, c, d| _mm256_hadd_ps(_mm256_hadd_ps(a, b), _mm256_hadd_ps(c, d));
    let (a, b) = (halves(x[0], x[1], x[2], x[3]), halves(x[4], x[5], x[6], x[7]));
    _mm256_add_ps(_mm256_permute2f128_ps::<0x20>(a, b), _mm256_permute2f128_ps::<0x31>(a, b))
}

/// The token for float32 lanes, which holds the proof of the other.
#[derive(Clone, Copy)]
pub(crate) struct Avx2Single(Avx2);

impl Simd for Avx2Single {
    type F = __m256;
    type Element = f32;
    type Single = Self;
    type Double = Avx2;
    const LANES: usize = 8;
    const FORMAT: Format = SINGLE;

    #[inline(always)]
    fn double(self) -> Avx2 {
        self.0
    }
    #[inline(always)]
    fn single(self) -> Self {
        self
    }
    #[inline(always)]
    fn element(self, x: f64) -> f32 {
        f32::from_f64(x)
    }

    #[inline(always)]
    fn vectorize<R>(self, f: impl FnOnce() -> R) -> R {
        // SAFETY: the token proves AVX2 and FMA.
        unsafe { with_avx2(f) }
    }
    #[inline(always)]
    fn splat_element(self, x: f32) -> __m256 {
        // SAFETY: the token proves AVX2 and FMA.
        unsafe { _mm256_set1_ps(x) }
    }
    #[inline(always)]
    fn load(self, from: &[f64]) -> __m256 {
        let from = &from[..Self::LANES];
        // SAFETY: the token proves AVX2; the slice has LANES values.
        unsafe {
            let low = _mm256_cvtpd_ps(_mm256_loadu_pd(from.as_ptr()));
            let high = _mm256_cvtpd_ps(_mm256_loadu_pd(from.as_ptr().add(Self::LANES / 2)));
            _mm256_set_m128(high, low)
        }
    }
    #[inline(always)]
    fn load_elements(self, from: &[f32]) -> __m256 {
        let from = &from[..Self::LANES];
        // SAFETY: the token proves AVX2; the slice has LANES values.
        unsafe { _mm256_loadu_ps(from.as_ptr()) }
    }
    #[inline(always)]
    fn store(self, x: __m256, to: &mut [f64]) {
        let to = &mut to[..Self::LANES];
        // SAFETY: the token proves AVX2; the slice has room for LANES values.
        unsafe {
            let low = _mm256_cvtps_pd(_mm256_castps256_ps128(x));
            let high = _mm256_cvtps_pd(_mm256_extractf128_ps::<1>(x));
            _mm256_storeu_pd(to.as_mut_ptr(), low);
            _mm256_storeu_pd(to.as_mut_ptr().add(Self::LANES / 2), high);
        }
    }
    #[inline(always)]
    fn store_elements(self, x: __m256, to: &mut [f32]) {
        self.store_single(x, to);
    }
    #[inline(always)]
    fn store_single(self, x: __m256, to: &mut [f32]) {
        let to = &mut to[..Self::LANES];
        // SAFETY: the token proves AVX2; the slice has room for LANES values.
        unsafe { _mm256_storeu_ps(to.as_mut_ptr(), x) }
    }
    #[inline(always)]
    fn store_bytes(self, x: __m256, to: &mut [u8]) {
        let to = &mut to[..Self::LANES];
        // SAFETY: the token proves AVX2; the slice has room for LANES bytes.
        unsafe {
            let clipped = _mm256_max_ps(x, _mm256_setzero_ps());
            let clipped = _mm256_min_ps(clipped, _mm256_set1_ps(255.0));
            let integers = _mm256_cvtps_epi32(clipped);
            let low = _mm256_castsi256_si128(integers);
            let words = _mm_packs_epi32(low, _mm256_extracti128_si256::<1>(integers));
            _mm_storeu_si64(to.as_mut_ptr(), _mm_packus_epi16(words, words));
        }
    }
    forward! {
        add(a, b) = _mm256_add_ps;
        sub(a, b) = _mm256_sub_ps;
        mul(a, b) = _mm256_mul_ps;
        div(a, b) = _mm256_div_ps;
        mul_add(a, b, c) = _mm256_fmadd_ps;
        neg_mul_add(a, b, c) = _mm256_fnmadd_ps;
        max(a, b) = _mm256_max_ps;
        min(a, b) = _mm256_min_ps;
        sqrt(x) = _mm256_sqrt_ps;
    }
    #[inline(always)]
    fn abs(self, x: Self::F) -> Self::F {
        // SAFETY: the token proves that the processor has the instruction.
        unsafe { _mm256_andnot_ps(_mm256_set1_ps(-0.0_f32), x) }
    }
    #[inline(always)]
    fn less_bits(self, a: Self::F, b: Self::F) -> u32 {
        // SAFETY: the token proves that the processor has the instruction.
        unsafe { _mm256_movemask_ps(_mm256_cmp_ps::<_CMP_LT_OQ>(a, b)) as u32 }
    }
    #[inline(always)]
    fn select_less(self, a: __m256, b: __m256, x: __m256, y: __m256) -> __m256 {
        // SAFETY: the token proves that the processor has the instruction.
        unsafe { _mm256_blendv_ps(y, x, _mm256_cmp_ps::<_CMP_LT_OQ>(a, b)) }
    }
    #[inline(always)]
    fn store_sums(self, x: &[__m256; 8], to: &mut [f32; 8]) {
        // SAFETY: the token proves AVX2 and FMA.
        self.store_single(unsafe { sums_of_eight(x) }, to);
    }
    interleave_by_shuffles!();
    #[inline(always)]
    fn round(self, x: __m256) -> __m256 {
        // SAFETY: the token proves AVX2 and FMA.
        unsafe { _mm256_round_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(x) }
    }
    #[inline(always)]
    fn scale(self, x: __m256, n: __m256) -> __m256 {
        // SAFETY: the token proves AVX2 and FMA.
        unsafe {
            let integers = _mm256_castps_si256(_mm256_add_ps(n, _mm256_set1_ps(ROUNDER_SINGLE)));
            let biased = _mm256_add_epi32(integers, _mm256_set1_epi32(127));
            _mm256_mul_ps(x, _mm256_castsi256_ps(_mm256_slli_epi32::<23>(biased)))
        }
    }
    #[inline(always)]
    fn split(self, x: __m256) -> (__m256, __m256) {
        // SAFETY: the token proves AVX2 and FMA.
        unsafe {
            let bits = _mm256_castps_si256(x);
            let one = _mm256_set1_ps(1.0);
            let mantissa_bits = _mm256_set1_epi32((1 << 23) - 1);
            let mantissa = _mm256_castsi256_ps(_mm256_or_si256(
                _mm256_and_si256(bits, mantissa_bits),
                _mm256_castps_si256(one),
            ));
            let biased = _mm256_cvtepi32_ps(_mm256_srli_epi32::<23>(bits));
            let exponent = _mm256_sub_ps(biased, _mm256_set1_ps(127.0));
            let is_upper =
                _mm256_cmp_ps::<_CMP_GE_OQ>(mantissa, _mm256_set1_ps(std::f32::consts::SQRT_2));
            let halved = _mm256_mul_ps(mantissa, _mm256_set1_ps(0.5));
            (
                _mm256_add_ps(exponent, _mm256_and_ps(is_upper, one)),
                _mm256_blendv_ps(mantissa, halved, is_upper),
            )
        }
    }
}
