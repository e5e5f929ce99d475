//! The sums over components at each pixel: densities, and densities times values.

use crate::grid::tile::TILE;
use crate::rendering::plane::Plane;
use crate::rendering::tile::terms::{TermField, Terms};
use crate::simd::Simd;

/// A component at the first row of a column of vectors.
pub(crate) struct Start<S: Simd> {
    /// Position of the component among those of the tile.
    pub(crate) term: usize,
    /// The exponent relative to the reference plane, and its difference between the first
    /// two rows.
    pub(crate) exponent: S::F,
    pub(crate) slope: S::F,
    /// Columns and row, from the mean of the component.
    pub(crate) dx: S::F,
    pub(crate) dy: f64,
}

/// The density of a component relative to the reference plane, as a product p t.
#[derive(Clone, Copy)]
pub(crate) struct Density<S: Simd> {
    pub(crate) p: S::F,
    pub(crate) t: S::F,
}

/// Sums over the components of densities, and of densities times values.
pub(crate) trait Summand<S: Simd, const N: usize> {
    /// Values of one component at one vector of pixels, updated from row to row.
    type State: Copy;

    /// Returns the state at the first row.
    fn start(&self, simd: S, terms: &Terms, start: &Start<S>) -> Self::State;

    /// Adds the density to `sums[0]` and weighted values to the other sums of a cell, and
    /// moves the state one row down.
    fn add(
        &self,
        simd: S,
        state: &mut Self::State,
        density: Density<S>,
        cell: usize,
        sums: &mut [S::F; N],
    );
}

/// The sum of densities alone.
pub(crate) struct Densities;

impl<S: Simd> Summand<S, 1> for Densities {
    type State = ();

    #[inline(always)]
    fn start(&self, _: S, _: &Terms, _: &Start<S>) {}

    #[inline(always)]
    fn add(&self, simd: S, (): &mut (), density: Density<S>, _: usize, sums: &mut [S::F; 1]) {
        sums[0] = simd.mul_add(density.p, density.t, sums[0]);
    }
}

/// Returns the mean of one remaining feature under one component.
#[inline(always)]
fn regression_at<S: Simd>(simd: S, [mean, along_x, along_y]: [f64; 3], start: &Start<S>) -> S::F {
    simd.mul_add(simd.splat(along_x), start.dx, simd.splat(mean + along_y * start.dy))
}

/// The means of N - 1 remaining features, from `first` on, under each component.
pub(crate) struct Means<'a, const N: usize> {
    pub(crate) plane: &'a Plane,
    /// The component of each term.
    pub(crate) index: &'a [u32],
    pub(crate) first: usize,
}

impl<S: Simd, const N: usize> Summand<S, N> for Means<'_, N> {
    /// The means, and their steps from row to row.
    type State = ([S::F; N], [S::F; N]);

    #[inline(always)]
    fn start(&self, simd: S, _: &Terms, start: &Start<S>) -> Self::State {
        let zero = [simd.splat(0.0); N];
        let mut state = (zero, zero);
        let regressions =
            &self.plane.regressions(self.index[start.term] as usize)[self.first..][..N - 1];
        for n in 1..N {
            state.0[n] = regression_at(simd, regressions[n - 1], start);
            state.1[n] = simd.splat(regressions[n - 1][2]);
        }
        state
    }

    #[inline(always)]
    fn add(
        &self,
        simd: S,
        (means, steps): &mut Self::State,
        density: Density<S>,
        _: usize,
        sums: &mut [S::F; N],
    ) {
        let density = simd.mul(density.p, density.t);
        sums[0] = simd.add(sums[0], density);
        for n in 1..N {
            sums[n] = simd.mul_add(density, means[n], sums[n]);
            means[n] = simd.add(means[n], steps[n]);
        }
    }
}

/// The second moment of two remaining features about the mean of each pixel, without
/// cancellation: covariance under the component plus product of deviations.
pub(crate) struct Pair<'a> {
    pub(crate) plane: &'a Plane,
    /// The component of each term.
    pub(crate) index: &'a [u32],
    pub(crate) features: [usize; 2],
    /// Covariance of the features under the component of each term.
    pub(crate) covariances: &'a [f64],
    /// Their means at each pixel, in the order of the cells.
    pub(crate) centers: [&'a [f64]; 2],
}

impl<S: Simd> Summand<S, 2> for Pair<'_> {
    /// The covariance, the means, and their steps from row to row.
    type State = (S::F, [[S::F; 2]; 2]);

    #[inline(always)]
    fn start(&self, simd: S, _: &Terms, start: &Start<S>) -> Self::State {
        let regressions = self.plane.regressions(self.index[start.term] as usize);
        let mut state = (simd.splat(self.covariances[start.term]), [[simd.splat(0.0); 2]; 2]);
        for (state, &feature) in state.1.iter_mut().zip(&self.features) {
            let regression = regressions[feature];
            *state = [regression_at(simd, regression, start), simd.splat(regression[2])];
        }
        state
    }

    #[inline(always)]
    fn add(
        &self,
        simd: S,
        (covariance, [a, b]): &mut Self::State,
        density: Density<S>,
        cell: usize,
        sums: &mut [S::F; 2],
    ) {
        let density = simd.mul(density.p, density.t);
        sums[0] = simd.add(sums[0], density);
        let da = simd.sub(a[0], simd.load(&self.centers[0][cell * S::LANES..]));
        let db = simd.sub(b[0], simd.load(&self.centers[1][cell * S::LANES..]));
        sums[1] = simd.mul_add(density, simd.mul_add(da, db, *covariance), sums[1]);
        a[0] = simd.add(a[0], a[1]);
        b[0] = simd.add(b[0], b[1]);
    }
}

/// The exponents of the components: their mean and the sum of densities give the entropy.
pub(crate) struct Exponents;

impl<S: Simd> Summand<S, 2> for Exponents {
    /// The exponent, its first difference and its second difference.
    type State = [S::F; 3];

    #[inline(always)]
    fn start(&self, simd: S, terms: &Terms, start: &Start<S>) -> Self::State {
        let curvature = terms.at(TermField::Yy, start.term);
        [start.exponent, start.slope, simd.splat(2.0 * curvature)]
    }

    #[inline(always)]
    fn add(
        &self,
        simd: S,
        [exponent, slope, curvature]: &mut [S::F; 3],
        density: Density<S>,
        _: usize,
        sums: &mut [S::F; 2],
    ) {
        let density = simd.mul(density.p, density.t);
        sums[0] = simd.add(sums[0], density);
        sums[1] = simd.mul_add(density, *exponent, sums[1]);
        *exponent = simd.add(*exponent, *slope);
        *slope = simd.add(*slope, *curvature);
    }
}

/// Returns the index of a cell.
#[inline(always)]
pub(crate) fn cell(vector: usize, row: usize) -> usize {
    vector * TILE + row
}
