//! What is summed at a pixel beside the components' shares.

use crate::rendering::plane::{Plane, TILE};
use crate::rendering::tile::terms::{Field, Terms};
use crate::simd::Simd;

/// Where a component starts down a column of vectors.
pub(crate) struct Start<S: Simd> {
    /// The component's position among the tile's.
    pub(crate) term: usize,
    /// Its exponent relative to the reference plane, and its slope down the column
    /// between the first two rows.
    pub(crate) exponent: S::F,
    pub(crate) slope: S::F,
    /// Columns and row from the component's mean.
    pub(crate) dx: S::F,
    pub(crate) dy: f64,
}

/// A sum over the components of shares, and of shares times values.
pub(crate) trait Summand<S: Simd, const N: usize> {
    /// Values of one component at one vector of pixels, on the way down.
    type State: Copy;

    /// The state at the first row.
    fn start(&self, simd: S, terms: &Terms, start: &Start<S>) -> Self::State;

    /// Adds the share p t to `sums[0]`, and what it weights to the others, at
    /// (vector, row); moves the state one row down.
    fn add(
        &self,
        simd: S,
        state: &mut Self::State,
        share: (S::F, S::F),
        cell: usize,
        sums: &mut [S::F; N],
    );
}

/// Nothing but the shares.
pub(crate) struct Shares;

impl<S: Simd> Summand<S, 1> for Shares {
    type State = ();

    #[inline(always)]
    fn start(&self, _: S, _: &Terms, _: &Start<S>) {}

    #[inline(always)]
    fn add(&self, simd: S, (): &mut (), (p, t): (S::F, S::F), _: usize, sums: &mut [S::F; 1]) {
        sums[0] = simd.mul_add(p, t, sums[0]);
    }
}

/// The mean of one target under one component.
#[inline(always)]
fn expert_at<S: Simd>(simd: S, [mean, along_x, along_y]: [f64; 3], start: &Start<S>) -> S::F {
    simd.mul_add(simd.splat(along_x), start.dx, simd.splat(mean + along_y * start.dy))
}

/// The means of N - 1 targets, from `first` on, under each component.
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
        let experts = &self.plane.experts(self.index[start.term] as usize)[self.first..][..N - 1];
        for n in 1..N {
            state.0[n] = expert_at(simd, experts[n - 1], start);
            state.1[n] = simd.splat(experts[n - 1][2]);
        }
        state
    }

    #[inline(always)]
    fn add(
        &self,
        simd: S,
        (means, steps): &mut Self::State,
        (p, t): (S::F, S::F),
        _: usize,
        sums: &mut [S::F; N],
    ) {
        let share = simd.mul(p, t);
        sums[0] = simd.add(sums[0], share);
        for n in 1..N {
            sums[n] = simd.mul_add(share, means[n], sums[n]);
            means[n] = simd.add(means[n], steps[n]);
        }
    }
}

/// The second moment of two targets about the pixels' own means, so that nothing
/// cancels: covariance under the component plus product of deviations.
pub(crate) struct Pair<'a> {
    pub(crate) plane: &'a Plane,
    /// The component of each term.
    pub(crate) index: &'a [u32],
    pub(crate) targets: [usize; 2],
    /// Covariance of the targets under the component of each term.
    pub(crate) covariances: &'a [f64],
    /// Their means at each pixel, as the cells lie.
    pub(crate) centers: [&'a [f64]; 2],
}

impl<S: Simd> Summand<S, 2> for Pair<'_> {
    /// The covariance, the means, and their steps from row to row.
    type State = (S::F, [[S::F; 2]; 2]);

    #[inline(always)]
    fn start(&self, simd: S, _: &Terms, start: &Start<S>) -> Self::State {
        let experts = self.plane.experts(self.index[start.term] as usize);
        let mut state = (simd.splat(self.covariances[start.term]), [[simd.splat(0.0); 2]; 2]);
        for (state, &target) in state.1.iter_mut().zip(&self.targets) {
            let expert = experts[target];
            *state = [expert_at(simd, expert, start), simd.splat(expert[2])];
        }
        state
    }

    #[inline(always)]
    fn add(
        &self,
        simd: S,
        (covariance, [a, b]): &mut Self::State,
        (p, t): (S::F, S::F),
        cell: usize,
        sums: &mut [S::F; 2],
    ) {
        let share = simd.mul(p, t);
        sums[0] = simd.add(sums[0], share);
        let da = simd.sub(a[0], simd.load(&self.centers[0][cell * S::LANES..]));
        let db = simd.sub(b[0], simd.load(&self.centers[1][cell * S::LANES..]));
        sums[1] = simd.mul_add(share, simd.mul_add(da, db, *covariance), sums[1]);
        a[0] = simd.add(a[0], a[1]);
        b[0] = simd.add(b[0], b[1]);
    }
}

/// The components' exponents: their mean and the sum of shares make an entropy.
pub(crate) struct Exponents;

impl<S: Simd> Summand<S, 2> for Exponents {
    /// Exponent, its step, and the step of that.
    type State = [S::F; 3];

    #[inline(always)]
    fn start(&self, simd: S, terms: &Terms, start: &Start<S>) -> Self::State {
        let curvature = terms.at(Field::Yy, start.term);
        [start.exponent, start.slope, simd.splat(2.0 * curvature)]
    }

    #[inline(always)]
    fn add(
        &self,
        simd: S,
        [exponent, slope, curvature]: &mut [S::F; 3],
        (p, t): (S::F, S::F),
        _: usize,
        sums: &mut [S::F; 2],
    ) {
        let share = simd.mul(p, t);
        sums[0] = simd.add(sums[0], share);
        sums[1] = simd.mul_add(share, *exponent, sums[1]);
        *exponent = simd.add(*exponent, *slope);
        *slope = simd.add(*slope, *curvature);
    }
}

/// Position of a cell.
#[inline(always)]
pub(crate) fn cell(vector: usize, row: usize) -> usize {
    vector * TILE + row
}
