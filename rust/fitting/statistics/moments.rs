//! Moments that a pass over the points adds up, one set a thread, handed on task by task.
//!
//! A task's result holds the components that were touched only, in ascending order.

/// The result of one task: moments of the components that its points matter to.
#[derive(Debug, Default)]
pub(crate) struct PartialMoments {
    /// Ascending.
    pub(super) components: Vec<u32>,
    /// Count, sums and scatters of each of them.
    pub(super) rows: Vec<f64>,
    /// The sum of responsibilities times the magnitude of the polynomial, in bits, of each of
    /// them.
    pub(super) bits: Vec<f64>,
    pub(super) log_likelihood: f64,
    pub(super) weight: f64,
}

/// The moments of all components that one thread adds to; each task takes them.
pub(crate) struct Moments {
    row_len: usize,
    rows: Vec<f64>,
    bits: Vec<f64>,
    is_touched: Vec<bool>,
    touched: Vec<u32>,
}

impl Moments {
    pub(crate) fn new(n_components: usize, row_len: usize) -> Self {
        Self {
            row_len,
            rows: vec![0.0; n_components * row_len],
            bits: vec![0.0; n_components],
            is_touched: vec![false; n_components],
            touched: Vec::new(),
        }
    }

    /// Returns the count, sums and scatters of component `k`, to be added to. `bits` is the sum
    /// of responsibilities times the magnitude of the polynomial, 0 for moments that no
    /// polynomial gave.
    pub(crate) fn of_component(&mut self, k: u32, bits: f64) -> &mut [f64] {
        let at = k as usize;
        self.bits[at] += bits;
        if !std::mem::replace(&mut self.is_touched[at], true) {
            self.touched.push(k);
        }
        &mut self.rows[at * self.row_len..][..self.row_len]
    }

    /// Returns the moments that were added since the last call, by points of these totals.
    pub(crate) fn take(&mut self, log_likelihood: f64, weight: f64) -> PartialMoments {
        self.touched.sort_unstable();
        let mut rows = Vec::with_capacity(self.touched.len() * self.row_len);
        let mut bits = Vec::with_capacity(self.touched.len());
        for &k in &self.touched {
            bits.push(std::mem::take(&mut self.bits[k as usize]));
            let row = &mut self.rows[k as usize * self.row_len..][..self.row_len];
            rows.extend_from_slice(row);
            row.fill(0.0);
            self.is_touched[k as usize] = false;
        }
        let components = std::mem::take(&mut self.touched);
        PartialMoments { components, rows, bits, log_likelihood, weight }
    }
}
