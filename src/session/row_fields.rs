//! `SELECT (home).*, (u).* FROM customer, LATERAL (SELECT unnest(homes) AS u) h`: all attributes of the rows of
//! a composite type that a column, or an expression, has. Which these are is found by planning the value
//! alone, over the same relations.

use arrow::datatypes::DataType;
use datafusion::execution::SessionState;
use datafusion::sql::sqlparser::ast::{
    Expr, Ident, Query, Select, SelectItem, SelectItemQualifiedWildcardKind, SetExpr, TableFactor,
    TableWithJoins, With,
};
use futures::FutureExt as _;
use futures::future::BoxFuture;

use super::plan;
use crate::error::{Error, Result};
use crate::sql::cursor::fold;
use crate::sql::row_expansions::{field, row_of};
use crate::sql::{Statement, parse_one};

/// Names the attributes in the answers of a query, not of those within it.
///
/// # Errors
/// What planning such a value says, where it is no name alone.
pub fn expand<'a>(query: &'a mut Query, state: &'a SessionState) -> BoxFuture<'a, Result<()>> {
    async move {
        let Query { with, body, .. } = query;
        for select in selects(body) {
            expand_select(select, with.as_ref(), state).await?;
        }
        Ok(())
    }
    .boxed()
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

async fn expand_select(
    select: &mut Select,
    with: Option<&With>,
    state: &SessionState,
) -> Result<()> {
    let mut relations = Vec::new();
    let are_known = select.from.iter().all(|table| names(table, &mut relations));
    let of_row = |item: &SelectItem| row(item, &relations).filter(|_| are_known);
    if !select.projection.iter().any(|item| of_row(item).is_some()) {
        return Ok(());
    }
    let mut items = Vec::with_capacity(select.projection.len());
    for item in std::mem::take(&mut select.projection) {
        let Some(row) = of_row(&item) else {
            items.push(item);
            continue;
        };
        let names = match attributes(&row, select, with, state).await {
            // That a relation is missing is said where all relations are looked up.
            Err(_) if matches!(item, SelectItem::QualifiedWildcard(..)) => None,
            names => names?,
        };
        match names {
            Some(names) => items.extend(names.into_iter().map(|name| {
                let name = Ident::with_quote('"', name);
                SelectItem::ExprWithAlias {
                    expr: field(row.clone(), name.clone()),
                    alias: name,
                }
            })),
            None => items.push(item),
        }
    }
    select.projection = items;
    Ok(())
}

/// The row whose attributes an item stands for; none for all columns of a relation, and for what functions
/// give.
fn row(item: &SelectItem, relations: &[String]) -> Option<Expr> {
    match item {
        SelectItem::UnnamedExpr(expr) => {
            let row = row_of(expr)?;
            (!is_call(row)).then(|| row.clone())
        }
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

fn is_call(row: &Expr) -> bool {
    match row {
        Expr::Nested(inner) => is_call(inner),
        other => matches!(other, Expr::Function(_)),
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

/// The names of the attributes of a row; none where it is no record.
async fn attributes(
    row: &Expr,
    select: &Select,
    with: Option<&With>,
    state: &SessionState,
) -> Result<Option<Vec<String>>> {
    let Statement::Query(mut probe) = parse_one("SELECT NULL")? else {
        return Err(Error::internal("SELECT is no query"));
    };
    probe.with = with.cloned();
    if let SetExpr::Select(alone) = probe.body.as_mut() {
        alone.from = select.from.clone();
        alone.projection = vec![SelectItem::UnnamedExpr(row.clone())];
    }
    let plan = plan::over_planned(state, &probe).await?;
    let fields = plan.schema().fields();
    Ok(match fields.first().map(|field| field.data_type()) {
        Some(DataType::Struct(parts)) => Some(parts.iter().map(|it| it.name().clone()).collect()),
        _ => None,
    })
}

fn folded(name: &Ident) -> String {
    fold(name.value.clone(), name.quote_style)
}
