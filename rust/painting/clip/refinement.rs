//! Refinement of a clip: the experts' least squares by conjugate gradients; gates stay.
//!
//! Directions are conjugate by the rule of E. Polak and G. Ribière (1969), and preconditioned by
//! the sum of each component's responsibilities, which has the size of the diagonal of Jᵀ J,
//! because slopes are per standard deviation of the gate. The residual is computed anew from time
//! to time, because kernels are float32. The result has the same bits for any number of threads,
//! unless the budget is a time.

use crate::error::{Error, Result};
use crate::model::covariances::Covariances;
use crate::model::mixture::Mixture;
use crate::painting::Refine;
use crate::painting::clip::Clip;
use crate::painting::clip::gate::{Experts, MovingGate, N_POSITIONS};
use crate::painting::clip::least_squares::LeastSquares;
use crate::painting::component::MAX_CHANNELS;
use crate::painting::joint::{RANGE, covariance, scatter};
use crate::painting::options::{Freedom, Options};
use crate::runtime::Runtime;
use std::time::Instant;

/// Steps between two computations of the error.
const ROUND: usize = 8;

/// The relative gain of a round from which another is made.
const LEAST_GAIN: f64 = 1e-3;

/// A component with a smaller sum of responsibilities is treated as if it had this.
const LEAST_MASS: f64 = 1e-3;

/// Where the search stands.
struct Search {
    /// Minus half the gradient.
    residual: Vec<Experts>,
    direction: Vec<Experts>,
    /// The last residual, and its product with itself in the metric of the preconditioner.
    last: Vec<Experts>,
    square: f64,
}

/// Experts and the squared error of their painting.
struct Found {
    experts: Vec<Experts>,
    squared_error: f64,
}

/// A refinement of a clip in progress.
pub struct ClipRefinement {
    problem: LeastSquares,
    mixture: Mixture,
    options: Options,
    moves_slopes: bool,
    experts: Vec<Experts>,
    masses: Vec<f64>,
    best: Option<Found>,
    search: Option<Search>,
    begin: Instant,
    n_passes: usize,
    is_done: bool,
}

impl ClipRefinement {
    /// Begins to refine a mixture over (x, y, t, channels), in pixels and frames.
    ///
    /// # Errors
    /// If the mixture has other features, if there is no pass, or if the runtime is interrupted.
    pub fn new(clip: Clip, mixture: Mixture, options: Options, runtime: &Runtime) -> Result<Self> {
        let (d, n_channels) = (mixture.n_features(), clip.frames()[0].n_channels());
        if d != N_POSITIONS + n_channels {
            let expected = format!("features (x, y, t) and {n_channels} channels");
            return Err(Error::Value { argument: "model", expected, got: format!("{d} features") });
        }
        if options.max_passes == 0 {
            let expected = "at least 1".into();
            return Err(Error::Value { argument: "max_passes", expected, got: "0".into() });
        }
        let begin = Instant::now();
        let all = (0..mixture.n_components()).map(|k| MovingGate::of(&mixture, k));
        let (gates, experts): (Vec<_>, Vec<_>) =
            all.collect::<Result<Vec<_>>>()?.into_iter().unzip();
        let problem = LeastSquares::new(clip, gates, runtime)?;
        let masses = problem.scatters(&experts, runtime)?;
        let masses = masses.iter().map(|sums| sums[0].max(LEAST_MASS)).collect();
        Ok(Self {
            problem,
            moves_slopes: Freedom::of(mixture.covariances()) == Freedom::Full,
            mixture,
            options,
            experts,
            masses,
            best: None,
            search: None,
            begin,
            n_passes: 0,
            is_done: false,
        })
    }

    /// The best experts so far.
    fn best(&self) -> &[Experts] {
        self.best.as_ref().map_or(&self.experts, |best| &best.experts)
    }

    /// Computes error and residual, and keeps the experts if they are the best.
    fn measure(&mut self, runtime: &Runtime) -> Result<f64> {
        let found = self.problem.derivatives(&self.experts, runtime)?;
        self.n_passes += 1;
        let mut residual = found.by_experts;
        for expert in residual.as_flattened_mut() {
            *expert = expert.map(|by| -by);
            if !self.moves_slopes {
                expert[1..].fill(0.0);
            }
        }
        let squared_error = found.squared_error;
        if self.best.as_ref().is_none_or(|best| squared_error < best.squared_error) {
            self.best = Some(Found { experts: self.experts.clone(), squared_error });
        }
        match &mut self.search {
            Some(search) => search.residual = residual,
            None => {
                let zeros = vec![[[0.0; 1 + N_POSITIONS]; MAX_CHANNELS]; residual.len()];
                let (direction, last) = (zeros.clone(), zeros);
                self.search = Some(Search { residual, direction, last, square: 0.0 });
            }
        }
        Ok(squared_error)
    }

    /// Makes a step along a conjugate direction; returns by how much the error falls.
    fn step(&mut self, runtime: &Runtime) -> Result<f64> {
        let search = self.search.as_mut().expect("after `measure`");
        let scaled = scaled(&search.residual, &self.masses);
        let square = dot(&scaled, &search.residual);
        let change = square - dot(&scaled, &search.last);
        let beta = if search.square > 0.0 { (change / search.square).max(0.0) } else { 0.0 };
        let direction = sum(&scaled, beta, &search.direction);
        let mut product = self.problem.product(&direction, runtime)?;
        self.n_passes += 1;
        if !self.moves_slopes {
            product.as_flattened_mut().iter_mut().for_each(|by| by[1..].fill(0.0));
        }
        let (slope, curvature) = (dot(&direction, &search.residual), dot(&direction, &product));
        if !(curvature > 0.0 && slope > 0.0) {
            return Ok(0.0);
        }
        let length = slope / curvature;
        self.experts = sum(&self.experts, length, &direction);
        let residual = sum(&search.residual, -length, &product);
        search.last = std::mem::replace(&mut search.residual, residual);
        (search.direction, search.square) = (direction, square);
        Ok(length * slope)
    }
}

impl Refine for ClipRefinement {
    fn n_passes(&self) -> usize {
        self.n_passes
    }

    fn progress(&self) -> f64 {
        let by_passes = self.n_passes as f64 / self.options.max_passes as f64;
        let by_time = self.options.max_time.map_or(0.0, |limit| {
            self.begin.elapsed().as_secs_f64() / limit.as_secs_f64().max(f64::MIN_POSITIVE)
        });
        if self.is_done { 1.0 } else { by_passes.max(by_time).min(1.0) }
    }

    fn psnr(&self) -> f64 {
        let error = self.best.as_ref().map_or(f64::INFINITY, |best| best.squared_error);
        10.0 * (self.problem.clip().n_values() as f64 / error).log10()
    }

    fn advance(&mut self, runtime: &Runtime) -> Result<bool> {
        if self.progress() >= 1.0 {
            return Ok(false);
        }
        let error = self.measure(runtime)?;
        let mut gain = 0.0;
        for _ in 0..ROUND {
            if self.progress() >= 1.0 {
                break;
            }
            gain += self.step(runtime)?;
        }
        if gain < LEAST_GAIN * error || self.progress() >= 1.0 {
            self.measure(runtime)?;
            self.is_done = true;
        }
        Ok(!self.is_done)
    }

    /// Weights, means of position and their covariances stay.
    fn mixture(&self, reg_covar: f64, runtime: &Runtime) -> Result<Mixture> {
        let (experts, d) = (self.best(), self.mixture.n_features());
        let (gates, n_channels) = (self.problem.gates(), d - N_POSITIONS);
        let mut means = Vec::with_capacity(gates.len() * d);
        for (k, experts) in experts.iter().enumerate() {
            means.extend(&self.mixture.mean(k)[..N_POSITIONS]);
            means.extend(experts.iter().take(n_channels).map(|expert| RANGE * expert[0]));
        }
        let scatters = self.problem.scatters(experts, runtime)?;
        let matrices = scatters.iter().map(|sums| scatter(sums, n_channels, reg_covar));
        let like = self.mixture.covariances();
        let covariances = match like {
            Covariances::Full(_) => {
                let parts = gates.iter().zip(experts).zip(matrices);
                let covariances = parts.flat_map(|((gate, experts), matrix)| {
                    let slopes = experts.map(|[_, slopes @ ..]| slopes);
                    covariance(&gate.rows(), &slopes[..n_channels], &matrix)
                });
                Covariances::Full(covariances.collect())
            }
            Covariances::Diag(variances) => {
                let parts = variances.chunks_exact(d).zip(matrices);
                let variances = parts.flat_map(|(variances, matrix)| {
                    let positions = variances[..N_POSITIONS].to_vec();
                    positions.into_iter().chain((0..n_channels).map(move |c| matrix[c][c]))
                });
                Covariances::Diag(variances.collect())
            }
            // Shared covariances and single variances stay.
            _ => like.clone(),
        };
        Mixture::from_log_weights(self.mixture.log_weights().to_vec(), means, covariances)
    }
}

fn dot(a: &[Experts], b: &[Experts]) -> f64 {
    let (a, b) = (a.as_flattened().as_flattened(), b.as_flattened().as_flattened());
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Returns a + factor b.
fn sum(a: &[Experts], factor: f64, b: &[Experts]) -> Vec<Experts> {
    let mut result = a.to_vec();
    let values = result.as_flattened_mut().as_flattened_mut();
    values.iter_mut().zip(b.as_flattened().as_flattened()).for_each(|(a, b)| *a += factor * b);
    result
}

/// Returns the residual in the metric of the preconditioner.
fn scaled(residual: &[Experts], masses: &[f64]) -> Vec<Experts> {
    let pairs = residual.iter().zip(masses);
    pairs.map(|(by, mass)| by.map(|expert| expert.map(|value| value / mass))).collect()
}
