//! A component of a painting: a gate, which decides where it paints, and experts, which
//! decide the values. All is in pixels; pixel (row, column) is at (x, y) = (column, row).
//!
//! The gate of a component is q(p) = peak - |F⁻¹ (p - mean)|² / 2, and its expert of each
//! channel is e(p) = level + slope · (p - mean). With responsibilities r = softmax(q), the
//! painting is Σ r e. The optimizer does not change parameters but adds a [`Change`],
//! which is relative to the gate's own frame: its steps then have one size for wide and for
//! narrow gates.

/// Most channels of a picture.
pub const MAX_CHANNELS: usize = 4;

/// Numbers of a change: six for the gate, three for the expert of each channel.
pub const N_PARAMETERS: usize = 6 + 3 * MAX_CHANNELS;

/// A change of a component, or a derivative by it.
///
/// The entries are: added to the peak; added to the mean, in columns of F (2); the relative
/// changes of F₀₀, of F₁₀ (in units of F₁₁) and of F₁₁; then for each channel, added to the
/// level and to the slopes per standard deviation (2).
pub type Change = [f64; N_PARAMETERS];

/// A gate and its experts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Component {
    /// Natural logarithm of the weighted density at the mean, up to a common constant.
    pub peak: f64,
    /// Mean of the gate, (x, y).
    pub mean: [f64; 2],
    /// Lower Cholesky factor F of the gate's covariance: F₀₀, F₁₀, F₁₁.
    pub factor: [f64; 3],
    /// Level at the mean and slopes along x and y of each channel, in units of the
    /// picture's range; zero for channels that the picture does not have.
    pub experts: [[f64; 3]; MAX_CHANNELS],
}

impl Component {
    /// The inverse L of the factor: L₀₀, L₁₀, L₁₁.
    pub(crate) fn inverse(&self) -> [f64; 3] {
        inverse(self.factor)
    }

    /// Adds a change; diagonal entries of F stay at or above `least_std`. Experts stay the
    /// same functions while their gate moves.
    #[must_use]
    pub fn changed(&self, change: &Change, least_std: f64) -> Self {
        let (f, l) = (self.factor, self.inverse());
        let [peak, along, across, t0, t1, t2, experts @ ..] = change;
        let step = [f[0] * along, f[1] * along + f[2] * across];
        let mut new = *self;
        new.peak += peak;
        for (expert, b) in new.experts.iter_mut().zip(experts.as_chunks::<3>().0) {
            expert[1] += b[1] * l[0] + b[2] * l[1];
            expert[2] += b[2] * l[2];
            expert[0] += b[0] + expert[1] * step[0] + expert[2] * step[1];
        }
        new.mean = [self.mean[0] + step[0], self.mean[1] + step[1]];
        // The exponential function to second order, which is positive.
        let growth = |t: f64| 1.0 + t * (1.0 + 0.5 * t);
        new.factor = [
            (f[0] * growth(*t0)).max(least_std),
            f[1] * growth(*t0) + f[2] * t1,
            (f[2] * growth(*t2)).max(least_std),
        ];
        new
    }

    /// Returns the derivatives by a change from those by gate and experts at each pixel:
    /// sums over the pixels of s {1, x, y, x², xy, y²} and of h {1, x, y} for each channel,
    /// where s = ∂/∂q, h = ∂/∂e, and (x, y) is relative to the mean.
    pub(crate) fn gradient(&self, sums: &Change) -> Change {
        let l = self.inverse();
        let mut gradient = [0.0; N_PARAMETERS];
        gradient[0] = sums[0];
        gradient[1] = l[0] * sums[1];
        gradient[2] = l[1] * sums[1] + l[2] * sums[2];
        gradient[3] = l[0] * l[0] * sums[3];
        gradient[4] = l[0] * (l[1] * sums[3] + l[2] * sums[4]);
        gradient[5] = l[1] * l[1] * sums[3] + l[2] * (2.0 * l[1] * sums[4] + l[2] * sums[5]);
        for at in (6..N_PARAMETERS).step_by(3) {
            gradient[at] = sums[at];
            gradient[at + 1] = l[0] * sums[at + 1];
            gradient[at + 2] = l[1] * sums[at + 1] + l[2] * sums[at + 2];
        }
        gradient
    }

    /// Returns the component in a picture `scale` times as large.
    pub(crate) fn scaled(&self, scale: f64) -> Self {
        Self {
            mean: self.mean.map(|m| (m + 0.5) * scale - 0.5),
            factor: self.factor.map(|f| f * scale),
            experts: self.experts.map(|[level, x, y]| [level, x / scale, y / scale]),
            ..*self
        }
    }

    /// The logarithm of the gate in bits.
    pub(crate) fn gate(&self) -> Gate {
        let l = self.inverse();
        let bits = std::f64::consts::LOG2_E;
        let [xx, xy, yy] = [l[0] * l[0] + l[1] * l[1], l[1] * l[2], l[2] * l[2]];
        Gate {
            peak: self.peak * bits,
            mean: self.mean,
            precision: [xx * bits, xy * bits, yy * bits],
            ridges: [xy / xx, xy / yy],
        }
    }
}

/// Returns the sums over points of w {1, x, y, x², xy, y²}, of which `sums` begins with those
/// about `origin`, about `center`.
#[inline(always)]
pub(crate) fn moments_about(center: [f64; 2], origin: [f64; 2], sums: &[f64]) -> [f64; 6] {
    let [x, y] = [center[0] - origin[0], center[1] - origin[1]];
    let (by_x, by_y) = (sums[1] - x * sums[0], sums[2] - y * sums[0]);
    [
        sums[0],
        by_x,
        by_y,
        sums[3] - x * (sums[1] + by_x),
        sums[4] - x * sums[2] - y * by_x,
        sums[5] - y * (sums[2] + by_y),
    ]
}

/// The inverse of a lower triangular matrix: entries 00, 10, 11.
pub(crate) fn inverse(factor: [f64; 3]) -> [f64; 3] {
    let (l0, l2) = (1.0 / factor[0], 1.0 / factor[2]);
    [l0, -factor[1] * l0 * l2, l2]
}

/// The lower Cholesky factor of a covariance matrix of entries 00, 10 and 11, whose pivots
/// are raised to at least `least_variance`.
pub(crate) fn factor_of(covariance: [f64; 3], least_variance: f64) -> [f64; 3] {
    let f0 = covariance[0].max(least_variance).sqrt();
    let f1 = covariance[1] / f0;
    [f0, f1, (covariance[2] - f1 * f1).max(least_variance).sqrt()]
}

/// The larger of two numbers, in one instruction; `b` where either is NaN.
#[inline(always)]
pub(crate) fn larger(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}

/// The smaller of two numbers, in one instruction; `b` where either is NaN.
#[inline(always)]
fn smaller(a: f64, b: f64) -> f64 {
    if a < b { a } else { b }
}

/// The logarithm of a gate in bits: peak - dᵀ precision d / 2 at distance d from the mean.
#[derive(Clone, Copy)]
pub(crate) struct Gate {
    pub(crate) peak: f64,
    pub(crate) mean: [f64; 2],
    /// Entries xx, xy and yy.
    pub(crate) precision: [f64; 3],
    /// xy / xx and xy / yy: where the greatest value on a horizontal and on a vertical is.
    pub(crate) ridges: [f64; 2],
}

/// A rectangle of pixels, all inclusive.
#[derive(Clone, Copy)]
pub(crate) struct Rectangle {
    pub(crate) low: [f64; 2],
    pub(crate) high: [f64; 2],
}

impl Gate {
    #[inline(always)]
    pub(crate) fn at(&self, x: f64, y: f64) -> f64 {
        let (x, y) = (x - self.mean[0], y - self.mean[1]);
        let [xx, xy, yy] = self.precision;
        self.peak - 0.5 * (xx * x * x + 2.0 * xy * x * y + yy * y * y)
    }

    /// Returns the least value in a rectangle, which is at a corner, because the gate is
    /// concave.
    #[inline(always)]
    pub(crate) fn least(&self, of: Rectangle) -> f64 {
        let ([x0, y0], [x1, y1]) = (of.low, of.high);
        let left = smaller(self.at(x0, y0), self.at(x0, y1));
        smaller(left, smaller(self.at(x1, y0), self.at(x1, y1)))
    }

    /// Returns the greatest value in a rectangle: at the mean, or else on an edge that
    /// faces it.
    #[inline(always)]
    pub(crate) fn greatest(&self, of: Rectangle) -> f64 {
        let ([x0, y0], [x1, y1]) = (of.low, of.high);
        let between = |low: f64, high: f64, x: f64| smaller(larger(x, low), high);
        let nearest = [between(x0, x1, self.mean[0]), between(y0, y1, self.mean[1])];
        // On each of the two edges through the nearest corner the gate is a parabola.
        let y = self.mean[1] - self.ridges[1] * (nearest[0] - self.mean[0]);
        let x = self.mean[0] - self.ridges[0] * (nearest[1] - self.mean[1]);
        larger(self.at(nearest[0], between(y0, y1, y)), self.at(between(x0, x1, x), nearest[1]))
    }
}
