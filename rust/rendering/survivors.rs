//! How many components survive in each tile: what rendering costs, and where.
//!
//! The counts are the lengths of the lists that rendering paints from: the same walk
//! over the same boxes (band.rs) with the same precision. A tile that is painted in
//! parts leaves out more of them, part by part, and that is not counted.

use crate::error::Result;
use crate::grid::output::Pixel;
use crate::rendering::band::{Culler, Shared};
use crate::rendering::plane::{PlaneModel, TILE};
use crate::rendering::quantity::Precision;
use crate::rendering::render::Rendering;
use crate::runtime::{Runtime, distribute};
use crate::simd::{Dispatch, Simd};

impl Rendering {
    /// Number of tiles along each axis of the grid, in array order: 32 pixels each, 1 along
    /// the frames of a volume, and 1024 of a line, which is folded.
    #[must_use]
    pub fn tiles_shape(&self) -> Vec<usize> {
        let x = self.grid.x_axis().n_pixels();
        match self.grid.axes_before_x() {
            [] => vec![x.div_ceil(TILE * TILE)],
            [frames @ .., y] => {
                let frames = frames.iter().map(crate::grid::axes::Axis::n_pixels);
                frames.chain([y.n_pixels().div_ceil(TILE), x.div_ceil(TILE)]).collect()
            }
        }
    }

    /// Number of components that are left to sum in each tile of a rendering into pixels
    /// of type `P`, of the shape [`Self::tiles_shape`].
    ///
    /// ```
    /// use gmmfast::{Covariances, Grid, Mixture, Quantity, Rendering, Runtime};
    ///
    /// // One component in the first tile, another in the third: both matter between them.
    /// let means = vec![16.0, 16.0, 80.0, 16.0];
    /// let mixture = Mixture::new(vec![0.5; 2], means, Covariances::Spherical(vec![1.0; 2]))?;
    /// let grid = Grid::new(&[32, 96], &[(-0.5, 31.5), (-0.5, 95.5)])?;
    /// let rendering = Rendering::new(&mixture, &grid, &[0, 1], Quantity::LogDensity)?;
    /// assert_eq!(rendering.tiles_shape(), [1, 3]);
    /// assert_eq!(rendering.survivors::<f64>(&Runtime::new(None)?)?, [1, 2, 1]);
    /// # Ok::<(), gmmfast::Error>(())
    /// ```
    ///
    /// # Errors
    /// The runtime was interrupted.
    pub fn survivors<P: Pixel>(&self, runtime: &Runtime) -> Result<Vec<u32>> {
        let precision =
            Precision::of(self.quantity, &self.components, P::RESOLUTION, self.tolerance());
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
        let model = PlaneModel::new(&rendering.components, &rendering.grid, rendering.quantity);
        let tiles_of_band = model.shape.1.div_ceil(TILE);
        let tiles_of_plane = counts.len() / model.n_planes();
        for (plane_index, counts) in counts.chunks_mut(tiles_of_plane).enumerate() {
            let plane = &model.plane(plane_index);
            let shared = Shared { rendering, model: &model, plane, plane_index, precision };
            let bands = counts.chunks_mut(tiles_of_band).enumerate().collect();
            distribute(bands, &|| {
                let (culler, mut lists) = (Culler { simd, shared: &shared }, Default::default());
                Box::new(move |(band, counts): (usize, &mut [u32])| {
                    let mut counts = counts.iter_mut();
                    culler.tiles(band * TILE, &mut lists, &mut |tile| {
                        runtime.check()?;
                        let count = counts.next().expect("a count for every tile");
                        *count = u32::try_from(tile.candidates.positions.len())
                            .expect("fewer than 2^32 components");
                        Ok(())
                    })
                })
            })?;
        }
        Ok(())
    }
}
