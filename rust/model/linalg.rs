//! Cholesky factors of small symmetric matrices, packed by rows.
//!
//! A lower-triangular matrix of order d is stored as d (d + 1) / 2 numbers:
//! row i starts at i (i + 1) / 2 and holds its i + 1 entries. The matrices here
//! are of the order of the number of features, so plain loops are enough.

/// Returns the number of entries of a packed lower-triangular matrix of order `d`.
#[inline]
pub(crate) const fn packed_len(d: usize) -> usize {
    d * (d + 1) / 2
}

/// Returns row `i` of a packed lower-triangular matrix: its entries in columns 0..=i.
#[inline]
pub(crate) fn packed_row(packed: &[f64], i: usize) -> &[f64] {
    &packed[packed_len(i)..packed_len(i + 1)]
}

/// Returns the packed lower Cholesky factor of the matrix whose lower triangle is
/// `entry(i, j)`, j <= i; or the first pivot that is not positive, with its row.
pub(crate) fn cholesky(
    d: usize,
    entry: impl Fn(usize, usize) -> f64,
) -> Result<Vec<f64>, (usize, f64)> {
    let mut factor = Vec::new();
    cholesky_into(&mut factor, d, entry).map(|()| factor)
}

/// The in-place variant of [`cholesky`], which reuses the memory of `factor`.
pub(crate) fn cholesky_into(
    factor: &mut Vec<f64>,
    d: usize,
    entry: impl Fn(usize, usize) -> f64,
) -> Result<(), (usize, f64)> {
    factor.clear();
    factor.resize(packed_len(d), 0.0);
    for i in 0..d {
        for j in 0..=i {
            let (done, rest) = factor.split_at_mut(packed_len(i));
            let row_j = if j < i { packed_row(done, j) } else { &rest[..=i] };
            let dot: f64 = rest[..j].iter().zip(row_j).map(|(a, b)| a * b).sum();
            let value = entry(i, j) - dot;
            if j < i {
                rest[j] = value / row_j[j];
            } else if value > 0.0 && value.is_finite() {
                rest[i] = value.sqrt();
            } else {
                return Err((i, value));
            }
        }
    }
    Ok(())
}

/// Returns the inverse of a packed lower-triangular matrix, also lower triangular.
pub(crate) fn invert_lower(factor: &[f64], d: usize) -> Vec<f64> {
    let mut inverse = Vec::new();
    invert_lower_into(&mut inverse, factor, d);
    inverse
}

/// The in-place variant of [`invert_lower`], which reuses the memory of `inverse`.
pub(crate) fn invert_lower_into(inverse: &mut Vec<f64>, factor: &[f64], d: usize) {
    inverse.clear();
    inverse.resize(packed_len(d), 0.0);
    for j in 0..d {
        inverse[packed_len(j) + j] = 1.0 / packed_row(factor, j)[j];
        for i in j + 1..d {
            let row = packed_row(factor, i);
            let dot: f64 = (j..i).map(|m| row[m] * inverse[packed_len(m) + j]).sum();
            inverse[packed_len(i) + j] = -dot / row[i];
        }
    }
}

/// Returns the packed lower factor of R Rᵀ for some `rows` of a packed lower factor, in
/// the given order. It is the Cholesky factor of these features, but computing it cannot
/// fail, because nothing is subtracted from a square (modified Gram-Schmidt).
pub(crate) fn factor_of_rows(factor: &[f64], d: usize, rows: &[usize]) -> Vec<f64> {
    let mut result = Vec::with_capacity(packed_len(rows.len()));
    let mut basis: Vec<f64> = Vec::with_capacity(rows.len() * d);
    for &row in rows {
        let mut rest = vec![0.0; d];
        rest[..=row].copy_from_slice(packed_row(factor, row));
        for direction in basis.chunks_exact(d) {
            let along: f64 = rest.iter().zip(direction).map(|(r, q)| r * q).sum();
            rest.iter_mut().zip(direction).for_each(|(r, q)| *r -= along * q);
            result.push(along);
        }
        let largest = rest.iter().fold(f64::MIN_POSITIVE, |m, r| m.max(r.abs()));
        let norm = largest * rest.iter().map(|r| (r / largest).powi(2)).sum::<f64>().sqrt();
        let norm = norm.max(f64::MIN_POSITIVE);
        result.push(norm);
        basis.extend(rest.iter().map(|r| r / norm));
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_factor_times_its_transpose_is_the_matrix_and_its_inverse_undoes_it() {
        let matrix = [[4.0, 2.0, -1.0], [2.0, 5.0, 0.5], [-1.0, 0.5, 3.0]];
        let factor = cholesky(3, |i, j| matrix[i][j]).unwrap();
        let inverse = invert_lower(&factor, 3);
        for i in 0..3 {
            for j in 0..=i {
                let product: f64 =
                    (0..=j).map(|m| packed_row(&factor, i)[m] * packed_row(&factor, j)[m]).sum();
                assert!((product - matrix[i][j]).abs() < 1e-15);
                let identity: f64 =
                    (j..=i).map(|m| packed_row(&factor, i)[m] * packed_row(&inverse, m)[j]).sum();
                assert!((identity - f64::from(u8::from(i == j))).abs() < 1e-15);
            }
        }
    }

    #[test]
    fn rows_of_a_factor_in_any_order_have_the_factor_of_their_own_matrix() {
        let matrix = [[4.0, 2.0, -1.0], [2.0, 5.0, 0.5], [-1.0, 0.5, 3.0]];
        let factor = cholesky(3, |i, j| matrix[i][j]).unwrap();
        for rows in [&[2, 0, 1][..], &[1, 2], &[2], &[0, 1, 2]] {
            let entry = |i: usize, j: usize| matrix[rows[i]][rows[j]];
            let want = cholesky(rows.len(), entry).unwrap();
            let got = factor_of_rows(&factor, 3, rows);
            assert!(got.iter().zip(&want).all(|(g, w)| (g - w).abs() < 1e-15), "{got:?} {want:?}");
        }
    }

    #[test]
    fn a_matrix_that_is_not_positive_definite_names_its_row_and_pivot() {
        let matrix = [[1.0, 2.0], [2.0, 1.0]];
        assert_eq!(cholesky(2, |i, j| matrix[i][j]), Err((1, -3.0)));
    }
}
