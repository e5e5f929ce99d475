//! Macros that write the methods that AVX2 and AVX-512 have in common.

/// Writes the methods of `Simd` that are one intrinsic each.
macro_rules! forward {
    ($($method:ident($($argument:ident),+) = $intrinsic:ident;)+) => {$(
        #[inline(always)]
        fn $method(self, $($argument: Self::F),+) -> Self::F {
            // SAFETY: the token proves that the processor has the instruction.
            unsafe { $intrinsic($($argument),+) }
        }
    )+};
}

/// Writes `Simd::interleave_bytes` with shuffles within 128 bits.
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
