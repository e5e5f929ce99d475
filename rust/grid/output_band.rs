//! Writing vectors of results to the pixels of a band, converted to the output type.

use crate::grid::output::{OutputSlice, Pixel};
use crate::grid::tile::{Size, TILE};
use crate::simd::Simd;

/// Most values of a pixel that are written at once.
pub(crate) const MAX_CHANNELS: usize = 3;

/// The requested pixels of a band, a run in array order.
pub(crate) struct OutputBand<'a> {
    pub(crate) values: OutputSlice<'a>,
    pub(crate) values_per_pixel: usize,
    /// The first requested pixel, counted from the first of the band.
    pub(crate) first: usize,
}

/// A rectangle of pixels of a band: a tile, a part of one, or a part of a line.
#[derive(Clone, Copy)]
pub(crate) struct TileRect {
    /// The first pixel, counted from the first of the band.
    pub(crate) first: usize,
    /// Number of pixels from one row to the next.
    pub(crate) row_stride: usize,
    /// At most `TILE` x `TILE` pixels; the band may end within the last row.
    pub(crate) size: Size,
}

/// A rectangle of pixels and the band to which it is written.
pub(crate) struct TileOutput<'a, 'b> {
    pub(crate) rect: TileRect,
    pub(crate) band: &'a mut OutputBand<'b>,
}

/// A range of the values of each pixel.
#[derive(Clone, Copy)]
pub(crate) struct Channels {
    pub(crate) first: usize,
    pub(crate) len: usize,
}

impl Channels {
    /// The first value alone.
    pub(crate) const FIRST: Self = Self { first: 0, len: 1 };
}

impl TileOutput<'_, '_> {
    /// Writes vectors to some channels of the pixels and converts them. The vectors are
    /// row by row, channel by channel. Pixels that are not requested are skipped.
    #[inline(never)]
    pub(crate) fn write<S: Simd>(&mut self, simd: S, channels: Channels, vectors: &[S::F]) {
        let writer = Writer {
            rect: self.rect,
            values_per_pixel: self.band.values_per_pixel,
            first: self.band.first,
            channels,
        };
        macro_rules! write_by {
            ($out:ident, $store:expr, $interleave:expr) => {
                writer.write_channels::<S, _>(
                    $out,
                    vectors,
                    #[inline(always)]
                    |x, to| $store(simd, x, to),
                    $interleave,
                )
            };
        }
        simd.vectorize(
            #[inline(always)]
            || match &mut self.band.values {
                OutputSlice::Double(out) => write_by!(out, S::store, interleave),
                OutputSlice::Single(out) => write_by!(out, S::store_single, interleave),
                OutputSlice::Byte(out) => write_by!(
                    out,
                    S::store_bytes,
                    #[inline(always)]
                    |planes, out| interleave_bytes(simd, planes, out)
                ),
                OutputSlice::Int(out) => write_by!(out, store_as, interleave),
                OutputSlice::Long(out) => write_by!(out, store_as, interleave),
            },
        );
    }
}

/// Stores the lanes of a vector one by one, converted.
#[inline(always)]
fn store_as<S: Simd, P: Pixel>(simd: S, x: S::F, to: &mut [P]) {
    let mut lanes = [0.0; TILE];
    simd.store(x, &mut lanes);
    for (to, &x) in to.iter_mut().zip(&lanes[..S::LANES]) {
        *to = P::from_f64(x);
    }
}

/// Writes channels of a rectangle to a slice that starts at the first requested pixel.
struct Writer {
    rect: TileRect,
    values_per_pixel: usize,
    first: usize,
    channels: Channels,
}

impl Writer {
    #[inline(always)]
    fn write_channels<S: Simd, P: Pixel>(
        &self,
        out: &mut [P],
        vectors: &[S::F],
        store: impl Fn(S::F, &mut [P]),
        interleave: impl Fn([&[P]; 3], &mut [P]),
    ) {
        let Size { rows: n_rows, columns: n_columns } = self.rect.size;
        let n_channels = self.channels.len;
        let n_vectors = n_columns.div_ceil(S::LANES);
        let mut planar = [[P::default(); TILE]; MAX_CHANNELS];
        let rows = vectors.chunks_exact(n_vectors * n_channels);
        for (row, vectors) in rows.take(n_rows).enumerate() {
            for n in 0..n_channels {
                for v in 0..n_vectors {
                    store(vectors[n * n_vectors + v], &mut planar[n][v * S::LANES..]);
                }
            }
            let pixel = self.rect.first + row * self.rect.row_stride;
            let skipped = self.first.saturating_sub(pixel);
            if skipped >= n_columns {
                continue;
            }
            let start = (pixel + skipped - self.first) * self.values_per_pixel;
            let Some(out) = out.get_mut(start..) else { return };
            let n = (n_columns - skipped).min(out.len().div_ceil(self.values_per_pixel));
            self.write_row(&mut out[..n * self.values_per_pixel], &planar, skipped, &interleave);
        }
    }

    /// Writes the values from column `from` on to consecutive pixels.
    #[inline(always)]
    fn write_row<P: Pixel>(
        &self,
        out: &mut [P],
        planar: &[[P; TILE]; MAX_CHANNELS],
        from: usize,
        interleave: &impl Fn([&[P]; 3], &mut [P]),
    ) {
        let Channels { first, len } = self.channels;
        if self.values_per_pixel == 1 {
            out.copy_from_slice(&planar[0][from..from + out.len()]);
        } else if self.values_per_pixel == MAX_CHANNELS && len == MAX_CHANNELS {
            let [a, b, c] = planar;
            interleave([&a[from..], &b[from..], &c[from..]], out);
        } else {
            for (i, pixel) in out.chunks_exact_mut(self.values_per_pixel).enumerate() {
                for (c, plane) in planar[..len].iter().enumerate() {
                    pixel[first + c] = plane[from + i];
                }
            }
        }
    }
}

/// Interleaves three planes into pixels of three values.
#[inline(always)]
fn interleave<P: Pixel>([a, b, c]: [&[P]; 3], out: &mut [P]) {
    let (pixels, _) = out.as_chunks_mut::<3>();
    let n = pixels.len();
    let (a, b, c) = (&a[..n], &b[..n], &c[..n]);
    for (i, pixel) in pixels.iter_mut().enumerate() {
        *pixel = [a[i], b[i], c[i]];
    }
}

/// Interleaves three planes of bytes, 16 pixels at a time as far as possible.
#[inline(always)]
fn interleave_bytes<S: Simd>(simd: S, planes: [&[u8]; 3], out: &mut [u8]) {
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
    interleave(
        [&a[16 * n_whole..], &b[16 * n_whole..], &c[16 * n_whole..]],
        &mut out[48 * n_whole..],
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simd::{Dispatch, Level};

    const UNTOUCHED: u8 = 77;

    /// Writes a rectangle of `columns` of each of `rows`, whose values are distinct numbers.
    struct Case {
        values_per_pixel: usize,
        channels: Channels,
        rows: usize,
        columns: usize,
        /// The first pixel of the rectangle and of the output, counted from that of the band.
        at: usize,
        first: usize,
        row_stride: usize,
        /// Number of pixels of the output.
        len: usize,
    }

    impl Case {
        fn value(&self, row: usize, column: usize, channel: usize) -> u8 {
            ((row * 37 + column * 5 + channel * 11) % 251) as u8
        }

        fn expected(&self) -> Vec<u8> {
            let mut out = vec![UNTOUCHED; self.len * self.values_per_pixel];
            for row in 0..self.rows {
                for column in 0..self.columns {
                    let pixel = self.at + row * self.row_stride + column;
                    let pixel = pixel.checked_sub(self.first).filter(|pixel| *pixel < self.len);
                    let Some(pixel) = pixel else { continue };
                    for channel in 0..self.channels.len {
                        let place = pixel * self.values_per_pixel + self.channels.first + channel;
                        out[place] = self.value(row, column, channel);
                    }
                }
            }
            out
        }
    }

    struct Write<'a, 'b>(&'a Case, &'a mut OutputBand<'b>);

    impl Dispatch for Write<'_, '_> {
        type Output = ();
        fn run<S: Simd>(self, simd: S) {
            let Self(case, band) = self;
            let n_vectors = case.columns.div_ceil(S::LANES);
            let mut vectors = Vec::new();
            for row in 0..case.rows {
                for channel in 0..case.channels.len {
                    for v in 0..n_vectors {
                        let lanes: Vec<f64> = (0..S::LANES)
                            .map(|i| case.value(row, v * S::LANES + i, channel).into())
                            .collect();
                        vectors.push(simd.load(&lanes));
                    }
                }
            }
            let size = Size { rows: case.rows, columns: case.columns };
            let rect = TileRect { first: case.at, row_stride: case.row_stride, size };
            TileOutput { rect, band }.write(simd, case.channels, &vectors);
        }
    }

    fn written<P: Pixel>(case: &Case, level: Level) -> Vec<P> {
        let mut out = vec![P::from_f64(UNTOUCHED.into()); case.len * case.values_per_pixel];
        let values = P::output_slice(&mut out);
        let values_per_pixel = case.values_per_pixel;
        level
            .dispatch(Write(case, &mut OutputBand { values, values_per_pixel, first: case.first }));
        out
    }

    fn check(case: &Case) {
        let expected = case.expected();
        for level in Level::available() {
            assert_eq!(written::<u8>(case, level), expected);
            assert!(written::<f64>(case, level).into_iter().eq(expected.iter().map(|&x| x.into())));
            assert!(written::<f32>(case, level).into_iter().eq(expected.iter().map(|&x| x.into())));
            assert!(written::<i32>(case, level).into_iter().eq(expected.iter().map(|&x| x.into())));
            assert!(written::<i64>(case, level).into_iter().eq(expected.iter().map(|&x| x.into())));
        }
    }

    #[test]
    fn the_pixels_of_a_rectangle_that_are_requested_are_written_and_no_others() {
        let all = |len| Channels { first: 0, len };
        let some = |first, len| Channels { first, len };
        for (values_per_pixel, channels) in [
            (1, Channels::FIRST),
            (2, all(2)),
            (3, all(3)),
            (3, some(1, 2)),
            (3, some(2, 1)),
            (4, some(1, 3)),
            (5, some(2, 2)),
        ] {
            for columns in [1, 7, 16, 31, 32] {
                let whole = Case {
                    values_per_pixel,
                    channels,
                    rows: 3,
                    columns,
                    at: 4,
                    first: 0,
                    row_stride: 40,
                    len: 130,
                };
                check(&whole);
                // From within the first row, from the second one, and from behind all on.
                for first in [2, 4, 5, 4 + columns, 44, 45, 90, 124] {
                    check(&Case { first, len: 130 - first, ..whole });
                }
                // Up to within a row.
                for len in [1, 5, 6, 45, 60, 85] {
                    check(&Case { len, ..whole });
                }
                // A band as wide as the rectangle.
                check(&Case { row_stride: columns, at: 0, len: 3 * columns, ..whole });
            }
        }
    }
}
