//! `SELECT (home).*, (u).* FROM customer, LATERAL (SELECT unnest(homes) AS u) h`: all attributes of the rows of
//! a composite type that a column, or an expression, has; and `FROM unnest(homes)`, whose columns are those
//! attributes. Which these are is found by planning the value alone, over the same relations; within a subquery
//! that reads those of a query around, beside them.

mod probes;

use std::ops::ControlFlow;

use arrow::datatypes::{DataType, Field};
use datafusion::execution::SessionState;
use datafusion::sql::sqlparser::ast::{
    Expr, Ident, Query, Select, SelectItem, SelectItemQualifiedWildcardKind, SetExpr, TableFactor,
    TableWithJoins, Visitor, VisitorMut,
};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use tributary_udfs::composites::CompositeKind;

use self::probes::{Place, before, probes};
use super::plan;
use crate::catalog::pg_catalog::StatementCatalog;
use crate::error::{Error, Result};
use crate::sql::cursor::folded;
use crate::sql::row_expansions::{field, row_of};
use crate::sql::unnested_rows::{self, unnested};
use crate::sql::walk::{Visit, VisitMut};

/// Names the attributes in the answers of a query, and of those within it.
///
/// # Errors
/// What planning such a value says, where it is no name alone.
pub fn expand<'a>(query: &'a mut Query, state: &'a SessionState) -> BoxFuture<'a, Result<()>> {
    async move {
        let sources = StatementCatalog::of(state.config_options())?;
        let has_types = sources.snapshot().has_types();
        if !may_have_rows(query, has_types) {
            return Ok(());
        }
        let mut skipped = 0;
        loop {
            let mut walk = Walk::new(skipped, has_types, Task::Find);
            let _ = VisitMut::visit(&mut *query, &mut walk);
            let Task::Found(value) = walk.task else {
                return Ok(());
            };
            let names = match attributes(&value, state).await {
                // That a relation is missing is said where all relations are looked up.
                Err(_) if value.is_name => None,
                names => names?,
            };
            let Some(names) = names else {
                skipped += 1;
                continue;
            };
            let mut walk = Walk::new(skipped, has_types, Task::Name(names));
            let _ = VisitMut::visit(&mut *query, &mut walk);
        }
    }
    .boxed()
}

/// Whether a query, or one within it, says what may stand for the attributes of rows.
fn may_have_rows(query: &Query, has_types: bool) -> bool {
    struct Finder {
        has_types: bool,
    }
    impl Visitor for Finder {
        type Break = ();

        fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
            let mut items = select.projection.iter();
            match items.any(|item| row(item, &[]).is_some()) {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        }

        fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
            match self.has_types && unnested(factor).is_some() {
                true => ControlFlow::Break(()),
                false => ControlFlow::Continue(()),
            }
        }
    }
    Visit::visit(query, &mut Finder { has_types }).is_break()
}

/// A value that may be a row, or an array of some.
struct RowValue {
    /// It alone, within each query around it.
    probes: Vec<Query>,
    /// Whether it is a name, which may be of something else.
    is_name: bool,
    /// Whether it is an array that is taken apart.
    is_array: bool,
}

/// What a walk is for: the first such value that is not skipped is found, or its attributes are named.
enum Task {
    Find,
    Found(RowValue),
    Name(Vec<String>),
    Done,
}

/// A walk over the queries within a query, the inner ones first.
struct Walk {
    /// How many values are passed over: what they have is known to be no row.
    skipped: usize,
    /// Whether any list may have rows of types that users have made.
    has_types: bool,
    /// The queries around.
    around: Vec<Query>,
    task: Task,
}

impl VisitorMut for Walk {
    type Break = ();

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        self.around.push(query.clone());
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, query: &mut Query) -> ControlFlow<()> {
        let own = self.around.pop();
        let Query { with, body, .. } = query;
        let place = Place {
            with: with.as_ref(),
            own: own.as_ref(),
        };
        for select in selects(body) {
            self.rows_of_lists(select, place)?;
            self.answers(select, place)?;
        }
        ControlFlow::Continue(())
    }
}

/// The selections that a query combines.
fn selects(body: &mut SetExpr) -> Vec<&mut Select> {
    match body {
        SetExpr::Select(select) => vec![select.as_mut()],
        SetExpr::SetOperation { left, right, .. } => {
            let mut all = selects(left);
            all.extend(selects(right));
            all
        }
        _ => Vec::new(),
    }
}

impl Walk {
    fn new(skipped: usize, has_types: bool, task: Task) -> Self {
        Self {
            skipped,
            has_types,
            around: Vec::new(),
            task,
        }
    }

    /// Whether the value that is met is the one that is looked for.
    fn is_next(&mut self) -> bool {
        match self.skipped.checked_sub(1) {
            Some(left) => {
                self.skipped = left;
                false
            }
            None => true,
        }
    }

    fn answers(&mut self, select: &mut Select, of: Place<'_>) -> ControlFlow<()> {
        let mut relations = Vec::new();
        if !select.from.iter().all(|table| names(table, &mut relations)) {
            return ControlFlow::Continue(());
        }
        for query in &self.around {
            if let SetExpr::Select(around) = query.body.as_ref() {
                for table in &around.from {
                    names(table, &mut relations);
                }
            }
        }
        for place in 0..select.projection.len() {
            let Some(item) = select.projection.get(place) else {
                break;
            };
            let Some(row) = row(item, &relations) else {
                continue;
            };
            if !self.is_next() {
                continue;
            }
            match std::mem::replace(&mut self.task, Task::Done) {
                Task::Name(names) => {
                    let attributes = names.into_iter().map(|name| {
                        let name = Ident::with_quote('"', name);
                        SelectItem::ExprWithAlias {
                            expr: field(row.clone(), name.clone()),
                            alias: name,
                        }
                    });
                    drop(select.projection.splice(place..=place, attributes));
                }
                _ => {
                    self.task = Task::Found(RowValue {
                        is_name: matches!(item, SelectItem::QualifiedWildcard(..)),
                        is_array: false,
                        probes: probes(&self.around, row, &select.from, of),
                    });
                }
            }
            return ControlFlow::Break(());
        }
        ControlFlow::Continue(())
    }

    /// `FROM unnest(homes)`, whose columns are the attributes of the rows.
    fn rows_of_lists(&mut self, select: &mut Select, of: Place<'_>) -> ControlFlow<()> {
        if !self.has_types {
            return ControlFlow::Continue(());
        }
        for place in 0..select.from.len() {
            let joins = select.from.get(place).map_or(0, |table| table.joins.len());
            for join in 0..=joins {
                let before = before(&select.from, place, join);
                let Some(factor) = factor_at(&mut select.from, place, join) else {
                    continue;
                };
                let Some(list) = unnested(factor) else {
                    continue;
                };
                if !self.is_next() {
                    continue;
                }
                match std::mem::replace(&mut self.task, Task::Done) {
                    Task::Name(names) => unnested_rows::name(factor, &names),
                    _ => {
                        self.task = Task::Found(RowValue {
                            is_name: true,
                            is_array: true,
                            probes: probes(&self.around, list, &before, of),
                        });
                    }
                }
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    }
}

/// The relation at a place of a `FROM`: that before all joins, or of one of these.
fn factor_at(from: &mut [TableWithJoins], place: usize, join: usize) -> Option<&mut TableFactor> {
    let table = from.get_mut(place)?;
    match join.checked_sub(1) {
        None => Some(&mut table.relation),
        Some(join) => table.joins.get_mut(join).map(|join| &mut join.relation),
    }
}

/// The row whose attributes an item stands for; none for all columns of a relation.
fn row(item: &SelectItem, relations: &[String]) -> Option<Expr> {
    match item {
        SelectItem::UnnamedExpr(expr) => row_of(expr).cloned(),
        // sqlparser is given the name without the parentheses around it.
        SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), _) => {
            let [part] = name.0.as_slice() else {
                return None;
            };
            let name = part.as_ident()?;
            let is_relation = relations.contains(&folded(name));
            (!is_relation).then(|| Expr::Identifier(name.clone()))
        }
        _ => None,
    }
}

/// The names of the relations of a `FROM`; whether all have one.
fn names(table: &TableWithJoins, found: &mut Vec<String>) -> bool {
    let joined = table.joins.iter().map(|join| &join.relation);
    std::iter::once(&table.relation)
        .chain(joined)
        .all(|factor| match factor {
            TableFactor::NestedJoin {
                table_with_joins,
                alias: None,
            } => names(table_with_joins, found),
            TableFactor::Table {
                alias: Some(it), ..
            }
            | TableFactor::Derived {
                alias: Some(it), ..
            }
            | TableFactor::Function {
                alias: Some(it), ..
            }
            | TableFactor::UNNEST {
                alias: Some(it), ..
            }
            | TableFactor::NestedJoin {
                alias: Some(it), ..
            } => {
                found.push(folded(&it.name));
                true
            }
            TableFactor::Table { name, .. } | TableFactor::Function { name, .. } => {
                let last = name.0.last().and_then(|part| part.as_ident());
                found.extend(last.map(folded));
                last.is_some()
            }
            _ => false,
        })
}

/// The names of the attributes of a row, or of the rows of an array; none where it is no such value.
async fn attributes(value: &RowValue, state: &SessionState) -> Result<Option<Vec<String>>> {
    let mut failed = None;
    for probe in &value.probes {
        match plan::settled(state, probe).await {
            Ok(plan) => {
                let fields = plan.schema().fields();
                return Ok(fields
                    .first()
                    .and_then(|field| names_of(field, value.is_array)));
            }
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    match failed {
        Some(error) => Err(error),
        None => Err(Error::internal("a value cannot be planned alone")),
    }
}

fn names_of(field: &Field, is_array: bool) -> Option<Vec<String>> {
    let mut data_type = field.data_type();
    if is_array {
        CompositeKind::of(data_type).filter(|kind| kind.is_array)?;
        while let DataType::List(item) = data_type {
            data_type = item.data_type();
        }
    }
    match data_type {
        DataType::Struct(parts) => Some(parts.iter().map(|it| it.name().clone()).collect()),
        _ => None,
    }
}
