//! The work of one thread: blocks of samples, within bounds if there are any.

use crate::error::{Error, Result};
use crate::grid::output::{OutputSlice, Pixel};
use crate::random::alias::AliasTable;
use crate::random::stream::{Purpose, Stream};
use crate::runtime::Runtime;
use crate::sampling::kernel::{BLOCK, Draw, SampleTables};
use crate::simd::MAX_LANES;

/// Samples whose candidates are drawn together.
pub(crate) const BLOCK_WITHIN: usize = 16 * BLOCK;

/// Samples of a piece of the work of a thread.
pub(crate) const PIECE: usize = 16 * BLOCK_WITHIN;

/// Rounds after which a block that is not full is an error: fewer than one candidate in as
/// many is within the bounds.
const MAX_ROUNDS: u64 = 10_000;

/// The parameters from which samples are drawn.
pub(crate) struct SampleSource {
    pub(crate) tables: SampleTables,
    pub(crate) alias: AliasTable,
    pub(crate) seed: u64,
    /// A (low, high) for each feature, which may be infinite; empty without bounds.
    pub(crate) bounds: Vec<(f64, f64)>,
}

/// A run of samples of whole blocks.
#[derive(Clone, Copy)]
struct BlockStart {
    round: u64,
    first: usize,
}

/// Converts values to the output type.
pub(crate) fn convert<P: Pixel>(from: &[f64], to: &mut [P]) {
    for (to, &from) in to.iter_mut().zip(from) {
        *to = P::from_f64(from);
    }
}

/// Draws samples with memory that is reused.
pub(crate) struct Drawer<'a> {
    source: &'a SampleSource,
    runtime: &'a Runtime,
    labels: Vec<u32>,
    rows: Vec<f64>,
    normals: Vec<f64>,
    /// Labels and rows of candidates.
    candidates: (Vec<u32>, Vec<f64>),
}

impl<'a> Drawer<'a> {
    pub(crate) fn new(source: &'a SampleSource, runtime: &'a Runtime) -> Self {
        let none = Vec::new;
        let candidates = (Vec::new(), none());
        Self { source, runtime, labels: Vec::new(), rows: none(), normals: none(), candidates }
    }

    /// Calls `each` with the labels and rows of every block of samples; the rows are empty
    /// unless `with_rows`. `samples` start at a block.
    pub(crate) fn each_block(
        &mut self,
        samples: std::ops::Range<usize>,
        with_rows: bool,
        mut each: impl FnMut(&[u32], &[f64]),
    ) -> Result<()> {
        let d = self.source.tables.n_features;
        for first in samples.clone().step_by(BLOCK_WITHIN) {
            self.runtime.check()?;
            let n = BLOCK_WITHIN.min(samples.end - first);
            if self.source.bounds.is_empty() {
                self.fill(first, n, with_rows);
            } else {
                self.fill_within(first, n)?;
            }
            let n_rows = if with_rows { n } else { 0 };
            each(&self.labels[..n], &self.rows[..n_rows * d]);
        }
        Ok(())
    }

    /// Draws the samples of piece `at`.
    pub(crate) fn piece<P: Pixel>(
        &mut self,
        at: usize,
        points: &mut [P],
        labels: &mut [i64],
    ) -> Result<()> {
        let d = self.source.tables.n_features;
        let (first, n) = (at * PIECE, points.len() / d);
        let components = self.source.alias.components();
        let mut done = 0;
        if let (true, OutputSlice::Double(points)) =
            (self.source.bounds.is_empty(), P::output_slice(points))
        {
            // In place, except at the end, where vectors would write beyond.
            self.runtime.check()?;
            let n_blocks = points.len().saturating_sub(MAX_LANES) / (BLOCK_WITHIN * d);
            for block in 0..n_blocks {
                done = block * BLOCK_WITHIN;
                self.labels.resize(BLOCK_WITHIN, 0);
                let rows = &mut points[done * d..];
                let start = BlockStart { round: 0, first: first + done };
                let (drawn, normals) = (&mut self.labels, &mut self.normals);
                self.source.draw_blocks(start, drawn, rows, normals, self.runtime);
                for (to, &k) in labels.iter_mut().skip(done).zip(&self.labels) {
                    *to = i64::from(components[k as usize]);
                }
            }
            done = n_blocks * BLOCK_WITHIN;
        }
        let (mut points, mut labels) =
            (&mut points[done * d..], labels.get_mut(done..).unwrap_or_default());
        self.each_block(first + done..first + n, true, |drawn, rows| {
            let (now, later) = std::mem::take(&mut points).split_at_mut(rows.len());
            convert(rows, now);
            points = later;
            let n_labels = drawn.len().min(labels.len());
            let (now, later) = std::mem::take(&mut labels).split_at_mut(n_labels);
            for (to, &k) in now.iter_mut().zip(drawn) {
                *to = i64::from(components[k as usize]);
            }
            labels = later;
        })
    }

    /// Draws `n` samples without bounds.
    fn fill(&mut self, first: usize, n: usize, with_rows: bool) {
        let d = self.source.tables.n_features;
        let n = n.next_multiple_of(BLOCK);
        self.labels.resize(n, 0);
        self.rows.resize(if with_rows { n * d + MAX_LANES } else { 0 }, 0.0);
        let (labels, rows) = (&mut self.labels, &mut self.rows);
        let start = BlockStart { round: 0, first };
        self.source.draw_blocks(start, labels, rows, &mut self.normals, self.runtime);
    }

    /// Draws the first `n` candidates of the block that are within the bounds.
    fn fill_within(&mut self, first: usize, n: usize) -> Result<()> {
        let d = self.source.tables.n_features;
        self.labels.clear();
        self.rows.clear();
        let (labels, rows) = &mut self.candidates;
        labels.resize(BLOCK, 0);
        rows.resize(BLOCK * d + MAX_LANES, 0.0);
        for round in 0..MAX_ROUNDS {
            self.runtime.check()?;
            for at in (first..first + BLOCK_WITHIN).step_by(BLOCK) {
                let start = BlockStart { round, first: at };
                self.source.draw_blocks(start, labels, rows, &mut self.normals, self.runtime);
                for (&k, row) in labels.iter().zip(rows.chunks_exact(d)) {
                    let is_within = |(x, (low, high)): (&f64, &(f64, f64))| low <= x && x <= high;
                    if row.iter().zip(&self.source.bounds).all(is_within) {
                        self.labels.push(k);
                        self.rows.extend_from_slice(row);
                    }
                }
                if self.labels.len() >= n {
                    return Ok(());
                }
            }
        }
        Err(Error::Bounds {
            n_candidates: MAX_ROUNDS * BLOCK_WITHIN as u64,
            n_within: self.labels.len(),
        })
    }
}

impl SampleSource {
    /// Draws samples of whole blocks from a start on.
    fn draw_blocks(
        &self,
        start: BlockStart,
        labels: &mut [u32],
        rows: &mut [f64],
        normals: &mut Vec<f64>,
        runtime: &Runtime,
    ) {
        let stream = |purpose| Stream::of_round(self.seed, purpose, start.round).keys();
        runtime.level().dispatch(Draw {
            tables: &self.tables,
            alias: &self.alias,
            streams: [stream(Purpose::Components), stream(Purpose::Normals)],
            first: start.first as u64,
            labels,
            rows,
            scratch: normals,
        });
    }
}
