//! What stands on what: orders in which objects can go, and cycles that must not be.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Object, Oid, Snapshot};
use crate::error::{Error, Result, SqlState};

/// PostgreSQL's MAX_REPORTED_DEPS: how many dependents a message lists.
const REPORTED: usize = 100;

impl Snapshot {
    /// The objects whose definitions read this one directly, by name.
    pub fn direct_dependents(&self, oid: Oid) -> Vec<Arc<Object>> {
        let mut direct: Vec<_> = self
            .dependent_oids(oid)
            .filter_map(|dependent| self.object(dependent).cloned())
            .collect();
        direct.sort_by(|left, right| left.name.cmp(&right.name));
        direct
    }

    /// All that stands on an object, directly or through others, in an order in which it can be
    /// dropped: each before what it reads.
    pub fn dependents(&self, oid: Oid) -> Vec<Arc<Object>> {
        let mut order = self.drop_order([oid]);
        order.retain(|object| object.oid != oid);
        order
    }

    /// The objects named and all that stands on them, each before what it reads.
    pub(super) fn drop_order(&self, roots: impl IntoIterator<Item = Oid>) -> Vec<Arc<Object>> {
        // A depth-first search whose stack is on the heap, since a chain of views can be long:
        // an object is put out when all its dependents are.
        let mut order = Vec::new();
        let mut seen = BTreeSet::new();
        for root in roots {
            if !seen.insert(root) {
                continue;
            }
            let mut path = vec![(root, self.dependent_oids(root))];
            while let Some((oid, dependents)) = path.last_mut() {
                let oid = *oid;
                match dependents.next() {
                    Some(dependent) => {
                        if seen.insert(dependent) {
                            path.push((dependent, self.dependent_oids(dependent)));
                        }
                    }
                    None => {
                        path.pop();
                        order.extend(self.object(oid).cloned());
                    }
                }
            }
        }
        order
    }

    /// Refuses to let `object` read `depends_on` where one of them reads `object` already.
    ///
    /// # Errors
    /// 42P17, with the cycle.
    pub fn check_acyclic(&self, object: &Object, depends_on: &BTreeSet<Oid>) -> Result<()> {
        // Breadth first, so that the cycle printed is a shortest one.
        let mut reader_of: BTreeMap<Oid, Oid> = BTreeMap::new();
        let mut queue = std::collections::VecDeque::new();
        for oid in depends_on {
            reader_of.insert(*oid, object.oid);
            queue.push_back(*oid);
        }
        while let Some(oid) = queue.pop_front() {
            if oid == object.oid {
                return Err(self.cycle(object, &reader_of));
            }
            for read in self.reads(oid) {
                reader_of.entry(read).or_insert_with(|| {
                    queue.push_back(read);
                    oid
                });
            }
        }
        Ok(())
    }

    /// The error for an object that would read itself, its cycle found by walking back.
    fn cycle(&self, object: &Object, reader_of: &BTreeMap<Oid, Oid>) -> Error {
        let mut names = vec![object.name.to_string()];
        let mut at = object.oid;
        while let Some(reader) = reader_of.get(&at) {
            at = *reader;
            names.extend(self.object(at).map(|reader| reader.name.to_string()));
            if at == object.oid {
                break;
            }
        }
        names.reverse();
        let message = format!("{} would read itself", object.described());
        Error::new(SqlState::INVALID_OBJECT_DEFINITION, message)
            .with_detail(format!("The cycle is {}.", names.join(" -> ")))
            .with_hint("Take one of these out of the query of the one before it.")
    }

    /// The error for `what`, with which a part of an object would go that the definitions of `readers` name.
    pub fn part_still_needed(&self, what: &str, part: &str, readers: &BTreeSet<Oid>) -> Error {
        let order = self.drop_order(readers.iter().copied());
        self.still_needed(what, readers, &order, |reader| {
            Some(format!("{} depends on {part}", reader.described()))
        })
    }

    /// The error for objects that cannot go alone: `order` is the [`Snapshot::drop_order`] of `roots`.
    pub(super) fn still_needed(
        &self,
        what: &str,
        roots: &BTreeSet<Oid>,
        order: &[Arc<Object>],
        detail_of_root: impl Fn(&Object) -> Option<String>,
    ) -> Error {
        let gone: BTreeSet<Oid> = order.iter().map(|object| object.oid).collect();
        let mut lines = Vec::new();
        // From what is dropped outwards, as PostgreSQL lists them.
        for object in order.iter().rev() {
            if roots.contains(&object.oid) {
                lines.extend(detail_of_root(object));
                continue;
            }
            for read in self.reads(object.oid).intersection(&gone) {
                if let Some(read) = self.object(*read) {
                    lines.push(format!(
                        "{} depends on {}",
                        object.described(),
                        read.described()
                    ));
                }
            }
        }
        let hidden = lines.len().saturating_sub(REPORTED);
        lines.truncate(REPORTED);
        if hidden > 0 {
            lines.push(format!("and {hidden} more"));
        }
        Error::new(
            SqlState::DEPENDENT_OBJECTS_STILL_EXIST,
            format!("cannot drop {what} because other objects depend on it"),
        )
        .with_detail(lines.join("\n"))
        .with_hint("Use DROP ... CASCADE to drop the dependent objects too.")
    }
}
