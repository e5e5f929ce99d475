//! What a thread draws with: blocks of samples, within bounds if there are any, and where
//! they go.

use super::{BLOCK_WITHIN, MAX_ROUNDS, PIECE, Sampling};
use crate::error::{Error, Result};
use crate::grid::output::{OutputSlice, Pixel};
use crate::random::stream::{Purpose, Stream};
use crate::runtime::Runtime;
use crate::sampling::kernel::{BLOCK, Draw};
use crate::simd::MAX_LANES;

pub(crate) fn convert<P: Pixel>(from: &[f64], to: &mut [P]) {
    for (to, &from) in to.iter_mut().zip(from) {
        *to = P::from_f64(from);
    }
}

/// What a thread draws with.
pub(crate) struct Drawer<'a> {
    sampling: &'a Sampling,
    runtime: &'a Runtime,
    labels: Vec<u32>,
    rows: Vec<f64>,
    normals: Vec<f64>,
    /// Labels and rows of candidates.
    candidates: (Vec<u32>, Vec<f64>),
}

impl<'a> Drawer<'a> {
    pub(crate) fn new(sampling: &'a Sampling, runtime: &'a Runtime) -> Self {
        let none = Vec::new;
        let candidates = (Vec::new(), none());
        Self { sampling, runtime, labels: Vec::new(), rows: none(), normals: none(), candidates }
    }

    /// Calls `each` with labels and rows of the samples of every block; without rows where
    /// they are not wanted and there are none. `samples` begin at a block.
    pub(crate) fn each_block(
        &mut self,
        samples: std::ops::Range<usize>,
        with_rows: bool,
        mut each: impl FnMut(&[u32], &[f64]),
    ) -> Result<()> {
        let d = self.sampling.n_features();
        for first in samples.clone().step_by(BLOCK_WITHIN) {
            self.runtime.check()?;
            let n = BLOCK_WITHIN.min(samples.end - first);
            if self.sampling.bounds.is_empty() {
                self.fill(first, n, with_rows);
            } else {
                self.fill_within(first, n)?;
            }
            let n_rows = if with_rows { n } else { 0 };
            each(&self.labels[..n], &self.rows[..n_rows * d]);
        }
        Ok(())
    }

    /// The samples from piece `at` on.
    pub(crate) fn piece<P: Pixel>(
        &mut self,
        at: usize,
        points: &mut [P],
        labels: &mut [i64],
    ) -> Result<()> {
        let d = self.sampling.n_features();
        let (first, n) = (at * PIECE, points.len() / d);
        let components = self.sampling.alias.components();
        let mut done = 0;
        if let (true, OutputSlice::Double(points)) =
            (self.sampling.bounds.is_empty(), P::output_slice(points))
        {
            // In place, as far as there is room for what vectors write beyond.
            self.runtime.check()?;
            let n_blocks = points.len().saturating_sub(MAX_LANES) / (BLOCK_WITHIN * d);
            for block in 0..n_blocks {
                done = block * BLOCK_WITHIN;
                self.labels.resize(BLOCK_WITHIN, 0);
                let rows = &mut points[done * d..];
                self.sampling.draw_blocks(
                    0,
                    first + done,
                    &mut self.labels,
                    rows,
                    &mut self.normals,
                    self.runtime,
                );
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

    fn fill(&mut self, first: usize, n: usize, with_rows: bool) {
        let d = self.sampling.n_features();
        let n = n.next_multiple_of(BLOCK);
        self.labels.resize(n, 0);
        self.rows.resize(if with_rows { n * d + MAX_LANES } else { 0 }, 0.0);
        let (labels, rows) = (&mut self.labels, &mut self.rows);
        self.sampling.draw_blocks(0, first, labels, rows, &mut self.normals, self.runtime);
    }

    /// The first `n` candidates of the block that are within the bounds.
    fn fill_within(&mut self, first: usize, n: usize) -> Result<()> {
        let d = self.sampling.n_features();
        self.labels.clear();
        self.rows.clear();
        let (labels, rows) = &mut self.candidates;
        labels.resize(BLOCK, 0);
        rows.resize(BLOCK * d + MAX_LANES, 0.0);
        for round in 0..MAX_ROUNDS {
            self.runtime.check()?;
            for at in (first..first + BLOCK_WITHIN).step_by(BLOCK) {
                self.sampling.draw_blocks(round, at, labels, rows, &mut self.normals, self.runtime);
                for (&k, row) in labels.iter().zip(rows.chunks_exact(d)) {
                    let is_within = |(x, (low, high)): (&f64, &(f64, f64))| low <= x && x <= high;
                    if row.iter().zip(&self.sampling.bounds).all(is_within) {
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

impl Sampling {
    /// Samples of whole blocks from `first` on, of one round.
    fn draw_blocks(
        &self,
        round: u64,
        first: usize,
        labels: &mut [u32],
        rows: &mut [f64],
        normals: &mut Vec<f64>,
        runtime: &Runtime,
    ) {
        let stream = |purpose| Stream::of_round(self.seed, purpose, round).keys();
        runtime.level().dispatch(Draw {
            tables: &self.tables,
            alias: &self.alias,
            streams: [stream(Purpose::Components), stream(Purpose::Normals)],
            first: first as u64,
            labels,
            rows,
            scratch: normals,
        });
    }
}
