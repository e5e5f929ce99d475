//! Windows of columns of a rendering, and samples from any run on, against the whole.

use crate::models::picture_mixture;
use crate::support::every_level;
use gmmfast::{Grid, Order, Quantity, Rendering, Sampling};

#[test]
fn a_window_of_tiles_has_the_bits_of_the_whole_at_every_level() {
    let mixture = picture_mixture(40, 5);
    let (height, width) = (70, 300);
    let extent = [(-0.5, width as f64 - 0.5), (-0.5, height as f64 - 0.5)];
    let grid = Grid::new(&[height, width], &extent).unwrap();
    for quantity in [Quantity::Density, Quantity::Mean, Quantity::Label] {
        let rendering = Rendering::new(&mixture, &grid, &[0, 1], quantity).unwrap();
        let n = rendering.values_per_pixel();
        for runtime in every_level() {
            let mut whole = vec![0.0; rendering.n_values()];
            rendering.render(&mut whole, &runtime).unwrap();
            for (rows, columns) in [(5..9, 32..64), (0..70, 256..300), (33..70, 64..288)] {
                let mut window = vec![0.0; rows.len() * columns.len() * n];
                rendering
                    .render_window(rows.start, columns.clone(), &mut window, &runtime)
                    .unwrap();
                for (row, got) in rows.zip(window.chunks(columns.len() * n)) {
                    let first = (row * width + columns.start) * n;
                    assert_eq!(got, &whole[first..first + got.len()], "{quantity:?}, row {row}");
                }
            }
        }
    }
}

#[test]
fn windows_that_are_not_of_whole_tiles_are_refused() {
    let grid = Grid::new(&[40, 100], &[(-0.5, 99.5), (-0.5, 39.5)]).unwrap();
    let mixture = picture_mixture(4, 2);
    let rendering = Rendering::new(&mixture, &grid, &[0, 1], Quantity::Density).unwrap();
    let runtime = &every_level()[0];
    let mut out = vec![0.0; 32];
    for columns in [1..33, 0..31, 96..128, 64..64] {
        assert!(rendering.render_window(0, columns, &mut out, runtime).is_err());
    }
    assert!(rendering.render_window(40, 0..32, &mut out, runtime).is_err());
    assert!(rendering.render_window(0, 0..32, &mut out[1..], runtime).is_err());
}

#[test]
fn samples_from_a_run_on_are_those_of_the_whole() {
    let sampling = Sampling::new(&picture_mixture(7, 3), 5);
    let runtime = &every_level()[0];
    let (first, n) = (2 * Sampling::RUN_LEN, 2 * Sampling::RUN_LEN + 777);
    let mut whole = vec![0.0; 3 * n];
    sampling.draw(Order::Shuffled, &mut whole, None, runtime).unwrap();
    let mut part = vec![0.0; 3 * (n - first)];
    sampling.draw_from(first, &mut part, None, runtime).unwrap();
    assert_eq!(part, whole[3 * first..]);
    assert!(sampling.draw_from(1, &mut part, None, runtime).is_err());
}
