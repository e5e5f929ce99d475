//! The work of one thread: blocks of samples, within bounds if there are any.

use crate::error::{Error, Result};
use crate::grid::output::{OutputSlice, Pixel};
use crate::random::alias::AliasTable;
use crate::random::stream::{Purpose, Stream};
use crate::runtime::Runtime;
use crate::sampling::kernel::{BLOCK_SAMPLES, Draw, SampleTables};
use crate::simd::MAX_LANES;

/// Samples whose candidates are drawn together.
pub(crate) const RUN_SAMPLES: usize = 16 * BLOCK_SAMPLES;

/// Samples of a piece of the work of a thread.
pub(crate) const PIECE_SAMPLES: usize = 16 * RUN_SAMPLES;

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

/// The outputs of a run of [`PIECE_SAMPLES`] samples, or fewer at the end.
pub(crate) struct Piece<'a, P> {
    pub(crate) first: usize,
    pub(crate) points: &'a mut [P],
    /// Empty if labels are not requested.
    pub(crate) labels: &'a mut [i64],
}

/// The first sample of a run of whole blocks.
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
    candidates: Candidates,
}

/// Samples of the whole mixture, of which those within the bounds are accepted.
#[derive(Default)]
struct Candidates {
    labels: Vec<u32>,
    rows: Vec<f64>,
}

impl<'a> Drawer<'a> {
    pub(crate) fn new(source: &'a SampleSource, runtime: &'a Runtime) -> Self {
        Self {
            source,
            runtime,
            labels: Vec::new(),
            rows: Vec::new(),
            normals: Vec::new(),
            candidates: Candidates::default(),
        }
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
        for first in samples.clone().step_by(RUN_SAMPLES) {
            self.runtime.check()?;
            let n = RUN_SAMPLES.min(samples.end - first);
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

    /// Draws the samples of a piece.
    pub(crate) fn piece<P: Pixel>(
        &mut self,
        Piece { first, points, labels }: Piece<'_, P>,
    ) -> Result<()> {
        let d = self.source.tables.n_features;
        let n = points.len() / d;
        let components = self.source.alias.components();
        let mut done = 0;
        if let (true, OutputSlice::Double(points)) =
            (self.source.bounds.is_empty(), P::output_slice(points))
        {
            // In place, except at the end, where vectors would write beyond.
            self.runtime.check()?;
            let n_blocks = points.len().saturating_sub(MAX_LANES) / (RUN_SAMPLES * d);
            for block in 0..n_blocks {
                done = block * RUN_SAMPLES;
                self.labels.resize(RUN_SAMPLES, 0);
                let rows = &mut points[done * d..];
                let start = BlockStart { round: 0, first: first + done };
                let (drawn, normals) = (&mut self.labels, &mut self.normals);
                self.source.draw_blocks(start, drawn, rows, normals, self.runtime);
                for (to, &k) in labels.iter_mut().skip(done).zip(&self.labels) {
                    *to = i64::from(components[k as usize]);
                }
            }
            done = n_blocks * RUN_SAMPLES;
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
        let n = n.next_multiple_of(BLOCK_SAMPLES);
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
        let Candidates { labels, rows } = &mut self.candidates;
        labels.resize(BLOCK_SAMPLES, 0);
        rows.resize(BLOCK_SAMPLES * d + MAX_LANES, 0.0);
        for round in 0..MAX_ROUNDS {
            self.runtime.check()?;
            for at in (first..first + RUN_SAMPLES).step_by(BLOCK_SAMPLES) {
                let start = BlockStart { round, first: at };
                self.source.draw_blocks(start, labels, rows, &mut self.normals, self.runtime);
                for (&k, row) in labels.iter().zip(rows.chunks_exact(d)) {
                    if self.source.is_within_bounds(row) {
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
            n_candidates: MAX_ROUNDS * RUN_SAMPLES as u64,
            n_within: self.labels.len(),
        })
    }
}

impl SampleSource {
    fn is_within_bounds(&self, row: &[f64]) -> bool {
        row.iter().zip(&self.bounds).all(|(x, (low, high))| low <= x && x <= high)
    }

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
