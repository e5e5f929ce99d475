//! The components that survive in each tile, and their number, a measure of the cost of
//! rendering.
//!
//! The counts are the lengths of the lists from which tiles are painted: rendering visits
//! the same boxes (hierarchy.rs) with the same precision. A tile that is painted in parts
//! leaves out more components in each part, which is not counted. The lists hold on the whole
//! area of a tile: their boxes reach half a pixel beyond the outer pixel centers. The proof of
//! cull.rs is one over the continuous box, so it covers every point of that area.

use crate::error::Result;
use crate::grid::axes::Axis;
use crate::grid::output::Pixel;
use crate::grid::tile::TILE;
use crate::rendering::context::BandContext;
use crate::rendering::hierarchy::{BoxLists, Culler, Tile};
use crate::rendering::precision::Precision;
use crate::rendering::render::Rendering;
use crate::runtime::{Runtime, check_memory, distribute};
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
    /// If the runtime was interrupted, or there is no memory for the result.
    pub fn survivors<P: Pixel>(&self, runtime: &Runtime) -> Result<Vec<u32>> {
        let mut counts = self.value_of_each_tile(0)?;
        self.visit_tiles::<P, _>(&mut counts, runtime, 0.0, &|tile| {
            u32::try_from(tile.survivors.positions.len()).expect("fewer than 2^32 components")
        })?;
        Ok(counts)
    }

    /// Returns the components that matter anywhere on the area of each tile, from pixel edge
    /// to pixel edge, for a rendering into pixels of type `P`. The tiles are in the order of
    /// [`Self::tiles_shape`], and the components ascend.
    ///
    /// ```
    /// use gmmfast::{Covariances, Grid, Mixture, Quantity, Rendering, Runtime};
    ///
    /// let means = vec![16.0, 16.0, 80.0, 16.0];
    /// let mixture = Mixture::new(vec![0.5; 2], means, Covariances::Spherical(vec![1.0; 2]))?;
    /// let grid = Grid::new(&[32, 96], &[(-0.5, 95.5), (-0.5, 31.5)])?;
    /// let rendering = Rendering::new(&mixture, &grid, &[0, 1], Quantity::LogDensity)?;
    /// let lists = rendering.survivor_lists::<f64>(&Runtime::new(None)?)?;
    /// assert_eq!(lists, [vec![0], vec![0, 1], vec![1]]);
    /// # Ok::<(), gmmfast::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the runtime was interrupted, or there is no memory for empty lists.
    pub fn survivor_lists<P: Pixel>(&self, runtime: &Runtime) -> Result<Vec<Vec<u32>>> {
        let mut lists = self.value_of_each_tile(Vec::new())?;
        self.visit_tiles::<P, _>(&mut lists, runtime, 0.5, &|tile| {
            let index = &tile.survivors.components.index;
            index.iter().map(|&k| self.components.index(k as usize)).collect()
        })?;
        Ok(lists)
    }

    /// Returns a value for each tile, if there is memory for as many.
    fn value_of_each_tile<T: Clone>(&self, value: T) -> Result<Vec<T>> {
        let n_tiles = self.tiles_shape().into_iter().fold(1, usize::saturating_mul);
        check_memory(n_tiles.saturating_mul(size_of::<T>()))?;
        Ok(vec![value; n_tiles])
    }

    /// Stores a value for each tile, whose boxes are wider by `margin` pixels on each side.
    fn visit_tiles<P: Pixel, T: Send>(
        &self,
        values: &mut [T],
        runtime: &Runtime,
        margin: f64,
        value: &(dyn Fn(&Tile<'_>) -> T + Sync),
    ) -> Result<()> {
        let precision = self.accuracy.precision(P::RESOLUTION);
        let work = Visit { rendering: self, precision, margin, values, value, runtime };
        runtime.install(|| runtime.level().dispatch(work))
    }
}

struct Visit<'a, T> {
    rendering: &'a Rendering,
    precision: Precision,
    margin: f64,
    values: &'a mut [T],
    value: &'a (dyn Fn(&Tile<'_>) -> T + Sync),
    runtime: &'a Runtime,
}

impl<T: Send> Dispatch for Visit<'_, T> {
    type Output = Result<()>;

    fn run<S: Simd>(self, simd: S) -> Result<()> {
        let Self { rendering, precision, margin, values, value, runtime } = self;
        let model = rendering.plane_model();
        let tiles_of_band = model.size.columns.div_ceil(TILE);
        let tiles_of_plane = values.len() / model.n_planes();
        for (plane_index, values) in values.chunks_mut(tiles_of_plane).enumerate() {
            let plane = &model.plane(plane_index);
            let context = rendering.band_context(&model, plane, plane_index, precision);
            let context = BandContext { margin, ..context };
            let bands = values.chunks_mut(tiles_of_band).enumerate().collect();
            distribute(bands, &|| {
                let (culler, mut lists) = (Culler { simd, context: &context }, BoxLists::default());
                Box::new(move |(band, values): (usize, &mut [T])| {
                    let mut values = values.iter_mut();
                    culler.tiles(band * TILE, &mut lists, &mut |tile| {
                        runtime.check()?;
                        *values.next().expect("a value for every tile") = value(tile);
                        Ok(())
                    })
                })
            })?;
        }
        Ok(())
    }
}
