//! Samples of a mixture. The seed alone determines their bits.
//!
//! Samples are drawn in blocks that depend only on the seed and their index. The first m
//! of n samples are therefore the samples of a draw of m, on any number of threads. Memory
//! is that of the result and about 64 kB a thread.
//!
//! Samples within bounds are accepted from candidates of the whole mixture. Each block has
//! its own candidates: first its samples without bounds, then those of further rounds,
//! which have their own streams. The result is exact for the truncated mixture, and a
//! sample takes 1 / p draws if p is the probability of the box.

use crate::error::{Error, Result};
use crate::grid::output::Pixel;
use crate::model::linalg::packed_row;
use crate::model::mixture::Mixture;
use crate::random::alias::AliasTable;
use crate::runtime::{Runtime, distribute};
use crate::sampling::drawer::{Drawer, PIECE_SAMPLES, Piece, RUN_SAMPLES, SampleSource, convert};
use crate::sampling::kernel::{FactorLayout, SampleTables};

/// A bound of the normals of a stream.
const MAX_NORMAL: f64 = 8.6;

/// The order of samples.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// The order in which samples are drawn; each is independent of the others.
    Shuffled,
    /// Samples are sorted by component, and within a component in the order in which they
    /// are drawn.
    Grouped,
}

/// Samples of a mixture for a seed, prepared once.
///
/// ```
/// use gmmfast::{Covariances, Mixture, Order, Runtime, Sampling};
///
/// let covariances = Covariances::Spherical(vec![0.01, 0.01]);
/// let mixture = Mixture::new(vec![0.5, 0.5], vec![0.0, 100.0], covariances)?;
/// let (mut points, mut labels) = (vec![0.0; 1000], vec![0; 1000]);
/// let sampling = Sampling::new(&mixture, 42);
/// sampling.draw(Order::Shuffled, &mut points, Some(&mut labels), &Runtime::new(None)?)?;
/// assert!(points.iter().zip(&labels).all(|(x, &k)| (x - 100.0 * k as f64).abs() < 1.0));
/// # Ok::<(), gmmfast::Error>(())
/// ```
pub struct Sampling {
    source: SampleSource,
    /// A bound of the absolute values of each feature of all samples.
    reach: Vec<f64>,
}

impl Sampling {
    /// The number of samples of which the first one of [`Sampling::draw_from`] is a multiple.
    pub const RUN_LEN: usize = RUN_SAMPLES;

    /// Prepares samples of a mixture for a seed.
    #[must_use]
    pub fn new(mixture: &Mixture, seed: u64) -> Self {
        let d = mixture.n_features();
        let alias = AliasTable::new(mixture);
        let covariances = mixture.covariances();
        let (is_diagonal, is_shared) = (covariances.is_diagonal(), covariances.is_shared());
        let components: Vec<usize> = alias.components().iter().map(|&k| k as usize).collect();
        let means = components.iter().map(|&k| mixture.mean(k));
        let features: Vec<usize> = (0..d).collect();
        let of_component = |k: usize| -> Vec<Vec<f64>> {
            if is_diagonal {
                return vec![(0..d).map(|i| mixture.covariance(k, i, i).sqrt()).collect()];
            }
            let factor = mixture.factor(k, &features);
            let entry = |i: usize, j: usize| if i < j { 0.0 } else { packed_row(&factor, i)[j] };
            (0..d).map(|j| (0..d).map(|i| entry(i, j)).collect()).collect()
        };
        let n_factors = if is_shared { 1 } else { components.len() };
        let columns: Vec<Vec<f64>> =
            components[..n_factors].iter().flat_map(|&k| of_component(k)).collect();
        let n_columns = columns.len() / n_factors;
        // The values if all normals were at their bound.
        let mut reach = vec![0.0_f64; d];
        for (at, &k) in components.iter().enumerate() {
            let columns = &columns[if is_shared { 0 } else { at * n_columns }..][..n_columns];
            for i in 0..d {
                let sum = columns.iter().fold(0.0, |sum, column| sum + column[i].abs());
                reach[i] = reach[i].max(mixture.mean(k)[i].abs() + MAX_NORMAL * sum);
            }
        }
        let layout = FactorLayout { is_diagonal, is_shared };
        let tables = SampleTables::new(d, means, columns.iter().map(Vec::as_slice), layout);
        Self { source: SampleSource { tables, alias, seed, bounds: Vec::new() }, reach }
    }

    /// Restricts the samples to bounds, a (low, high) for each feature. Both are included
    /// and may be infinite.
    ///
    /// # Errors
    /// If the number of bounds is not that of the features, or a low is not below its high.
    pub fn with_bounds(self, bounds: &[(f64, f64)]) -> Result<Self> {
        if bounds.len() != self.n_features() {
            let expected = format!("{} pairs (low, high)", self.n_features());
            return Err(Error::Length { argument: "bounds", expected, got: bounds.len() });
        }
        if let Some((low, high)) = bounds
            .iter()
            .find(|(low, high)| low.partial_cmp(high).is_none_or(std::cmp::Ordering::is_ge))
        {
            return Err(Error::Value {
                argument: "bounds",
                expected: "low below high for every feature".to_owned(),
                got: format!("({low:?}, {high:?})"),
            });
        }
        let source = SampleSource { bounds: bounds.to_vec(), ..self.source };
        Ok(Self { source, ..self })
    }

    /// Returns the number of features.
    #[must_use]
    pub fn n_features(&self) -> usize {
        self.source.tables.n_features
    }

    pub(crate) fn source(&self) -> &SampleSource {
        &self.source
    }

    pub(crate) fn reach(&self, feature: usize) -> f64 {
        self.reach[feature]
    }

    /// Fills the rows of `points`, (`n_samples`, `n_features`) row-major, with samples, and
    /// `labels`, if given, with their components.
    ///
    /// # Errors
    /// If lengths do not fit together, if too few candidates are within the bounds, or if
    /// the runtime was interrupted; the latter two leave `points` partly written.
    pub fn draw<P: Pixel>(
        &self,
        order: Order,
        points: &mut [P],
        labels: Option<&mut [i64]>,
        runtime: &Runtime,
    ) -> Result<()> {
        self.check_lengths(points, labels.as_deref())?;
        match order {
            Order::Shuffled => self.draw_shuffled(0, points, labels, runtime),
            Order::Grouped => self.draw_grouped(points, labels, runtime),
        }
    }

    fn check_lengths<P>(&self, points: &[P], labels: Option<&[i64]>) -> Result<()> {
        let d = self.n_features();
        if !points.len().is_multiple_of(d) {
            let expected = format!("shape (n_samples, {d})");
            return Err(Error::Length { argument: "points", expected, got: points.len() });
        }
        let n = points.len() / d;
        if let Some(labels) = labels.filter(|labels| labels.len() != n) {
            let expected = format!("shape ({n},)");
            return Err(Error::Length { argument: "labels", expected, got: labels.len() });
        }
        Ok(())
    }

    /// Fills `points` and `labels` with the samples from `first` on, in the order of the draws.
    ///
    /// # Errors
    /// As for [`Sampling::draw`], and if `first` is not a multiple of [`Sampling::RUN_LEN`].
    pub fn draw_from<P: Pixel>(
        &self,
        first: usize,
        points: &mut [P],
        labels: Option<&mut [i64]>,
        runtime: &Runtime,
    ) -> Result<()> {
        self.check_lengths(points, labels.as_deref())?;
        if !first.is_multiple_of(RUN_SAMPLES) {
            let expected = format!("a multiple of {RUN_SAMPLES}");
            return Err(Error::Value { argument: "first", expected, got: first.to_string() });
        }
        self.draw_shuffled(first, points, labels, runtime)
    }

    fn draw_shuffled<P: Pixel>(
        &self,
        start: usize,
        points: &mut [P],
        labels: Option<&mut [i64]>,
        runtime: &Runtime,
    ) -> Result<()> {
        let points = points.chunks_mut(PIECE_SAMPLES * self.n_features());
        let mut labels = labels.map(|labels| labels.chunks_mut(PIECE_SAMPLES));
        let pieces = points.enumerate().map(|(at, points)| Piece {
            first: start + at * PIECE_SAMPLES,
            points,
            labels: labels.as_mut().and_then(Iterator::next).unwrap_or_default(),
        });
        let pieces: Vec<_> = pieces.collect();
        runtime.install(|| {
            distribute(pieces, &|| {
                let mut drawer = Drawer::new(&self.source, runtime);
                Box::new(move |piece| drawer.piece(piece))
            })
        })
    }

    /// Counts the samples of each component in every part, which determines their places,
    /// and draws them again.
    fn draw_grouped<P: Pixel>(
        &self,
        points: &mut [P],
        labels: Option<&mut [i64]>,
        runtime: &Runtime,
    ) -> Result<()> {
        let d = self.n_features();
        let (n, n_components) = (points.len() / d, self.source.alias.len());
        // A few parts a thread: their counts are small compared with the model.
        let n_blocks = n.div_ceil(RUN_SAMPLES);
        let part = n_blocks.div_ceil(4 * runtime.n_threads()).max(1) * RUN_SAMPLES;
        let n_parts = n.div_ceil(part);
        let samples = |at: usize| at * part..(at * part + part).min(n);
        let mut counts = vec![vec![0_usize; n_components]; n_parts];
        runtime.install(|| {
            let items = counts.iter_mut().enumerate().collect();
            distribute(items, &|| {
                let mut drawer = Drawer::new(&self.source, runtime);
                Box::new(move |(at, counts): (usize, &mut Vec<usize>)| {
                    drawer.each_block(samples(at), false, |labels, _| {
                        labels.iter().for_each(|&k| counts[k as usize] += 1);
                    })
                })
            })
        })?;
        if let Some(mut labels) = labels {
            for (k, &component) in self.source.alias.components().iter().enumerate() {
                let count: usize = counts.iter().map(|counts| counts[k]).sum();
                let (now, rest) = labels.split_at_mut(count);
                now.fill(i64::from(component));
                labels = rest;
            }
        }
        let mut places: Vec<Vec<&mut [P]>> = vec![];
        places.resize_with(n_parts, || Vec::with_capacity(n_components));
        let mut rest = points;
        for k in 0..n_components {
            for (places, counts) in places.iter_mut().zip(&counts) {
                let (now, later) = rest.split_at_mut(counts[k] * d);
                places.push(now);
                rest = later;
            }
        }
        drop(counts);
        runtime.install(|| {
            let items = places.into_iter().enumerate().collect();
            distribute(items, &|| {
                let mut drawer = Drawer::new(&self.source, runtime);
                Box::new(move |(at, mut places): (usize, Vec<&mut [P]>)| {
                    drawer.each_block(samples(at), true, |labels, rows| {
                        for (&k, row) in labels.iter().zip(rows.chunks_exact(d)) {
                            let place = std::mem::take(&mut places[k as usize]);
                            let (now, later) = place.split_at_mut(d);
                            convert(row, now);
                            places[k as usize] = later;
                        }
                    })
                })
            })
        })
    }
}
