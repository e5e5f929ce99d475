//! The guarantees of the tree, for points of every kind.

use super::*;

/// Points spread evenly over a cube.
fn points(n: usize, d: usize) -> Vec<f64> {
    let root = |i: usize| [2.0_f64, 3.0, 5.0, 7.0, 11.0][i].sqrt();
    (0..n * d).map(|at| 100.0 * ((at / d) as f64 * root(at % d)).fract()).collect()
}

fn tree(points: &[f64], d: usize, n_threads: usize) -> Tree {
    let runtime = Runtime::new(Some(n_threads)).unwrap();
    runtime.install(|| Tree::new(points, &vec![1.0; d], &runtime)).unwrap()
}

/// Checks a node and all below; the number of leaves met.
fn check(tree: &Tree, points: &[f64], node: Node) -> usize {
    let d = tree.n_features;
    let rows = &tree.order()[tree.range(node)];
    let bounds = tree.bounds(node);
    for i in 0..d {
        let coordinates = || rows.iter().map(|&row| points[row as usize * d + i]);
        assert_eq!(coordinates().fold(f64::INFINITY, f64::min), bounds.low[i]);
        assert_eq!(coordinates().fold(f64::NEG_INFINITY, f64::max), bounds.high[i]);
    }
    match node.children() {
        Some(halves) => halves.into_iter().map(|half| check(tree, points, half)).sum(),
        None => {
            let is_last = tree.range(node).end == tree.order().len();
            assert!(rows.len() == LEAF_POINTS || is_last && !rows.is_empty());
            assert_eq!(tree.leaves(node), node.first_leaf..node.first_leaf + 1);
            1
        }
    }
}

#[test]
fn every_row_is_in_one_leaf_and_every_node_has_its_tight_box() {
    for (n, d) in [(1, 1), (63, 2), (64, 2), (65, 2), (1000, 3), (20_011, 5)] {
        let points = points(n, d);
        let tree = tree(&points, d, 2);
        let mut rows = tree.order().to_vec();
        rows.sort_unstable();
        assert!(rows.iter().enumerate().all(|(i, &row)| i == row as usize));
        let n_leaves = check(&tree, &points, tree.root().unwrap());
        assert_eq!(n_leaves, n.div_ceil(LEAF_POINTS));
    }
    assert!(tree(&[], 2, 1).root().is_none());
}

#[test]
fn points_that_are_equal_infinite_or_not_numbers_make_a_tree_too() {
    for value in [3.5, f64::INFINITY, f64::NEG_INFINITY, f64::NAN, f64::MAX] {
        let equal = tree(&vec![value; 10_000], 2, 2);
        assert_eq!(equal.root().unwrap().n_leaves, 5000_usize.div_ceil(LEAF_POINTS));
        let mut mixed = points(3000, 2);
        mixed.iter_mut().step_by(7).for_each(|x| *x = value);
        let mut rows = tree(&mixed, 2, 2).order().to_vec();
        rows.sort_unstable();
        assert!(rows.iter().enumerate().all(|(i, &row)| i == row as usize));
    }
}

#[test]
fn a_tree_is_the_same_on_any_number_of_threads_and_an_interrupt_ends_it() {
    let points = points(50_000, 3);
    let one = tree(&points, 3, 1);
    for n_threads in [2, 3] {
        let many = tree(&points, 3, n_threads);
        assert_eq!((&one.order, &one.boxes), (&many.order, &many.boxes));
    }
    let runtime = Runtime::new(Some(2)).unwrap();
    runtime.interrupt().store(true, std::sync::atomic::Ordering::Relaxed);
    let interrupted = runtime.install(|| Tree::new(&points, &[1.0; 3], &runtime));
    assert!(interrupted.is_err());
}

#[test]
fn leaves_are_small_where_points_are_dense() {
    let points = points(64 * 1024, 2);
    let tree = tree(&points, 2, 2);
    let mut stack = vec![tree.root().unwrap()];
    while let Some(node) = stack.pop() {
        let bounds = tree.bounds(node);
        let longest = (0..2).map(|i| bounds.high[i] - bounds.low[i]).fold(0.0, f64::max);
        assert!(node.n_leaves > 1 || longest < 15.0, "1024 leaves of 100 x 100: {bounds:?}");
        stack.extend(node.children().into_iter().flatten());
    }
}
