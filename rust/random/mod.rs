//! Counter-based random streams, normals, and the alias table of a mixture's weights.

pub(crate) mod alias;
pub(crate) mod normals;
pub(crate) mod stream;

/// A random generator for the unit tests, of numbers in [0, 1).
#[cfg(test)]
pub(crate) struct Random(pub(crate) u64);

#[cfg(test)]
impl Random {
    /// Returns the next number.
    pub(crate) fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(0x1405_7B7E_F767_814F);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Returns the next number between two.
    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.uniform()
    }
}
