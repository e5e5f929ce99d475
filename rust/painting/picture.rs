//! The picture that a painting approximates, tile by tile.
//!
//! A tile has 8 x 8 pixels, planes of float32 in 0..1 for each channel. Tiles at the right
//! and lower edge are padded; kernels give padding no weight.

use crate::error::{Error, Result};
use crate::painting::component::MAX_CHANNELS;

/// Width and height of a tile.
pub(crate) const TILE: usize = 8;

/// Pixels of a tile.
pub(crate) const TILE_PIXELS: usize = TILE * TILE;

/// A picture of 1 to 4 channels.
#[derive(Debug, Clone)]
pub struct Picture {
    width: usize,
    height: usize,
    n_channels: usize,
    tiles: Vec<f32>,
}

fn n_planes(n_channels: usize) -> usize {
    if n_channels == 2 { 3 } else { n_channels }
}

impl Picture {
    /// Creates a picture from bytes of shape (`height`, `width`, `n_channels`), row-major.
    ///
    /// # Errors
    /// If a side is 0, if there are more than four channels or none, or if the number of
    /// bytes is another.
    pub fn new(bytes: &[u8], height: usize, width: usize, n_channels: usize) -> Result<Self> {
        if width == 0 || height == 0 || !(1..=MAX_CHANNELS).contains(&n_channels) {
            let expected = "a shape of at least one row and column and 1 to 4 channels".to_owned();
            let got = format!("({height}, {width}, {n_channels})");
            return Err(Error::Value { argument: "image", expected, got });
        }
        let n_bytes = height.saturating_mul(width).saturating_mul(n_channels);
        if bytes.len() != n_bytes {
            let expected = format!("height * width * channels = {n_bytes}");
            return Err(Error::Length { argument: "image", expected, got: bytes.len() });
        }
        let value = |x: usize, y: usize, c: usize| {
            f32::from(bytes[(y * width + x) * n_channels + c]) / 255.0
        };
        Ok(Self::from_fn(width, height, n_channels, value))
    }

    fn from_fn(
        width: usize,
        height: usize,
        n_channels: usize,
        value: impl Fn(usize, usize, usize) -> f32,
    ) -> Self {
        let (across, down) = (width.div_ceil(TILE), height.div_ceil(TILE));
        let n_planes = n_planes(n_channels);
        let mut tiles = Vec::with_capacity(across * down * n_planes * TILE_PIXELS);
        for tile in 0..across * down {
            let (left, top) = (tile % across * TILE, tile / across * TILE);
            for c in 0..n_planes {
                for pixel in 0..TILE_PIXELS {
                    let (x, y) = (left + pixel % TILE, top + pixel / TILE);
                    let pixel = [x.min(width - 1), y.min(height - 1)];
                    tiles.push(if c < n_channels { value(pixel[0], pixel[1], c) } else { 0.0 });
                }
            }
        }
        Self { width, height, n_channels, tiles }
    }

    /// Width in pixels.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Height in pixels.
    #[must_use]
    pub fn height(&self) -> usize {
        self.height
    }

    /// Number of channels.
    #[must_use]
    pub fn n_channels(&self) -> usize {
        self.n_channels
    }

    /// Number of values.
    #[must_use]
    pub fn n_values(&self) -> usize {
        self.width * self.height * self.n_channels
    }

    /// The value of channel `c` at (x, y), in 0..=1.
    #[must_use]
    pub fn at(&self, x: usize, y: usize, c: usize) -> f32 {
        self.tile(x, y)[c * TILE_PIXELS + y % TILE * TILE + x % TILE]
    }

    /// Number of planes: kernels exist for 1, 3 and 4. A plane that is added is zero.
    pub(crate) fn n_planes(&self) -> usize {
        n_planes(self.n_channels)
    }

    /// The planes of the tile that contains a pixel.
    pub(crate) fn tile(&self, x: usize, y: usize) -> &[f32] {
        let number = y / TILE * self.width.div_ceil(TILE) + x / TILE;
        let n_values = self.n_planes() * TILE_PIXELS;
        &self.tiles[number * n_values..(number + 1) * n_values]
    }

    /// Returns a black picture of this size.
    pub(crate) fn black(&self) -> Self {
        Self::from_fn(self.width, self.height, self.n_channels, |_, _, _| 0.0)
    }

    /// Returns this picture at half the size: averages of 2 x 2 pixels, of fewer at an edge
    /// with an odd number.
    pub(crate) fn half(&self) -> Self {
        let (width, height) = (self.width.div_ceil(2), self.height.div_ceil(2));
        Self::from_fn(width, height, self.n_channels, |x, y, c| {
            let (x0, y0) = (2 * x, 2 * y);
            let (x1, y1) = ((x0 + 1).min(self.width - 1), (y0 + 1).min(self.height - 1));
            let upper = self.at(x0, y0, c) + self.at(x1, y0, c);
            0.25 * (upper + self.at(x0, y1, c) + self.at(x1, y1, c))
        })
    }
}
