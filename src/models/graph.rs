//! What stands on what: order, cycles, descendants, and a schedule of what can run now.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

use crate::error::{Error, Result, SqlState};

/// A dependency graph without cycles. Its order is the same for the same nodes, however given.
#[derive(Clone, Debug)]
pub struct Graph<N> {
    nodes: BTreeMap<N, Edges<N>>,
    order: Vec<N>,
}

#[derive(Clone, Debug)]
struct Edges<N> {
    parents: BTreeSet<N>,
    children: BTreeSet<N>,
}

impl<N: Ord + Clone + Display> Graph<N> {
    /// The graph of nodes and what each stands on; what is no node itself is left out, as a table
    /// that is not built here.
    ///
    /// # Errors
    /// 42P17 for a cycle, which the message prints.
    pub fn new<P>(nodes: impl IntoIterator<Item = (N, P)>) -> Result<Self>
    where
        P: IntoIterator<Item = N>,
    {
        let mut edges: BTreeMap<N, Edges<N>> = nodes
            .into_iter()
            .map(|(node, parents)| {
                let edges = Edges {
                    parents: parents.into_iter().collect(),
                    children: BTreeSet::new(),
                };
                (node, edges)
            })
            .collect();
        let names: BTreeSet<N> = edges.keys().cloned().collect();
        for name in &names {
            let Some(node) = edges.get_mut(name) else {
                continue;
            };
            node.parents.retain(|parent| names.contains(parent));
            for parent in node.parents.clone() {
                if let Some(parent) = edges.get_mut(&parent) {
                    parent.children.insert(name.clone());
                }
            }
        }
        let mut graph = Self {
            nodes: edges,
            order: Vec::new(),
        };
        let mut schedule = graph.schedule();
        while let Some(node) = schedule.take_ready() {
            schedule.succeed(&node);
            graph.order.push(node);
        }
        if graph.order.len() < graph.nodes.len() {
            return Err(graph.cycle_error());
        }
        Ok(graph)
    }

    /// Every node, after all that it stands on; by name where that leaves a choice.
    pub fn order(&self) -> &[N] {
        &self.order
    }

    /// What stands on a node, directly or through others, without the node.
    pub fn descendants(&self, node: &N) -> BTreeSet<N> {
        let mut found = BTreeSet::new();
        let mut open = vec![node];
        while let Some(node) = open.pop() {
            for child in self.nodes.get(node).into_iter().flat_map(|n| &n.children) {
                if found.insert(child.clone()) {
                    open.push(child);
                }
            }
        }
        found
    }

    /// What a node stands on directly.
    pub fn parents(&self, node: &N) -> impl Iterator<Item = &N> {
        self.nodes.get(node).into_iter().flat_map(|n| &n.parents)
    }

    /// A run over the whole graph.
    pub fn schedule(&self) -> Schedule<N> {
        let waiting: BTreeMap<N, usize> = self
            .nodes
            .iter()
            .map(|(node, edges)| (node.clone(), edges.parents.len()))
            .collect();
        let children = self
            .nodes
            .iter()
            .map(|(node, edges)| (node.clone(), edges.children.clone()))
            .collect();
        let ready = waiting
            .iter()
            .filter(|(_, parents)| **parents == 0)
            .map(|(node, _)| node.clone())
            .collect();
        Schedule {
            children,
            waiting,
            ready,
            running: BTreeSet::new(),
        }
    }

    /// Walks from a node that the order leaves out up to its parents, until one comes again: each
    /// such node has a parent of its kind.
    fn cycle_error(&self) -> Error {
        let ordered: BTreeSet<&N> = self.order.iter().collect();
        let left_out = |node: &&N| !ordered.contains(*node);
        let mut path: Vec<&N> = Vec::new();
        let mut next = self.nodes.keys().find(left_out);
        while let Some(node) = next {
            if let Some(start) = path.iter().position(|seen| *seen == node) {
                path.drain(..start);
                break;
            }
            path.push(node);
            next = self.parents(node).find(left_out);
        }
        // From the first by name, in the direction of "reads", and back to it.
        let first = (0..path.len()).min_by_key(|&index| path[index]);
        path.rotate_left(first.unwrap_or(0));
        path.extend(path.first().copied());
        let names: Vec<String> = path.iter().map(ToString::to_string).collect();
        Error::new(
            SqlState::INVALID_OBJECT_DEFINITION,
            format!(
                "definitions read each other in a cycle: {}",
                names.join(" -> ")
            ),
        )
        .with_hint("Take one of them out of the cycle: it cannot read what is made from it.")
    }
}

/// Which nodes can run now, as others end.
#[derive(Clone, Debug)]
pub struct Schedule<N> {
    children: BTreeMap<N, BTreeSet<N>>,
    /// How many parents each node that is not ready yet waits for.
    waiting: BTreeMap<N, usize>,
    ready: BTreeSet<N>,
    running: BTreeSet<N>,
}

impl<N: Ord + Clone> Schedule<N> {
    /// Takes a node all of whose parents have succeeded; it counts as running until it is told
    /// to have succeeded or failed. `None` where all that is left waits for what runs.
    pub fn take_ready(&mut self) -> Option<N> {
        let node = self.ready.pop_first()?;
        self.waiting.remove(&node);
        self.running.insert(node.clone());
        Some(node)
    }

    /// A running node has succeeded.
    pub fn succeed(&mut self, node: &N) {
        if !self.running.remove(node) {
            return;
        }
        for child in self.children.get(node).into_iter().flatten() {
            if let Some(parents) = self.waiting.get_mut(child) {
                *parents -= 1;
                if *parents == 0 {
                    self.ready.insert(child.clone());
                }
            }
        }
    }

    /// A running node has failed: its descendants will not run. Gives those that this adds.
    pub fn fail(&mut self, node: &N) -> Vec<N> {
        let mut skipped = Vec::new();
        if !self.running.remove(node) {
            return skipped;
        }
        let mut open = vec![node.clone()];
        while let Some(node) = open.pop() {
            for child in self.children.get(&node).into_iter().flatten() {
                if self.waiting.remove(child).is_some() {
                    skipped.push(child.clone());
                    open.push(child.clone());
                }
            }
        }
        skipped.sort();
        skipped
    }

    /// Whether nothing is left to run and nothing runs.
    pub fn is_done(&self) -> bool {
        self.ready.is_empty() && self.running.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::Graph;

    fn graph(edges: &[(&'static str, &[&'static str])]) -> Result<Graph<&'static str>, String> {
        Graph::new(
            edges
                .iter()
                .map(|(node, parents)| (*node, parents.to_vec())),
        )
        .map_err(|error| format!("{} {error}", error.sqlstate()))
    }

    #[test]
    fn order_puts_parents_first() {
        let graph = graph(&[
            ("d", &["b", "c"]),
            ("c", &["a"]),
            ("b", &["a", "elsewhere"]),
            ("a", &[]),
        ]);
        assert_eq!(graph.unwrap().order(), ["a", "b", "c", "d"]);
    }

    #[test]
    fn cycles_are_printed() {
        let error = graph(&[("x", &["a"]), ("a", &["c"]), ("b", &["a"]), ("c", &["b"])]);
        assert_eq!(
            error.unwrap_err(),
            "42P17 definitions read each other in a cycle: a -> c -> b -> a"
        );
        let error = graph(&[("a", &["a"])]).unwrap_err();
        assert!(error.ends_with("a -> a"), "{error}");
    }

    #[test]
    fn failures_stop_descendants_alone() {
        let graph = graph(&[
            ("a", &[]),
            ("b", &["a"]),
            ("c", &["b"]),
            ("d", &["c", "e"]),
            ("e", &[]),
        ]);
        let graph = graph.unwrap();
        let mut schedule = graph.schedule();
        assert_eq!(schedule.take_ready(), Some("a"));
        assert_eq!(schedule.take_ready(), Some("e"));
        assert_eq!(schedule.take_ready(), None);
        assert_eq!(schedule.fail(&"a"), ["b", "c", "d"]);
        assert!(!schedule.is_done());
        schedule.succeed(&"e");
        assert_eq!(schedule.take_ready(), None);
        assert!(schedule.is_done());
    }

    proptest! {
        #[test]
        fn any_graph_is_ordered_or_has_its_cycle_printed(
            edges in prop::collection::vec((0_u8..12, 0_u8..12), 0..24),
        ) {
            let nodes = (0..12).map(|node| {
                let parents = edges.iter().filter(move |edge| edge.0 == node).map(|edge| edge.1);
                (node, parents.collect::<Vec<_>>())
            });
            match Graph::new(nodes) {
                Ok(graph) => {
                    let mut seen = BTreeSet::new();
                    for node in graph.order() {
                        prop_assert!(graph.parents(node).all(|parent| seen.contains(parent)));
                        prop_assert!(!graph.descendants(node).contains(node));
                        seen.insert(*node);
                    }
                    prop_assert_eq!(seen.len(), 12);
                    // In a run where each third node fails, a node runs where no ancestor failed.
                    let mut schedule = graph.schedule();
                    let mut failed = BTreeSet::new();
                    let mut ran = BTreeSet::new();
                    while let Some(node) = schedule.take_ready() {
                        ran.insert(node);
                        if node % 3 == 0 {
                            failed.extend(schedule.fail(&node));
                        } else {
                            schedule.succeed(&node);
                        }
                    }
                    prop_assert!(schedule.is_done());
                    for node in 0..12 {
                        let below_failure = ran
                            .iter()
                            .any(|n| n % 3 == 0 && graph.descendants(n).contains(&node));
                        prop_assert_eq!(ran.contains(&node), !below_failure);
                        prop_assert_eq!(failed.contains(&node), below_failure);
                    }
                }
                Err(error) => {
                    let (_, cycle) = error.message().rsplit_once(": ").unwrap();
                    let nodes: Vec<u8> = cycle.split(" -> ").map(|n| n.parse().unwrap()).collect();
                    prop_assert!(nodes.len() > 1);
                    prop_assert_eq!(nodes.first(), nodes.last());
                    for pair in nodes.windows(2) {
                        prop_assert!(edges.contains(&(pair[0], pair[1])));
                    }
                }
            }
        }
    }
}
