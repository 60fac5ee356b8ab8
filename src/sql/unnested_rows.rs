//! `FROM unnest(homes)`, where the items of the list are rows of a composite type: a lateral subquery that has
//! their attributes as its columns.

use datafusion::sql::sqlparser::ast::{
    Array, DataType, Expr, Function, FunctionArg, FunctionArgExpr, Ident, ObjectName, Query,
    SelectItem, SelectItemQualifiedWildcardKind, SetExpr, TableAlias, TableFactor, TableWithJoins,
    WildcardAdditionalOptions, With,
};

use super::row_expansions::field;
use super::shown::Shown;
use super::standard_forms;
use super::{Statement, parse_one};

/// The function.
const UNNEST: &str = "unnest";
/// The column of the rows.
const ROW: &str = "tributary:row";
/// The relation of the rows.
const ROWS: &str = "tributary:rows";

/// The one list that a part of `FROM` takes apart; none where it is plain that it has no rows.
pub fn unnested(factor: &TableFactor) -> Option<Expr> {
    let list = match factor {
        TableFactor::Table {
            name,
            args: Some(arguments),
            ..
        } if is_unnest(name) => only(&arguments.args)?,
        TableFactor::Function { name, args, .. } if is_unnest(name) => only(args)?,
        TableFactor::UNNEST {
            array_exprs,
            with_offset: false,
            ..
        } => match array_exprs.as_slice() {
            [list] => list,
            _ => return None,
        },
        _ => return None,
    };
    (!is_plain(list)).then(|| list.clone())
}

fn is_unnest(name: &ObjectName) -> bool {
    let name = name.0.last().and_then(|part| part.as_ident());
    name.is_some_and(|name| name.value.eq_ignore_ascii_case(UNNEST))
}

fn only(arguments: &[FunctionArg]) -> Option<&Expr> {
    match arguments {
        [FunctionArg::Unnamed(FunctionArgExpr::Expr(list))] => Some(list),
        _ => None,
    }
}

/// Whether a list has a type that is written, or values that are, and so no rows.
fn is_plain(list: &Expr) -> bool {
    match list {
        Expr::Nested(inner) => is_plain(inner),
        Expr::Value(_) => true,
        Expr::Array(Array { elem, .. }) => elem.first().is_none_or(is_plain),
        Expr::Cast { data_type, .. } => !names_type(data_type),
        _ => false,
    }
}

fn names_type(data_type: &DataType) -> bool {
    super::type_names::named(&mut data_type.clone()).is_some()
}

/// Puts a subquery of such columns in the place of the call.
pub fn name(factor: &mut TableFactor, columns: &[String]) {
    let Some(list) = unnested(factor) else {
        return;
    };
    let (alias, is_numbered) = match &*factor {
        TableFactor::Table {
            alias,
            with_ordinality,
            ..
        }
        | TableFactor::Function {
            alias,
            with_ordinality,
            ..
        }
        | TableFactor::UNNEST {
            alias,
            with_ordinality,
            ..
        } => (alias.clone(), *with_ordinality),
        _ => return,
    };
    let Some(subquery) = rows(list, columns, is_numbered) else {
        return;
    };
    let alias = alias.unwrap_or_else(|| TableAlias {
        explicit: true,
        name: Ident::new(UNNEST),
        columns: Vec::new(),
        at: None,
    });
    *factor = TableFactor::Derived {
        lateral: true,
        subquery: Box::new(subquery),
        alias: Some(alias),
        sample: None,
    };
}

fn rows(list: Expr, columns: &[String], is_numbered: bool) -> Option<Query> {
    let number = match is_numbered {
        true => format!(
            ", generate_series(CAST(1 AS BIGINT), CAST(cardinality({}) AS BIGINT)) AS ordinality",
            Shown(&list)
        ),
        false => String::new(),
    };
    let text = format!("SELECT NULL FROM (SELECT NULL AS \"{ROW}\"{number}) AS \"{ROWS}\"");
    let Statement::Query(mut query) = parse_one(&text).ok()? else {
        return None;
    };
    let SetExpr::Select(select) = query.body.as_mut() else {
        return None;
    };
    let row = || Expr::CompoundIdentifier([ROWS, ROW].map(quoted).to_vec());
    let attributes = columns.iter().map(|column| SelectItem::ExprWithAlias {
        expr: field(Expr::Nested(Box::new(row())), quoted(column)),
        alias: quoted(column),
    });
    select.projection = attributes.collect();
    if is_numbered {
        let number = Expr::CompoundIdentifier([ROWS, "ordinality"].map(quoted).to_vec());
        select.projection.push(SelectItem::UnnamedExpr(number));
    }
    let TableFactor::Derived { subquery, .. } = &mut select.from.first_mut()?.relation else {
        return None;
    };
    let SetExpr::Select(inner) = subquery.body.as_mut() else {
        return None;
    };
    let item = inner.projection.first_mut()?;
    *item = SelectItem::ExprWithAlias {
        expr: call(list),
        alias: quoted(ROW),
    };
    Some(*query)
}

/// A query beside relations that it may read: `SELECT name.* FROM relations, LATERAL (query) AS name`.
pub fn beside(
    query: &Query,
    name: &str,
    relations: &[TableWithJoins],
    with: Option<&With>,
) -> Option<Query> {
    let text = format!("SELECT NULL FROM LATERAL (SELECT NULL) AS \"{name}\"");
    let Statement::Query(mut around) = parse_one(&text).ok()? else {
        return None;
    };
    around.with = with.cloned();
    let SetExpr::Select(select) = around.body.as_mut() else {
        return None;
    };
    let TableFactor::Derived { subquery, .. } = &mut select.from.first_mut()?.relation else {
        return None;
    };
    **subquery = query.clone();
    let own = std::mem::take(&mut select.from);
    select.from = relations.iter().cloned().chain(own).collect();
    let name = ObjectName::from(vec![quoted(name)]);
    select.projection = vec![SelectItem::QualifiedWildcard(
        SelectItemQualifiedWildcardKind::ObjectName(name),
        WildcardAdditionalOptions::default(),
    )];
    Some(*around)
}

fn call(list: Expr) -> Expr {
    let mut function: Function = standard_forms::call(Ident::new(UNNEST));
    function.args = standard_forms::arguments(vec![list]);
    Expr::Function(function)
}

fn quoted(name: impl Into<String>) -> Ident {
    Ident::with_quote('"', name)
}
