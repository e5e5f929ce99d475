//! The kernel of sampling: a component by an alias table, then mean + factor z.
//!
//! The tables are those of a validated mixture. Sample i takes word i of the stream of
//! components and the normals i d to i d + d - 1 of the other stream: any run of whole
//! blocks can be drawn by itself. As in `random`, every product and every sum is rounded
//! separately and in one order, column after column of the factor.

use crate::random::alias::AliasTable;
use crate::random::normals::{Keys, NORMALS_PER_GROUP, fill_groups};
use crate::simd::unroll::unrolled;
use crate::simd::{Dispatch, MAX_LANES, Simd, Words};

/// Samples drawn at a time: their normals are whole groups for any number of features,
/// and stay in the first cache for a few.
pub(crate) const BLOCK_SAMPLES: usize = 64;
const _: () = assert!(BLOCK_SAMPLES.is_multiple_of(NORMALS_PER_GROUP));

/// Numbers in a cache line.
const LINE: usize = 8;

/// Returns the distance from one column to the next; columns of few features are aligned.
const fn pitch(n_features: usize) -> usize {
    if n_features > 4 { n_features } else { n_features.next_multiple_of(4) }
}

/// The layout of the factors of a mixture.
#[derive(Clone, Copy)]
pub(crate) struct FactorLayout {
    pub(crate) is_diagonal: bool,
    /// Whether all components share one factor.
    pub(crate) is_shared: bool,
}

/// Parameters of the components that can be drawn, in the order in which samples read them.
///
/// A component's mean and the columns of its lower factor (or its standard deviations as one
/// column), [`pitch`] numbers each, are one record of whole cache lines, because a sample waits
/// for them more than for its arithmetic. A shared factor follows the last record.
pub(crate) struct SampleTables {
    pub(crate) n_features: usize,
    /// The records from `first` on, and padding for vectors that read beyond.
    parameters: Vec<f64>,
    /// Place of the first record: that of a cache line.
    first: usize,
    /// Distance from a record to the next.
    stride: usize,
    /// Place of the first factor, and the distance to the next: 0 if it is shared.
    factor: usize,
    factor_stride: usize,
    is_diagonal: bool,
}

impl SampleTables {
    /// Creates the tables from means and from the columns of all factors.
    pub(crate) fn new<'a>(
        n_features: usize,
        means: impl ExactSizeIterator<Item = &'a [f64]>,
        columns: impl Iterator<Item = &'a [f64]>,
        layout: FactorLayout,
    ) -> Self {
        let FactorLayout { is_diagonal, is_shared } = layout;
        let (p, n_components) = (pitch(n_features), means.len());
        let n_columns = if is_diagonal { 1 } else { n_features };
        let n_own = if is_shared { 0 } else { n_columns };
        let stride = ((1 + n_own) * p).next_multiple_of(LINE);
        let n_parameters = n_components * stride + n_columns * p + MAX_LANES;
        let mut parameters = vec![0.0; n_parameters + LINE];
        let first = parameters.as_ptr().align_offset(LINE * size_of::<f64>()).min(LINE);
        let (factor, factor_stride) =
            if is_shared { (first + n_components * stride, 0) } else { (first + p, stride) };
        let mut write =
            |at: usize, row: &[f64]| parameters[at..][..n_features].copy_from_slice(row);
        means.enumerate().for_each(|(k, mean)| write(first + k * stride, mean));
        for (i, column) in columns.enumerate() {
            write(factor + i / n_columns * factor_stride + i % n_columns * p, column);
        }
        Self { n_features, parameters, first, stride, factor, factor_stride, is_diagonal }
    }

    /// Returns the mean of a component, and what follows it.
    #[inline(always)]
    fn mean(&self, k: u32) -> &[f64] {
        &self.parameters[self.first + k as usize * self.stride..]
    }

    /// Returns the columns of the factor of a component, and what follows them.
    #[inline(always)]
    fn factor(&self, k: u32) -> &[f64] {
        &self.parameters[self.factor + k as usize * self.factor_stride..]
    }
}

/// Draws the samples `first`, `first + 1`, ..., as many as `labels` has room for, a
/// multiple of [`BLOCK_SAMPLES`], as is `first`.
pub(crate) struct Draw<'a> {
    pub(crate) tables: &'a SampleTables,
    pub(crate) alias: &'a AliasTable,
    /// The streams of components and of normals.
    pub(crate) streams: [Keys; 2],
    pub(crate) first: u64,
    /// Positions in the alias table's components.
    pub(crate) labels: &'a mut [u32],
    /// Row-major, with room for [`MAX_LANES`] more numbers; or empty, to draw labels only.
    pub(crate) rows: &'a mut [f64],
    pub(crate) scratch: &'a mut Vec<f64>,
}

impl Dispatch for Draw<'_> {
    type Output = ();

    fn run<S: Simd>(mut self, simd: S) {
        let simd = simd.double();
        self.draw_labels(simd);
        if !self.rows.is_empty() {
            let d = self.tables.n_features;
            unrolled!(d, self.draw_rows(simd));
        }
    }
}

impl Draw<'_> {
    fn draw_labels<S: Words>(&mut self, simd: S) {
        let alias = self.alias;
        let n = alias.len() as f64;
        let mut first = self.first;
        for labels in self.labels.chunks_exact_mut(BLOCK_SAMPLES) {
            let mut scaled = [0.0; BLOCK_SAMPLES];
            simd.vectorize(
                #[inline(always)]
                || {
                    for (at, to) in scaled.chunks_exact_mut(S::LANES).enumerate() {
                        let first = first.wrapping_add((at * S::LANES) as u64);
                        let words = self.streams[0].words(simd, first, 1);
                        simd.store(simd.mul(simd.fraction(words), simd.splat(n)), to);
                    }
                },
            );
            for (label, &x) in labels.iter_mut().zip(&scaled) {
                *label = alias.at(x);
            }
            first = first.wrapping_add(BLOCK_SAMPLES as u64);
        }
    }

    fn draw_rows<const D: usize>(&mut self, simd: impl Words) {
        simd.vectorize(
            #[inline(always)]
            || self.blocks_of_rows::<_, D>(simd),
        );
    }

    #[inline(always)]
    fn blocks_of_rows<S: Words, const D: usize>(&mut self, simd: S) {
        let d = if D > 0 { D } else { self.tables.n_features };
        self.scratch.resize(BLOCK_SAMPLES * d + MAX_LANES, 0.0);
        let mut number = self.first.wrapping_mul(d as u64);
        let (mut labels, mut at) = (&self.labels[..], 0);
        while let Some((block, rest)) = labels.split_at_checked(BLOCK_SAMPLES) {
            fill_groups(simd, self.streams[1], number, &mut self.scratch[..BLOCK_SAMPLES * d]);
            let rows = &mut self.rows[at..];
            if self.tables.is_diagonal {
                scale::<S, D>(simd, self.tables, block, self.scratch, rows);
            } else {
                multiply::<S, D>(simd, self.tables, block, self.scratch, rows);
            }
            (labels, at) = (rest, at + BLOCK_SAMPLES * d);
            number = number.wrapping_add((BLOCK_SAMPLES * d) as u64);
        }
    }
}

/// Writes rows mean + factor z. Lanes beyond the last feature are overwritten by the next row.
#[inline(always)]
fn multiply<S: Words, const D: usize>(
    simd: S,
    tables: &SampleTables,
    labels: &[u32],
    normals: &[f64],
    rows: &mut [f64],
) {
    let d = if D > 0 { D } else { tables.n_features };
    let p = pitch(d);
    for (r, &k) in labels.iter().enumerate() {
        let (mean, factor) =
            (&tables.mean(k)[..p + MAX_LANES], &tables.factor(k)[..d * p + MAX_LANES]);
        let (z, row) = (&normals[r * d..][..d], &mut rows[r * d..][..d + MAX_LANES - 1]);
        for i in (0..d).step_by(S::LANES) {
            let mut x = simd.load(&mean[i..]);
            // The columns of the lower factor beyond the last row are zero.
            for j in 0..d.min(i + S::LANES) {
                x = simd.add(x, simd.mul(simd.load(&factor[j * p + i..]), simd.splat(z[j])));
            }
            simd.store(x, &mut row[i..]);
        }
    }
}

/// Writes rows mean + standard deviation z.
#[inline(always)]
fn scale<S: Words, const D: usize>(
    simd: S,
    tables: &SampleTables,
    labels: &[u32],
    normals: &[f64],
    rows: &mut [f64],
) {
    let d = if D > 0 { D } else { tables.n_features };
    let p = pitch(d);
    for (r, &k) in labels.iter().enumerate() {
        let (mean, stds) = (&tables.mean(k)[..p + MAX_LANES], &tables.factor(k)[..p + MAX_LANES]);
        let (z, row) = (&normals[r * d..], &mut rows[r * d..]);
        for i in (0..d).step_by(S::LANES) {
            let offset = simd.mul(simd.load(&stds[i..]), simd.load(&z[i..]));
            simd.store(simd.add(simd.load(&mean[i..]), offset), &mut row[i..]);
        }
    }
}
