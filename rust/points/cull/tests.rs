//! Culling against the plain formula of a normal density: what is left out is below the threshold
//! at every point, and what is below it everywhere in the box is left out.

use super::*;
use crate::model::covariances::Covariances;
use crate::model::mixture::Mixture;
use crate::points::group::{PeakedMixture, log2_peaks};
use crate::points::tree::enclose;
use crate::random::Random;
use crate::runtime::Runtime;
use crate::simd::{Dispatch, Level};
use std::f64::consts::LOG2_E;

impl Random {
    fn vector(&mut self, n: usize, low: f64, high: f64) -> Vec<f64> {
        (0..n).map(|_| self.between(low, high)).collect()
    }

    /// Components in a cube from -50 to 50, every seventh of weight zero.
    fn mixture(&mut self, n: usize, d: usize, is_diagonal: bool) -> Mixture {
        let weights: Vec<f64> =
            (0..n).map(|k| if k % 7 == 3 { 0.0 } else { self.between(0.1, 1.0) }).collect();
        let sum: f64 = weights.iter().sum();
        let weights = weights.iter().map(|w| w / sum).collect();
        let means = self.vector(n * d, -50.0, 50.0);
        let covariances = if is_diagonal {
            Covariances::Diag(self.vector(n * d, 0.3, 60.0))
        } else {
            let mut matrix = || {
                let (mixing, own) = (self.vector(d * d, -4.0, 4.0), self.between(0.3, 9.0));
                let entry = |i: usize, j: usize| {
                    let dot: f64 = (0..d).map(|m| mixing[i * d + m] * mixing[j * d + m]).sum();
                    if i == j { dot + own } else { dot }
                };
                (0..d * d).map(|ij| entry(ij / d, ij % d)).collect::<Vec<_>>()
            };
            Covariances::Full((0..n).flat_map(|_| matrix()).collect())
        };
        Mixture::new(weights, means, covariances).unwrap()
    }
}

/// Thresholds of labels, log-densities and responsibilities.
const BITS: [f64; 3] = [0.0, 60.0, 1080.0];

/// The logarithm of a weighted density at a point, in bits.
fn q_at(mixture: &Mixture, k: usize, x: &[f64]) -> f64 {
    let difference: Vec<f64> = x.iter().zip(mixture.mean(k)).map(|(x, m)| x - m).collect();
    let whitened = (0..x.len()).map(|i| {
        (0..=i).map(|j| mixture.precisions_cholesky().at(k, i, j) * difference[j]).sum::<f64>()
    });
    LOG2_E * (mixture.log_peak(k) - 0.5 * whitened.map(|z| z * z).sum::<f64>())
}

/// The least and the greatest coordinates of points.
fn bounds(points: &[f64], d: usize) -> Vec<f64> {
    let mut bounds = vec![0.0; 2 * d];
    enclose(points, 0..(points.len() / d) as u32, &mut bounds);
    bounds
}

/// Culls the components of a mixture, each with bits of its own, in the box of some points.
struct Cull<'a> {
    mixture: &'a Mixture,
    thresholds: &'a [f64],
    points: &'a [f64],
    bits: f64,
}

impl Dispatch for Cull<'_> {
    type Output = Vec<u32>;
    fn run<S: Simd>(self, simd: S) -> Vec<u32> {
        let Self { mixture, thresholds, points, bits } = self;
        let (d, runtime) = (mixture.n_features(), Runtime::new(Some(1)).unwrap());
        let blocks =
            ComponentBlocks::with_thresholds(mixture, &|k| thresholds[k], &runtime).unwrap();
        let peaks = log2_peaks(mixture);
        let mut kernel = PointsKernel::new(simd, PeakedMixture { mixture, peaks: &peaks });
        let rows: Vec<u32> = (0..(points.len() / d) as u32).collect();
        kernel.gather(points, &rows);
        let bounds = bounds(points, d);
        let points = || {
            let groups = 0..rows.len().div_ceil(crate::points::group::GROUP_POINTS);
            PointBox { bounds: Bounds::of(&bounds), groups }
        };
        let mut culler = Culler::new(simd, &blocks, Threshold::fixed(bits));
        let (mut kept, mut components) = (Vec::new(), Vec::new());
        culler.cull(&mut kernel, points(), &blocks.all(), &mut kept);
        blocks.components(&kept, &mut components);
        assert_eq!(culler.n_survivors(&mut kernel, points()), components.len());
        // From the survivors all of them survive again.
        let survivors = kept.clone();
        culler.cull(&mut kernel, points(), &survivors, &mut kept);
        let mut again = Vec::new();
        blocks.components(&kept, &mut again);
        assert_eq!(again, components);
        components.sort_unstable();
        components
    }
}

/// Checks the survivors of some points at every level and threshold. `is_tight` says that the
/// bounds are the largest values in the box, not only above them.
fn check(mixture: &Mixture, thresholds: &[f64], points: &[f64], is_tight: bool) {
    let d = mixture.n_features();
    let bounds = bounds(points, d);
    let (low, high) = bounds.split_at(d);
    let at = |x: &[f64]| -> Vec<f64> {
        (0..mixture.n_components()).map(|k| q_at(mixture, k, x)).collect()
    };
    let q: Vec<Vec<f64>> = points.chunks(d).map(at).collect();
    let largest: Vec<f64> =
        q.iter().map(|q| q.iter().copied().fold(f64::NEG_INFINITY, f64::max)).collect();
    // Each component where the box is nearest to its mean.
    let nearest = |k: usize| {
        let nearest = mixture.mean(k).iter().zip(low.iter().zip(high));
        let nearest: Vec<f64> = nearest.map(|(m, (low, high))| m.clamp(*low, *high)).collect();
        q_at(mixture, k, &nearest) + thresholds[k]
    };
    // The others are compared with the one that is the largest at the middle.
    let middle: Vec<f64> = low.iter().zip(high).map(|(low, high)| 0.5 * (low + high)).collect();
    let raised: Vec<f64> = at(&middle).iter().zip(thresholds).map(|(q, t)| q + t).collect();
    let best = (0..raised.len()).fold(0, |a, b| if raised[b] > raised[a] { b } else { a });
    let least = q.iter().map(|q| q[best]).fold(f64::INFINITY, f64::min);
    let cases = Level::available().into_iter().flat_map(|level| BITS.map(|bits| (level, bits)));
    for (level, bits) in cases {
        let kept = level.dispatch(Cull { mixture, thresholds, points, bits });
        assert!(!kept.is_empty() && kept.is_sorted_by(|a, b| a < b), "{kept:?}");
        for k in mixture.active_components() {
            if kept.contains(&(k as u32)) {
                let (below, rounding) = (least - nearest(k), 1e-9 * (1.0 + least.abs()));
                let is_near = below <= bits + rounding;
                assert!(is_near || !is_tight, "{level:?} kept {k}, {below} bits below");
            } else {
                for (q, largest) in q.iter().zip(&largest) {
                    let below = largest - q[k] - thresholds[k];
                    assert!(below > bits, "{level:?} left out {k}, only {below} bits below");
                }
            }
        }
        assert!(kept.iter().all(|&k| mixture.weights()[k as usize] > 0.0), "{kept:?}");
    }
}

#[test]
fn components_left_out_are_below_the_threshold_and_those_below_it_in_the_box_are_left_out() {
    let mut random = Random(1);
    for d in 1..7 {
        for round in 0..12 {
            let is_diagonal = round % 2 == 0;
            let mixture = random.mixture(45, d, is_diagonal);
            let center = random.vector(d, -60.0, 60.0);
            let size = [20.0, 3.0, 0.0][round / 2 % 3];
            let n_points = [1, 64, 150][round / 4];
            let points: Vec<f64> = (0..n_points * d)
                .map(|at| center[at % d] + size * random.between(-0.5, 0.5))
                .collect();
            let is_tight = is_diagonal || d == 1 || size == 0.0 || n_points == 1;
            check(&mixture, &[0.0; 45], &points, is_tight);
            check(&mixture, &random.vector(45, 0.0, 100.0), &points, is_tight);
        }
    }
}

#[test]
fn the_most_likely_component_of_a_point_is_kept_however_far_away_the_point_is() {
    let mut random = Random(2);
    for d in 1..7 {
        for is_diagonal in [true, false] {
            let mixture = random.mixture(45, d, is_diagonal);
            for far in [1e3, 1e6, 1e12, 1e15] {
                let point = random.vector(d, -far, far);
                for level in Level::available() {
                    let cull = Cull {
                        mixture: &mixture,
                        thresholds: &[0.0; 45],
                        points: &point,
                        bits: 0.0,
                    };
                    let q = (0..45).map(|k| q_at(&mixture, k, &point)).collect::<Vec<_>>();
                    let kept = level.dispatch(cull);
                    let largest = |values: &mut dyn Iterator<Item = usize>| {
                        values.map(|k| q[k]).fold(f64::NEG_INFINITY, f64::max)
                    };
                    let of_all = largest(&mut mixture.active_components());
                    let of_kept = largest(&mut kept.iter().map(|&k| k as usize));
                    assert!(of_kept >= of_all - 1e-12 * of_all.abs(), "{level:?} at {point:?}");
                }
            }
        }
    }
}

#[test]
fn equal_components_survive_together() {
    let mut random = Random(3);
    for d in 1..6 {
        let once = random.mixture(10, d, false);
        let [weights, means] = [once.weights(), once.means()].map(|values| values.repeat(2));
        let weights = weights.iter().map(|w| 0.5 * w).collect();
        let Covariances::Full(matrices) = once.covariances() else { unreachable!() };
        let twice = Mixture::new(weights, means, Covariances::Full(matrices.repeat(2))).unwrap();
        for _ in 0..20 {
            let points = random.vector(5 * d, -60.0, 60.0);
            for level in Level::available() {
                let cull =
                    Cull { mixture: &twice, thresholds: &[0.0; 20], points: &points, bits: 0.0 };
                let kept = level.dispatch(cull);
                assert!(kept.iter().all(|k| kept.contains(&((k + 10) % 20))), "{kept:?}");
            }
        }
    }
}

#[test]
fn a_box_has_the_middle_and_half_the_width_of_its_edges_and_holds_them() {
    let mut centered = CenteredBox { middle: vec![0.0; 6], half_widths: vec![0.0; 6] };
    let low = [10.0, -11.0, -3.0, 7.0, -f64::MAX, 0.1];
    let high = [11.0, -10.0, 5.0, 7.0, f64::MAX, 0.7];
    centered.set(Bounds { low: &low, high: &high });
    assert_eq!(centered.middle[..5], [10.5, -10.5, 1.0, 7.0, 0.0]);
    assert_eq!(centered.half_widths[..5], [0.5, 0.5, 4.0, 0.0, f64::MAX]);
    let (middle, half) = (centered.middle[5], centered.half_widths[5]);
    assert!(middle - half <= 0.1 && middle + half >= 0.7 && half < 0.3 * (1.0 + 1e-15));
}

#[test]
fn vectors_without_candidates_are_not_bounded() {
    struct Bound<'a>(&'a Mixture);
    impl Dispatch for Bound<'_> {
        type Output = ();
        fn run<S: Simd>(self, simd: S) {
            let blocks = ComponentBlocks::new(self.0, &Runtime::new(Some(1)).unwrap()).unwrap();
            let mut culler = Culler::new(simd, &blocks, Threshold::fixed(0.0));
            for lane in 0..BLOCK_COMPONENTS {
                let lanes = 1 << lane;
                let candidates = blocks.all().into_iter().map(|all| Survivors { lanes, ..all });
                let candidates: Vec<Survivors> = candidates.collect();
                culler.upper = vec![7.0; candidates.len() * BLOCK_COMPONENTS];
                culler.bound(&candidates);
                for (at, upper) in culler.upper.iter().enumerate() {
                    let is_bounded = at % BLOCK_COMPONENTS / S::LANES == lane / S::LANES;
                    assert_eq!(*upper != 7.0, is_bounded, "{at} of {lane}");
                }
            }
        }
    }
    let mut random = Random(4);
    let means = random.vector(3 * 5 * BLOCK_COMPONENTS, -50.0, 50.0);
    let n = 5 * BLOCK_COMPONENTS;
    let variances = Covariances::Spherical(vec![2.0; n]);
    let mixture = Mixture::new(vec![1.0 / n as f64; n], means, variances).unwrap();
    for level in Level::available() {
        level.dispatch(Bound(&mixture));
    }
}

#[test]
fn blocks_hold_the_active_components_once_in_the_memory_that_is_announced() {
    let runtime = Runtime::new(Some(2)).unwrap();
    let mut random = Random(5);
    for (d, is_diagonal) in [(1, false), (2, true), (3, false), (6, true)] {
        let mixture = random.mixture(45, d, is_diagonal);
        let blocks = ComponentBlocks::new(&mixture, &runtime).unwrap();
        let mut components = vec![99];
        blocks.components(&blocks.all(), &mut components);
        components.sort_unstable();
        assert!(components.iter().map(|&k| k as usize).eq(mixture.active_components()));
        // A peak, a mean and a factor for each.
        let n_factors = if is_diagonal { d } else { d * (d + 1) / 2 };
        assert_eq!(ComponentBlocks::n_bytes(&mixture), 45 * (1 + d + n_factors) * 8);
    }
}

#[test]
fn units_are_typical_deviations_of_each_feature_by_weight() {
    let variances = Covariances::Diag(vec![1.0, 16.0, 100.0, 4.0, 1e4, 9.0]);
    let mixture = Mixture::new(vec![0.5, 0.5, 0.0], vec![0.0; 6], variances).unwrap();
    let blocks = ComponentBlocks::new(&mixture, &Runtime::new(Some(1)).unwrap()).unwrap();
    let want = [10.0_f64.sqrt(), 8.0_f64.sqrt()];
    assert!(blocks.units().iter().zip(want).all(|(got, want)| (got - want).abs() < 1e-12));
    assert_eq!(blocks.units().len(), 2);
}
