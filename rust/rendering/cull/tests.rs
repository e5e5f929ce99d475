//! Culling against the plain formula of a normal density: what is left out cannot matter anywhere
//! in the box, and what is far below the others everywhere is left out.

use super::*;
use crate::grid::axes::Grid;
use crate::model::covariances::Covariances;
use crate::model::mixture::Mixture;
use crate::random::Random;
use crate::rendering::quantity::Quantity;
use crate::rendering::render::Rendering;
use crate::simd::{Dispatch, Level};
use std::f64::consts::{LOG2_E, TAU};

/// A component over pixels, with its covariance [xx, xy, yy].
#[derive(Clone, Copy)]
struct Normal {
    weight: f64,
    mean: Xy,
    covariance: [f64; 3],
}

impl Normal {
    /// The logarithm of the weighted density, in bits.
    fn at(&self, x: f64, y: f64) -> f64 {
        let ([xx, xy, yy], dx, dy) = (self.covariance, x - self.mean.x, y - self.mean.y);
        let determinant = xx * yy - xy * xy;
        let squared = (yy * dx * dx - 2.0 * xy * dx * dy + xx * dy * dy) / determinant;
        (self.weight / (TAU * determinant.sqrt())).log2() - 0.5 * LOG2_E * squared
    }
}

impl Random {
    /// Components over 300 x 300 pixels, as long and as wide as 2^`log_stds`, of correlations up to
    /// `correlation`.
    fn normals(&mut self, n: usize, log_stds: [f64; 2], correlation: f64) -> Vec<Normal> {
        let normal = |_| {
            let mean = Xy { x: self.between(0.0, 300.0), y: self.between(0.0, 300.0) };
            let [a, b] = [(); 2].map(|()| self.between(log_stds[0], log_stds[1]).exp2());
            let covariance = [a * a, self.between(-correlation, correlation) * a * b, b * b];
            Normal { weight: 1.0 / n as f64, mean, covariance }
        };
        (0..n).map(normal).collect()
    }
}

fn components(normals: &[Normal]) -> PlaneComponents {
    let weights = normals.iter().map(|normal| normal.weight).collect();
    let means = normals.iter().flat_map(|normal| [normal.mean.x, normal.mean.y]).collect();
    let matrix = |normal: &Normal| {
        let [xx, xy, yy] = normal.covariance;
        [xx, xy, xy, yy]
    };
    let covariances = Covariances::Full(normals.iter().flat_map(matrix).collect());
    let mixture = Mixture::new(weights, means, covariances).unwrap();
    let grid = Grid::new(&[300, 300], &[(-0.5, 299.5); 2]).unwrap();
    let rendering = Rendering::new(&mixture, &grid, &[0, 1], Quantity::Density).unwrap();
    rendering.plane_model().plane(0).components
}

struct Cull<'a>(&'a PlaneComponents, Area, f64);

impl Dispatch for Cull<'_> {
    type Output = Survivors;
    fn run<S: Simd>(self, simd: S) -> Survivors {
        let Self(from, area, bits) = self;
        let mut survivors = Survivors::default();
        simd.vectorize(|| cull(simd, from, &area, bits, &mut survivors));
        assert!(survivors.positions.iter().eq(&survivors.components.index));
        survivors
    }
}

fn area(row: usize, column: usize, rows: usize, columns: usize) -> Area {
    Area::new(Place { row, column }, Size { rows, columns })
}

/// Points of an area, its edges among them, at most a pixel apart along both sides.
fn points(area: &Area) -> Vec<Xy> {
    let along = |middle: f64, half: f64| {
        let n = (2.0 * half).ceil().max(1.0);
        (0..=n as usize).map(move |i| middle - half + 2.0 * half * i as f64 / n)
    };
    along(area.middle.y, area.half.y)
        .flat_map(|y| along(area.middle.x, area.half.x).map(move |x| Xy { x, y }))
        .collect()
}

/// The first of the components with the largest density at the middle.
fn largest_at(normals: &[Normal], at: Xy) -> usize {
    let q: Vec<f64> = normals.iter().map(|normal| normal.at(at.x, at.y)).collect();
    (0..q.len()).fold(0, |best, k| if q[k] > q[best] { k } else { best })
}

/// Checks the survivors of a box at every level. `is_tight` says that the bounds of this box are
/// the largest values, not only above them.
fn check(normals: &[Normal], area: Area, bits: f64, is_tight: bool) {
    let from = components(normals);
    let best = largest_at(normals, area.middle);
    let points = points(&area);
    let at_best: Vec<f64> = points.iter().map(|p| normals[best].at(p.x, p.y)).collect();
    // By how many bits each component exceeds that one, point by point.
    let excess = |normal: &Normal| -> Vec<f64> {
        points.iter().zip(&at_best).map(|(p, best)| normal.at(p.x, p.y) - best).collect()
    };
    let excesses: Vec<Vec<f64>> = normals.iter().map(excess).collect();
    for level in Level::available() {
        let survivors = level.dispatch(Cull(&from, area, bits));
        let positions = &survivors.positions;
        assert_eq!(survivors.reference.map(|at| positions[at] as usize), Some(best), "{level:?}");
        assert!(positions.is_sorted_by(|a, b| a < b), "{positions:?}");
        let mut left_out = vec![0.0; points.len()];
        for (k, excess) in excesses.iter().enumerate() {
            let largest = excess.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let is_kept = positions.contains(&(k as u32));
            if !is_kept {
                left_out.iter_mut().zip(excess).for_each(|(sum, bits)| *sum += bits.exp2());
                assert!(bits > 0.0 || largest < 0.0, "{level:?} left out {k}, by {largest} bits");
            }
            // All together, each rounded up to a power of two, and with what lies between points.
            let n_bits = if bits > 0.0 { bits + 3.0 + (normals.len() as f64).log2() } else { 0.0 };
            let is_negligible = is_tight && largest < -n_bits - 2.0;
            assert!(!(is_kept && is_negligible), "{level:?} kept {k}, {largest} bits below");
        }
        if bits > 0.0 {
            let largest = left_out.iter().copied().fold(0.0, f64::max);
            assert!(largest.log2() <= -bits - 3.0 + 1e-6, "{level:?}: 2^{}", largest.log2());
        }
    }
}

#[test]
fn components_left_out_of_a_box_are_negligible_in_it_and_those_far_below_are_left_out() {
    let mut random = Random(1);
    for round in 0..24 {
        let correlation = [0.0, 0.97][round % 2];
        let normals = random.normals(90, [1.0, 5.0], correlation);
        let place = |random: &mut Random| random.between(0.0, 268.0) as usize;
        let (row, column) = (place(&mut random), place(&mut random));
        for (rows, columns) in [(32, 32), (1, 32), (32, 1), (20, 7), (1, 1)] {
            let area = area(row, column, rows, columns);
            let is_tight = correlation == 0.0 || rows == 1 || columns == 1;
            check(&normals, area, [53.0, 20.0, 0.0][round % 3], is_tight);
        }
    }
}

#[test]
fn an_expansion_is_the_log_density_around_any_point_at_every_level() {
    let mut random = Random(2);
    let normals = random.normals(20, [1.0, 5.0], 0.9);
    let from = components(&normals);
    struct Of<'a>(&'a PlaneComponents, Xy);
    impl Dispatch for Of<'_> {
        type Output = Vec<[f64; 6]>;
        fn run<S: Simd>(self, simd: S) -> Self::Output {
            let entry = |i| {
                let Quadratic { q, gx, gy, xx, xy, yy } = Quadratic::of(simd, self.0, i, self.1);
                [q, gx, gy, xx, xy, yy]
            };
            (0..self.0.len()).map(entry).collect()
        }
    }
    for _ in 0..20 {
        let middle = Xy { x: random.between(0.0, 300.0), y: random.between(0.0, 300.0) };
        let expansions =
            Level::available().into_iter().map(|level| level.dispatch(Of(&from, middle)));
        let expansions: Vec<Vec<[f64; 6]>> = expansions.collect();
        for [q, gx, gy, xx, xy, yy] in expansions.iter().flatten() {
            assert!([q, gx, gy, xx, xy, yy].iter().all(|x| x.is_finite()));
        }
        for (u, v) in [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (-15.5, 7.0), (3.0, -15.5)] {
            for expansion in &expansions {
                for (normal, [q, gx, gy, xx, xy, yy]) in normals.iter().zip(expansion) {
                    let got = q + gx * u + gy * v + xx * u * u + xy * u * v + yy * v * v;
                    let want = normal.at(middle.x + u, middle.y + v);
                    assert!((got - want).abs() <= 1e-9 * want.abs(), "{got} not {want}");
                }
            }
        }
    }
}

/// Checks for labels in boxes that the reference survives, and its equal with it.
fn check_twice(once: &[Normal], area: Area) {
    let n = once.len();
    let halved = |normal: &Normal| Normal { weight: 0.5 / n as f64, ..*normal };
    let twice: Vec<Normal> = once.iter().chain(once).map(halved).collect();
    let from = components(&twice);
    for level in Level::available() {
        let survivors = level.dispatch(Cull(&from, area, 0.0));
        let reference = survivors.positions[survivors.reference.unwrap()];
        assert!(reference < n as u32, "{level:?}: {reference}");
        assert!(survivors.positions.contains(&(reference + n as u32)), "{level:?} {area:?}");
    }
}

/// Where two are equal, the first has the label: neither may be left out for the rounding of
/// its bound.
#[test]
fn equal_components_are_never_told_apart_however_sharp_or_long_they_are() {
    let mut random = Random(3);
    for _ in 0..100 {
        let once = random.normals(5, [-14.0, 14.0], 0.999);
        for (rows, columns) in [(32, 32), (1, 32), (32, 1), (32, 256)] {
            let Xy { x, y } = once[0].mean;
            check_twice(&once, area(y as usize, x as usize, rows, columns));
            let place = [(); 2].map(|()| random.between(0.0, 300.0) as usize);
            check_twice(&once, area(place[0], place[1], rows, columns));
        }
    }
    // Thin sheets of any slope near the middle of the box: terms cancel there.
    for _ in 0..100 {
        let [slope, width] =
            [(-20.0, 20.0), (-14.0, -4.0)].map(|(a, b)| random.between(a, b).exp2());
        let along = Xy { x: 1.0 / slope.hypot(1.0), y: slope / slope.hypot(1.0) };
        let (long, wide) = (900.0, width * width);
        let covariance = [
            long * along.x * along.x + wide * along.y * along.y,
            (long - wide) * along.x * along.y,
            long * along.y * along.y + wide * along.x * along.x,
        ];
        for (rows, columns) in [(32, 32), (1, 32), (32, 1), (1, 1)] {
            let area = area(100, 100, rows, columns);
            let (ahead, aside) = (random.between(-30.0, 30.0), width * random.between(-6.0, 6.0));
            let mean = Xy {
                x: area.middle.x + ahead * along.x - aside * along.y,
                y: area.middle.y + ahead * along.y + aside * along.x,
            };
            check_twice(&[Normal { weight: 1.0, mean, covariance }], area);
        }
    }
}

#[test]
fn the_reference_is_the_first_of_equals_in_any_lanes() {
    let near =
        Normal { weight: 1.0 / 20.0, mean: Xy { x: 50.0, y: 50.0 }, covariance: [4.0, 0.0, 9.0] };
    let far = Normal { mean: Xy { x: 250.0, y: 250.0 }, ..near };
    for places in [&[0, 1][..], &[1, 8], &[1, 2, 8, 16], &[3, 4, 10], &[9, 16, 18], &[19]] {
        let normals: Vec<Normal> =
            (0..20).map(|k| if places.contains(&k) { near } else { far }).collect();
        let from = components(&normals);
        for level in Level::available() {
            let survivors = level.dispatch(Cull(&from, area(40, 40, 20, 20), 53.0));
            assert!(survivors.positions.iter().eq(places), "{:?}", survivors.positions);
            assert_eq!(survivors.reference, Some(0), "{level:?}");
        }
    }
}

#[test]
fn where_no_bound_is_a_number_all_components_are_kept_and_nothing_else() {
    let middle = Xy { x: 150.0, y: 150.0 };
    let beyond = Area { middle: Xy { x: 1e200, y: 150.0 }, half: Xy::default() };
    let endless = Area { middle, half: Xy { x: 1e160, y: 1e160 } };
    for n in [11, 16] {
        let from = components(&Random(4).normals(n, [1.0, 5.0], 0.9));
        for level in Level::available() {
            let survivors = level.dispatch(Cull(&from, endless, 53.0));
            assert!(survivors.positions.iter().copied().eq(0..n as u32), "{level:?}, {n}");
            assert!(survivors.reference.is_some());
            // No distance is finite, so none is the least.
            let survivors = level.dispatch(Cull(&from, beyond, 53.0));
            assert!(survivors.positions.iter().copied().eq(0..n as u32), "{level:?}, {n}");
            assert_eq!(survivors.reference, None);
        }
    }
}

#[test]
fn an_area_reaches_from_its_first_pixel_to_its_last_and_by_its_margin_beyond() {
    for (rows, columns) in [(1, 1), (2, 5), (32, 31), (32, 256)] {
        let area = area(7, 64, rows, columns);
        let Place { row, column } = area.corner();
        assert_eq!((row, column), (7, 64));
        for margin in [0.0, 0.5, 2.0] {
            let Area { middle, half } = area.with_margin(margin);
            assert_eq!((middle.x - half.x, middle.y - half.y), (64.0 - margin, 7.0 - margin));
            let last = ((64 + columns - 1) as f64, (7 + rows - 1) as f64);
            assert_eq!((middle.x + half.x, middle.y + half.y), (last.0 + margin, last.1 + margin));
        }
    }
}
