//! The number of components that survive in each tile, a measure of the cost of rendering.
//!
//! The counts are the lengths of the lists from which tiles are painted: rendering visits
//! the same boxes (hierarchy.rs) with the same precision. A tile that is painted in parts
//! leaves out more components in each part, which is not counted.

use crate::error::Result;
use crate::grid::axes::Axis;
use crate::grid::output::Pixel;
use crate::grid::tile::TILE;
use crate::rendering::hierarchy::{BoxLists, Culler};
use crate::rendering::precision::Precision;
use crate::rendering::render::Rendering;
use crate::runtime::{Runtime, distribute};
use crate::simd::{Dispatch, Simd};

impl Rendering {
    /// Returns the number of tiles along each axis of the grid, in array order. A tile has
    /// 32 pixels along each axis, 1 along the frames of a volume, and 1024 of a line, which
    /// is folded.
    #[must_use]
    pub fn tiles_shape(&self) -> Vec<usize> {
        let x = self.grid.x_axis().n_pixels();
        match self.grid.axes_before_x() {
            [] => vec![x.div_ceil(TILE * TILE)],
            [frames @ .., y] => {
                let frames = frames.iter().map(Axis::n_pixels);
                frames.chain([y.n_pixels().div_ceil(TILE), x.div_ceil(TILE)]).collect()
            }
        }
    }

    /// Returns the number of components that are summed in each tile of a rendering into
    /// pixels of type `P`. The shape is [`Self::tiles_shape`].
    ///
    /// ```
    /// use gmmfast::{Covariances, Grid, Mixture, Quantity, Rendering, Runtime};
    ///
    /// // One component in the first tile, another in the third: both matter between them.
    /// let means = vec![16.0, 16.0, 80.0, 16.0];
    /// let mixture = Mixture::new(vec![0.5; 2], means, Covariances::Spherical(vec![1.0; 2]))?;
    /// let grid = Grid::new(&[32, 96], &[(-0.5, 95.5), (-0.5, 31.5)])?;
    /// let rendering = Rendering::new(&mixture, &grid, &[0, 1], Quantity::LogDensity)?;
    /// assert_eq!(rendering.tiles_shape(), [1, 3]);
    /// assert_eq!(rendering.survivors::<f64>(&Runtime::new(None)?)?, [1, 2, 1]);
    /// # Ok::<(), gmmfast::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the runtime was interrupted.
    pub fn survivors<P: Pixel>(&self, runtime: &Runtime) -> Result<Vec<u32>> {
        let precision = self.accuracy.precision(P::RESOLUTION);
        let mut counts = vec![0; self.tiles_shape().iter().product()];
        let work = Count { rendering: self, precision, counts: &mut counts, runtime };
        runtime.install(|| runtime.level().dispatch(work))?;
        Ok(counts)
    }
}

struct Count<'a> {
    rendering: &'a Rendering,
    precision: Precision,
    counts: &'a mut [u32],
    runtime: &'a Runtime,
}

impl Dispatch for Count<'_> {
    type Output = Result<()>;

    fn run<S: Simd>(self, simd: S) -> Result<()> {
        let Self { rendering, precision, counts, runtime } = self;
        let model = rendering.plane_model();
        let tiles_of_band = model.size.columns.div_ceil(TILE);
        let tiles_of_plane = counts.len() / model.n_planes();
        for (plane_index, counts) in counts.chunks_mut(tiles_of_plane).enumerate() {
            let plane = &model.plane(plane_index);
            let context = rendering.band_context(&model, plane, plane_index, precision);
            let bands = counts.chunks_mut(tiles_of_band).enumerate().collect();
            distribute(bands, &|| {
                let (culler, mut lists) = (Culler { simd, context: &context }, BoxLists::default());
                Box::new(move |(band, counts): (usize, &mut [u32])| {
                    let mut counts = counts.iter_mut();
                    culler.tiles(band * TILE, &mut lists, &mut |tile| {
                        runtime.check()?;
                        let count = counts.next().expect("a count for every tile");
                        *count = u32::try_from(tile.survivors.positions.len())
                            .expect("fewer than 2^32 components");
                        Ok(())
                    })
                })
            })?;
        }
        Ok(())
    }
}
