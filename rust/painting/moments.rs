//! Moments of a component's gradients: they give its steps their directions and sizes.
//!
//! Adam (D. Kingma and J. Ba, Adam: a method for stochastic optimization, ICLR 2015) divides
//! the mean of each parameter's gradient by the root of its mean square, so that a parameter
//! moves by about its rate whatever the gradient's scale. The parameters of a component depend
//! on each other: here the division is along the eigenvectors of the mean of the gradient's
//! outer products (N. Vyas et al., SOAP: improving and stabilizing Shampoo using Adam, 2024),
//! with a block for the gate and one for the expert of each channel.
//!
//! The quotient is near 1 where gradients agree and small where they alternate, because steps
//! were too large there. A step is its power 3/2 (compare L. Balles and P. Hennig, Dissecting
//! Adam, ICML 2018). With the quotient itself, gates wander far away along directions that
//! hardly matter, in the more passes the further, and whole fits get worse.

use crate::painting::component::{Change, MAX_CHANNELS, N_PARAMETERS};

/// Weights of the past in the mean of the gradient and in that of its outer products.
const DECAY_FIRST: f32 = 0.9;
const DECAY_SECOND: f32 = 0.95;

/// Keeps a parameter without gradient in place.
const EPSILON: f32 = 1e-11;

/// Gradients along a direction that are smaller than this, relative to the largest of the
/// block, may be rounding: the steps for them are smaller, too.
const ROUNDING: f32 = 1e-5;

/// Gradients between two searches for eigenvectors.
const RENEWAL: u32 = 24;

/// Age from which the means are those of infinitely many gradients; a multiple of `RENEWAL`.
const OLD: u32 = 480;

/// Most sweeps of Jacobi's method, and the squared correlation below which directions are
/// independent.
const MAX_SWEEPS: usize = 8;
const INDEPENDENT: f64 = 1e-9;

/// Parameters of a gate and of an expert.
const GATE: usize = 6;
const EXPERT: usize = 3;

/// The means of a component's gradients, and how many gradients they are of.
///
/// A new component begins with moments of its own age. For its first gradients the
/// directions are those of the parameters.
#[derive(Clone, Copy)]
pub(crate) struct Moments {
    gate: Block<GATE>,
    experts: [Block<EXPERT>; MAX_CHANNELS],
    age: u32,
}

impl Moments {
    pub(crate) const NEW: Self =
        Self { gate: Block::NEW, experts: [Block::NEW; MAX_CHANNELS], age: 0 };

    /// Takes a gradient and returns the change for it, at most about `rates` along each
    /// direction. Experts beyond the first `n_channels` do not change.
    #[inline(always)]
    pub(crate) fn change(
        &mut self,
        gradient: &Change,
        rates: &Change,
        n_channels: usize,
    ) -> Change {
        self.age = if self.age == OLD + RENEWAL { OLD } else { self.age } + 1;
        let is_due = self.age.is_multiple_of(RENEWAL);
        let bias = |decay: f32| 1.0 - decay.powi(self.age.cast_signed());
        let scale = bias(DECAY_SECOND).sqrt() / bias(DECAY_FIRST);
        // In units of the rates.
        let mut values = [0.0; N_PARAMETERS];
        for i in 0..N_PARAMETERS {
            values[i] = (gradient[i] * rates[i]) as f32;
        }
        let (of_gate, of_experts) = values.split_at_mut(GATE);
        self.gate.step(of_gate.first_chunk_mut().expect("a gate"), scale, is_due);
        let experts = of_experts.as_chunks_mut::<EXPERT>().0;
        for (block, values) in self.experts.iter_mut().zip(experts).take(n_channels) {
            block.step(values, scale, is_due);
        }
        let mut change = [0.0; N_PARAMETERS];
        for i in 0..N_PARAMETERS {
            change[i] = -f64::from(values[i]) * rates[i];
        }
        change
    }
}

/// The means of a block's gradients.
#[derive(Clone, Copy)]
struct Block<const N: usize> {
    mean: [f32; N],
    /// The mean of the outer products.
    products: [[f32; N]; N],
    /// A direction in each row, and the mean square along it.
    basis: [[f32; N]; N],
    squares: [f32; N],
}

impl<const N: usize> Block<N> {
    const NEW: Self =
        Self { mean: [0.0; N], products: [[0.0; N]; N], basis: identity(), squares: [0.0; N] };

    /// Takes the gradient in `values` and leaves there a step against which the parameters
    /// move, in units of their rates. `scale` corrects the quotient for means that began at
    /// zero, but not its root: new components move less. Finds the directions anew if that
    /// `is_due`.
    #[inline(always)]
    fn step(&mut self, values: &mut [f32; N], scale: f32, is_due: bool) {
        for i in 0..N {
            self.mean[i] += (1.0 - DECAY_FIRST) * (values[i] - self.mean[i]);
            for j in 0..N {
                let product = &mut self.products[i][j];
                *product += (1.0 - DECAY_SECOND) * (values[i] * values[j] - *product);
            }
        }
        if is_due {
            (self.basis, self.squares) = eigenvectors(&self.products, &self.basis);
        }
        let gradient = std::mem::replace(values, [0.0; N]);
        let largest = self.squares.iter().fold(0.0, |a: f32, b| a.max(*b));
        let least = EPSILON + ROUNDING * largest.sqrt();
        for (direction, square) in self.basis.iter().zip(&mut self.squares) {
            let (mut along, mut mean) = (0.0, 0.0);
            for i in 0..N {
                along += direction[i] * gradient[i];
                mean += direction[i] * self.mean[i];
            }
            if !is_due {
                *square += (1.0 - DECAY_SECOND) * (along * along - *square);
            }
            let part = mean / (square.sqrt() + least);
            let size = scale * part * part.abs().sqrt();
            for i in 0..N {
                values[i] += size * direction[i];
            }
        }
    }
}

const fn identity<const N: usize>() -> [[f32; N]; N] {
    let mut matrix = [[0.0; N]; N];
    let mut i = 0;
    while i < N {
        matrix[i][i] = 1.0;
        i += 1;
    }
    matrix
}

/// Returns a matrix times the transpose of another.
fn product<const N: usize>(a: &[[f64; N]; N], b: &[[f64; N]; N]) -> [[f64; N]; N] {
    let dot = |x: &[f64; N], y: &[f64; N]| (0..N).map(|i| x[i] * y[i]).sum();
    a.map(|x| b.map(|y| dot(&x, &y)))
}

/// Returns the eigenvectors of a covariance matrix, one in each row, and its eigenvalues, by
/// Jacobi's method (G. Golub and C. Van Loan, Matrix Computations, section 8.5). It takes fewer
/// sweeps from an orthonormal `basis` that is near the eigenvectors.
fn eigenvectors<const N: usize>(
    matrix: &[[f32; N]; N],
    basis: &[[f32; N]; N],
) -> ([[f32; N]; N], [f32; N]) {
    let [matrix, mut vectors] = [matrix, basis].map(|m| m.map(|row| row.map(f64::from)));
    let mut a = product(&product(&vectors, &matrix), &vectors);
    for _ in 0..MAX_SWEEPS {
        let mut is_diagonal = true;
        for p in 0..N {
            for q in p + 1..N {
                if a[p][q] * a[p][q] <= INDEPENDENT * (a[p][p] * a[q][q]).abs() {
                    continue;
                }
                is_diagonal = false;
                let theta = (a[q][q] - a[p][p]) / (2.0 * a[p][q]);
                let tangent = theta.signum() / (theta.abs() + (theta * theta + 1.0).sqrt());
                let cosine = 1.0 / (tangent * tangent + 1.0).sqrt();
                let sine = tangent * cosine;
                let rotate = |x: &mut f64, y: &mut f64| {
                    (*x, *y) = (cosine * *x - sine * *y, sine * *x + cosine * *y);
                };
                for row in &mut a {
                    let [x, y] = row.get_disjoint_mut([p, q]).expect("two columns");
                    rotate(x, y);
                }
                for matrix in [&mut a, &mut vectors] {
                    let [x, y] = matrix.get_disjoint_mut([p, q]).expect("two rows");
                    x.iter_mut().zip(y).for_each(|(x, y)| rotate(x, y));
                }
            }
        }
        if is_diagonal {
            break;
        }
    }
    let values = std::array::from_fn(|i| a[i][i].max(0.0) as f32);
    (vectors.map(|row| row.map(|v| v as f32)), values)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers in -1..1 without a pattern.
    fn number(seed: usize) -> f64 {
        (1000.0 * (12.9898 * (seed + 1) as f64).sin()).fract()
    }

    /// A rotation of the gate's six parameters.
    fn rotation() -> [[f64; GATE]; GATE] {
        let mut products = [[0.0; GATE]; GATE];
        for i in 0..GATE {
            for j in 0..=i {
                products[i][j] = number(7 * i + j) as f32;
                products[j][i] = products[i][j];
            }
        }
        eigenvectors(&products, &identity()).0.map(|row| row.map(f64::from))
    }

    fn rotated(rotation: &[[f64; GATE]; GATE], change: &Change) -> Change {
        let mut turned = *change;
        for (turned, row) in turned.iter_mut().zip(rotation) {
            *turned = row.iter().zip(change).map(|(r, x)| r * x).sum();
        }
        turned
    }

    #[test]
    fn eigenvectors_are_orthonormal_and_make_the_matrix_diagonal() {
        let mut products = [[0.0; GATE]; GATE];
        for seed in 0..9 {
            // Scales from 1 to 1e-6, as those of a peak and of a narrow gate.
            let row: [f64; GATE] =
                std::array::from_fn(|i| number(GATE * seed + i) * 10.0_f64.powi(-(i as i32)));
            for i in 0..GATE {
                for j in 0..GATE {
                    products[i][j] += (row[i] * row[j]) as f32;
                }
            }
        }
        let from_afar = eigenvectors(&products, &identity());
        let from_near = eigenvectors(&products, &from_afar.0);
        for (vectors, values) in [from_afar, from_near] {
            for a in 0..GATE {
                for b in 0..GATE {
                    let dot: f32 = (0..GATE).map(|i| vectors[a][i] * vectors[b][i]).sum();
                    assert!((dot - f32::from(u8::from(a == b))).abs() < 1e-6, "{a} {b} {dot}");
                    let product =
                        |i: usize, j: usize| vectors[a][i] * products[i][j] * vectors[b][j];
                    let entry: f32 = (0..GATE)
                        .flat_map(|i| (0..GATE).map(move |j| (i, j)))
                        .map(|(i, j)| product(i, j))
                        .sum();
                    let want = if a == b { values[a] } else { 0.0 };
                    let scale = (values[a] * values[b]).sqrt() + 1e-3 * products[0][0];
                    assert!((entry - want).abs() < 1e-4 * scale, "{a} {b} {entry} {want}");
                }
            }
        }
    }

    /// Adam's steps depend on the choice of the parameters; these, once directions were
    /// found, only on the gradients.
    #[test]
    fn steps_turn_with_the_gradients() {
        let rotation = rotation();
        let (mut one, mut other) = (Moments::NEW, Moments::NEW);
        for age in 0..3 * RENEWAL as usize {
            let gradient: Change =
                std::array::from_fn(|i| number(N_PARAMETERS * age + i) * (1.0 + i as f64));
            let change = one.change(&gradient, &[1.0; N_PARAMETERS], 3);
            let turned = other.change(&rotated(&rotation, &gradient), &[1.0; N_PARAMETERS], 3);
            let want = rotated(&rotation, &change);
            let off = (0..GATE).map(|i| (turned[i] - want[i]).abs()).fold(0.0, f64::max);
            assert_eq!(off < 1e-4, age + 1 >= RENEWAL as usize, "{age} {off}");
        }
    }

    #[test]
    fn a_step_is_of_the_size_of_the_rates_whatever_the_scale_of_the_gradient() {
        let rates: Change = std::array::from_fn(|i| 0.01 * (1 + i) as f64);
        for scale in [1e-6, 1.0, 1e6] {
            let mut moments = Moments::NEW;
            for age in 1..=1000 {
                let gradient: Change = std::array::from_fn(|i| scale * (1.0 + i as f64));
                let change = moments.change(&gradient, &rates, 4);
                for block in [0..6, 6..9, 9..12, 12..15, 15..18] {
                    let squared = block.clone().map(|i| (change[i] / rates[i]).powi(2));
                    let size = squared.sum::<f64>().sqrt();
                    // Before directions are found each parameter moves by its rate.
                    assert!(age > 60 || size < 2.6, "{scale} {age} {block:?} {size}");
                    assert!(age < 60 || (size - 1.0).abs() < 0.02, "{scale} {age} {size}");
                    assert!(block.map(|i| change[i] * gradient[i]).sum::<f64>() < 0.0);
                }
            }
        }
        // Of alternating gradients the mean is a nineteenth.
        let mut moments = Moments::NEW;
        let mut change = [0.0; N_PARAMETERS];
        for age in 0..200 {
            let sign = if age % 2 == 0 { 1.0 } else { -1.0 };
            change = moments.change(&[sign; N_PARAMETERS], &rates, 4);
        }
        let size = (0..6).map(|i| (change[i] / rates[i]).powi(2)).sum::<f64>().sqrt();
        assert!((size - 19.0_f64.powf(-1.5)).abs() < 1e-3, "{size}");
        let mut moments = Moments::NEW;
        let still = moments.change(&[0.0; N_PARAMETERS], &[1.0; N_PARAMETERS], 4);
        assert_eq!(still, [0.0; N_PARAMETERS]);
    }
}
