//! AVX-512 F and DQ: 16 lanes of float32.
//!
//! Safety: as avx512.rs, whose token this one holds.

use crate::simd::avx512::{Avx512, with_avx512};
use crate::simd::{Format, SINGLE, Simd};
use std::arch::x86_64::*;

const LANES: usize = 16;

#[derive(Clone, Copy)]
pub(crate) struct Avx512Single(pub(crate) Avx512);

impl Simd for Avx512Single {
    type F = __m512;
    type Element = f32;
    type Single = Self;
    type Double = Avx512;
    const LANES: usize = LANES;
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
    #[allow(clippy::cast_possible_truncation)]
    fn element(self, x: f64) -> f32 {
        x as f32
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
        let from = &from[..LANES];
        // SAFETY: the token proves AVX-512 F; the slice has LANES values.
        unsafe {
            let low = _mm512_cvtpd_ps(_mm512_loadu_pd(from.as_ptr()));
            let high = _mm512_cvtpd_ps(_mm512_loadu_pd(from.as_ptr().add(LANES / 2)));
            _mm512_insertf32x8::<1>(_mm512_castps256_ps512(low), high)
        }
    }
    #[inline(always)]
    fn store(self, x: __m512, to: &mut [f64]) {
        let to = &mut to[..LANES];
        // SAFETY: the token proves AVX-512 F; the slice has room for LANES values.
        unsafe {
            let low = _mm512_cvtps_pd(_mm512_castps512_ps256(x));
            let high = _mm512_cvtps_pd(_mm512_extractf32x8_ps::<1>(x));
            _mm512_storeu_pd(to.as_mut_ptr(), low);
            _mm512_storeu_pd(to.as_mut_ptr().add(LANES / 2), high);
        }
    }
    #[inline(always)]
    fn store_elements(self, x: __m512, to: &mut [f32]) {
        self.store_single(x, to);
    }
    #[inline(always)]
    fn store_single(self, x: __m512, to: &mut [f32]) {
        let to = &mut to[..LANES];
        // SAFETY: the token proves AVX-512 F; the slice has room for LANES values.
        unsafe { _mm512_storeu_ps(to.as_mut_ptr(), x) }
    }
    #[inline(always)]
    fn store_bytes(self, x: __m512, to: &mut [u8]) {
        let to = &mut to[..LANES];
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
    }
    #[inline(always)]
    fn abs(self, x: Self::F) -> Self::F {
        // SAFETY: the token proves that the processor has the instruction.
        unsafe { _mm512_abs_ps(x) }
    }
    #[inline(always)]
    fn sqrt(self, x: Self::F) -> Self::F {
        // SAFETY: the token proves that the processor has the instruction.
        unsafe { _mm512_sqrt_ps(x) }
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
