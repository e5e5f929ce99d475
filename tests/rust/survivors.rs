//! The counts of survivors: the lengths of the lists that rendering sums, tile by tile.

use crate::models::picture_mixture;
use crate::support::{every_level, point};
use gmmfast::{Conditional, Covariances, Error, Grid, Mixture, Quantity, Rendering, Runtime, spec};
use std::collections::BTreeSet;

fn grid(shape: &[usize]) -> Grid {
    let extent: Vec<_> = shape.iter().rev().map(|&n| (-0.5, n as f64 - 0.5)).collect();
    Grid::new(shape, &extent).unwrap()
}

fn rendering(mixture: &Mixture, grid: &Grid, quantity: Quantity) -> Rendering {
    let given: Vec<usize> = (0..grid.n_axes()).collect();
    Rendering::new(mixture, grid, &given, quantity).unwrap()
}

/// Spherical components of deviation 1 around points of the first axes.
fn spots(means: &[f64], n_features: usize) -> Mixture {
    let n = means.len() / n_features;
    let weights = vec![1.0 / n as f64; n];
    Mixture::new(weights, means.to_vec(), Covariances::Spherical(vec![1.0; n])).unwrap()
}

#[test]
fn every_tile_counts_the_components_in_it_on_lines_pictures_and_volumes() {
    for runtime in every_level() {
        let mixture = spots(&[100.0, 4900.0, 4950.0], 1);
        let line = rendering(&mixture, &grid(&[5000]), Quantity::Density);
        assert_eq!(line.tiles_shape(), [5]);
        let counts = line.survivors::<f64>(&runtime).unwrap();
        // Halfway between two groups all of them matter.
        assert_eq!((counts[0], counts[4]), (1, 2), "{counts:?}");

        let mixture = spots(&[16.0, 16.0, 112.0, 16.0, 16.0, 112.0], 2);
        let picture = rendering(&mixture, &grid(&[128, 120]), Quantity::Density);
        assert_eq!(picture.tiles_shape(), [4, 4]);
        let counts = picture.survivors::<f64>(&runtime).unwrap();
        assert_eq!((counts[0], counts[3], counts[12]), (1, 1, 1), "{counts:?}");

        let mixture = spots(&[16.0, 16.0, 0.0, 80.0, 16.0, 0.0, 16.0, 16.0, 99.0], 3);
        let volume = rendering(&mixture, &grid(&[2, 32, 96]), Quantity::Density);
        assert_eq!(volume.tiles_shape(), [2, 1, 3]);
        assert_eq!(volume.survivors::<f64>(&runtime).unwrap(), [1, 2, 1, 1, 2, 1]);
    }
}

/// No component whose responsibility at a pixel exceeds rounding may be left out of its tile.
#[test]
fn tiles_keep_every_component_that_matters_to_a_pixel_and_few_others() {
    let mixture = picture_mixture(400, 5);
    let grid = grid(&[100, 160]);
    let conditional = Conditional::new(&mixture, &[0, 1]).unwrap();
    let mut needed = vec![BTreeSet::new(); 4 * 5];
    for i in 0..grid.n_pixels() {
        let responsibilities = spec::responsibilities(conditional.marginal(), &point(&grid, i));
        let (row, column) = (i / 160, i % 160);
        let visible = responsibilities.iter().enumerate().filter(|(_, r)| **r > f64::EPSILON);
        needed[row / 32 * 5 + column / 32].extend(visible.map(|(k, _)| k));
    }
    for runtime in every_level() {
        let rendering = rendering(&mixture, &grid, Quantity::Density);
        let counts = rendering.survivors::<f64>(&runtime).unwrap();
        let mut sums = (0, 0);
        for (count, needed) in counts.iter().map(|&n| n as usize).zip(&needed) {
            assert!(count >= needed.len(), "{count} of {}", needed.len());
            sums = (sums.0 + count, sums.1 + needed.len());
        }
        assert!(sums.0 < 3 * sums.1 / 2, "{sums:?}");
    }
}

#[test]
fn lower_precision_keeps_fewer_components_and_threads_change_nothing() {
    let mixture = picture_mixture(400, 5);
    let grid = grid(&[200, 300]);
    let count = |quantity| rendering(&mixture, &grid, quantity);
    let (one, three) = (Runtime::new(Some(1)).unwrap(), Runtime::new(Some(3)).unwrap());
    let mean = count(Quantity::Mean);
    let exact = mean.survivors::<f64>(&one).unwrap();
    assert_eq!(exact, mean.survivors::<f64>(&three).unwrap());
    let total = |counts: Vec<u32>| counts.iter().sum::<u32>();
    let bytes = total(mean.survivors::<u8>(&one).unwrap());
    let labels = total(count(Quantity::Label).survivors::<f64>(&one).unwrap());
    let loose = count(Quantity::Mean).with_tolerance(1e-3).unwrap();
    let loose = total(loose.survivors::<f64>(&one).unwrap());
    let exact = total(exact);
    assert!(bytes < exact && loose < exact && labels < bytes, "{exact} {bytes} {loose} {labels}");
}

/// Between and at the edges of pixels, too: any view of a tile may use its list.
#[test]
fn lists_hold_at_every_point_of_a_tile_up_to_its_edges() {
    let mixture = picture_mixture(300, 5);
    let grid = grid(&[64, 96]);
    let conditional = Conditional::new(&mixture, &[0, 1]).unwrap();
    for runtime in every_level() {
        let rendering = rendering(&mixture, &grid, Quantity::Density);
        let lists =
            rendering.with_tolerance(1e-4).unwrap().survivor_lists::<f64>(&runtime).unwrap();
        assert_eq!(lists.len(), 2 * 3);
        for (tile, list) in lists.iter().enumerate() {
            assert!(list.is_sorted() && !list.is_empty() && list.len() < 300, "{list:?}");
            let corner = [(tile % 3 * 32) as f64 - 0.5, (tile / 3 * 32) as f64 - 0.5];
            for step in 0..9 * 9 {
                let at = [step % 9, step / 9].map(|i| f64::from(i) * 4.0);
                let point = [corner[0] + at[0], corner[1] + at[1]];
                let all = spec::responsibilities(conditional.marginal(), &point);
                let kept: f64 = list.iter().map(|&k| all[k as usize]).sum();
                assert!((kept - 1.0).abs() < 1e-4, "tile {tile} at {point:?}: {kept}");
            }
        }
    }
}

/// The value of a steep component is large between pixels only.
#[test]
fn lists_of_means_hold_up_to_the_edges_of_a_single_pixel() {
    let (steep, rare) = (40_f64.exp2(), (-70_f64).exp2());
    let unit = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0];
    let regression = [1.0, 0.0, steep, 0.0, 1.0, 0.0, steep, 0.0, 2.0 * steep * steep];
    let mixture = Mixture::new(
        vec![0.5, 0.5, rare],
        vec![0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0],
        Covariances::Full([unit, unit, regression].concat()),
    );
    let pixel = Grid::new(&[1, 1], &[(-0.5, 0.5); 2]).unwrap();
    let rendering = rendering(&mixture.unwrap(), &pixel, Quantity::Mean);
    for runtime in every_level() {
        assert_eq!(rendering.survivor_lists::<f64>(&runtime).unwrap(), [vec![0, 1, 2]]);
    }
}

#[test]
fn more_tiles_than_memory_are_an_error() {
    let endless = Grid::new(&[1 << 31, 1 << 31], &[(0.0, 1.0); 2]).unwrap();
    let rendering = rendering(&spots(&[0.0, 0.0], 2), &endless, Quantity::Density);
    let runtime = Runtime::new(Some(1)).unwrap();
    assert!(matches!(rendering.survivors::<f64>(&runtime), Err(Error::Memory { .. })));
    assert!(matches!(rendering.survivor_lists::<f64>(&runtime), Err(Error::Memory { .. })));
}
