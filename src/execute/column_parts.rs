//! `INSERT INTO t (id, home.street, tags[1])`: values of parts of a column become one value of it, which has nothing
//! else.

use arrow::datatypes::{DataType, Field};
use datafusion::sql::sqlparser::ast::{
    AccessExpr, Expr, Ident, Query, SelectItem, SetExpr, TableFactor, Value,
};
use tributary_udfs::composites::{CompositeKind, CompositeType};
use tributary_udfs::type_name;

use super::width;
use crate::catalog::{Object, Snapshot};
use crate::error::{Error, Result, SqlState};
use crate::instance::StatementContext;
use crate::session::composites;
use crate::sql::assignment::is_default;
use crate::sql::cursor::fold;
use crate::sql::insert::Insert;
use crate::sql::name::{Parenthesized, Quoted};
use crate::sql::target_columns::ColumnParts;
use crate::sql::{Statement, assigned_attributes, assigned_elements, parse_one};

/// The relation of the values that a query gives.
const GIVEN: &str = "tributary:parts";

/// Has the rows of a statement give values of whole columns.
///
/// # Errors
/// 42601 for rows of another number of values; 42703 and 42804 for what a column has no part of; 0A000 for `DEFAULT`
/// of a part, and for attributes of elements.
pub async fn gather(
    context: &StatementContext,
    search_path: &[String],
    insert: &mut Insert,
    target: &Object,
) -> Result<()> {
    if insert.parts.is_empty() {
        return Ok(());
    }
    let own = target.schema.fields().len();
    if !matches!(insert.source.body.as_ref(), SetExpr::Values(_)) {
        let given = width::of_query(context, &insert.source).await?;
        width::check(given, insert.columns.len(), own)?;
    }
    let columns = std::mem::take(&mut insert.columns);
    let gathering = Gathering {
        snapshot: &context.snapshot,
        path: search_path,
        target,
        parts: std::mem::take(&mut insert.parts),
        columns: &columns,
    };
    if let SetExpr::Values(values) = insert.source.body.as_mut() {
        for row in &mut values.rows {
            width::check(row.content.len(), columns.len(), own)?;
            row.content = gathering.row(std::mem::take(&mut row.content))?;
        }
    } else {
        *insert.source = gathering.query(&insert.source)?;
    }
    insert.columns = whole(&columns);
    Ok(())
}

/// The columns that values are of, each once: several may be of parts of one.
pub fn whole(columns: &[String]) -> Vec<String> {
    let mut whole: Vec<String> = Vec::with_capacity(columns.len());
    for column in columns {
        if !whole.contains(column) {
            whole.push(column.clone());
        }
    }
    whole
}

struct Gathering<'a> {
    snapshot: &'a Snapshot,
    path: &'a [String],
    target: &'a Object,
    columns: &'a [String],
    parts: ColumnParts,
}

impl Gathering<'_> {
    /// The values of whole columns, each where its first one stands.
    fn row(&self, values: Vec<Expr>) -> Result<Vec<Expr>> {
        let mut whole: Vec<(&String, Expr)> = Vec::new();
        for ((column, part), value) in self.columns.iter().zip(&self.parts).zip(values) {
            if part.is_empty() {
                whole.push((column, value));
                continue;
            }
            let field = self.target.schema.field_with_name(column);
            let field = field.map_err(|_| Error::internal("a part is of no column"))?;
            match whole.iter_mut().find(|(own, _)| *own == column) {
                Some((_, before)) => {
                    let own = std::mem::replace(before, Expr::value(Value::Null));
                    *before = self.assigned(field, own, part, value)?;
                }
                None => {
                    let none = expression(&format!(
                        "CAST(NULL AS {})",
                        composites::cast_name(field.data_type())
                    ))?;
                    whole.push((column, self.assigned(field, none, part, value)?));
                }
            }
        }
        let typed = whole.into_iter().map(|(column, value)| {
            let field = self.target.schema.field_with_name(column).ok();
            let text = match field {
                Some(field) => assigned_elements::text(&value, field, &composites::cast_name)?,
                None => None,
            };
            match text {
                Some(text) => expression(&text),
                None => Ok(value),
            }
        });
        typed.collect()
    }

    /// A value of a column with another value of a part.
    fn assigned(
        &self,
        field: &Field,
        before: Expr,
        part: &[AccessExpr],
        value: Expr,
    ) -> Result<Expr> {
        let attributes: Option<Vec<Ident>> = part.iter().map(attribute).collect();
        match attributes {
            Some(_) if is_default(&value) => Err(assigned_attributes::no_default()),
            Some(attributes) => {
                self.check(field, &attributes)?;
                let before = Expr::Nested(Box::new(before));
                Ok(assigned_attributes::assigned(before, &attributes, value))
            }
            None if part.iter().any(|access| attribute(access).is_some()) => Err(
                Error::unsupported("an attribute of an element in the columns of an INSERT")
                    .with_hint("Give the whole element, as ROW(...)."),
            ),
            None if is_default(&value) => Err(assigned_elements::no_default()),
            None => assigned_elements::assigned(before, part.to_vec(), value),
        }
    }

    /// That a column has an attribute.
    fn check(&self, field: &Field, attributes: &[Ident]) -> Result<()> {
        let column = field.name();
        let mut own = field.data_type();
        for attribute in attributes {
            let name = fold(attribute.value.clone(), attribute.quote_style);
            let refused = |sqlstate: SqlState, why: String| {
                let message = format!("cannot assign to field \"{name}\" of column \"{column}\"");
                Err(Error::new(sqlstate, format!("{message} because {why}")))
            };
            let of = match CompositeKind::of(own) {
                Some(kind) => composites::shown_name(self.snapshot, self.path, kind),
                None => type_name(own),
            };
            let (DataType::Struct(parts), Some(_)) = (own, CompositeType::of(own)) else {
                let why = format!("its type {of} is not a composite type");
                return refused(SqlState::DATATYPE_MISMATCH, why);
            };
            let Some((_, part)) = parts.find(&name) else {
                let why = format!("there is no such column in data type {of}");
                return refused(SqlState::UNDEFINED_COLUMN, why);
            };
            own = part.data_type();
        }
        Ok(())
    }

    /// A query of the rows of another one, with values of whole columns.
    fn query(&self, source: &Query) -> Result<Query> {
        let names: Vec<String> = (1..=self.columns.len())
            .map(|place| format!("c{place}"))
            .collect();
        let text = format!(
            "SELECT 1 FROM (SELECT 1) AS {}{}",
            Quoted(GIVEN),
            Parenthesized(&names)
        );
        let Statement::Query(mut query) = parse_one(&text)? else {
            return Err(Error::internal("rows are given by no query"));
        };
        let values = names.into_iter().map(|name| {
            let parts = [GIVEN.to_owned(), name].map(|part| Ident::with_quote('"', part));
            Expr::CompoundIdentifier(parts.to_vec())
        });
        let values = self.row(values.collect())?;
        let mut source = source.clone();
        query.with = source.with.take();
        if let SetExpr::Select(select) = query.body.as_mut() {
            select.projection = values.into_iter().map(SelectItem::UnnamedExpr).collect();
            let from = select.from.first_mut().map(|table| &mut table.relation);
            if let Some(TableFactor::Derived { subquery, .. }) = from {
                **subquery = source;
            }
        }
        Ok(*query)
    }
}

fn attribute(access: &AccessExpr) -> Option<Ident> {
    match access {
        AccessExpr::Dot(Expr::Identifier(name)) => Some(name.clone()),
        _ => None,
    }
}

fn expression(text: &str) -> Result<Expr> {
    if let Statement::Query(query) = parse_one(&format!("SELECT {text}"))?
        && let SetExpr::Select(mut select) = *query.body
        && let Some(SelectItem::UnnamedExpr(value)) = select.projection.pop()
    {
        return Ok(value);
    }
    Err(Error::internal("a value is not read as one"))
}
