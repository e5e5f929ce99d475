//! The tree against the dense kernel, whether it pays or not, and the choice between them.

use super::*;
use crate::model::covariances::Covariances;
use crate::points::score::{Label, LogDensity, Responsibilities};
use crate::simd::Level;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// Rows of a quantity, by the tree or by the dense kernel.
struct By<'a, Q> {
    tree: bool,
    mixture: &'a Mixture,
    points: &'a [f64],
    quantity: &'a Q,
}

impl<Q: PointQuantity> Dispatch for By<'_, Q>
where
    Q::Value: Default + Clone,
{
    type Output = Vec<Q::Value>;

    fn run<S: Simd>(self, simd: S) -> Self::Output {
        let runtime = Runtime::new(Some(2)).unwrap();
        let peaks = log2_peaks(self.mixture);
        let new_evaluator = || self.quantity.evaluator(simd, self.mixture);
        let peaked = PeakedMixture { mixture: self.mixture, peaks: &peaks };
        let call = Call::new(simd, self.quantity, &new_evaluator, peaked, &runtime);
        let row_len = call.row_len;
        let n_points = self.points.len() / self.mixture.n_features();
        let mut out = vec![Q::Value::default(); n_points * row_len];
        let mut rows: Vec<&mut [Q::Value]> = out.chunks_mut(row_len).collect();
        if self.tree {
            let blocks = ComponentBlocks::new(self.mixture, &runtime).unwrap();
            call.culled(&blocks, self.points, rows).unwrap();
        } else {
            call.dense(self.points, &mut rows).unwrap();
        }
        out
    }
}

fn both<Q: PointQuantity>(
    quantity: &Q,
    level: Level,
    mixture: &Mixture,
    points: &[f64],
) -> [Vec<Q::Value>; 2]
where
    Q::Value: Default + Clone,
{
    [true, false].map(|tree| level.dispatch(By { tree, mixture, points, quantity }))
}

/// A mixture with standard deviations from 1e-3 to 1e3, some weights zero, and
/// points among its means; `kind` is its covariance type.
fn case(d: usize) -> impl Strategy<Value = (Mixture, Vec<f64>)> {
    let n_components = 1..60_usize;
    (n_components, 0..3_u8, 0..400_usize).prop_flat_map(move |(n, kind, n_points)| {
        let weights = prop::collection::vec(prop_oneof![1 => Just(0.0), 9 => 0.01..1.0_f64], n);
        let means = prop::collection::vec(-60.0..60.0_f64, n * d);
        let scales = prop::collection::vec(-3.0..3.0_f64, n * d);
        let mixing = prop::collection::vec(-1.0..1.0_f64, n * d * d);
        let points = prop::collection::vec(-70.0..70.0_f64, n_points * d);
        (weights, means, scales, mixing, points).prop_map(
            move |(mut weights, means, scales, mixing, mut points)| {
                weights[0] += 0.01;
                let sum: f64 = weights.iter().sum();
                weights.iter_mut().for_each(|w| *w /= sum);
                let stds: Vec<f64> = scales.iter().map(|s| 10_f64.powf(*s)).collect();
                let entry = |k: usize, i: usize, j: usize| {
                    let row = |i: usize| &mixing[(k * d + i) * d..][..d];
                    let dot: f64 = row(i).iter().zip(row(j)).map(|(a, b)| a * b).sum();
                    (dot + f64::from(u8::from(i == j))) * stds[k * d + i] * stds[k * d + j]
                };
                let matrix = |k: usize| (0..d * d).map(move |ij| (k, ij / d, ij % d));
                let covariances = match kind {
                    0 => (0..n).flat_map(matrix).map(|(k, i, j)| entry(k, i, j)).collect(),
                    _ => Vec::new(),
                };
                let covariances = match kind {
                    0 => Covariances::Full(covariances),
                    1 => Covariances::Diag(stds.iter().map(|s| s * s).collect()),
                    _ => Covariances::Spherical(stds.iter().step_by(d).map(|s| s * s).collect()),
                };
                // Every third point is at a mean, where spikes show.
                for (point, mean) in points.chunks_mut(3 * d).zip(means.chunks(d)) {
                    point[..d].copy_from_slice(mean);
                }
                (Mixture::new(weights, means, covariances).unwrap(), points)
            },
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases.min(64), rng_seed: RngSeed::Fixed(7), failure_persistence: None, ..Default::default() })]

    #[test]
    fn the_tree_gives_what_the_dense_kernel_gives(
        (mixture, points) in (1..9_usize).prop_flat_map(case)
    ) {
        for level in Level::available() {
            let [tree, dense] = both(&LogDensity, level, &mixture, &points);
            for (tree, dense) in tree.iter().zip(&dense) {
                let error = (tree - dense).abs();
                prop_assert!(error <= 1e-14 * (1.0 + dense.abs()), "{level:?} {tree} not {dense}");
            }
            let [tree, dense] = both(&Label, level, &mixture, &points);
            prop_assert_eq!(tree, dense);
            let [tree, dense] = both(&Responsibilities, level, &mixture, &points);
            prop_assert!(tree.iter().zip(&dense).all(|(a, b)| a.to_bits() == b.to_bits()));
        }
    }
}

/// Whether the tree is taken for clusters of deviation 1 on `n_components` places
/// `spacing` apart along every axis.
fn is_taken(n_components: usize, d: usize, spacing: f64) -> bool {
    struct CullingPays<'a>(&'a Mixture, &'a [f64]);
    impl Dispatch for CullingPays<'_> {
        type Output = bool;
        fn run<S: Simd>(self, simd: S) -> bool {
            let runtime = Runtime::new(Some(1)).unwrap();
            let peaks = log2_peaks(self.0);
            let new_evaluator = || LogDensity.evaluator(simd, self.0);
            let peaked = PeakedMixture { mixture: self.0, peaks: &peaks };
            let call = Call::new(simd, &LogDensity, &new_evaluator, peaked, &runtime);
            call.culling_pays(&ComponentBlocks::new(self.0, &runtime).unwrap(), self.1).unwrap()
        }
    }
    let place = |at: usize, i: usize| spacing * (at as f64 * ((i + 2) as f64).sqrt()).fract();
    let means = (0..n_components * d).map(|at| place(at / d, at % d)).collect();
    let weights = vec![1.0 / n_components as f64; n_components];
    let variances = Covariances::Spherical(vec![1.0; n_components]);
    let mixture = Mixture::new(weights, means, variances).unwrap();
    let points: Vec<f64> = (0..2 * MIN_POINTS * d).map(|at| place(at / d, at % d)).collect();
    Level::best().dispatch(CullingPays(&mixture, &points))
}

#[test]
fn the_tree_is_taken_where_it_leaves_much_out_and_only_there() {
    assert!(is_taken(1000, 2, 100.0), "many components far apart");
    assert!(is_taken(1000, 5, 100.0), "in five dimensions too");
    assert!(!is_taken(1000, 2, 1.0), "all overlap");
    assert!(!is_taken(100, 2, 100.0), "few components");
    assert!(!is_taken(100, 20, 10.0), "many dimensions: boxes hold everything");
}
