//! How far below the largest share a component may be left out.
//!
//! For a sum of shares the number of bits is a constant. For moments of what the
//! components say it is not, because what is left out may say something far off,
//! the further the less likely the point. Proof of [`Threshold::of_moment`]: let l be
//! the largest q of a point in bits, b_k = l - q_k, s_k the share of component k and
//! e_k its expert, E = Σ s e. An expert's distance from its component's mean is at
//! most c M_k, with c what its standard deviation owes to the given features and M_k
//! the Mahalanobis distance, M_k² = 2 ln 2 (peak_k - q_k) <= 2 ln 2 (top - l + b_k).
//! Since Σ s M <= sqrt(Σ s M²) and Σ s (top - q) <= top - l + log2(K) (an entropy is
//! at most log2(K)), with b_k >= log2(K) and b_k >= 1
//!
//!   |e_k - E| <= size sqrt(2 ln 2 (top - l + b_k)),
//!
//! where size is the span of the components' means and twice the largest c. So
//! s_k |e_k - E|^n <= 2^-b_k size^n (2 ln 2 (top - l + b_k))^(n/2), which falls as b_k
//! grows. Left out at b_k >= T = 53 + log2(K) + n log2(size / std) + n/2 log2(2 ln 2
//! (top - l + T)) all such terms together are at most 2^-53 std^n: with n = 1 they
//! move a mean by a rounding of the smallest standard deviation that any component
//! leaves; with n = 2, and size at least the largest of those, a covariance by a
//! rounding of the smallest variance.

/// Bits from the largest q of a point, or a bound of it, down to where a component is
/// left out; more of them the further the largest is below the highest peak.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Threshold {
    /// Where the largest is the highest peak.
    bits: f64,
    /// Factor of the logarithm of what is below it.
    growth: f64,
    top: f64,
}

/// BlockResponsibilities below 2^-1000 of the largest are all alike: see kernel/math.rs.
const MAX_BITS: f64 = 1100.0;

/// Rounding of a logarithm and its product: culling and the kernels compute the same
/// cut, and what culling leaves out must be below that of the kernels.
const ROUNDING: f64 = 0.5;

impl Threshold {
    /// The same number of bits everywhere.
    pub(crate) fn fixed(bits: f64) -> Self {
        Self { bits, growth: 0.0, top: 0.0 }
    }

    /// That of moments of degree `degree`, of experts whose size is `ratio` of the
    /// smallest standard deviation; `bits` is that of the shares, `top` the highest peak.
    pub(crate) fn of_moment(bits: f64, degree: i32, ratio: f64, top: f64) -> Self {
        let degree = f64::from(degree);
        let bits = (bits + degree * ratio.max(1.0).log2()).min(MAX_BITS);
        Self { bits, growth: degree / 2.0, top }
    }

    /// What is below this is left out, where `largest` is at most the largest q.
    pub(crate) fn cutoff(&self, largest: f64) -> f64 {
        if self.growth == 0.0 {
            return largest - self.bits;
        }
        let [bits, growth, room, top] = self.as_array();
        largest - bits - ROUNDING - growth * (room + (top - largest).max(0.0)).log2()
    }

    /// Numbers such that the cut is largest - bits - growth log2(room + max(0, top -
    /// largest)), for kernels.
    pub(crate) fn as_array(&self) -> [f64; 4] {
        let factor = (2.0 * std::f64::consts::LN_2).log2();
        // log2(2 ln 2 (top - l + T)) of at most 64 bits is in T itself.
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
    fn what_is_left_out_of_a_moment_is_a_rounding_of_it() {
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
    fn no_ratio_asks_for_more_than_shares_have() {
        for ratio in [f64::INFINITY, 1e300, f64::NAN] {
            assert!(Threshold::of_moment(63.0, 2, ratio, 0.0).cutoff(0.0) >= -1200.0);
        }
    }
}
