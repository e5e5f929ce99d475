//! AVX-512 F and DQ: 8 lanes of float64 or 16 of float32.
//!
//! Safety: every `unsafe` block calls intrinsics of AVX-512 F and DQ, or the function
//! compiled for them. A token exists only where `detect` found both, which is the
//! whole obligation. Pointers come from slices whose length was checked the line
//! before.

use crate::simd::avx2::sums_of_eight;
use crate::simd::rounding::RoundFrom;
use crate::simd::{DOUBLE, Format, SINGLE, Simd};
use std::arch::x86_64::*;

/// The token for float64 lanes.
#[derive(Clone, Copy)]
pub(crate) struct Avx512(());

impl Avx512 {
    pub(crate) fn detect() -> Option<Self> {
        (is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512dq"))
            .then_some(Self(()))
    }
}

#[target_feature(enable = "avx512f,avx512dq")]
fn with_avx512<R>(f: impl FnOnce() -> R) -> R {
    f()
}

impl Simd for Avx512 {
    type F = __m512d;
    type Element = f64;
    type Single = Avx512Single;
    type Double = Self;
    const LANES: usize = 8;
    const HAS_32_REGISTERS: bool = true;
    const FORMAT: Format = DOUBLE;

    #[inline(always)]
    fn double(self) -> Self {
        self
    }
    #[inline(always)]
    fn single(self) -> Avx512Single {
        Avx512Single(self)
    }
    #[inline(always)]
    fn element(self, x: f64) -> f64 {
        x
    }

    #[inline(always)]
    fn vectorize<R>(self, f: impl FnOnce() -> R) -> R {
        // SAFETY: the token proves AVX-512 F and DQ.
        unsafe { with_avx512(f) }
    }
    #[inline(always)]
    fn splat_element(self, x: f64) -> __m512d {
        // SAFETY: the token proves AVX-512 F and DQ.
        unsafe { _mm512_set1_pd(x) }
    }
    #[inline(always)]
    fn load(self, from: &[f64]) -> __m512d {
        let from = &from[..Self::LANES];
        // SAFETY: the token proves AVX-512 F; the slice has LANES values.
        unsafe { _mm512_loadu_pd(from.as_ptr()) }
    }
    #[inline(always)]
    fn load_elements(self, from: &[f64]) -> __m512d {
        self.load(from)
    }
    #[inline(always)]
    fn store(self, x: __m512d, to: &mut [f64]) {
        let to = &mut to[..Self::LANES];
        // SAFETY: the token proves AVX-512 F; the slice has room for LANES values.
        unsafe { _mm512_storeu_pd(to.as_mut_ptr(), x) }
    }
    #[inline(always)]
    fn store_elements(self, x: __m512d, to: &mut [f64]) {
        self.store(x, to);
    }
    #[inline(always)]
    fn store_single(self, x: __m512d, to: &mut [f32]) {
        let to = &mut to[..Self::LANES];
        // SAFETY: the token proves AVX-512 F; the slice has room for LANES values.
        unsafe { _mm256_storeu_ps(to.as_mut_ptr(), _mm512_cvtpd_ps(x)) }
    }
    #[inline(always)]
    fn store_bytes(self, x: __m512d, to: &mut [u8]) {
        let to = &mut to[..Self::LANES];
        // SAFETY: the token proves AVX-512 F; the slice has room for LANES bytes.
        unsafe {
            let clipped = _mm512_max_pd(x, _mm512_setzero_pd());
            let clipped = _mm512_min_pd(clipped, _mm512_set1_pd(255.0));
            let integers = _mm512_castsi256_si512(_mm512_cvtpd_epi32(clipped));
            _mm_storeu_si64(to.as_mut_ptr(), _mm512_cvtepi32_epi8(integers));
        }
    }
    forward! {
        add(a, b) = _mm512_add_pd;
        sub(a, b) = _mm512_sub_pd;
        mul(a, b) = _mm512_mul_pd;
        div(a, b) = _mm512_div_pd;
        mul_add(a, b, c) = _mm512_fmadd_pd;
        neg_mul_add(a, b, c) = _mm512_fnmadd_pd;
        max(a, b) = _mm512_max_pd;
        min(a, b) = _mm512_min_pd;
        abs(x) = _mm512_abs_pd;
        sqrt(x) = _mm512_sqrt_pd;
    }
    #[inline(always)]
    fn less_bits(self, a: Self::F, b: Self::F) -> u32 {
        // SAFETY: the token proves that the processor has the instruction.
        unsafe { u32::from(_mm512_cmp_pd_mask::<_CMP_LT_OQ>(a, b)) }
    }
    #[inline(always)]
    fn select_less(self, a: __m512d, b: __m512d, x: __m512d, y: __m512d) -> __m512d {
        // SAFETY: the token proves that the processor has the instruction.
        unsafe { _mm512_mask_blend_pd(_mm512_cmp_pd_mask::<_CMP_LT_OQ>(a, b), y, x) }
    }
    #[inline(always)]
    fn store_positions(self, first: u32, lanes: u32, to: &mut [u32]) -> usize {
        let to = &mut to[..Self::LANES];
        // SAFETY: the token proves AVX-512 F; the slice has room for LANES values.
        unsafe {
            let lane = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 0, 0, 0, 0, 0, 0, 0, 0);
            let positions = _mm512_add_epi32(lane, _mm512_set1_epi32(first as i32));
            // Compressed in a register: to memory it is slow on some processors.
            let kept = _mm512_maskz_compress_epi32(lanes as u16, positions);
            _mm256_storeu_si256(to.as_mut_ptr().cast(), _mm512_castsi512_si256(kept));
        }
        lanes.count_ones() as usize
    }
    #[inline(always)]
    fn sums(self, x: &[__m512d]) -> __m512d {
        let x = &x[..Self::LANES];
        // SAFETY: the token proves AVX-512 F.
        unsafe {
            let mut pairs = [x[0]; 4]; // sums of neighboring lanes of two vectors in turns
            for i in 0..4 {
                let (a, b) = (x[2 * i], x[2 * i + 1]);
                pairs[i] = _mm512_add_pd(_mm512_unpacklo_pd(a, b), _mm512_unpackhi_pd(a, b));
            }
            let mut fours = [x[0]; 2]; // of 128 bits of those
            for i in 0..2 {
                let (a, b) = (pairs[2 * i], pairs[2 * i + 1]);
                fours[i] = _mm512_add_pd(
                    _mm512_shuffle_f64x2::<0b10_00_10_00>(a, b),
                    _mm512_shuffle_f64x2::<0b11_01_11_01>(a, b),
                );
            }
            let [a, b] = fours;
            _mm512_add_pd(
                _mm512_shuffle_f64x2::<0b10_00_10_00>(a, b),
                _mm512_shuffle_f64x2::<0b11_01_11_01>(a, b),
            )
        }
    }
    interleave_by_shuffles!();
    #[inline(always)]
    fn round(self, x: __m512d) -> __m512d {
        // SAFETY: the token proves AVX-512 F and DQ.
        unsafe { _mm512_roundscale_pd::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(x) }
    }
    #[inline(always)]
    fn scale(self, x: __m512d, n: __m512d) -> __m512d {
        // SAFETY: the token proves AVX-512 F and DQ.
        unsafe { _mm512_scalef_pd(x, n) }
    }
    #[inline(always)]
    fn split(self, x: __m512d) -> (__m512d, __m512d) {
        // SAFETY: the token proves AVX-512 F and DQ.
        unsafe {
            let exponent = _mm512_getexp_pd(x);
            let mantissa = _mm512_getmant_pd::<_MM_MANT_NORM_1_2, _MM_MANT_SIGN_ZERO>(x);
            let one = _mm512_set1_pd(1.0);
            let is_upper = _mm512_cmp_pd_mask::<_CMP_GE_OQ>(
                mantissa,
                _mm512_set1_pd(std::f64::consts::SQRT_2),
            );
            (
                _mm512_mask_add_pd(exponent, is_upper, exponent, one),
                _mm512_mask_mul_pd(mantissa, is_upper, mantissa, _mm512_set1_pd(0.5)),
            )
        }
    }
}

/// The token for float32 lanes, which holds the proof of the other.
#[derive(Clone, Copy)]
pub(crate) struct Avx512Single(Avx512);

impl Simd for Avx512Single {
    type F = __m512;
    type Element = f32;
    type Single = Self;
    type Double = Avx512;
    const LANES: usize = 16;
    const HAS_32_REGISTERS: bool = true;
    const FORMAT: Format = SINGLE;

    #[inline(always)]
    fn double(self) -> Avx512 {
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
        // SAFETY: the token proves AVX-512 F and DQ.
        unsafe { with_avx512(f) }
    }
    #[inline(always)]
    fn splat_element(self, x: f32) -> __m512 {
        // SAFETY: the token proves AVX-512 F and DQ.
        unsafe { _mm512_set1_ps(x) }
    }
    #[inline(always)]
    fn load(self, from: &[f64]) -> __m512 {
        let from = &from[..Self::LANES];
        // SAFETY: the token proves AVX-512 F; the slice has LANES values.
        unsafe {
            let low = _mm512_cvtpd_ps(_mm512_loadu_pd(from.as_ptr()));
            let high = _mm512_cvtpd_ps(_mm512_loadu_pd(from.as_ptr().add(Self::LANES / 2)));
            _mm512_insertf32x8::<1>(_mm512_castps256_ps512(low), high)
        }
    }
    #[inline(always)]
    fn load_elements(self, from: &[f32]) -> __m512 {
        let from = &from[..Self::LANES];
        // SAFETY: the token proves AVX-512 F; the slice has LANES values.
        unsafe { _mm512_loadu_ps(from.as_ptr()) }
    }
    #[inline(always)]
    fn store(self, x: __m512, to: &mut [f64]) {
        let to = &mut to[..Self::LANES];
        // SAFETY: the token proves AVX-512 F; the slice has room for LANES values.
        unsafe {
            let low = _mm512_cvtps_pd(_mm512_castps512_ps256(x));
            let high = _mm512_cvtps_pd(_mm512_extractf32x8_ps::<1>(x));
            _mm512_storeu_pd(to.as_mut_ptr(), low);
            _mm512_storeu_pd(to.as_mut_ptr().add(Self::LANES / 2), high);
        }
    }
    #[inline(always)]
    fn store_elements(self, x: __m512, to: &mut [f32]) {
        self.store_single(x, to);
    }
    #[inline(always)]
    fn store_single(self, x: __m512, to: &mut [f32]) {
        let to = &mut to[..Self::LANES];
        // SAFETY: the token proves AVX-512 F; the slice has room for LANES values.
        unsafe { _mm512_storeu_ps(to.as_mut_ptr(), x) }
    }
    #[inline(always)]
    fn store_bytes(self, x: __m512, to: &mut [u8]) {
        let to = &mut to[..Self::LANES];
        // SAFETY: the token proves AVX-512 F; the slice has room for LANES bytes.
        unsafe {
            let clipped = _mm512_max_ps(x, _mm512_setzero_ps());
            let clipped = _mm512_min_ps(clipped, _mm512_set1_ps(255.0));
            let bytes = _mm512_cvtepi32_epi8(_mm512_cvtps_epi32(clipped));
            _mm_storeu_si128(to.as_mut_ptr().cast(), bytes);
        }
    }
    forward! {
        add(a, b) = _mm512_add_ps;
        sub(a, b) = _mm512_sub_ps;
        mul(a, b) = _mm512_mul_ps;
        div(a, b) = _mm512_div_ps;
        mul_add(a, b, c) = _mm512_fmadd_ps;
        neg_mul_add(a, b, c) = _mm512_fnmadd_ps;
        max(a, b) = _mm512_max_ps;
        min(a, b) = _mm512_min_ps;
        abs(x) = _mm512_abs_ps;
        sqrt(x) = _mm512_sqrt_ps;
    }
    #[inline(always)]
    fn less_bits(self, a: Self::F, b: Self::F) -> u32 {
        // SAFETY: the token proves that the processor has the instruction.
        unsafe { u32::from(_mm512_cmp_ps_mask::<_CMP_LT_OQ>(a, b)) }
    }
    #[inline(always)]
    fn select_less(self, a: __m512, b: __m512, x: __m512, y: __m512) -> __m512 {
        // SAFETY: the token proves that the processor has the instruction.
        unsafe { _mm512_mask_blend_ps(_mm512_cmp_ps_mask::<_CMP_LT_OQ>(a, b), y, x) }
    }
    #[inline(always)]
    fn store_sums(self, x: &[__m512; 8], to: &mut [f32; 8]) {
        // SAFETY: the token proves AVX-512 F and DQ, hence AVX2; the array has 8 values.
        unsafe {
            let halves =
                x.map(|x| _mm256_add_ps(_mm512_castps512_ps256(x), _mm512_extractf32x8_ps::<1>(x)));
            _mm256_storeu_ps(to.as_mut_ptr(), sums_of_eight(&halves));
        }
    }
    interleave_by_shuffles!();
    #[inline(always)]
    fn round(self, x: __m512) -> __m512 {
        // SAFETY: the token proves AVX-512 F and DQ.
        unsafe { _mm512_roundscale_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(x) }
    }
    #[inline(always)]
    fn scale(self, x: __m512, n: __m512) -> __m512 {
        // SAFETY: the token proves AVX-512 F and DQ.
        unsafe { _mm512_scalef_ps(x, n) }
    }
    #[inline(always)]
    fn split(self, x: __m512) -> (__m512, __m512) {
        // SAFETY: the token proves AVX-512 F and DQ.
        unsafe {
            let exponent = _mm512_getexp_ps(x);
            let mantissa = _mm512_getmant_ps::<_MM_MANT_NORM_1_2, _MM_MANT_SIGN_ZERO>(x);
            let one = _mm512_set1_ps(1.0);
            let is_upper = _mm512_cmp_ps_mask::<_CMP_GE_OQ>(
                mantissa,
                _mm512_set1_ps(std::f32::consts::SQRT_2),
            );
            (
                _mm512_mask_add_ps(exponent, is_upper, exponent, one),
                _mm512_mask_mul_ps(mantissa, is_upper, mantissa, _mm512_set1_ps(0.5)),
            )
        }
    }
}
