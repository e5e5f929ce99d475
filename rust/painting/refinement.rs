//! Refinement: components move until their painting is as close to the picture as the budget
//! allows.
//!
//! The squared error over all pixels is minimized by Adam along the eigenvectors of each
//! block's gradients, with decaying rates; in the first half of the passes components also
//! relocate. If there are few, the first are over the picture at half size. The result has the
//! same bits for any number of threads, unless the budget is a time.

use crate::error::{Error, Result};
use crate::model::covariances::Covariances;
use crate::model::mixture::Mixture;
use crate::painting::Refine;
use crate::painting::component::Component;
use crate::painting::joint::mixture_of;
use crate::painting::kernel::gradient::Gradient;
use crate::painting::kernel::sums::{Scene, Slots};
use crate::painting::moments::Moments;
use crate::painting::options::{Freedom, Options};
use crate::painting::picture::Picture;
use crate::painting::relocation::relocate;
use crate::painting::survivors::Survivors;
use crate::painting::update::{Step, update};
use crate::runtime::Runtime;
use std::time::Instant;

/// The first passes have lower rates: Adam's means are of few gradients.
const WARM_UP: f64 = 20.0;

/// Passes between two searches for survivors.
const REFRESH: usize = 12;

/// Passes between two relocations: fewer cost much quality.
const PACE: usize = 24;

/// Thresholds of responsibility: at first, and in the last third of the passes.
const FIRST_THRESHOLD: f64 = 1e-2;
const LAST_THRESHOLD: f64 = 1e-3;

/// Passes at half size, each as costly as a quarter of one at full size.
const HALF_PASSES: usize = 200;
const HALF_COST: usize = 4;

/// With fewer passes all are at full size, because none must be wasted. With more also: from
/// a longer start at half size the result is worse, by 0.5 dB with many components.
const LEAST_FOR_HALF: usize = 40;
const MOST_FOR_HALF: usize = 600;

/// Fewer pixels at half size for a component are fitted exactly, which says nothing about the
/// pixels between them: the passes at full size then begin worse than from the drawn start.
const LEAST_PIXELS_AT_HALF: usize = 16;

/// The part of a time that the passes at half size may take.
const HALF_TIME: f64 = 0.25;

/// A part of a refinement, at one size of the picture.
struct Stage {
    picture: Picture,
    /// Size of this picture relative to the whole one.
    scale: f64,
    max_passes: usize,
    /// The part of the remaining time.
    time_part: f64,
    /// Rate at the end, and progress at which relocation ends.
    last_rate: f64,
    relocates_until: f64,
}

/// Components and the squared error of their painting.
struct Found {
    components: Vec<Component>,
    squared_error: f64,
}

/// A refinement in progress.
///
/// ```
/// use gmmfast::painting::{Options, Picture, Refine, Refinement, draw};
/// use gmmfast::{Covariances, Runtime};
///
/// let bytes: Vec<u8> = (0..32 * 32).map(|i| (4 * (i % 32) + 3 * (i / 32)) as u8).collect();
/// let picture = Picture::new(&bytes, 32, 32, 1)?;
/// let start = draw(&picture, 8);
/// let options = Options { max_passes: 40, ..Options::default() };
/// let full = Covariances::Full(Vec::new());
/// let mut refinement = Refinement::new(picture, start, full, options)?;
/// let runtime = Runtime::new(None)?;
/// while refinement.advance(&runtime)? {}
/// assert!(refinement.psnr() > 30.0);
/// # Ok::<(), gmmfast::Error>(())
/// ```
pub struct Refinement {
    options: Options,
    /// The mixture's covariances are of this type.
    like: Covariances,
    freedom: Freedom,
    /// The current stage is the last.
    stages: Vec<Stage>,
    components: Vec<Component>,
    moments: Vec<Moments>,
    best: Option<Found>,
    /// The PSNR of the best painting at half size.
    half_psnr: f64,
    slots: Slots,
    begin: Instant,
    stage_begin: Instant,
    n_passes: usize,
    stage_passes: usize,
    relocated_at: usize,
    n_pairs: usize,
    /// Passes at full size that those at half size count as.
    half_cost: usize,
}

impl Refinement {
    /// Begins to refine `components` towards a picture. The mixture's covariances will be of the
    /// type of `like`; shared covariances and single variances will be these.
    ///
    /// # Errors
    /// If there is no component or no pass.
    pub fn new(
        picture: Picture,
        components: Vec<Component>,
        like: Covariances,
        options: Options,
    ) -> Result<Self> {
        let positive = |argument, n: usize| match n {
            0 => Err(Error::Value { argument, expected: "at least 1".into(), got: "0".into() }),
            _ => Ok(()),
        };
        positive("components", components.len())?;
        positive("max_passes", options.max_passes)?;
        let now = Instant::now();
        let n_pixels_at_half = picture.width() * picture.height() / 4;
        let half_passes = match options.max_passes {
            _ if n_pixels_at_half < LEAST_PIXELS_AT_HALF * components.len() => 0,
            n @ LEAST_FOR_HALF..=MOST_FOR_HALF => HALF_PASSES.min(HALF_COST / 2 * n),
            n if n > MOST_FOR_HALF && options.max_time.is_some() => HALF_PASSES,
            _ => 0,
        };
        let half_cost = half_passes / HALF_COST;
        let half = (half_passes > 0).then(|| Stage {
            picture: picture.half(),
            scale: 0.5,
            max_passes: half_passes,
            time_part: HALF_TIME,
            last_rate: 0.5,
            relocates_until: 1.0,
        });
        let whole = Stage {
            picture,
            scale: 1.0,
            max_passes: options.max_passes - half_cost,
            time_part: 1.0,
            last_rate: 0.02,
            relocates_until: 0.5,
        };
        let scale = half.as_ref().map_or(1.0, |half| half.scale);
        Ok(Self {
            options,
            freedom: Freedom::of(&like),
            like,
            moments: vec![Moments::NEW; components.len()],
            components: components.iter().map(|k| k.scaled(scale)).collect(),
            stages: std::iter::once(whole).chain(half).collect(),
            half_cost,
            best: None,
            half_psnr: f64::NEG_INFINITY,
            slots: Slots::default(),
            begin: now,
            stage_begin: now,
            n_passes: 0,
            stage_passes: 0,
            relocated_at: 0,
            n_pairs: 0,
        })
    }

    fn stage(&self) -> &Stage {
        self.stages.last().expect("the last stage stays")
    }

    /// Survivors for a pixel, on average.
    #[must_use]
    pub fn pairs_per_pixel(&self) -> f64 {
        let picture = &self.stage().picture;
        64.0 * self.n_pairs as f64 / (picture.width() * picture.height()) as f64
    }

    /// The part of the current stage's budget that is spent.
    fn stage_progress(&self) -> f64 {
        let stage = self.stage();
        let by_passes = self.stage_passes as f64 / stage.max_passes as f64;
        let by_time = self.options.max_time.map_or(0.0, |limit| {
            let before = (self.stage_begin - self.begin).as_secs_f64();
            let available = (limit.as_secs_f64() - before) * stage.time_part;
            self.stage_begin.elapsed().as_secs_f64() / available.max(f64::MIN_POSITIVE)
        });
        by_passes.max(by_time)
    }

    /// The best components so far.
    #[must_use]
    pub fn components(&self) -> Vec<Component> {
        let best = self.best.as_ref().map_or(&self.components, |best| &best.components);
        best.iter().map(|k| k.scaled(1.0 / self.stage().scale)).collect()
    }

    /// Whether the time of the first passes, at half size, promises so many at full size that
    /// half size is not worthwhile.
    fn has_time_for_many_passes(&self) -> bool {
        let Some(limit) = self.options.max_time.filter(|_| self.stages.len() > 1) else {
            return false;
        };
        let pass = self.begin.elapsed().as_secs_f64() / self.n_passes.max(1) as f64;
        limit.as_secs_f64() > pass * (HALF_COST * MOST_FOR_HALF) as f64
            && self.options.max_passes > MOST_FOR_HALF
    }

    /// Only components with all freedom relocate, because a split changes all parameters.
    fn relocates(&self) -> bool {
        self.freedom == Freedom::Full
    }

    fn survivors(&self, threshold: f64, runtime: &Runtime) -> Result<Survivors> {
        Survivors::new(&self.components, &self.stage().picture, threshold, runtime)
    }

    /// Computes the sums of the gradient and the squared error.
    fn sum(&mut self, survivors: &Survivors, runtime: &Runtime) -> Result<()> {
        let picture = &self.stages.last().expect("the last stage stays").picture;
        let scene = Scene { components: &self.components, picture, survivors };
        scene.sum(&Gradient, &mut self.slots, runtime)
    }

    fn keep_best(&mut self) {
        let squared_error = self.slots.squared_error();
        if self.best.as_ref().is_none_or(|best| squared_error < best.squared_error) {
            self.best = Some(Found { components: self.components.clone(), squared_error });
        }
    }

    fn relocate(&mut self, runtime: &Runtime) -> Result<()> {
        let survivors = self.survivors(FIRST_THRESHOLD, runtime)?;
        let picture = &self.stage().picture;
        let scene = Scene { components: &self.components, picture, survivors: &survivors };
        let (components, changed) = relocate(&scene, runtime)?;
        self.components = components;
        changed.into_iter().for_each(|k| self.moments[k] = Moments::NEW);
        self.relocated_at = self.stage_passes;
        Ok(())
    }

    /// Goes on to the next stage, from the current components; or ends with the best ones.
    fn end_stage(&mut self, runtime: &Runtime) -> Result<bool> {
        if self.stages.len() > 1 {
            self.half_psnr = self.psnr();
            let stage = self.stages.pop().expect("two stages");
            let scale = self.stage().scale / stage.scale;
            self.components.iter_mut().for_each(|k| *k = k.scaled(scale));
            self.moments.fill(Moments::NEW);
            self.best = None;
            self.stage_begin = Instant::now();
            (self.stage_passes, self.relocated_at) = (0, 0);
            return Ok(true);
        }
        let survivors = self.survivors(LAST_THRESHOLD, runtime)?;
        self.sum(&survivors, runtime)?;
        self.keep_best();
        Ok(false)
    }
}

impl Refine for Refinement {
    fn n_passes(&self) -> usize {
        self.n_passes
    }

    fn progress(&self) -> f64 {
        let spent = match self.stages.len() {
            2 => self.stage_passes as f64 / HALF_COST as f64,
            _ => (self.half_cost + self.stage_passes) as f64,
        };
        let by_passes = spent / self.options.max_passes as f64;
        let by_time = self.options.max_time.map_or(0.0, |limit| {
            self.begin.elapsed().as_secs_f64() / limit.as_secs_f64().max(f64::MIN_POSITIVE)
        });
        by_passes.max(by_time).min(1.0)
    }

    fn psnr(&self) -> f64 {
        let n_values = self.stage().picture.n_values() as f64;
        let psnr = |best: &Found| 10.0 * (n_values / best.squared_error).log10();
        self.best.as_ref().map_or(self.half_psnr, psnr)
    }

    fn advance(&mut self, runtime: &Runtime) -> Result<bool> {
        let progress = self.stage_progress();
        if progress >= 1.0 {
            return self.end_stage(runtime);
        }
        let is_due = self.stage_passes >= self.relocated_at + PACE;
        if is_due && progress < self.stage().relocates_until && self.relocates() {
            self.relocate(runtime)?;
        }
        let part = (1.5 * progress).min(1.0);
        let threshold = FIRST_THRESHOLD * (LAST_THRESHOLD / FIRST_THRESHOLD).powf(part);
        let survivors = self.survivors(threshold, runtime)?;
        self.n_pairs = survivors.n_survivors();
        for i in 0..REFRESH {
            let progress = self.stage_progress();
            if progress >= 1.0 {
                break;
            }
            self.sum(&survivors, runtime)?;
            if i == 0 {
                self.keep_best();
            }
            let warm = ((self.stage_passes + 1) as f64 / WARM_UP).min(1.0);
            let scale = warm * (1.0 - progress * (1.0 - self.stage().last_rate));
            let step = Step {
                rates: self.freedom.rates(),
                scale,
                n_channels: self.stage().picture.n_channels(),
                least_std: self.options.least_std,
            };
            update(
                &mut self.components,
                &mut self.moments,
                &survivors,
                &self.slots,
                &step,
                runtime,
            )?;
            self.stage_passes += 1;
            self.n_passes += 1;
        }
        if self.n_passes <= REFRESH && self.has_time_for_many_passes() {
            return self.end_stage(runtime);
        }
        Ok(true)
    }

    fn mixture(&self, reg_covar: f64, runtime: &Runtime) -> Result<Mixture> {
        let (components, picture) = (self.components(), &self.stages[0].picture);
        let survivors = Survivors::new(&components, picture, LAST_THRESHOLD, runtime)?;
        let scene = Scene { components: &components, picture, survivors: &survivors };
        mixture_of(&scene, &self.like, reg_covar, runtime)
    }
}
