//! The nearest of many points, some of whose coordinates may be unknown: k-d trees, one for each
//! set of coordinates that are known together.
//!
//! J. H. Friedman, J. L. Bentley and R. A. Finkel, "An Algorithm for Finding Best Matches in
//! Logarithmic Expected Time", ACM Transactions on Mathematical Software 3 (1977). Distances
//! between points with unknown coordinates are those of scikit-learn's `nan_euclidean_distances`
//! (J. K. Dixon, "Pattern Recognition with Partly Missing Data", IEEE Transactions on Systems,
//! Man, and Cybernetics 9, 1979): over what is known of both, scaled up to all coordinates.

use std::collections::BinaryHeap;

use super::features::{Mask, compare_places};
use crate::interrupt::Listener;

/// As many points a leaf holds at most: to look at a few is cheaper than to choose among them.
const LEAF: usize = 16;

/// A point to be found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Point<'a> {
    /// Its coordinates; what those are that are not known makes no difference.
    pub(super) coordinates: &'a [f64],
    /// Which of them are known.
    pub(super) mask: Mask,
    /// Of equally near points those of the smaller rank are preferred.
    pub(super) rank: usize,
}

/// A neighbour: the bits of its distance, which compare as the distance does, and its rank.
pub(super) type Neighbour = (u64, usize);

/// Points, ready to be searched.
#[derive(Debug)]
pub(super) struct Neighbours<'a> {
    dimensions: usize,
    trees: Vec<Tree<'a>>,
}

/// The points of which the same coordinates are known.
#[derive(Debug)]
struct Tree<'a> {
    mask: Mask,
    points: Vec<Point<'a>>,
    /// The root comes first, and the first child behind its parent.
    nodes: Vec<Node>,
    /// Least and greatest coordinates, node after node.
    boxes: Vec<f64>,
}

#[derive(Clone, Copy, Debug)]
struct Node {
    start: usize,
    end: usize,
    /// The second child; 0 in a leaf.
    second: usize,
}

/// What has been looked at, so that a search that would take for ever can be given up; and whether
/// it is still wanted.
#[derive(Debug, Default)]
pub(super) struct Effort {
    /// How many distances were computed.
    pub(super) distances: u64,
    /// Once it is interrupted, a search finds what it may.
    pub(super) listener: Listener,
}

impl<'a> Neighbours<'a> {
    /// Prepares points of so many dimensions, for searches of at most `k` neighbours: of points
    /// at the same place, no more than that are kept.
    pub(super) fn new(mut points: Vec<Point<'a>>, dimensions: usize, k: usize) -> Self {
        let place = |left: &Point<'_>, right: &Point<'_>| {
            compare_places(
                (left.mask, left.coordinates),
                (right.mask, right.coordinates),
            )
        };
        points.sort_unstable_by(|left, right| {
            place(left, right).then_with(|| left.rank.cmp(&right.rank))
        });
        let kept: Vec<Point<'a>> = points
            .chunk_by(|left, right| place(left, right).is_eq())
            .flat_map(|same| &same[..same.len().min(k)])
            .copied()
            .collect();
        let trees = kept
            .chunk_by(|left, right| left.mask == right.mask)
            .map(|points| Tree::new(points.to_vec(), dimensions))
            .collect();
        Self { dimensions, trees }
    }

    /// The `k` nearest points, or as many as have a coordinate in common, in any order.
    pub(super) fn nearest(
        &self,
        coordinates: &[f64],
        mask: Mask,
        k: usize,
        effort: &mut Effort,
    ) -> Vec<Neighbour> {
        let mut search = Search {
            coordinates,
            k,
            found: BinaryHeap::with_capacity(k + 1),
            effort,
        };
        for tree in &self.trees {
            let common: Vec<usize> = (0..self.dimensions)
                .filter(|dimension| (tree.mask & mask) >> dimension & 1 == 1)
                .collect();
            if !common.is_empty() {
                let scale = self.dimensions as f64 / common.len() as f64;
                search.visit(tree, 0, &common, scale);
            }
        }
        search.found.into_vec()
    }
}

impl<'a> Tree<'a> {
    fn new(points: Vec<Point<'a>>, dimensions: usize) -> Self {
        let mut tree = Self {
            mask: points.first().map_or(0, |point| point.mask),
            nodes: Vec::new(),
            boxes: Vec::new(),
            points,
        };
        tree.grow(0, tree.points.len(), dimensions);
        tree
    }

    /// Adds the node of these points, and those below it.
    fn grow(&mut self, start: usize, end: usize, dimensions: usize) {
        let points = &mut self.points[start..end];
        let mut least = vec![f64::INFINITY; dimensions];
        let mut most = vec![f64::NEG_INFINITY; dimensions];
        for point in points.iter() {
            for (dimension, coordinate) in point.coordinates.iter().enumerate() {
                least[dimension] = least[dimension].min(*coordinate);
                most[dimension] = most[dimension].max(*coordinate);
            }
        }
        let extent = |dimension: &usize| most[*dimension] - least[*dimension];
        let widest = (0..dimensions).max_by(|left, right| extent(left).total_cmp(&extent(right)));
        let number = self.nodes.len();
        self.nodes.push(Node {
            start,
            end,
            second: 0,
        });
        let split = widest.filter(|dimension| end - start > LEAF && extent(dimension) > 0.0);
        self.boxes.extend(least);
        self.boxes.extend(most);
        if let Some(dimension) = split {
            let middle = points.len() / 2;
            points.select_nth_unstable_by(middle, |left, right| {
                left.coordinates[dimension].total_cmp(&right.coordinates[dimension])
            });
            self.grow(start, start + middle, dimensions);
            self.nodes[number].second = self.nodes.len();
            self.grow(start + middle, end, dimensions);
        }
    }
}

struct Search<'a> {
    coordinates: &'a [f64],
    k: usize,
    /// The nearest so far, the farthest of them on top.
    found: BinaryHeap<Neighbour>,
    effort: &'a mut Effort,
}

impl Search<'_> {
    /// Looks at the points below a node, the nearer child first.
    fn visit(&mut self, tree: &Tree<'_>, number: usize, common: &[usize], scale: f64) {
        let node = tree.nodes[number];
        if self.effort.listener.is_interrupted() {
            return;
        }
        if node.second == 0 {
            self.effort.distances += (node.end - node.start) as u64;
            for point in &tree.points[node.start..node.end] {
                let square: f64 = common
                    .iter()
                    .map(|dimension| {
                        let way = point.coordinates[*dimension] - self.coordinates[*dimension];
                        way * way
                    })
                    .sum();
                self.offer((square * scale).to_bits(), point.rank);
            }
            return;
        }
        let mut children = [number + 1, node.second].map(|child| {
            let square = self.square_to_box(tree, child, common);
            ((square * scale).to_bits(), child)
        });
        children.sort_unstable();
        for (least, child) in children {
            // As far as the farthest is not too far: the rank may be smaller.
            let hopeless = self.found.len() == self.k
                && self.found.peek().is_some_and(|farthest| least > farthest.0);
            if !hopeless {
                self.visit(tree, child, common, scale);
            }
        }
    }

    /// The square of the least distance to a point of a node. Computed as those of the points
    /// are, so that rounding makes it no greater than any of them.
    fn square_to_box(&self, tree: &Tree<'_>, number: usize, common: &[usize]) -> f64 {
        let dimensions = self.coordinates.len();
        let corner = number * 2 * dimensions;
        let (least, most) = tree.boxes[corner..corner + 2 * dimensions].split_at(dimensions);
        common
            .iter()
            .map(|dimension| {
                let coordinate = self.coordinates[*dimension];
                let nearest = coordinate.clamp(least[*dimension], most[*dimension]);
                let way = nearest - coordinate;
                way * way
            })
            .sum()
    }

    fn offer(&mut self, distance: u64, rank: usize) {
        if self.found.len() < self.k {
            self.found.push((distance, rank));
        } else if let Some(mut farthest) = self.found.peek_mut()
            && (distance, rank) < *farthest
        {
            *farthest = (distance, rank);
        }
    }
}
