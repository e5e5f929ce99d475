//! k-means against the specification at every instruction set.
//!
//! Labels and chosen rows are compared exactly: points are random, and no two distances are equal
//! to rounding. Where points are identical, the first one is chosen.

use crate::support::{Random, every_level};
use gmmfast::{
    Data, Error, KMeansOptions, LatticeRows, Level, Runtime, kmeans, kmeans_on_lattice,
    kmeans_plusplus, spec,
};
use std::sync::atomic::Ordering;

const ENDLESS: KMeansOptions = KMeansOptions { tol: 0.0, max_iter: 1000 };

fn data(points: &[f64], d: usize, weights: Option<&[f64]>) -> Data {
    Data::new(points, d, weights, None, &Runtime::new(Some(2)).unwrap()).unwrap()
}

/// Returns points in clusters of different size and spread.
fn clouds(n: usize, d: usize, seed: u64) -> Vec<f64> {
    let mut random = Random(seed);
    let centers: Vec<f64> = (0..12 * d).map(|_| 100.0 * random.uniform()).collect();
    (0..n)
        .flat_map(|i| {
            let cloud = (i * i) % 12;
            let spread = 1.0 + cloud as f64;
            let coordinate = |j: usize| centers[cloud * d + j] + spread * random.normal();
            (0..d).map(coordinate).collect::<Vec<f64>>()
        })
        .collect()
}

/// Returns some rows of the points, as centers.
fn rows(points: &[f64], d: usize, rows: &[usize]) -> Vec<f64> {
    rows.iter().flat_map(|&row| &points[row * d..][..d]).copied().collect()
}

/// Runs Lloyd's iterations by the specification, without empty clusters.
fn specified(points: &[f64], d: usize, weights: &[f64], start: &[f64]) -> (Vec<u32>, Vec<f64>) {
    let mut centers = start.to_vec();
    let mut labels: Vec<u32> = Vec::new();
    loop {
        let nearest = |x: &[f64]| spec::nearest_center(&centers, x) as u32;
        let found: Vec<u32> = points.chunks(d).map(nearest).collect();
        if found == labels {
            return (labels, centers);
        }
        labels = found;
        for k in 0..centers.len() / d {
            let of_k = || (0..weights.len()).filter(|&i| labels[i] as usize == k);
            let weight: f64 = of_k().map(|i| weights[i]).sum();
            assert!(weight > 0.0, "no empty clusters in this test");
            for j in 0..d {
                centers[k * d + j] =
                    of_k().map(|i| weights[i] * points[i * d + j]).sum::<f64>() / weight;
            }
        }
    }
}

fn check_clusters(points: &[f64], d: usize, weights: Option<&[f64]>, start: &[f64]) {
    let ones = vec![1.0; points.len() / d];
    let (labels, centers) = specified(points, d, weights.unwrap_or(&ones), start);
    let data = data(points, d, weights);
    for runtime in every_level() {
        let found = kmeans(&data, start, ENDLESS, &runtime).unwrap();
        assert_eq!(found.labels, labels, "{:?}", runtime.level());
        for (got, want) in found.centers.iter().zip(&centers) {
            assert!((got - want).abs() <= 1e-10 * (1.0 + want.abs()), "{got} not {want}");
        }
        let distance = |(i, x): (usize, &[f64])| {
            let k = labels[i] as usize;
            let weight = weights.map_or(1.0, |w| w[i]);
            weight * spec::squared_distance(x, &centers[k * d..][..d])
        };
        let inertia: f64 = points.chunks(d).enumerate().map(distance).sum();
        assert!((found.inertia - inertia).abs() <= 1e-9 * inertia, "{}", found.inertia);
    }
}

#[test]
fn labels_and_centers_match_the_specification_in_any_number_of_dimensions() {
    for (d, n, n_clusters) in [(1, 500, 7), (2, 3000, 40), (3, 700, 1), (5, 4000, 90), (9, 900, 20)]
    {
        let points = clouds(n, d, d as u64);
        let mut random = Random(5);
        let draws: Vec<f64> = (1..n_clusters).map(|_| random.uniform()).collect();
        let start = spec::kmeans_plusplus(&points, d, &vec![1.0; n], 0, &draws, 1);
        check_clusters(&points, d, None, &rows(&points, d, &start));
    }
}

#[test]
fn any_number_of_points_matches_the_specification() {
    for n in [2, 5, 63, 64, 65, 127, 129, 300] {
        let points = clouds(n, 2, 3);
        check_clusters(&points, 2, None, &rows(&points, 2, &[0, n - 1]));
    }
}

#[test]
fn a_sample_weight_of_three_equals_three_points() {
    let points = clouds(1500, 2, 8);
    let weights: Vec<f64> = (0..1500).map(|i| (1 + i % 3) as f64).collect();
    let start = rows(&points, 2, &[0, 400, 800, 1200]);
    check_clusters(&points, 2, Some(&weights), &start);
    let repeated: Vec<f64> =
        points.chunks(2).enumerate().flat_map(|(i, x)| x.repeat(1 + i % 3)).collect();
    let runtime = Runtime::new(Some(1)).unwrap();
    let weighted = kmeans(&data(&points, 2, Some(&weights)), &start, ENDLESS, &runtime).unwrap();
    let other = kmeans(&data(&repeated, 2, None), &start, ENDLESS, &runtime).unwrap();
    for (a, b) in weighted.centers.iter().zip(&other.centers) {
        assert!((a - b).abs() < 1e-9);
    }
}

#[test]
fn an_empty_cluster_gets_the_point_farthest_from_its_center() {
    // All points are nearest to the first center; the last is far from it.
    let mut points: Vec<f64> = (0..200).map(|i| f64::from(i) / 200.0).collect();
    points.push(30.0);
    let data = data(&points, 1, None);
    for runtime in every_level() {
        let once = KMeansOptions { tol: 0.0, max_iter: 1 };
        let found = kmeans(&data, &[0.5, 1e6], once, &runtime).unwrap();
        assert_eq!(found.centers[1], 30.0);
        assert!((found.centers[0] - 99.5 / 200.0).abs() < 1e-12);
        assert_eq!(found.labels[200], 1);
    }
}

#[test]
fn identical_points_are_one_cluster_and_other_centers_stay() {
    let points = [3.0, 4.0].repeat(150);
    for runtime in every_level() {
        let data = data(&points, 2, None);
        let found = kmeans(&data, &[3.0, 4.0, 3.0, 4.0, 9.0, 9.0], ENDLESS, &runtime).unwrap();
        assert_eq!(found.labels, [0; 150]);
        assert_eq!((found.inertia, found.n_iter), (0.0, 1));
        assert_eq!(found.centers, [3.0, 4.0, 3.0, 4.0, 9.0, 9.0]);
    }
}

#[test]
fn labels_belong_to_the_centers_at_the_tolerance_and_at_the_last_iteration() {
    let points = clouds(2000, 2, 4);
    let data = data(&points, 2, None);
    let start = rows(&points, 2, &[0, 1, 2, 3, 4, 5]);
    let runtime = Runtime::new(Some(2)).unwrap();
    let whole = kmeans(&data, &start, ENDLESS, &runtime).unwrap();
    assert!(whole.n_iter > 5);
    for options in
        [KMeansOptions { tol: 0.0, max_iter: 3 }, KMeansOptions { tol: 1e3, max_iter: 99 }]
    {
        let found = kmeans(&data, &start, options, &runtime).unwrap();
        assert!(found.n_iter < whole.n_iter);
        let nearest = |x: &[f64]| spec::nearest_center(&found.centers, x) as u32;
        assert_eq!(found.labels, points.chunks(2).map(nearest).collect::<Vec<_>>());
    }
}

/// Points of a lattice less their mean, by the pixels of an ellipse.
fn lattice(n: i32) -> Vec<f64> {
    let inside = |&(x, y): &(i32, i32)| (x - n).pow(2) + 2 * (y - n).pow(2) < n * n;
    let all = (0..2 * n).flat_map(|x| (0..2 * n).map(move |y| (x, y)));
    let points: Vec<[f64; 2]> =
        all.filter(inside).map(|(x, y)| [f64::from(x), f64::from(y)]).collect();
    let mean = |i: usize| points.iter().map(|x| x[i]).sum::<f64>() / points.len() as f64;
    let mean = [mean(0), mean(1)];
    points.iter().flat_map(|x| [x[0] - mean[0], x[1] - mean[1]]).collect()
}

/// Labels after as many iterations of scikit-learn's expressions on one thread.
fn by_expressions(points: &[f64], start: &[f64], n_iter: usize) -> Vec<u32> {
    let mut centers = start.to_vec();
    let nearest = |centers: &[f64], x: &[f64]| {
        let distance = |c: &[f64]| {
            let product = x[1].mul_add(c[1], x[0] * c[0]);
            (c[0] * c[0] + c[1] * c[1]) - 2.0 * product
        };
        let distances: Vec<f64> = centers.chunks(2).map(distance).collect();
        (0..distances.len())
            .fold(0, |best, k| if distances[k] < distances[best] { k } else { best })
    };
    for _ in 0..n_iter {
        let (mut sums, mut counts) = (vec![0.0; centers.len()], vec![0.0; centers.len() / 2]);
        for x in points.chunks(2) {
            let k = nearest(&centers, x);
            sums[2 * k] += x[0];
            sums[2 * k + 1] += x[1];
            counts[k] += 1.0;
        }
        centers = (0..sums.len()).map(|i| sums[i] * (1.0 / counts[i / 2])).collect();
    }
    points.chunks(2).map(|x| nearest(&centers, x) as u32).collect()
}

#[test]
fn ties_on_a_lattice_are_broken_by_scikit_learn_s_expressions() {
    let points = lattice(20);
    let n = points.len() / 2;
    for k in [3, 8, 17] {
        let start: Vec<f64> = rows(&points, 2, &(0..k).map(|i| i * n / k).collect::<Vec<_>>());
        for max_iter in [1, 2, 5] {
            let options = KMeansOptions { tol: 0.0, max_iter };
            let want = by_expressions(&points, &start, max_iter);
            for runtime in every_level() {
                let data = Data::new(&points, 2, None, None, &runtime).unwrap();
                let on_lattice = LatticeRows { rows: &points, n_parts: 1 };
                let got = kmeans_on_lattice(&data, on_lattice, &start, options, &runtime).unwrap();
                assert_eq!(got.labels, want, "{k} clusters, {max_iter} iterations");
            }
        }
    }
    let data = data(&points, 2, None);
    let runtime = Runtime::new(Some(1)).unwrap();
    let options = KMeansOptions { tol: 0.0, max_iter: 1 };
    for few in
        [LatticeRows { rows: &points[2..], n_parts: 1 }, LatticeRows { rows: &points, n_parts: 0 }]
    {
        let got = kmeans_on_lattice(&data, few, &points[..4], options, &runtime);
        assert!(matches!(got, Err(Error::Length { argument: "rows", .. })));
    }
}

#[test]
fn an_empty_cluster_of_a_lattice_gets_the_last_of_the_farthest_points() {
    let points = [-1.0, 0.0, 0.0, 1.0];
    let (data, runtime) = (data(&points, 1, None), Runtime::new(Some(1)).unwrap());
    let options = KMeansOptions { tol: 0.0, max_iter: 1 };
    let on_lattice = LatticeRows { rows: &points, n_parts: 1 };
    let got = kmeans_on_lattice(&data, on_lattice, &[0.0, 9.0], options, &runtime).unwrap();
    assert_eq!(got.centers, [-1.0 / 3.0, 1.0]);
    // All points at their centers: the third is put where the heaviest is, whose sum is not
    // divided yet if it comes later.
    let same = [0.0, 0.0, 0.0, 0.0];
    let data = Data::new(&same, 1, None, None, &runtime).unwrap();
    let on_lattice = LatticeRows { rows: &same, n_parts: 1 };
    let got = kmeans_on_lattice(&data, on_lattice, &[0.0, 0.0, 5.0], options, &runtime).unwrap();
    assert_eq!((got.labels, got.centers), (vec![0; 4], vec![0.0; 3]));
}

#[test]
fn seeding_chooses_the_rows_of_the_specification() {
    for (d, n, n_clusters, n_trials) in [(1, 300, 5, 1), (2, 3000, 60, 6), (5, 2000, 200, 7)] {
        let points = clouds(n, d, 30 + d as u64);
        let mut random = Random(17);
        let draws: Vec<f64> = (1..n_clusters * n_trials).map(|_| random.uniform()).collect();
        let draws = &draws[..(n_clusters - 1) * n_trials];
        let weights: Vec<f64> = (0..n).map(|i| (i % 4) as f64).collect();
        for weights in [vec![1.0; n], weights] {
            let want = spec::kmeans_plusplus(&points, d, &weights, 7, draws, n_trials);
            let data = data(&points, d, Some(&weights));
            for runtime in every_level() {
                let got = kmeans_plusplus(&data, 7, draws, n_trials, &runtime).unwrap();
                assert_eq!(got, want, "{:?}", runtime.level());
            }
        }
    }
}

#[test]
fn seeding_continues_when_all_points_are_chosen() {
    let points = [1.0, 1.0, 1.0, 2.0];
    let data = data(&points, 1, None);
    for runtime in every_level() {
        let rows = kmeans_plusplus(&data, 0, &[0.5, 0.5, 0.9], 1, &runtime).unwrap();
        assert_eq!(rows, [0, 3, 0, 0], "as a search in sums of zero finds the first");
    }
}

#[test]
fn the_number_of_threads_does_not_change_a_bit() {
    let points = clouds(30_000, 3, 9);
    let start = rows(&points, 3, &(0..200).map(|k| 150 * k).collect::<Vec<_>>());
    let options = KMeansOptions { tol: 0.0, max_iter: 6 };
    for level in Level::available() {
        let on = |n| Runtime::new(Some(n)).unwrap().with_level(level);
        let found = |n| kmeans(&data(&points, 3, None), &start, options, &on(n)).unwrap();
        let want = found(1);
        for n in [2, 5] {
            assert_eq!(found(n), want, "{level:?}, {n} threads");
        }
    }
}

#[test]
fn invalid_starts_are_errors_and_an_interrupt_ends_the_call() {
    let runtime = Runtime::new(Some(2)).unwrap();
    let points = clouds(500, 2, 1);
    let data = data(&points, 2, None);
    for centers in [&[][..], &[1.0; 3]] {
        let refused = kmeans(&data, centers, ENDLESS, &runtime);
        assert!(matches!(refused, Err(Error::Length { argument: "centers", .. })));
    }
    let refused = kmeans(&data, &[1.0, f64::NAN], ENDLESS, &runtime);
    assert!(matches!(refused, Err(Error::Value { argument: "centers", .. })));
    let plusplus = |first, draws: &[f64], n_trials| {
        kmeans_plusplus(&data, first, draws, n_trials, &runtime).unwrap_err()
    };
    assert!(matches!(plusplus(500, &[0.5], 1), Error::Value { argument: "first", .. }));
    assert!(matches!(plusplus(0, &[0.5], 2), Error::Length { argument: "draws", .. }));
    assert!(matches!(plusplus(0, &[1.5], 1), Error::Value { argument: "draws", .. }));
    assert!(matches!(plusplus(0, &[0.5], 0), Error::Length { argument: "draws", .. }));
    runtime.interrupt().store(true, Ordering::Relaxed);
    assert_eq!(kmeans(&data, &points[..8], ENDLESS, &runtime), Err(Error::Interrupted));
    assert_eq!(kmeans_plusplus(&data, 0, &[0.5], 1, &runtime), Err(Error::Interrupted));
}
