//! Comments on what a table or a materialized view has beside its columns, constraints and indexes, and on the
//! conditions of domains.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Object;
use crate::models::{constraints, keyed};
use crate::session::domains;
use crate::sql::constraint::Rule;

/// The comments, each by the name of its part. A key and its index have the same name and a comment each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartComments {
    /// On constraints.
    #[serde(default)]
    pub constraints: BTreeMap<String, String>,
    /// On indexes.
    #[serde(default)]
    pub indexes: BTreeMap<String, String>,
}

/// A part that has a comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// A constraint of this name.
    Constraint(String),
    /// An index of this name.
    Index(String),
}

impl PartComments {
    /// Sets a comment; `None` takes it away.
    pub fn set(&mut self, part: &Part, comment: Option<String>) {
        let (comments, name) = match part {
            Part::Constraint(name) => (&mut self.constraints, name),
            Part::Index(name) => (&mut self.indexes, name),
        };
        match comment {
            Some(comment) => comments.insert(name.clone(), comment),
            None => comments.remove(name),
        };
    }

    /// The comments on a constraint of one name and its index, as those of another one.
    pub fn of_renamed(&self, old: &str, new: &str) -> Vec<(Part, String)> {
        let new = || new.to_owned();
        let constraint = self.constraints.get(old).cloned();
        let constraint = constraint.map(|comment| (Part::Constraint(new()), comment));
        let index = self.indexes.get(old).cloned();
        let index = index.map(|comment| (Part::Index(new()), comment));
        constraint.into_iter().chain(index).collect()
    }
}

impl Object {
    /// Drops the comments on parts that it does not have.
    pub(super) fn drop_part_comments(&mut self) {
        let PartComments {
            constraints,
            indexes,
        } = &self.part_comments;
        if constraints.is_empty() && indexes.is_empty() {
            return;
        }
        let mut kept = self.part_comments.clone();
        let declared = constraints::of(self);
        let own = keyed::index(self);
        let keys = declared
            .iter()
            .filter(|it| matches!(it.rule, Rule::Unique { .. }))
            .chain(&own);
        let mut names: Vec<&str> = keys.map(|key| key.name.as_str()).collect();
        names.extend(self.indexes.iter().filter_map(|it| it.name.as_deref()));
        kept.indexes
            .retain(|name, _| names.contains(&name.as_str()));
        let domain = domains::definition(self);
        kept.constraints.retain(|name, _| {
            declared.iter().any(|it| it.name == *name)
                || domain.is_some_and(|domain| domain.check(name).is_some())
        });
        self.part_comments = kept;
    }
}
