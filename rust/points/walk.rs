//! The walk down a k-d tree, shared by evaluation, expectation and k-means.
//!
//! A walk starts at a node with a list of candidates, culls the list on the way down, and
//! visits every leaf with the candidates that are left. A [`Visitor`] defines what the
//! candidates are, how they are culled and what a leaf does. The walk is compiled for each
//! visitor, visits nodes in the order of the tree, and joins the results of the two halves of
//! a node, left before right: the bits of the result depend neither on threads nor on what
//! was walked before.

use crate::error::Result;
use crate::points::cost::TASK_LEAVES;
use crate::points::tree::{LEAF_POINTS, Node, Tree};
use crate::runtime::Runtime;

/// The actions of a walk at the nodes of a tree.
pub(crate) trait Visitor {
    /// An element of the list that is culled.
    type Candidate;

    /// The result of a node. It is the default where nothing is left for the node.
    type Output: Default;

    /// Levels of the tree from one culling to the next, counted from the leaves.
    const LEVELS: u32;

    /// Replaces `kept` by the candidates that can matter to the points of a node.
    fn cull(&mut self, node: Node, candidates: &[Self::Candidate], kept: &mut Vec<Self::Candidate>);

    /// Returns the result of a leaf.
    fn visit_leaf(&mut self, leaf: Node, candidates: &[Self::Candidate]) -> Self::Output;

    /// Returns the result of a node from those of its halves.
    fn join(&mut self, _node: Node, _left: Self::Output, _right: Self::Output) -> Self::Output {
        Self::Output::default()
    }

    /// Returns the result of a node for which no candidate is left.
    fn skip(&mut self, _node: Node) -> Self::Output {
        Self::Output::default()
    }
}

/// The scratch memory of one thread.
pub(crate) struct Walker<'a, C> {
    runtime: &'a Runtime,
    /// Lists of candidates that are not in use.
    lists: Vec<Vec<C>>,
}

impl<'a, C> Walker<'a, C> {
    pub(crate) fn new(runtime: &'a Runtime) -> Self {
        Self { runtime, lists: Vec::new() }
    }

    /// Walks down from `node` and returns its result.
    ///
    /// # Errors
    /// The runtime was interrupted.
    pub(crate) fn walk<V: Visitor<Candidate = C>>(
        &mut self,
        visitor: &mut V,
        node: Node,
        candidates: &[C],
    ) -> Result<V::Output> {
        self.runtime.check()?;
        if !node.n_leaves.ilog2().is_multiple_of(V::LEVELS) {
            return self.descend(visitor, node, candidates);
        }
        let mut kept = self.lists.pop().unwrap_or_default();
        visitor.cull(node, candidates, &mut kept);
        let output = if kept.is_empty() {
            Ok(visitor.skip(node))
        } else {
            self.descend(visitor, node, &kept)
        };
        self.lists.push(kept);
        output
    }

    fn descend<V: Visitor<Candidate = C>>(
        &mut self,
        visitor: &mut V,
        node: Node,
        candidates: &[C],
    ) -> Result<V::Output> {
        let Some([left, right]) = node.children() else {
            return Ok(visitor.visit_leaf(node, candidates));
        };
        let left = self.walk(visitor, left, candidates)?;
        let right = self.walk(visitor, right, candidates)?;
        Ok(visitor.join(node, left, right))
    }
}

/// A node that one thread walks down from, and the rows of its points.
pub(crate) struct Task<'a, R> {
    pub(crate) node: Node,
    pub(crate) rows: &'a mut [R],
}

/// Cuts a tree, and the rows of its points in its order, into tasks.
pub(crate) fn tasks<'a, R>(tree: &Tree, mut rows: &'a mut [R]) -> Vec<Task<'a, R>> {
    let mut tasks = Vec::new();
    for node in tree.nodes_of_at_most(TASK_LEAVES) {
        let n_rows = rows.len().min(node.n_leaves * LEAF_POINTS);
        let (rows_of_node, rest) = rows.split_at_mut(n_rows);
        tasks.push(Task { node, rows: rows_of_node });
        rows = rest;
    }
    tasks
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::Ordering;

    /// Counts leaves; its candidates are leaves, which are culled by their place.
    struct Leaves<'a> {
        tree: &'a Tree,
        visited: Vec<usize>,
        n_skipped: usize,
    }

    impl Visitor for Leaves<'_> {
        type Candidate = usize;
        type Output = usize;
        const LEVELS: u32 = 2;

        fn cull(&mut self, node: Node, candidates: &[usize], kept: &mut Vec<usize>) {
            let leaves = self.tree.leaves(node);
            kept.clear();
            kept.extend(candidates.iter().filter(|leaf| leaves.contains(leaf)));
        }

        fn visit_leaf(&mut self, leaf: Node, candidates: &[usize]) -> usize {
            let leaf = self.tree.leaves(leaf).start;
            assert_eq!(candidates, [leaf]);
            self.visited.push(leaf);
            1
        }

        fn join(&mut self, _: Node, left: usize, right: usize) -> usize {
            left + right
        }

        fn skip(&mut self, _: Node) -> usize {
            self.n_skipped += 1;
            0
        }
    }

    fn tree(runtime: &Runtime) -> Tree {
        let points: Vec<f64> = (0..100 * LEAF_POINTS - 7).map(|i| i as f64).collect();
        Tree::new(&points, &[1.0], runtime).unwrap()
    }

    #[test]
    fn the_leaves_that_keep_a_candidate_are_visited_in_order() {
        let runtime = Runtime::new(Some(1)).unwrap();
        let tree = tree(&runtime);
        let wanted: Vec<usize> = (0..100).step_by(7).collect();
        let mut visitor = Leaves { tree: &tree, visited: Vec::new(), n_skipped: 0 };
        let root = tree.root().unwrap();
        let n = Walker::new(&runtime).walk(&mut visitor, root, &wanted).unwrap();
        assert_eq!((n, &visitor.visited), (wanted.len(), &wanted));
        assert!(visitor.n_skipped > 0);
    }

    #[test]
    fn tasks_share_out_all_rows() {
        let runtime = Runtime::new(Some(1)).unwrap();
        let tree = tree(&runtime);
        let mut rows = vec![(); tree.order().len()];
        let n_rows: Vec<usize> = tasks(&tree, &mut rows)
            .iter()
            .map(|task| {
                assert_eq!(task.rows.len(), tree.range(task.node).len());
                task.rows.len()
            })
            .collect();
        assert_eq!(n_rows.iter().sum::<usize>(), tree.order().len());
    }

    #[test]
    fn an_interrupted_walk_stops() {
        let runtime = Runtime::new(Some(1)).unwrap();
        let tree = tree(&runtime);
        runtime.interrupt().store(true, Ordering::Relaxed);
        let mut visitor = Leaves { tree: &tree, visited: Vec::new(), n_skipped: 0 };
        let root = tree.root().unwrap();
        assert!(Walker::new(&runtime).walk(&mut visitor, root, &[0]).is_err());
        assert!(visitor.visited.is_empty());
    }
}
