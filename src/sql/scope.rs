//! Which names a query's `WITH` hides, while its tree is walked.

use datafusion::sql::sqlparser::ast::{ObjectName, ObjectNamePart, Query};

use super::cursor::folded;

/// The `WITH` clauses around the place that a visitor is at.
///
/// A common table expression is known to those after it and to the query's body; to itself and to those
/// before it only in `WITH RECURSIVE`.
#[derive(Default)]
pub(super) struct Scopes(Vec<Frame>);

struct Frame {
    /// Names of the expressions, and the addresses of their queries.
    expressions: Vec<(String, usize)>,
    recursive: bool,
    /// How many of the expressions are known where the visitor is.
    known: usize,
}

impl Scopes {
    /// To be called before a query is walked.
    pub(super) fn enter(&mut self, query: &Query) {
        if let Some(parent) = self.0.last_mut()
            && let Some(index) = parent.index_of(query)
        {
            parent.known = match parent.recursive {
                true => parent.expressions.len(),
                false => index,
            };
        }
        let expressions: Vec<_> = query
            .with
            .iter()
            .flat_map(|with| &with.cte_tables)
            .map(|expression| {
                let name = &expression.alias.name;
                (folded(name), address(&expression.query))
            })
            .collect();
        self.0.push(Frame {
            known: expressions.len(),
            expressions,
            recursive: query.with.as_ref().is_some_and(|with| with.recursive),
        });
    }

    /// To be called after a query was walked.
    pub(super) fn leave(&mut self, query: &Query) {
        self.0.pop();
        if let Some(parent) = self.0.last_mut()
            && parent.index_of(query).is_some()
        {
            parent.known = parent.expressions.len();
        }
    }

    /// Whether a name is that of a common table expression here.
    pub(super) fn hides(&self, name: &ObjectName) -> bool {
        let [ObjectNamePart::Identifier(name)] = name.0.as_slice() else {
            return false;
        };
        let name = folded(name);
        self.0.iter().any(|frame| {
            frame
                .expressions
                .iter()
                .take(frame.known)
                .any(|(expression, _)| *expression == name)
        })
    }
}

impl Frame {
    fn index_of(&self, query: &Query) -> Option<usize> {
        let address = address(query);
        self.expressions
            .iter()
            .position(|(_, expression)| *expression == address)
    }
}

/// Tells two queries of one tree apart, though they may be equal.
fn address(query: &Query) -> usize {
    std::ptr::from_ref(query).addr()
}
