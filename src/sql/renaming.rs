//! Names that definitions have for what they read, when that gets another name.

use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    Expr, Ident, Query, SelectItem, SetExpr, TableAlias, TableFactor, Visitor, VisitorMut,
};

use super::constraint::Rule;
use super::create_function::Body;
use super::cursor::{folded, object_name_from};
use super::model_functions;
use super::name::{ObjectName, Quoted};
use super::qualify::{Named, ast_name};
use super::scope::Scopes;
use super::{
    QualifiedName, Statement, constraint, parse_one, relation_literals, renamed_wildcards,
    sequence_calls, table_changes,
};
use crate::error::{Error, Result};
use crate::sql::walk::{Visit, VisitMut, ended, flow, visit_expressions, visit_expressions_mut};

impl Statement {
    /// Has a definition, whose names are full, read a relation by its new name. Its columns go by the
    /// old name where it has no other, as a view of Postgres's does.
    ///
    /// # Errors
    /// None that parsing the definition has not met.
    pub fn rename_relation(&mut self, old: &QualifiedName, new: &QualifiedName) -> Result<()> {
        match self {
            Self::CreateView(create) => rename(&mut create.query, old, new),
            Self::CreateTable(create) => {
                for default in constraint::defaults_mut(&mut create.columns) {
                    sequence_calls::for_each(default, |argument, name| {
                        if name.qualify(&old.schema) == *old {
                            *argument = sequence_calls::argument(new);
                        }
                        Ok(())
                    })?;
                }
                for constraint in &mut create.constraints {
                    if let Rule::ForeignKey(key) = &mut constraint.rule {
                        key.table = renamed(key.table.clone(), old, new).into();
                    }
                }
                Ok(())
            }
            Self::CreateFunction(create) => match &mut create.body {
                Body::Text(_, Some(query)) | Body::Atomic(query) => rename(query, old, new),
                Body::Return(value) => rename(value, old, new),
                Body::Text(_, None) => Ok(()),
            },
            Self::CreateSequence(create) => {
                if let Some(Some(owner)) = &mut create.options.owner {
                    owner.table = renamed(owner.table.clone(), old, new).into();
                }
                Ok(())
            }
            Self::CreateMaterializedView(create) => rename(&mut create.query, old, new),
            Self::CreateCheck(create) => rename(&mut create.query, old, new),
            Self::CreateModel(create) => {
                create.options.qualify(|name| Ok(renamed(name, old, new)))?;
                rename(&mut create.query, old, new)
            }
            _ => Ok(()),
        }
    }
}

fn rename(part: &mut impl VisitMut, old: &QualifiedName, new: &QualifiedName) -> Result<()> {
    relation_literals::rename(part, old, new)?;
    let mut renamer = Renamer {
        old,
        new,
        scopes: Scopes::default(),
    };
    ended(part.visit(&mut renamer))
}

fn renamed(name: ObjectName, old: &QualifiedName, new: &QualifiedName) -> QualifiedName {
    let full = name.qualify(&old.schema);
    if full == *old { new.clone() } else { full }
}

struct Renamer<'a> {
    old: &'a QualifiedName,
    new: &'a QualifiedName,
    scopes: Scopes,
}

impl VisitorMut for Renamer<'_> {
    type Break = Error;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Error> {
        self.scopes.enter(query);
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, query: &mut Query) -> ControlFlow<Error> {
        self.scopes.leave(query);
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Error> {
        let (old, new) = (self.old, self.new);
        let done = match factor {
            TableFactor::Table {
                name,
                alias,
                args: None,
                ..
            } => {
                if self.scopes.hides(name) {
                    return ControlFlow::Continue(());
                }
                object_name_from(name).map(|full| {
                    if full.qualify(&old.schema) == *old {
                        *name = ast_name(new);
                        if old.name != new.name {
                            alias.get_or_insert_with(|| known_as(&old.name));
                        }
                    }
                })
            }
            factor => {
                let mut rename = |name: ObjectName, _: Named| Ok(renamed(name, old, new));
                model_functions::qualify(factor, &mut rename)
                    .and_then(|()| table_changes::qualify(factor, &mut rename))
            }
        };
        flow(done)
    }
}

impl Statement {
    /// Has a definition, whose names are full, go on reading a relation by these columns, of which one
    /// has another name now: so what the definition gives keeps its names, as in Postgres. Without
    /// columns it reads all that there are whenever it is planned. A version of the relation, which has
    /// the names of then, is read as before.
    ///
    /// # Errors
    /// None that parsing the definition has not met.
    pub fn keep_column(
        &mut self,
        relation: &QualifiedName,
        columns: Option<&[&str]>,
        old: &str,
        new: &str,
    ) -> Result<()> {
        let query: &mut Query = match self {
            Self::CreateView(create) => &mut create.query,
            Self::CreateMaterializedView(create) => &mut create.query,
            Self::CreateCheck(create) => &mut create.query,
            Self::CreateModel(create) => &mut create.query,
            _ => return Ok(()),
        };
        let kept = format!("{} AS {}", Quoted(new), Quoted(old));
        let read = match columns {
            None => format!("* RENAME ({kept})"),
            Some(columns) => {
                let read = columns.iter().map(|column| match *column == old {
                    true => kept.clone(),
                    false => Quoted(column).to_string(),
                });
                read.collect::<Vec<String>>().join(", ")
            }
        };
        let text = format!(
            "SELECT * FROM (SELECT {read} FROM {relation}) AS {}",
            Quoted(&relation.name)
        );
        let Self::Query(read) = parse_one(&text)? else {
            return Err(Error::internal("SELECT is no query"));
        };
        let SetExpr::Select(read) = *read.body else {
            return Err(Error::internal("SELECT is no query"));
        };
        let Some(read) = read.from.into_iter().next() else {
            return Err(Error::internal("SELECT reads nothing"));
        };
        let mut keeper = Keeper {
            relation,
            read: read.relation,
            scopes: Scopes::default(),
        };
        ended(query.visit(&mut keeper))
    }
}

/// Puts a subquery in the place of a relation.
struct Keeper<'a> {
    relation: &'a QualifiedName,
    read: TableFactor,
    scopes: Scopes,
}

impl VisitorMut for Keeper<'_> {
    type Break = Error;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Error> {
        self.scopes.enter(query);
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, query: &mut Query) -> ControlFlow<Error> {
        self.scopes.leave(query);
        ControlFlow::Continue(())
    }

    // Afterwards, since the subquery reads the relation too.
    fn post_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<Error> {
        if renamed_wildcards::merge(factor) {
            return ControlFlow::Continue(());
        }
        let TableFactor::Table {
            name,
            alias,
            args: None,
            version: None,
            ..
        } = factor
        else {
            return ControlFlow::Continue(());
        };
        if self.scopes.hides(name) {
            return ControlFlow::Continue(());
        }
        let full = match object_name_from(name) {
            Ok(full) => full.qualify(&self.relation.schema),
            Err(error) => return ControlFlow::Break(error),
        };
        if full == *self.relation {
            let known = alias.take();
            let mut read = self.read.clone();
            if let (TableFactor::Derived { alias, .. }, Some(known)) = (&mut read, known) {
                *alias = Some(known);
            }
            *factor = read;
        }
        ControlFlow::Continue(())
    }
}

fn known_as(name: &str) -> TableAlias {
    TableAlias {
        explicit: true,
        name: identifier(name),
        columns: Vec::new(),
        at: None,
    }
}

/// A name as an identifier, quoted where it must be.
pub fn identifier(name: &str) -> Ident {
    match Quoted(name).is_plain() {
        true => Ident::new(name),
        false => Ident::with_quote('"', name),
    }
}

/// Renames a column in an expression over a table's columns.
pub fn rename_column(expression: &mut Expr, old: &str, new: &str) {
    let _: ControlFlow<()> = visit_expressions_mut(expression, |part| {
        let name = match part {
            Expr::Identifier(name) => Some(name),
            Expr::CompoundIdentifier(parts) => parts.last_mut(),
            _ => None,
        };
        if let Some(name) = name
            && folded(name) == old
        {
            *name = identifier(new);
        }
        ControlFlow::Continue(())
    });
}

/// Whether a query, or one within it, selects all columns that there are.
pub fn names_all_columns(query: &Query) -> bool {
    struct All;

    impl Visitor for All {
        type Break = ();

        fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
            match selects_all(&query.body) {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        }
    }

    fn selects_all(body: &SetExpr) -> bool {
        let is_wildcard = |item: &SelectItem| {
            matches!(
                item,
                SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..)
            )
        };
        match body {
            SetExpr::Select(select) => select.projection.iter().any(is_wildcard),
            SetExpr::SetOperation { left, right, .. } => selects_all(left) || selects_all(right),
            _ => false,
        }
    }

    query.visit(&mut All).is_break()
}

/// Whether an expression, or one within a query, is a column of this name.
pub fn names_column(tree: &impl Visit, column: &str) -> bool {
    let found = visit_expressions(tree, |part| {
        let name = match part {
            Expr::Identifier(name) => Some(name),
            Expr::CompoundIdentifier(parts) => parts.last(),
            _ => None,
        };
        match name {
            Some(name) if folded(name) == column => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    });
    found.is_break()
}
