//! The names that Postgres gives to the columns of a query's answer.
//!
//! A column without `AS` is named for the column, function or type that makes it, and `?column?`
//! where there is none (`FigureColname` in PostgreSQL's `parse_target.c`). DataFusion's names are
//! whole expressions, which serve inside of a plan.

use std::convert::Infallible;
use std::ops::ControlFlow;
use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use datafusion::sql::sqlparser::ast::{
    AccessExpr, ArrayElemTypeDef, BinaryOperator, DataType, ExactNumberInfo, Expr, FunctionArg,
    FunctionArgExpr, FunctionArguments, Ident, OrderByKind, Query, Select, SelectItem, SetExpr,
    Subscript, TimezoneInfo, TrimWhereField, Value, VisitorMut,
};

use super::cursor::folded;
use super::domain_casts;
use super::row_comparison::is_row;
use super::row_expansions::row_of;
use super::standard_forms::called_type;
use crate::sql::walk::{VisitMut, visit_expressions, visit_expressions_mut};

const UNNAMED: &str = "?column?";

/// What the names of columns begin with that no relation has by itself.
const ADDED: &str = "tributary:";

/// Before the place and the name of a column that has one name with another one of its relation.
const HIDDEN: &str = "tributary:repeated:";

/// A name by which the planner tells such a column from the others.
pub(super) fn hidden_name(place: usize, name: &str) -> String {
    format!("{HIDDEN}{place}:{name}")
}

/// The name that a column has for clients.
pub(super) fn shown_name(name: &str) -> &str {
    let hidden = name.strip_prefix(HIDDEN);
    hidden
        .and_then(|hidden| hidden.split_once(':'))
        .map_or(name, |(_, name)| name)
}

/// Whether a column is one that the server adds to those of a relation, as the places of rows that change.
pub(super) fn is_added(name: &str) -> bool {
    name.starts_with(ADDED) && !name.starts_with(HIDDEN)
}

fn without_hidden_names(schema: SchemaRef) -> SchemaRef {
    let is_hidden = |name: &str| name.starts_with(HIDDEN);
    if !schema.fields().iter().any(|field| is_hidden(field.name())) {
        return schema;
    }
    let fields = schema.fields().iter();
    let fields = fields.map(|field| {
        let name = shown_name(field.name()).to_owned();
        field.as_ref().clone().with_name(name)
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// Gives the columns of a query's answer the names that Postgres would.
pub fn rename(schema: SchemaRef, query: &Query) -> SchemaRef {
    let schema = without_hidden_names(schema);
    let Some(names) = names(&query.body, schema.fields().len()) else {
        return schema;
    };
    let fields: Vec<_> = schema
        .fields()
        .iter()
        .zip(names)
        .map(|(field, name)| match name {
            Some(name) => Arc::new(field.as_ref().clone().with_name(name)),
            None => Arc::clone(field),
        })
        .collect();
    Arc::new(Schema::new(fields))
}

/// A name for each column, or none for one that has the right name; none at all where the items
/// cannot be told apart.
fn names(body: &SetExpr, columns: usize) -> Option<Vec<Option<String>>> {
    let select = match body {
        SetExpr::Select(select) => select,
        SetExpr::SetOperation { left, .. } => return names(left, columns),
        SetExpr::Query(query) => return names(&query.body, columns),
        _ => return None,
    };
    let wildcards = wildcards(&select.projection);
    if wildcards > 1 {
        return None;
    }
    let width = (columns + wildcards).checked_sub(select.projection.len())?;
    let mut names = Vec::with_capacity(columns);
    for item in &select.projection {
        match item {
            item if is_wildcard(item) => names.extend(std::iter::repeat_n(None, width)),
            SelectItem::UnnamedExpr(expression) => names.push(Some(name_of(expression))),
            SelectItem::ExprWithAlias { alias, .. } => names.push(Some(folded(alias))),
            _ => names.push(None),
        }
    }
    (names.len() == columns).then_some(names)
}

fn wildcards(projection: &[SelectItem]) -> usize {
    projection.iter().filter(|item| is_wildcard(item)).count()
}

/// Whether an item stands for several columns, whose names are not told here.
fn is_wildcard(item: &SelectItem) -> bool {
    match item {
        SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..) => true,
        SelectItem::UnnamedExpr(expression) => row_of(expression).is_some(),
        _ => false,
    }
}

/// Whether a query has more than one `*` in a list of columns, so that [`rename`] cannot name what
/// [`make_unique`] has renamed.
pub fn has_several_wildcards(query: &Query) -> bool {
    fn in_body(body: &SetExpr) -> bool {
        match body {
            SetExpr::Select(select) => wildcards(&select.projection) > 1,
            SetExpr::SetOperation { left, .. } => in_body(left),
            SetExpr::Query(query) => in_body(&query.body),
            _ => false,
        }
    }
    in_body(&query.body)
}

/// Gives columns of a query's answer that have one name between them names of their own, which
/// DataFusion's planner wants; [`rename`], given the query as it was, takes them away again.
pub fn make_unique(query: &mut Query) {
    let is_ordered = query.order_by.is_some();
    let ordered = ordered_by(query);
    if orders_by_places(query) {
        name_beside_windows(&mut query.body);
    }
    make_body_unique(&mut query.body, &ordered, is_ordered);
}

/// The names that a query's rows are ordered by.
fn ordered_by(query: &Query) -> Vec<String> {
    let keys = query.order_by.iter().flat_map(|order| match &order.kind {
        OrderByKind::Expressions(keys) => keys.as_slice(),
        OrderByKind::All(_) => &[],
    });
    let ordered = keys.filter_map(|key| match &key.expr {
        Expr::Identifier(name) => Some(folded(name)),
        _ => None,
    });
    ordered.collect()
}

/// Whether the rows are ordered by places of columns alone.
fn orders_by_places(query: &Query) -> bool {
    match query.order_by.as_ref().map(|order| &order.kind) {
        Some(OrderByKind::Expressions(keys)) => keys.iter().all(|key| {
            matches!(&key.expr, Expr::Value(value) if matches!(value.value, Value::Number(..)))
        }),
        _ => false,
    }
}

/// Names what is computed beside windows: of an item without a name the planner makes the same
/// expression again where a place stands for it, and does not find it among those of windows.
fn name_beside_windows(body: &mut SetExpr) {
    let SetExpr::Select(select) = body else {
        return;
    };
    if !have_windows(&select.projection) {
        return;
    }
    name_computed(select, &[]);
}

/// Names what is computed, but for what has one of these names.
fn name_computed(select: &mut Select, but: &[String]) {
    for (position, item) in select.projection.iter_mut().enumerate() {
        if let SelectItem::UnnamedExpr(expression) = item
            && is_figure(expression)
            && row_of(expression).is_none()
        {
            let name = name_of(expression);
            if but.contains(&name) {
                continue;
            }
            *item = SelectItem::ExprWithAlias {
                expr: expression.clone(),
                alias: Ident::with_quote('"', format!("{name} ({})", position + 1)),
            };
        }
    }
}

fn have_windows(items: &[SelectItem]) -> bool {
    items.iter().any(|item| {
        let found = visit_expressions(item, |part| match part {
            Expr::Function(function) if function.over.is_some() => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        });
        found.is_break()
    })
}

/// Gives columns of one name such names in the branches of `UNION` and its like that give none to the
/// rows, wherever there are some.
pub fn make_branches_unique(query: &mut Query) {
    // Nothing breaks the walk.
    let _ = VisitMut::visit(query, &mut Branches);
}

struct Branches;

impl VisitorMut for Branches {
    type Break = Infallible;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Infallible> {
        let mut body = query.body.as_mut();
        while let SetExpr::SetOperation { left, right, .. } = body {
            make_body_unique(right, &[], false);
            name_beside_columns(right, &[], false);
            body = left.as_mut();
        }
        ControlFlow::Continue(())
    }
}

/// Names what is computed beside columns in a branch that gives no names to the rows: the planner would
/// give it the name that the rows have at its place, which one of these columns may have as well.
fn name_beside_columns(body: &mut SetExpr, ordered: &[String], is_ordered: bool) {
    match body {
        SetExpr::Select(select) => {
            let has_columns = !select.projection.iter().all(is_computed);
            // The planner finds what rows that are there once are ordered by as it is written alone.
            if has_columns && (select.distinct.is_none() || !is_ordered) {
                name_computed(select, ordered);
            }
        }
        SetExpr::SetOperation { left, right, .. } => {
            name_beside_columns(left, ordered, is_ordered);
            name_beside_columns(right, ordered, is_ordered);
        }
        SetExpr::Query(query) => {
            let (ordered, is_ordered) = (ordered_by(query), query.order_by.is_some());
            name_beside_columns(&mut query.body, &ordered, is_ordered);
        }
        _ => {}
    }
}

/// Columns that `ORDER BY` names by the names that they have are left so, if they can be.
fn make_body_unique(body: &mut SetExpr, ordered: &[String], is_ordered: bool) {
    let select = match body {
        SetExpr::Select(select) => select,
        SetExpr::SetOperation { left, right, .. } => {
            make_body_unique(left, ordered, is_ordered);
            make_body_unique(right, ordered, is_ordered);
            return;
        }
        SetExpr::Query(query) => return make_unique(query),
        _ => return,
    };
    let has_wildcard = wildcards(&select.projection) > 0;
    let computed = select.projection.iter().filter(|item| is_computed(item));
    // The planner finds what rows that are there once are ordered by as it is written alone.
    let has_others = computed.count() > 1 && (select.distinct.is_none() || !is_ordered);
    let mut seen: Vec<String> = Vec::new();
    for (position, item) in select.projection.iter_mut().enumerate() {
        let (name, expression, may_be_other) = match item {
            _ if is_wildcard(item) => continue,
            SelectItem::UnnamedExpr(expression) => {
                let (name, is_column) = without_casts(&without_called_types(expression));
                let may_be_in_wildcard = is_column && has_wildcard;
                // One function has several names, and one number several texts.
                let may_be_another =
                    has_others && is_figure(expression) && !ordered.contains(&name_of(expression));
                let may_be_other =
                    may_be_in_wildcard || may_be_another || is_said_otherwise(expression);
                (name, expression, may_be_other)
            }
            SelectItem::ExprWithAlias { expr, alias } => (folded(alias), expr, false),
            _ => continue,
        };
        // DataFusion names a subquery for the one column of it.
        let is_subquery = matches!(expression, Expr::Subquery(_)) && !ordered.contains(&name);
        if may_be_other || is_subquery || seen.iter().any(|other| may_be_one(&name, other)) {
            let last = match is_subquery {
                true => "subquery",
                false => name.rsplit('.').next().unwrap_or_default(),
            };
            let alias = Ident::with_quote('"', format!("{last} ({})", position + 1));
            *item = SelectItem::ExprWithAlias {
                expr: expression.clone(),
                alias,
            };
        } else {
            seen.push(name);
        }
    }
}

/// Whether an item without a name is one that may be planned as another one is that is written
/// otherwise.
fn is_computed(item: &SelectItem) -> bool {
    matches!(item, SelectItem::UnnamedExpr(expression) if is_figure(expression))
}

fn is_figure(expression: &Expr) -> bool {
    !matches!(
        expression,
        Expr::Identifier(_) | Expr::CompoundIdentifier(_)
    )
}

/// Whether an expression is planned in another form than it is written in, which may be that of
/// another one: an interval of a week is one of seven days, a row is compared by its fields, and a
/// subquery has no text.
fn is_said_otherwise(expression: &Expr) -> bool {
    let found = visit_expressions(expression, |part| match part {
        Expr::Interval(_)
        | Expr::Extract { .. }
        | Expr::Substring { .. }
        | Expr::Overlay { .. }
        | Expr::SimilarTo { .. }
        | Expr::Subquery(_)
        | Expr::InSubquery { .. }
        | Expr::Exists { .. } => ControlFlow::Break(()),
        row if is_row(row) => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    found.is_break()
}

/// Whether two names may be those of one column: `n` is `t.n`, and may not be `n` of another table.
fn may_be_one(left: &str, right: &str) -> bool {
    let ends = |long: &str, short: &str| {
        long.strip_suffix(short)
            .is_some_and(|front| front.is_empty() || front.ends_with('.'))
    };
    ends(left, right) || ends(right, left)
}

/// An expression as DataFusion names it, where casts leave no trace; and whether it is a column.
pub(super) fn without_casts(expression: &Expr) -> (String, bool) {
    let mut expression = expression.clone();
    // Nothing breaks the walk.
    let _ = visit_expressions_mut(&mut expression, |part| {
        while let Expr::Cast { expr: inner, .. } | Expr::Nested(inner) = part {
            *part = std::mem::replace(inner.as_mut(), Expr::value(Value::Null));
        }
        if let Expr::TypedString(typed) = part {
            *part = Expr::Value(typed.value.clone());
        }
        ControlFlow::<()>::Continue(())
    });
    let parts = match &expression {
        Expr::Identifier(name) => std::slice::from_ref(name),
        Expr::CompoundIdentifier(parts) => parts.as_slice(),
        other => return (other.to_string(), false),
    };
    let parts: Vec<String> = parts.iter().map(folded).collect();
    (parts.join("."), true)
}

/// An expression with the types that are called as functions, which are planned as casts, left out.
fn without_called_types(expression: &Expr) -> Expr {
    let mut expression = expression.clone();
    // Nothing breaks the walk.
    let _ = visit_expressions_mut(&mut expression, |part| {
        while let Some(inner) = operand_of_called_type(part) {
            *part = inner;
        }
        ControlFlow::<()>::Continue(())
    });
    expression
}

fn operand_of_called_type(expression: &Expr) -> Option<Expr> {
    let Expr::Function(function) = expression else {
        return None;
    };
    let [part] = function.name.0.as_slice() else {
        return None;
    };
    called_type(&folded(part.as_ident()?))?;
    match &function.args {
        FunctionArguments::List(list) if list.clauses.is_empty() => match list.args.as_slice() {
            [FunctionArg::Unnamed(FunctionArgExpr::Expr(operand))] => Some(operand.clone()),
            _ => None,
        },
        _ => None,
    }
}

/// The name of a column that an expression makes.
pub fn name_of(expression: &Expr) -> String {
    figure(expression).unwrap_or_else(|| UNNAMED.to_owned())
}

/// [`name_of`]; none where the expression has no name of its own.
pub(super) fn figure(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Identifier(name) => Some(folded(name)),
        Expr::CompoundIdentifier(parts) => parts.last().map(folded),
        Expr::Function(function) => match domain_casts::parts(function) {
            Some((value, domain)) => strong(value).or_else(|| Some(domain.to_owned())),
            None => function
                .name
                .0
                .last()
                .and_then(|part| part.as_ident())
                .map(folded),
        },
        Expr::Nested(inner) | Expr::Collate { expr: inner, .. } => figure(inner),
        // A key is no field.
        Expr::CompoundFieldAccess { root, .. } if is_document(root) => figure(root),
        Expr::CompoundFieldAccess { root, access_chain } => access_chain
            .iter()
            .rev()
            .find_map(field)
            .or_else(|| figure(root)),
        Expr::Cast {
            expr, data_type, ..
        } => strong(expr).or_else(|| Some(type_name(data_type))),
        Expr::Case { else_result, .. } => else_result
            .as_deref()
            .and_then(strong)
            .or_else(|| Some("case".to_owned())),
        Expr::Exists { negated: false, .. } => Some("exists".to_owned()),
        Expr::BinaryOp {
            op: BinaryOperator::Overlaps,
            ..
        } => Some("overlaps".to_owned()),
        Expr::IsNormalized { negated: false, .. } => Some("is_normalized".to_owned()),
        Expr::Extract { .. } => Some("extract".to_owned()),
        Expr::Substring {
            shorthand: true, ..
        } => Some("substr".to_owned()),
        Expr::Substring { .. } => Some("substring".to_owned()),
        Expr::Trim { trim_where, .. } => Some(
            match trim_where {
                Some(TrimWhereField::Leading) => "ltrim",
                Some(TrimWhereField::Trailing) => "rtrim",
                Some(TrimWhereField::Both) | None => "btrim",
            }
            .to_owned(),
        ),
        Expr::Position { .. } => Some("position".to_owned()),
        Expr::Floor { .. } => Some("floor".to_owned()),
        Expr::Ceil { .. } => Some("ceil".to_owned()),
        Expr::Overlay { .. } => Some("overlay".to_owned()),
        Expr::AtTimeZone { .. } => Some("timezone".to_owned()),
        Expr::Array(_) => Some("array".to_owned()),
        Expr::TypedString(typed) => Some(type_name(&typed.data_type)),
        Expr::Interval(_) => Some("interval".to_owned()),
        Expr::Subquery(query) => match query.body.as_ref() {
            SetExpr::Select(select) => match select.projection.as_slice() {
                [SelectItem::UnnamedExpr(expression)] => figure(expression),
                [SelectItem::ExprWithAlias { alias, .. }] => Some(folded(alias)),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    }
}

/// The name of an expression, unless it is only that of a type or of `CASE`: another one around it
/// is stronger then.
fn strong(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Nested(inner) | Expr::Collate { expr: inner, .. } => strong(inner),
        Expr::Cast { expr: inner, .. } => strong(inner),
        Expr::Case { else_result, .. } => else_result.as_deref().and_then(strong),
        Expr::TypedString(_) | Expr::Interval(_) => None,
        Expr::Value(_) => None,
        other => figure(other),
    }
}

/// The name of a type in PostgreSQL's catalog, as which it names a column.
fn type_name(data_type: &DataType) -> String {
    let name = match data_type {
        DataType::SmallInt(_) | DataType::Int2(_) => "int2",
        DataType::Int(_) | DataType::Integer(_) | DataType::Int4(_) => "int4",
        DataType::BigInt(_) | DataType::Int8(_) => "int8",
        DataType::Real | DataType::Float4 => "float4",
        DataType::Float(ExactNumberInfo::Precision(bits)) if *bits <= 24 => "float4",
        DataType::Float(_) | DataType::DoublePrecision | DataType::Double(_) | DataType::Float8 => {
            "float8"
        }
        DataType::Numeric(_) | DataType::Decimal(_) | DataType::Dec(_) => "numeric",
        DataType::Bool | DataType::Boolean => "bool",
        DataType::Varchar(_) | DataType::CharVarying(_) | DataType::CharacterVarying(_) => {
            "varchar"
        }
        DataType::Char(_) | DataType::Character(_) => "bpchar",
        DataType::Timestamp(_, TimezoneInfo::WithTimeZone | TimezoneInfo::Tz) => "timestamptz",
        DataType::Timestamp(..) => "timestamp",
        DataType::Time(_, TimezoneInfo::WithTimeZone | TimezoneInfo::Tz) => "timetz",
        DataType::Time(..) => "time",
        DataType::Interval { .. } => "interval",
        // An array is named for its elements.
        DataType::Array(
            ArrayElemTypeDef::SquareBracket(element, _) | ArrayElemTypeDef::AngleBracket(element),
        ) => return type_name(element),
        DataType::Custom(name, _) => match name.0.last().and_then(|part| part.as_ident()) {
            Some(name) => return folded(name),
            None => return name.to_string(),
        },
        other => return other.to_string().trim_matches('"').to_lowercase(),
    };
    name.to_owned()
}

fn is_document(root: &Expr) -> bool {
    match root {
        Expr::Nested(inner) => is_document(inner),
        Expr::Cast { data_type, .. } => matches!(data_type, DataType::JSON | DataType::JSONB),
        _ => false,
    }
}

/// The field of a record that is accessed; none for an item of an array.
fn field(access: &AccessExpr) -> Option<String> {
    let accessed = match access {
        AccessExpr::Dot(field) => field,
        AccessExpr::Subscript(Subscript::Index { index }) => index,
        AccessExpr::Subscript(Subscript::Slice { .. }) => return None,
    };
    match accessed {
        Expr::Identifier(name) if matches!(access, AccessExpr::Dot(_)) => Some(folded(name)),
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(name) => Some(name.clone()),
            _ => None,
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use arrow::datatypes::Field;

    use super::*;
    use crate::sql::{Statement, parse_one};

    fn named(sql: &str, columns: usize) -> Vec<String> {
        let Statement::Query(query) = parse_one(sql).unwrap() else {
            panic!("not a query")
        };
        let fields: Vec<_> = (0..columns)
            .map(|index| Field::new(format!("c{index}"), arrow::datatypes::DataType::Utf8, true))
            .collect();
        rename(Arc::new(Schema::new(fields)), &query)
            .fields()
            .iter()
            .map(|field| field.name().clone())
            .collect()
    }

    #[test]
    fn columns_are_named_as_in_postgres() {
        assert_eq!(
            named("SELECT 1, 'a', a, t.B, \"C\", count(*), 1 + 1 AS two", 7),
            ["?column?", "?column?", "a", "b", "C", "count", "two"]
        );
        assert_eq!(
            named(
                "SELECT a::text, 1::bigint, CASE WHEN a THEN 1 END, EXISTS (SELECT 1), true",
                5
            ),
            ["a", "int8", "case", "exists", "?column?"]
        );
        assert_eq!(
            named(
                "SELECT '2024-01-01'::timestamptz::date, (1::int)::text, a::int::text, f(a)::numeric(3, 1), (CASE WHEN a THEN 1 END)::double precision, DATE '2024-01-01', NULL::\"char\"",
                7
            ),
            ["date", "text", "a", "f", "float8", "date", "char"]
        );
        assert_eq!(
            named(
                "SELECT '{1}'::int[], '{{a}}'::varchar(3)[][], a::text[], CAST('{1}' AS float8[])",
                4
            ),
            ["int4", "varchar", "a", "float8"]
        );
        assert_eq!(
            named(
                "SELECT '12:00'::timetz, '12:00'::time with time zone, '12:00'::time, TIME '12:00'",
                4
            ),
            ["timetz", "timetz", "time", "time"]
        );
        assert_eq!(
            named("SELECT (r).City, (f(x))['zip'], a[1], (r).\"A\"[2]", 4),
            ["city", "zip", "a", "A"]
        );
        assert_eq!(named("SELECT *, upper(a) FROM t", 3), ["c0", "c1", "upper"]);
        assert_eq!(
            named(
                "SELECT substr(a, 1), substring(a, 1), NOT EXISTS (SELECT 1)",
                3
            ),
            ["substr", "substring", "?column?"]
        );
        assert_eq!(
            named(
                "SELECT trim(a), trim(LEADING 'x' FROM a), trim(TRAILING 'x' FROM a), trim(BOTH 'x' FROM a)",
                4
            ),
            ["btrim", "ltrim", "rtrim", "btrim"]
        );
        assert_eq!(named("SELECT a.*, b.* FROM a, b", 3), ["c0", "c1", "c2"]);
        assert_eq!(named("SELECT max(a) FROM t UNION SELECT 2", 1), ["max"]);
        assert_eq!(named("VALUES (1, 2)", 2), ["c0", "c1"]);
    }
}
