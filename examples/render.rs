//! Renders a mixture over (x, y, r, g, b) at two sizes: `cargo run --release --example render`.
//!
//! The mean color of every pixel is written to render.ppm and render_large.ppm in the folder of
//! temporary files; most viewers open them. The grid of the large picture covers the same extent
//! with four times the pixels a side.

use gmmfast::{Covariances, Grid, Mixture, Quantity, Rendering, Runtime};
use std::env;
use std::error::Error;
use std::fs::File;
use std::io::Write;

/// The picture's extent: pixels have their centers at whole numbers.
const EXTENT: [(f64, f64); 2] = [(-0.5, 119.5), (-0.5, 79.5)];

/// Returns three components: a dark ground, a green hill and a sun.
fn landscape() -> gmmfast::Result<Mixture> {
    let means = [
        [60.0, 70.0, 60.0, 45.0, 40.0],
        [40.0, 55.0, 70.0, 150.0, 80.0],
        [90.0, 15.0, 250.0, 200.0, 90.0],
    ];
    let variances = [
        [900.0, 60.0, 90.0, 90.0, 90.0],
        [500.0, 90.0, 90.0, 90.0, 90.0],
        [800.0, 300.0, 90.0, 90.0, 90.0],
    ];
    let covariances = Covariances::Diag(variances.concat());
    Mixture::new(vec![0.3, 0.3, 0.4], means.concat(), covariances)
}

/// Writes both pictures and prints their paths.
pub fn main() -> Result<(), Box<dyn Error>> {
    let mixture = landscape()?;
    let runtime = Runtime::new(None)?;
    for (path, height, width) in [("render.ppm", 80, 120), ("render_large.ppm", 320, 480)] {
        let grid = Grid::new(&[height, width], &EXTENT)?;
        let painting = Rendering::new(&mixture, &grid, &[0, 1], Quantity::Mean)?;
        let mut pixels = vec![0_u8; painting.n_values()];
        painting.render(&mut pixels, &runtime)?;
        let path = env::temp_dir().join(path);
        let mut file = File::create(&path)?;
        writeln!(file, "P6 {width} {height} 255")?;
        file.write_all(&pixels)?;
        println!("{}: {width} x {height}", path.display());
    }
    Ok(())
}
