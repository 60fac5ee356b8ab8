//! Columns that a source has and `*` does not show.
//!
//! DataFusion's planner puts all columns of a relation in the place of `*`. So relations come
//! without their hidden columns, and before a query that names `_file` or `_row` is planned, its
//! sources are renamed to relations that have them, which their names tell, and `*` is told to
//! leave them out. Users cannot write such names themselves.
//!
//! A column named without its table is looked for in the sources of its own `FROM`; one with its
//! table also in the queries around.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use datafusion::common::TableReference;
use datafusion::execution::SessionState;
use datafusion::sql::sqlparser::ast::{
    ExcludeSelectItem, Expr, Ident, JoinConstraint, JoinOperator, ObjectName, ObjectNamePart,
    Query, Select, SelectItem, SelectItemQualifiedWildcardKind, SetExpr, TableAlias, TableFactor,
    TableWithJoins, Visitor, VisitorMut, WildcardAdditionalOptions,
};

use super::cursor::folded;
use super::scope::Scopes;
use crate::error::Result;
use crate::sources::is_hidden;
use crate::sql::walk::{Visit, VisitMut};

/// The column that names a row's file.
pub const FILE: &str = "_file";

/// The column that gives a row's place in its file, from 1.
pub const ROW: &str = "_row";

const SUFFIX: &str = "@hidden";

/// The relation that a rewritten name stands for; `None` for every other name.
pub fn decode(name: &str) -> Option<&str> {
    name.strip_suffix(SUFFIX)
}

/// The columns that relations show, by the names that these have in a query; nothing of those that are not
/// there.
///
/// # Errors
/// What looking up a relation meets.
pub async fn shown_columns(
    names: impl IntoIterator<Item = Vec<String>>,
    state: &SessionState,
) -> Result<BTreeMap<Vec<String>, Vec<String>>> {
    let mut found = BTreeMap::new();
    for name in names {
        let reference = match name.as_slice() {
            [schema, table] => TableReference::partial(schema.as_str(), table.as_str()),
            [table] => TableReference::bare(table.as_str()),
            _ => continue,
        };
        let table = reference.table().to_owned();
        let Ok(schema) = state.schema_for_ref(reference) else {
            continue;
        };
        if let Some(provider) = schema.table(&table).await? {
            let schema = provider.schema();
            let shown = schema.fields().iter().filter(|field| !is_hidden(field));
            let columns: Vec<String> = shown.map(|field| field.name().clone()).collect();
            found.insert(name, columns);
        }
    }
    Ok(found)
}

/// Makes the hidden columns that a query names visible to the planner. Its names are resolved; a
/// schema of the session answers a name that [`decode`] knows with the source and its hidden
/// columns, and with nothing where the relation has none.
///
/// # Errors
/// What looking up a source meets.
pub async fn expose(query: &mut Query, state: &SessionState) -> Result<()> {
    let mut wanted = Rewriter::default();
    // Nothing breaks the walk: there are no errors.
    let _ = query.visit(&mut wanted);
    let mut found = BTreeSet::new();
    for relation in wanted.looked_for {
        let reference = match relation.as_slice() {
            [schema, name] => TableReference::partial(schema.as_str(), format!("{name}{SUFFIX}")),
            [name] => TableReference::bare(format!("{name}{SUFFIX}")),
            _ => continue,
        };
        let name = reference.table().to_owned();
        let Ok(schema) = state.schema_for_ref(reference) else {
            continue;
        };
        if let Some(provider) = schema.table(&name).await? {
            let schema = provider.schema();
            let hidden = schema.fields().iter().filter(|field| is_hidden(field));
            let columns: Vec<_> = hidden.map(|field| field.name().clone()).collect();
            found.insert((relation, columns));
        }
    }
    if !found.is_empty() {
        let mut rewriter = Rewriter {
            sources: found.into_iter().collect(),
            ..Rewriter::default()
        };
        let _ = query.visit(&mut rewriter);
    }
    Ok(())
}

/// Walks a query twice: to find the relations that may be sources, and to rename those that are.
#[derive(Default)]
struct Rewriter {
    scopes: Scopes,
    /// The sources, by the parts of their names, and their hidden columns.
    sources: Vec<(Vec<String>, Vec<String>)>,
    /// Relations of a `FROM` whose query names a hidden column.
    looked_for: BTreeSet<Vec<String>>,
}

impl VisitorMut for Rewriter {
    type Break = std::convert::Infallible;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Self::Break> {
        self.scopes.enter(query);
        let mut ordering = Mentions::default();
        if let Some(order_by) = &query.order_by {
            let _ = Visit::visit(order_by, &mut ordering);
        }
        self.rewrite_body(&mut query.body, &ordering);
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, query: &mut Query) -> ControlFlow<Self::Break> {
        self.scopes.leave(query);
        ControlFlow::Continue(())
    }
}

impl Rewriter {
    fn rewrite_body(&mut self, body: &mut SetExpr, ordering: &Mentions) {
        match body {
            SetExpr::Select(select) => self.rewrite_select(select, ordering),
            SetExpr::SetOperation { left, right, .. } => {
                self.rewrite_body(left, &Mentions::default());
                self.rewrite_body(right, &Mentions::default());
            }
            _ => {}
        }
    }

    fn rewrite_select(&mut self, select: &mut Select, ordering: &Mentions) {
        let mut mentions = Mentions::default();
        let _ = Visit::visit(&*select, &mut mentions);
        mentions.add(ordering);
        if mentions.is_empty() {
            return;
        }
        let mut exposed = Vec::new();
        for table in &mut select.from {
            self.rewrite_joined(table, &mentions, &mut exposed);
        }
        if exposed.is_empty() {
            return;
        }
        let tables = relations(&select.from);
        let projection = std::mem::take(&mut select.projection);
        select.projection = projection
            .into_iter()
            .flat_map(|item| exclude(item, &exposed, tables.as_deref()))
            .collect();
    }

    fn rewrite_joined(
        &mut self,
        table: &mut TableWithJoins,
        mentions: &Mentions,
        exposed: &mut Vec<Exposed>,
    ) {
        let joined = table.joins.iter_mut().map(|join| &mut join.relation);
        for factor in std::iter::once(&mut table.relation).chain(joined) {
            match factor {
                TableFactor::NestedJoin {
                    table_with_joins, ..
                } => self.rewrite_joined(table_with_joins, mentions, exposed),
                factor => exposed.extend(self.rewrite_table(factor, mentions)),
            }
        }
    }

    fn rewrite_table(&mut self, table: &mut TableFactor, mentions: &Mentions) -> Option<Exposed> {
        let TableFactor::Table {
            name,
            alias,
            args: None,
            version: None,
            ..
        } = table
        else {
            return None;
        };
        if self.scopes.hides(name) {
            return None;
        }
        let parts = parts(name)?;
        let shown = match alias {
            Some(alias) => alias.name.clone(),
            None => last(name)?,
        };
        if !mentions.reach(&folded(&shown)) {
            return None;
        }
        let Some((_, columns)) = self.sources.iter().find(|(source, _)| *source == parts) else {
            self.looked_for.insert(parts);
            return None;
        };
        let Some(ObjectNamePart::Identifier(ident)) = name.0.last_mut() else {
            return None;
        };
        *ident = Ident::with_quote('"', format!("{}{SUFFIX}", parts.last()?));
        if alias.is_none() {
            *alias = Some(TableAlias {
                explicit: true,
                name: shown.clone(),
                columns: Vec::new(),
                at: None,
            });
        }
        Some(Exposed {
            relation: shown,
            columns: columns.clone(),
        })
    }
}

/// A source of a `FROM` that now has its hidden columns.
struct Exposed {
    relation: Ident,
    columns: Vec<String>,
}

/// Leaves hidden columns out of `*`; `tables` are all relations of the `FROM`, where `*` is the
/// same as all of theirs.
fn exclude(item: SelectItem, exposed: &[Exposed], tables: Option<&[Ident]>) -> Vec<SelectItem> {
    let hidden_of = |relation: &Ident| {
        exposed
            .iter()
            .find(|source| folded(&source.relation) == folded(relation))
            .map(|source| source.columns.as_slice())
    };
    match item {
        SelectItem::Wildcard(options) => match (exposed, tables) {
            (_, Some(tables)) if tables.len() > 1 && options == Default::default() => tables
                .iter()
                .map(|table| {
                    let mut options = WildcardAdditionalOptions::default();
                    leave_out(&mut options, hidden_of(table).unwrap_or_default());
                    SelectItem::QualifiedWildcard(
                        SelectItemQualifiedWildcardKind::ObjectName(ObjectName::from(vec![
                            table.clone(),
                        ])),
                        options,
                    )
                })
                .collect(),
            (exposed, _) => {
                let mut options = options;
                for source in exposed {
                    leave_out(&mut options, &source.columns);
                }
                vec![SelectItem::Wildcard(options)]
            }
        },
        SelectItem::QualifiedWildcard(kind, mut options) => {
            if let SelectItemQualifiedWildcardKind::ObjectName(name) = &kind
                && let Some(columns) = last(name).as_ref().and_then(hidden_of)
            {
                leave_out(&mut options, columns);
            }
            vec![SelectItem::QualifiedWildcard(kind, options)]
        }
        other => vec![other],
    }
}

fn leave_out(options: &mut WildcardAdditionalOptions, columns: &[String]) {
    let mut names = match options.opt_exclude.take() {
        None => Vec::new(),
        Some(ExcludeSelectItem::Single(name)) => vec![name],
        Some(ExcludeSelectItem::Multiple(names)) => names,
    };
    for column in columns {
        if !names
            .iter()
            .any(|name| last(name).is_some_and(|name| folded(&name) == *column))
        {
            names.push(ObjectName::from(vec![Ident::with_quote('"', column)]));
        }
    }
    options.opt_exclude = (!names.is_empty()).then_some(ExcludeSelectItem::Multiple(names));
}

/// The relations of a `FROM`; `None` where joined columns appear once, so that `*` is not the same
/// as all columns of each.
fn relations(from: &[TableWithJoins]) -> Option<Vec<Ident>> {
    let mut names = Vec::new();
    for table in from {
        names.push(relation(&table.relation)?);
        for join in &table.joins {
            if merges_columns(&join.join_operator) {
                return None;
            }
            names.push(relation(&join.relation)?);
        }
    }
    Some(names)
}

fn relation(factor: &TableFactor) -> Option<Ident> {
    match factor {
        TableFactor::Table {
            alias: Some(alias), ..
        }
        | TableFactor::Derived {
            alias: Some(alias), ..
        } => Some(alias.name.clone()),
        TableFactor::Table { name, .. } => last(name),
        _ => None,
    }
}

/// Whether a join shows less than all columns of both sides.
fn merges_columns(operator: &JoinOperator) -> bool {
    match operator {
        JoinOperator::Join(constraint)
        | JoinOperator::Inner(constraint)
        | JoinOperator::Left(constraint)
        | JoinOperator::LeftOuter(constraint)
        | JoinOperator::Right(constraint)
        | JoinOperator::RightOuter(constraint)
        | JoinOperator::FullOuter(constraint)
        | JoinOperator::CrossJoin(constraint) => {
            matches!(
                constraint,
                JoinConstraint::Using(_) | JoinConstraint::Natural
            )
        }
        _ => true,
    }
}

/// Where a query names hidden columns.
#[derive(Default)]
struct Mentions {
    /// Without a table, in the query itself.
    bare: bool,
    /// With these tables, in it or in its subqueries.
    tables: BTreeSet<String>,
    depth: usize,
}

impl Mentions {
    fn is_empty(&self) -> bool {
        !self.bare && self.tables.is_empty()
    }

    fn add(&mut self, other: &Self) {
        self.bare |= other.bare;
        self.tables.extend(other.tables.iter().cloned());
    }

    fn reach(&self, table: &str) -> bool {
        self.bare || self.tables.contains(table)
    }
}

impl Visitor for Mentions {
    type Break = std::convert::Infallible;

    fn pre_visit_query(&mut self, _: &Query) -> ControlFlow<Self::Break> {
        self.depth += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &Query) -> ControlFlow<Self::Break> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<Self::Break> {
        let is_hidden = |ident: &Ident| [FILE, ROW].contains(&folded(ident).as_str());
        match expr {
            Expr::Identifier(column) if self.depth == 0 && is_hidden(column) => self.bare = true,
            Expr::CompoundIdentifier(parts) => {
                if let [.., table, column] = parts.as_slice()
                    && is_hidden(column)
                {
                    self.tables.insert(folded(table));
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

fn last(name: &ObjectName) -> Option<Ident> {
    match name.0.last() {
        Some(ObjectNamePart::Identifier(ident)) => Some(ident.clone()),
        _ => None,
    }
}

/// The schema and the name, or the name alone.
fn parts(name: &ObjectName) -> Option<Vec<String>> {
    let parts = name
        .0
        .iter()
        .map(|part| match part {
            ObjectNamePart::Identifier(ident) => Some(folded(ident)),
            ObjectNamePart::Function(_) => None,
        })
        .collect::<Option<Vec<_>>>()?;
    let skipped = parts.len().saturating_sub(2);
    Some(parts.into_iter().skip(skipped).collect())
}
