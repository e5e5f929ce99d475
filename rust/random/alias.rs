//! Draws the component of a sample by one lookup, Walker's alias method.
//!
//! A uniform selects a cell, and its fraction within the cell selects the cell's own
//! component or the one other component that shares the cell (Walker, An efficient method
//! for generating discrete random variables with general distributions, ACM TOMS 1977; the
//! order of filling is Vose's, IEEE TSE 1991). Guarantees: components of weight zero
//! have no cell and share none; a component's probability is its weight over the sum of
//! weights to 2^-52, plus the resolution of a 53-bit uniform within a cell; and the table
//! has the same bits everywhere, because its sums, products and quotients have one order.

use crate::model::mixture::Mixture;

#[derive(Clone, Copy)]
struct Cell {
    /// The fraction of the cell below which the cell's own component is drawn.
    threshold: f64,
    /// The other component, and the cell's own.
    choices: [u32; 2],
}

impl Cell {
    fn new(own: usize, threshold: f64, other: usize) -> Self {
        Self { threshold, choices: [other as u32, own as u32] }
    }
}

/// The cells, one per component of positive weight.
pub(crate) struct AliasTable {
    cells: Vec<Cell>,
    components: Vec<u32>,
}

impl AliasTable {
    /// Creates the table of the components of positive weight of a mixture.
    pub(crate) fn new(mixture: &Mixture) -> Self {
        // The logarithms of a variational score may be such that every weight underflows.
        let largest = mixture.log_weights().iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let shifted: Vec<f64>;
        let weights = if largest.exp() > 0.0 {
            mixture.weights()
        } else {
            shifted = mixture.log_weights().iter().map(|w| (w - largest).exp()).collect();
            &shifted
        };
        let components: Vec<u32> =
            (0..weights.len()).filter(|&k| weights[k] > 0.0).map(|k| k as u32).collect();
        let drawn = || components.iter().map(|&k| weights[k as usize]);
        let sum: f64 = drawn().fold(0.0, |sum, w| sum + w);
        let n = components.len() as f64;
        let mut shares: Vec<f64> = drawn().map(|w| w / sum * n).collect();
        let mut cells: Vec<Cell> = (0..components.len()).map(|i| Cell::new(i, 1.0, i)).collect();
        let (mut small, mut large): (Vec<usize>, Vec<usize>) =
            (0..components.len()).partition(|&i| shares[i] < 1.0);
        while let (Some(&low), Some(&high)) = (small.last(), large.last()) {
            small.pop();
            cells[low] = Cell::new(low, shares[low], high);
            shares[high] -= 1.0 - shares[low];
            if shares[high] < 1.0 {
                large.pop();
                small.push(high);
            }
        }
        // The rest is 1 up to rounding.
        Self { cells, components }
    }

    /// Number of components that can be drawn.
    pub(crate) fn len(&self) -> usize {
        self.components.len()
    }

    /// The components that can be drawn, ascending.
    pub(crate) fn components(&self) -> &[u32] {
        &self.components
    }

    /// Returns the position in [`Self::components`] for a uniform times their number n.
    ///
    /// The product is below n even where it is rounded: (1 - 2^-53) n is nearer to the
    /// float64 below n than to n or, for a power of two, equal to it.
    #[inline(always)]
    pub(crate) fn at(&self, x: f64) -> u32 {
        let at = x as u32;
        let cell = self.cells[at as usize];
        // A choice by address: compilers turn one by masks into a branch, which is unpredictable.
        cell.choices[usize::from(x - f64::from(at) < cell.threshold)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::covariances::Covariances;

    /// Returns a mixture with weights proportional to these.
    fn table(weights: &[f64]) -> AliasTable {
        let sum: f64 = weights.iter().sum();
        let n = weights.len();
        let weights = weights.iter().map(|w| w / sum).collect();
        let mixture = Mixture::new(weights, vec![0.0; n], Covariances::Spherical(vec![1.0; n]));
        AliasTable::new(&mixture.unwrap())
    }

    #[test]
    fn cells_add_up_to_the_weights() {
        for weights in [
            vec![1.0],
            vec![1.0, 0.0, 3.0],
            vec![1e-300, 1.0, 1e-9, 0.0, 2.0],
            (0..1000).map(|i| f64::from(i % 37).powi(3)).collect(),
        ] {
            let table = table(&weights);
            let n = table.len() as f64;
            let mut got = vec![0.0; weights.len()];
            for (i, cell) in table.cells.iter().enumerate() {
                got[table.components[i] as usize] += cell.threshold / n;
                got[table.components[cell.choices[0] as usize] as usize] +=
                    (1.0 - cell.threshold) / n;
            }
            let sum: f64 = weights.iter().sum();
            for (got, weight) in got.iter().zip(&weights) {
                assert!((got - weight / sum).abs() < 1e-14, "{got} of {weight}");
                assert!(*got > 0.0 || *weight == 0.0);
            }
        }
    }

    #[test]
    fn the_largest_uniform_has_a_cell() {
        for n in (1..200).chain([511, 512, 513, 1000, 1023, 1025, 99_999]) {
            let table = table(&vec![1.0; n]);
            let largest = (1.0 - f64::EPSILON / 2.0) * n as f64;
            assert_eq!((table.at(0.0), table.at(largest) as usize), (0, n - 1));
        }
    }
}
