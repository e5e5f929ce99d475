//! The number of bits below the largest responsibility at which a component is left out.
//!
//! For a sum of responsibilities the number of bits is a constant. For moments of the
//! components' regressions it is not: the regression of a component that is left out may be far
//! from the others, and the farther the less likely the point is. Proof of
//! [`Threshold::of_moment`]: let l be the largest q of a point in bits, b_k = l - q_k, r_k the
//! responsibility of component k, e_k the value of its regression, and E = Σ r e. The distance
//! of e_k from its component's mean is at most c M_k. Here c is the standard deviation that the
//! given features explain, and M_k is the Mahalanobis distance,
//! M_k² = 2 ln 2 (peak_k - q_k) <= 2 ln 2 (top - l + b_k). Since Σ r M <= sqrt(Σ r M²) and
//! Σ r (top - q) <= top - l + log2(K) (an entropy is at most log2(K)), with b_k >= log2(K) and
//! b_k >= 1
//!
//!   |e_k - E| <= size sqrt(2 ln 2 (top - l + b_k)),
//!
//! where size is the span of the components' means plus twice the largest c. Therefore
//! r_k |e_k - E|^n <= 2^-b_k size^n (2 ln 2 (top - l + b_k))^(n/2), which falls as b_k grows.
//! If components are left out at b_k >= T = 53 + log2(K) + n log2(size / std) +
//! n/2 log2(2 ln 2 (top - l + T)), all such terms together are at most 2^-53 std^n. With n = 1
//! they move a mean by a rounding of the smallest conditional standard deviation of any
//! component. With n = 2, and size at least the largest of these standard deviations, they move
//! a covariance by a rounding of the smallest variance.

/// The number of bits from the largest q of a point, or a bound of it, down to where a component
/// is left out. It grows with the distance of the largest q from the highest peak.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Threshold {
    /// The number of bits where the largest q is the highest peak.
    bits: f64,
    /// The factor of the logarithm of the distance from the highest peak.
    growth: f64,
    top: f64,
}

/// Responsibilities below 2^-1000 of the largest are not distinguished: see simd/math.rs. The
/// cut is some bits lower.
const MAX_BITS: f64 = 1100.0;

/// Rounding of a logarithm and its product. Culling and the kernels compute the same cut, and the
/// cut of culling must not be above that of the kernels.
const ROUNDING: f64 = 0.5;

impl Threshold {
    /// Returns the threshold of the same number of bits everywhere.
    pub(crate) fn fixed(bits: f64) -> Self {
        Self { bits, growth: 0.0, top: 0.0 }
    }

    /// Returns the threshold of moments of degree `degree`, of regressions whose size is `ratio`
    /// times the smallest standard deviation. `bits` is the threshold of responsibilities, and
    /// `top` the highest peak.
    pub(crate) fn of_moment(bits: f64, degree: i32, ratio: f64, top: f64) -> Self {
        let degree = f64::from(degree);
        let bits = (bits + degree * ratio.max(1.0).log2()).min(MAX_BITS);
        Self { bits, growth: degree / 2.0, top }
    }

    /// Returns the q below which components are left out, where `largest` is at most the largest
    /// q.
    pub(crate) fn cutoff(&self, largest: f64) -> f64 {
        if self.growth == 0.0 {
            return largest - self.bits;
        }
        let [bits, growth, room, top] = self.as_array();
        largest - bits - ROUNDING - growth * (room + (top - largest).max(0.0)).log2()
    }

    /// Returns [bits, growth, room, top] for kernels. The cut is
    /// largest - bits - growth log2(room + max(0, top - largest)).
    pub(crate) fn as_array(&self) -> [f64; 4] {
        let factor = (2.0 * std::f64::consts::LN_2).log2();
        // The room of 64 bits covers log2(2 ln 2 (top - l + T)), which T itself contains.
        [self.bits + self.growth * factor, self.growth, self.bits + 64.0, self.top]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cut_is_below_the_largest_and_falls_with_it() {
        for threshold in [
            Threshold::fixed(63.0),
            Threshold::of_moment(63.0, 1, 1e3, 5.0),
            Threshold::of_moment(63.0, 2, 1e3, 5.0),
        ] {
            let cuts =
                [10.0, 5.0, 4.0, -1e3, -1e14, f64::NEG_INFINITY].map(|l| threshold.cutoff(l));
            assert!(cuts.windows(2).all(|pair| pair[1] < pair[0]), "{cuts:?}");
            assert!(cuts[0] <= 10.0 - 63.0);
            assert_eq!(cuts[5], f64::NEG_INFINITY);
        }
    }

    #[test]
    fn components_left_out_of_a_moment_are_a_rounding_of_it() {
        // 2^-T size^n (2 ln 2 (top - l + T))^(n/2) against 2^-63 std^n.
        for (degree, ratio, depth) in [(1, 1.0, 0.0), (2, 1e3, 7.0), (2, 1e8, 1e14), (1, 1e5, 1e3)]
        {
            let threshold = Threshold::of_moment(63.0, degree, ratio, 0.0);
            let bits = -depth - threshold.cutoff(-depth);
            let square = 2.0 * std::f64::consts::LN_2 * (depth + bits);
            let left_out = f64::from(degree) * (ratio.log2() + 0.5 * square.log2()) - bits;
            assert!(left_out <= -63.0 && left_out > -68.0, "{degree} {ratio} {depth}: {left_out}");
        }
    }

    #[test]
    fn no_ratio_needs_more_bits_than_responsibilities_have() {
        for ratio in [f64::INFINITY, 1e300, f64::NAN] {
            assert!(Threshold::of_moment(63.0, 2, ratio, 0.0).cutoff(0.0) >= -1200.0);
        }
    }
}
