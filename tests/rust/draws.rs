//! Draws from the conditional at every pixel against the specification, at every instruction
//! set. The uniform of the pixel chooses the component among the specification's
//! responsibilities. The values are the mean of that component plus its Cholesky factor times
//! the normals of the pixel.

use crate::models::picture_mixture;
use crate::support::{every_level, point, render};
use gmmfast::{
    Conditional, Covariances, Grid, Level, Mixture, Purpose, Quantity, Rendering, Runtime, Stream,
    spec,
};

const SEED: u64 = 20_261_126;

/// Returns the draws that the numbers of one pixel allow: one, or several if the uniform is
/// within rounding of a border between components.
fn expected(conditional: &Conditional, x: &[f64], uniform: f64, normals: &[f64]) -> Vec<Vec<f64>> {
    let responsibilities = spec::responsibilities(conditional.marginal(), x);
    let mut running = 0.0;
    let mut draws = Vec::new();
    for (k, responsibility) in responsibilities.iter().enumerate() {
        let next = running + responsibility;
        if *responsibility > 0.0 && uniform > running - 1e-9 && uniform < next + 1e-9 {
            draws.push(draw(conditional, k, x, normals));
        }
        running = next;
    }
    draws
}

/// Returns the mean plus the lower Cholesky factor times `normals`.
fn draw(conditional: &Conditional, k: usize, x: &[f64], normals: &[f64]) -> Vec<f64> {
    let n = conditional.remaining().len();
    let mut factor = vec![0.0; n * n];
    for i in 0..n {
        for j in 0..=i {
            let rest: f64 = (0..j).map(|m| factor[i * n + m] * factor[j * n + m]).sum();
            let left = conditional.covariance(k, i, j) - rest;
            factor[i * n + j] = if i == j { left.sqrt() } else { left / factor[j * n + j] };
        }
    }
    let scatter = |t: usize| (0..=t).map(|u| factor[t * n + u] * normals[u]).sum::<f64>();
    (0..n).map(|t| conditional.regression_mean(k, t, x) + scatter(t)).collect()
}

fn check(mixture: &Mixture, grid: &Grid, tolerance: f64) {
    let given: Vec<usize> = (0..grid.n_axes()).collect();
    let conditional = Conditional::new(mixture, &given).unwrap();
    let n = conditional.remaining().len();
    let (mut uniforms, mut normals) = (vec![0.0; grid.n_pixels()], vec![0.0; grid.n_pixels() * n]);
    let level = Level::Baseline;
    Stream::new(SEED, Purpose::ConditionalComponents).uniforms(0, &mut uniforms, level);
    Stream::new(SEED, Purpose::ConditionalNormals).normals(0, &mut normals, level);
    let want: Vec<_> = (0..grid.n_pixels())
        .map(|i| expected(&conditional, &point(grid, i), uniforms[i], &normals[i * n..][..n]))
        .collect();
    let scale = want.iter().flatten().flatten().fold(1.0_f64, |m, x| m.max(x.abs()));
    for runtime in every_level() {
        let got: Vec<f64> = render(mixture, grid, Quantity::Sample { seed: SEED }, &runtime);
        for (i, (got, want)) in got.chunks(n).zip(&want).enumerate() {
            let is_one = want.iter().any(|want| {
                got.iter().zip(want).all(|(got, want)| (got - want).abs() <= tolerance * scale)
            });
            assert!(is_one, "{:?}, pixel {i}: {got:?} against {want:?}", runtime.level());
        }
    }
}

fn grid(shape: [usize; 2]) -> Grid {
    let [height, width] = shape;
    Grid::new(&shape, &[width, height].map(|n| (-0.5, n as f64 - 0.5))).unwrap()
}

#[test]
fn draws_follow_the_specification_on_pictures_lines_and_volumes() {
    check(&picture_mixture(60, 5), &grid([70, 90]), 1e-11);
    check(&picture_mixture(40, 3), &Grid::new(&[300], &[(0.0, 600.0)]).unwrap(), 1e-11);
    let volume = Grid::new(&[3, 20, 40], &[(30.0, 70.0), (80.0, 100.0), (50.0, 90.0)]).unwrap();
    check(&picture_mixture(40, 6), &volume, 1e-11);
}

#[test]
fn every_covariance_type_is_drawn_from_right() {
    for covariances in [
        Covariances::Spherical(vec![4.0, 9.0]),
        Covariances::Diag([1.0, 2.0, 3.0, 4.0].repeat(2)),
        Covariances::TiedDiag(vec![1.0, 2.0, 3.0, 4.0]),
        Covariances::TiedSpherical(vec![2.0]),
        Covariances::Tied(vec![
            2.0, 0.5, 0.3, 0.1, 0.5, 2.0, 0.2, 0.4, 0.3, 0.2, 2.0, 0.6, 0.1, 0.4, 0.6, 2.0,
        ]),
    ] {
        let means = vec![3.0, 4.0, 10.0, 20.0, 9.0, 4.0, -10.0, 50.0];
        let mixture = Mixture::new(vec![0.3, 0.7], means, covariances).unwrap();
        check(&mixture, &grid([9, 14]), 1e-12);
    }
}

#[test]
fn far_tails_spikes_and_weights_of_zero_follow_the_specification() {
    let means = vec![1e5, 0.0, 1.0, 1.2e5, 10.0, 2.0, 20.0, 8.0, 3.0, 5.0, 5.0, 999.0];
    let covariances = Covariances::Diag(
        [[4.0, 4.0, 1.0], [5.0, 5.0, 1.0], [1e-6, 1e-6, 1e-4], [9.0, 9.0, 1.0]].concat(),
    );
    let mixture = Mixture::new(vec![0.4, 0.4, 0.2, 0.0], means, covariances).unwrap();
    check(&mixture, &grid([20, 40]), 1e-9);
}

#[test]
fn components_are_equally_likely_where_every_distance_overflows() {
    let means = vec![0.0, 0.0, 0.0, 0.0, 0.0, 100.0];
    let covariances = Covariances::Diag([1e-200, 1e-200, 1.0].repeat(2));
    let mixture = Mixture::new(vec![0.9, 0.1], means, covariances).unwrap();
    let far = Grid::new(&[50, 80], &[(1e150, 2e150), (1e150, 2e150)]).unwrap();
    let seed = SEED;
    for runtime in every_level() {
        let got: Vec<f64> = render(&mixture, &far, Quantity::Sample { seed }, &runtime);
        let n_high = got.iter().filter(|&&level| level > 50.0).count() as f64;
        // Five standard deviations of a fair coin, 6e-7 of all seeds.
        assert!((n_high - 2000.0).abs() <= 5.0 * 1000.0_f64.sqrt(), "{n_high} of 4000");
    }
}

#[test]
fn bits_depend_on_the_seed_and_not_on_threads_or_bands() {
    let (mixture, grid) = (picture_mixture(60, 5), grid([100, 130]));
    let runtimes = [1, 3].map(|n| Runtime::new(Some(n)).unwrap());
    let of = |seed| Rendering::new(&mixture, &grid, &[0, 1], Quantity::Sample { seed }).unwrap();
    let whole: Vec<f64> = render(&mixture, &grid, Quantity::Sample { seed: 1 }, &runtimes[0]);
    let threads: Vec<f64> = render(&mixture, &grid, Quantity::Sample { seed: 1 }, &runtimes[1]);
    assert_eq!(whole, threads);
    for (first, n_lines) in [(0, 100), (31, 2), (45, 40), (99, 1)] {
        let mut lines = vec![0.0; n_lines * 130 * 3];
        of(1).render_lines(first, &mut lines, &runtimes[1]).unwrap();
        assert_eq!(lines, whole[first * 130 * 3..][..lines.len()], "from line {first}");
    }
    let mut other = vec![0.0; whole.len()];
    of(2).render(&mut other, &runtimes[0]).unwrap();
    assert!(whole.iter().zip(&other).all(|(a, b)| a != b));
    let mut levels = vec![0_u8; whole.len()];
    of(1).render(&mut levels, &runtimes[0]).unwrap();
    let want = whole.iter().map(|x| x.clamp(0.0, 255.0).round_ties_even() as u8);
    assert!(levels.iter().copied().eq(want), "levels are the float64 draws rounded");
}
