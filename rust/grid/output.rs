//! The types a result can be written in, and where a band's pixels go.

use crate::rendering::plane::TILE;
use crate::simd::Simd;
use crate::simd::rounding::RoundFrom;

/// What is left out of a sum may be as large as this, because the type shows no more.
#[derive(Debug, Clone, Copy, PartialEq)]
#[doc(hidden)]
pub enum Resolution {
    /// 2^-bits of the sum.
    Bits(f64),
    /// This much of a value.
    Step(f64),
}

/// An output type: float64, float32, uint8; for labels also int32 and int64.
///
/// What a type cannot show is not computed: float32 leaves out components below
/// 2^-36 of the sum (a thousandth of its rounding, also of a value a hundredth
/// as large as others); uint8 those that move a level by less than 1/500, and
/// sums in float32 where the range allows, so that only a value within 1/50 of
/// a half may be rounded to the other side.
pub trait Pixel: RoundFrom + Default + Send + Sync {
    /// What the type can show.
    #[doc(hidden)]
    const RESOLUTION: Resolution;

    /// The same slice, with its type told.
    #[doc(hidden)]
    fn slots(values: &mut [Self]) -> Slots<'_>;
}

/// A slice of pixels of any type: kernels are compiled once, and only the last
/// step, the conversion, for every type.
#[doc(hidden)]
pub enum Slots<'a> {
    Double(&'a mut [f64]),
    Single(&'a mut [f32]),
    Byte(&'a mut [u8]),
    Int(&'a mut [i32]),
    Long(&'a mut [i64]),
}

impl Pixel for f64 {
    const RESOLUTION: Resolution = Resolution::Bits(53.0);
    fn slots(values: &mut [Self]) -> Slots<'_> {
        Slots::Double(values)
    }
}

impl Pixel for f32 {
    const RESOLUTION: Resolution = Resolution::Bits(36.0);
    fn slots(values: &mut [Self]) -> Slots<'_> {
        Slots::Single(values)
    }
}

impl Pixel for u8 {
    const RESOLUTION: Resolution = Resolution::Step(0.002);
    fn slots(values: &mut [Self]) -> Slots<'_> {
        Slots::Byte(values)
    }
}

impl Pixel for i32 {
    const RESOLUTION: Resolution = Resolution::Bits(53.0);
    fn slots(values: &mut [Self]) -> Slots<'_> {
        Slots::Int(values)
    }
}

impl Pixel for i64 {
    const RESOLUTION: Resolution = Resolution::Bits(53.0);
    fn slots(values: &mut [Self]) -> Slots<'_> {
        Slots::Long(values)
    }
}

/// Most values of a pixel that are written at once.
pub(crate) const MAX_CHANNELS: usize = 3;

/// The pixels of a band that are wanted, a run in array order.
pub(crate) struct Band<'a> {
    pub(crate) slots: Slots<'a>,
    pub(crate) values_per_pixel: usize,
    /// The first wanted pixel, counted from the band's first.
    pub(crate) first: usize,
}

/// Pixels of a tile in a band.
#[derive(Clone, Copy)]
pub(crate) struct Window {
    /// The first pixel, and pixels from one row to the next.
    pub(crate) first: usize,
    pub(crate) row_stride: usize,
    /// Rows and columns of pixels, at most `TILE`; the band may end within the
    /// last row.
    pub(crate) size: (usize, usize),
}

impl Band<'_> {
    /// Writes lanes to values `channel` .. `channel + n_channels` of the window's
    /// pixels, converted; pixels that are not wanted are dropped. `vectors` are
    /// row by row, channel by channel.
    #[inline(never)]
    pub(crate) fn write<S: Simd>(
        &mut self,
        simd: S,
        window: &Window,
        (channel, n_channels): (usize, usize),
        vectors: &[S::F],
    ) {
        let channels = Channels {
            window,
            n_values: self.values_per_pixel,
            first: self.first,
            channel,
            n_channels,
        };
        simd.vectorize(
            #[inline(always)]
            || match &mut self.slots {
                Slots::Double(out) => channels.put::<S, _>(
                    out,
                    vectors,
                    #[inline(always)]
                    |x, to| simd.store(x, to),
                    take_turns,
                ),
                Slots::Single(out) => channels.put::<S, _>(
                    out,
                    vectors,
                    #[inline(always)]
                    |x, to| simd.store_single(x, to),
                    take_turns,
                ),
                Slots::Byte(out) => channels.put::<S, _>(
                    out,
                    vectors,
                    #[inline(always)]
                    |x, to| simd.store_bytes(x, to),
                    #[inline(always)]
                    |planes, out| bytes_take_turns(simd, planes, out),
                ),
                Slots::Int(out) => channels.put::<S, _>(
                    out,
                    vectors,
                    #[inline(always)]
                    |x, to| store_as(simd, x, to),
                    take_turns,
                ),
                Slots::Long(out) => channels.put::<S, _>(
                    out,
                    vectors,
                    #[inline(always)]
                    |x, to| store_as(simd, x, to),
                    take_turns,
                ),
            },
        );
    }
}

impl<'a> Slots<'a> {
    /// Number of values.
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Double(values) => values.len(),
            Self::Single(values) => values.len(),
            Self::Byte(values) => values.len(),
            Self::Int(values) => values.len(),
            Self::Long(values) => values.len(),
        }
    }

    /// The first `n` values, or as many as there are, and the others.
    pub(crate) fn split_at(self, n: usize) -> (Self, Self) {
        fn split<T>(values: &mut [T], n: usize) -> (&mut [T], &mut [T]) {
            values.split_at_mut(n.min(values.len()))
        }
        macro_rules! split_each {
            ($($slot:ident),+) => {
                match self {
                    $(Self::$slot(values) => {
                        let (head, rest) = split(values, n);
                        (Self::$slot(head), Self::$slot(rest))
                    })+
                }
            };
        }
        split_each!(Double, Single, Byte, Int, Long)
    }
}

#[inline(always)]
fn store_as<S: Simd, P: Pixel>(simd: S, x: S::F, to: &mut [P]) {
    let mut lanes = [0.0; TILE];
    simd.store(x, &mut lanes);
    for (to, &x) in to.iter_mut().zip(&lanes[..S::LANES]) {
        *to = P::from_f64(x);
    }
}

/// Some values of a window's pixels, in a slice of the wanted ones.
struct Channels<'a> {
    window: &'a Window,
    n_values: usize,
    first: usize,
    channel: usize,
    n_channels: usize,
}

impl Channels<'_> {
    #[inline(always)]
    fn put<S: Simd, P: Pixel>(
        &self,
        out: &mut [P],
        vectors: &[S::F],
        store: impl Fn(S::F, &mut [P]),
        take_turns: impl Fn([&[P]; 3], &mut [P]),
    ) {
        let (n_rows, n_columns) = self.window.size;
        let n_vectors = n_columns.div_ceil(S::LANES);
        let mut planar = [[P::default(); TILE]; MAX_CHANNELS];
        let rows = vectors.chunks_exact(n_vectors * self.n_channels);
        for (row, vectors) in rows.take(n_rows).enumerate() {
            for n in 0..self.n_channels {
                for v in 0..n_vectors {
                    store(vectors[n * n_vectors + v], &mut planar[n][v * S::LANES..]);
                }
            }
            let pixel = self.window.first + row * self.window.row_stride;
            let skipped = self.first.saturating_sub(pixel);
            if skipped >= n_columns {
                continue;
            }
            let start = (pixel + skipped - self.first) * self.n_values;
            let Some(out) = out.get_mut(start..) else { return };
            let n = (n_columns - skipped).min(out.len().div_ceil(self.n_values));
            self.interleave(&mut out[..n * self.n_values], &planar, skipped, &take_turns);
        }
    }

    /// Puts values from column `from` on into consecutive pixels.
    #[inline(always)]
    fn interleave<P: Pixel>(
        &self,
        out: &mut [P],
        planar: &[[P; TILE]; MAX_CHANNELS],
        from: usize,
        take_turns: &impl Fn([&[P]; 3], &mut [P]),
    ) {
        if self.n_values == 1 {
            out.copy_from_slice(&planar[0][from..from + out.len()]);
        } else if self.n_values == MAX_CHANNELS && self.n_channels == MAX_CHANNELS {
            let [a, b, c] = planar;
            take_turns([&a[from..], &b[from..], &c[from..]], out);
        } else {
            for (i, pixel) in out.chunks_exact_mut(self.n_values).enumerate() {
                for (c, plane) in planar[..self.n_channels].iter().enumerate() {
                    pixel[self.channel + c] = plane[from + i];
                }
            }
        }
    }
}

/// Three planes as pixels.
#[inline(always)]
fn take_turns<P: Pixel>([a, b, c]: [&[P]; 3], out: &mut [P]) {
    let (pixels, _) = out.as_chunks_mut::<3>();
    let n = pixels.len();
    let (a, b, c) = (&a[..n], &b[..n], &c[..n]);
    for (i, pixel) in pixels.iter_mut().enumerate() {
        *pixel = [a[i], b[i], c[i]];
    }
}

/// The same of bytes, 16 pixels at a time as long as there are so many.
#[inline(always)]
fn bytes_take_turns<S: Simd>(simd: S, planes: [&[u8]; 3], out: &mut [u8]) {
    let n_whole = out.len() / 48;
    for i in 0..n_whole {
        let [a, b, c] = planes;
        let (a, b, c) =
            (a[16 * i..].first_chunk(), b[16 * i..].first_chunk(), c[16 * i..].first_chunk());
        let to = out[48 * i..].first_chunk_mut();
        if let (Some(a), Some(b), Some(c), Some(to)) = (a, b, c, to) {
            simd.interleave_bytes([a, b, c], to);
        }
    }
    let [a, b, c] = planes;
    take_turns(
        [&a[16 * n_whole..], &b[16 * n_whole..], &c[16 * n_whole..]],
        &mut out[48 * n_whole..],
    );
}
