//! `VALUES ('{}'::jsonb), ('[]'), (NULL)`: literals are of the type that the others of their column
//! are cast to, and lengths that differ are none. DataFusion does not find that for types that are
//! texts or numbers with a name or a length of their own.

use std::convert::Infallible;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    ArrayElemTypeDef, BinaryOperator, CastKind, CharacterLength, DataType, ExactNumberInfo, Expr,
    Ident, Query, SetExpr, TimezoneInfo, UnaryOperator, Value, Values, Visitor, VisitorMut,
};

use crate::error::{Error, Result, SqlState};
use crate::sql::domain_casts;
use crate::sql::standard_forms;
use crate::sql::walk::{Visit, VisitMut, ended};

/// Casts the values of a column to one type.
///
/// # Errors
/// 42804 for documents beside values of other types, 42846 for `json` beside `jsonb`.
pub fn rewrite(query: &mut Query) -> Result<()> {
    walk(
        query,
        Rewriter {
            are_assigned: false,
        },
    )
}

/// [`rewrite`] of rows that are put into a table: the values among their own `VALUES` are each read as the
/// table's column is, whatever stands beside them.
///
/// # Errors
/// Those of [`rewrite`].
pub fn rewrite_assigned(query: &mut Query) -> Result<()> {
    walk(query, Rewriter { are_assigned: true })
}

fn walk(query: &mut Query, mut rewriter: Rewriter) -> Result<()> {
    ended(VisitMut::visit(query, &mut rewriter))
}

/// Whether a query reads `VALUES` as a relation, and none of these are parameters.
pub fn are_read_by(query: &Query) -> bool {
    #[derive(Default)]
    struct Search {
        values: usize,
        parameters: usize,
    }
    impl Visitor for Search {
        type Break = Infallible;

        fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<Infallible> {
            self.values += usize::from(matches!(query.body.as_ref(), SetExpr::Values(_)));
            ControlFlow::Continue(())
        }

        fn pre_visit_expr(&mut self, part: &Expr) -> ControlFlow<Infallible> {
            let is_parameter =
                matches!(part, Expr::Value(value) if matches!(value.value, Value::Placeholder(_)));
            self.parameters += usize::from(is_parameter);
            ControlFlow::Continue(())
        }
    }
    let mut search = Search::default();
    // Nothing breaks the walk.
    let _ = Visit::visit(query, &mut search);
    let is_values = matches!(query.body.as_ref(), SetExpr::Values(_));
    !is_values && search.values > 0 && search.parameters == 0
}

struct Rewriter {
    /// Whether the values of the query that comes first are assigned to columns.
    are_assigned: bool,
}

impl VisitorMut for Rewriter {
    type Break = Error;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Error> {
        let are_assigned = std::mem::take(&mut self.are_assigned)
            && matches!(query.body.as_ref(), SetExpr::Values(_));
        let mut parts = vec![query.body.as_mut()];
        while let Some(part) = parts.pop() {
            match part {
                SetExpr::Values(values) => {
                    if let Err(error) = cast_columns(values, are_assigned) {
                        return ControlFlow::Break(error);
                    }
                }
                SetExpr::SetOperation { left, right, .. } => {
                    parts.extend([right.as_mut(), left.as_mut()]);
                }
                _ => {}
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
        if let Expr::Array(array) = expr
            && let Some(data_type) = read_type(array.elem.iter())
        {
            array
                .elem
                .iter_mut()
                .for_each(|it| cast_literal(it, &data_type));
        }
        ControlFlow::Continue(())
    }
}

/// The type of moments, truths, arrays or bytes that values are of, where the others are literals.
fn read_type<'a>(values: impl Iterator<Item = &'a Expr>) -> Option<DataType> {
    let mut found: Option<&DataType> = None;
    let mut has_others = false;
    for value in values {
        match (type_of(value), found) {
            (Some(own), None) if is_read(own) => found = Some(own),
            (Some(own), Some(known)) if own == known => {}
            (Some(own), Some(known)) => match (moment(own), moment(known)) {
                (Some(own_rank), Some(rank)) if own_rank > rank => found = Some(own),
                (Some(_), Some(_)) => {}
                _ => return None,
            },
            (Some(_), None) => return None,
            (None, _) if is_text_or_null(value) => has_others = true,
            (None, _) => return None,
        }
    }
    found.filter(|_| has_others).cloned()
}

/// Where a type of moments stands among those that one is turned into without being asked.
fn moment(data_type: &DataType) -> Option<u8> {
    match data_type {
        DataType::Date => Some(0),
        DataType::Timestamp(_, TimezoneInfo::None | TimezoneInfo::WithoutTimeZone) => Some(1),
        DataType::Timestamp(..) => Some(2),
        _ => None,
    }
}

fn is_read(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Date
            | DataType::Time(..)
            | DataType::Timestamp(..)
            | DataType::Interval { .. }
            | DataType::Bytea
            | DataType::Bool
            | DataType::Boolean
            | DataType::Array(_)
    )
}

fn is_text_or_null(value: &Expr) -> bool {
    matches!(value, Expr::Value(value) if matches!(value.value, Value::SingleQuotedString(_) | Value::Null))
}

fn cast_columns(values: &mut Values, are_assigned: bool) -> Result<()> {
    let width = values.rows.first().map_or(0, |row| row.content.len());
    for column in 0..width {
        if values.rows.len() > 1 {
            cells(values, column).for_each(take_kept_type);
            if !are_assigned {
                take_domains(values, column);
                take_arrays(values, column);
            }
        }
        take_plain_numbers(values, column);
        let given = values.rows.iter().filter_map(|row| row.content.get(column));
        if !are_assigned && let Some(data_type) = read_type(given) {
            cast_literals(values, column, &data_type);
            continue;
        }
        let given = values.rows.iter().filter_map(|row| row.content.get(column));
        let types: Vec<&DataType> = given.clone().filter_map(type_of).collect();
        let Some(named) = types.iter().find(|data_type| is_named(data_type)) else {
            continue;
        };
        if is_document(named)
            && !are_assigned
            && let Some(other) = types.iter().find(|other| other != &named)
        {
            let [first, own] = [named, other].map(|known| known.to_string().to_lowercase());
            return Err(match is_document(other) {
                true => Error::new(
                    SqlState::CANNOT_COERCE,
                    format!("VALUES could not convert type {own} to {first}"),
                ),
                false => Error::new(
                    SqlState::DATATYPE_MISMATCH,
                    format!("VALUES types {first} and {own} cannot be matched"),
                ),
            });
        }
        let is_one = types.iter().all(|other| other == named);
        if is_one && are_assigned {
            continue;
        }
        let mut others = given.filter(|cell| type_of(cell).is_none());
        if is_one && others.all(|cell| fits(cell, named)) {
            let data_type = (*named).clone();
            cast_literals(values, column, &data_type);
        } else if !is_document(named) && !types.iter().any(|other| is_number(other)) {
            take_lengths(values, column);
        }
    }
    Ok(())
}

/// Values of a domain beside others, and be these literals, are of the type that it is over, as PostgreSQL
/// finds; literals beside an array of a domain are such arrays. The planner takes no rows that differ in that.
fn take_domains(values: &mut Values, column: usize) {
    let given = values.rows.iter().filter_map(|row| row.content.get(column));
    let mut domains = given.map(domain_of);
    let first = domains.next().flatten();
    if first.is_some() && domains.all(|other| other == first) {
        return;
    }
    let mut given = values.rows.iter().filter_map(|row| row.content.get(column));
    let array = given.find(|cell| domain_of(cell).is_some_and(|(key, _)| key.ends_with("[]")));
    if let Some(array) = array.cloned() {
        for cell in cells(values, column).filter(|cell| is_open(cell)) {
            if let (Expr::Function(call), Some((_, base))) = (&array, domain_of(&array))
                && let Some(value) =
                    domain_casts::of_same(call, cast_to(cell.clone(), base.clone()))
            {
                *cell = value;
            }
        }
        return;
    }
    for cell in cells(values, column) {
        if let Some((_, base)) = domain_of(cell) {
            let none = cast_to(Expr::value(Value::Null), base.clone());
            let value = std::mem::replace(cell, Expr::value(Value::Null));
            *cell = coalesce(value, none);
        }
    }
}

/// Whether a value is a literal of no type.
fn is_open(cell: &Expr) -> bool {
    matches!(cell, Expr::Value(value) if matches!(value.value, Value::SingleQuotedString(_) | Value::Null))
}

/// The first of two values that is not NULL; of the type that both are of.
fn coalesce(value: Expr, other: Expr) -> Expr {
    let mut function = standard_forms::call(Ident::new("coalesce"));
    function.args = standard_forms::arguments(vec![value, other]);
    Expr::Function(function)
}

/// What tells the domain that a value is cast to, and the type that it is over.
fn domain_of(cell: &Expr) -> Option<(&str, &DataType)> {
    let Expr::Function(call) = cell else {
        return None;
    };
    let (key, value) = domain_casts::told(call)?;
    Some((key, type_of(value)?))
}

/// Literals beside an array that is written out are arrays, as `coalesce` finds.
fn take_arrays(values: &mut Values, column: usize) {
    let mut given = values.rows.iter().filter_map(|row| row.content.get(column));
    let Some(array) = given.find(|cell| matches!(cell, Expr::Array(_))).cloned() else {
        return;
    };
    for cell in cells(values, column) {
        if matches!(cell, Expr::Value(value) if matches!(value.value, Value::SingleQuotedString(_)))
        {
            let literal = std::mem::replace(cell, Expr::value(Value::Null));
            *cell = coalesce(literal, array.clone());
        }
    }
}

fn cells(values: &mut Values, column: usize) -> impl Iterator<Item = &mut Expr> {
    let rows = values.rows.iter_mut();
    rows.filter_map(move |row| row.content.get_mut(column))
}

/// A cast to a type that clients alone tell from that of its values, as `varchar` and `oid`, becomes one to
/// the type of the values: the planner takes no rows that differ in that.
fn take_kept_type(cell: &mut Expr) {
    match cell {
        Expr::Cast { data_type, .. } => {
            if let Some(kept) = kept_type(data_type) {
                *data_type = kept;
            }
        }
        Expr::Nested(inner) => take_kept_type(inner),
        _ => {}
    }
}

fn kept_type(data_type: &DataType) -> Option<DataType> {
    match data_type {
        DataType::Varchar(None)
        | DataType::CharVarying(None)
        | DataType::CharacterVarying(None) => Some(DataType::Text),
        DataType::Custom(name, _) => match name.to_string().as_str() {
            "oid" | "xid" => Some(DataType::BigInt(None)),
            "varchar" | "bpchar" => Some(DataType::Text),
            _ => None,
        },
        DataType::Array(ArrayElemTypeDef::SquareBracket(item, size)) => {
            let item = Box::new(kept_type(item)?);
            Some(DataType::Array(ArrayElemTypeDef::SquareBracket(
                item, *size,
            )))
        }
        _ => None,
    }
}

/// `1.5::numeric` is `1.5`, and `-1.5::numeric`, which is `-(1.5::numeric)`, is `-1.5`: so they go with
/// other numbers.
fn take_plain_numbers(values: &mut Values, column: usize) {
    for cell in cells(values, column) {
        if let Some(plain) = plain_number(cell) {
            *cell = plain;
        }
    }
}

/// A number with a point that is cast to `numeric`, without the cast.
fn plain_number(cell: &Expr) -> Option<Expr> {
    match cell {
        Expr::Cast {
            expr, data_type, ..
        } if is_number(data_type) => signed_number(expr),
        Expr::UnaryOp {
            op: op @ (UnaryOperator::Minus | UnaryOperator::Plus),
            expr,
        } => {
            let operand = Box::new(plain_number(expr)?);
            let expr = match operand.as_ref() {
                Expr::UnaryOp { .. } => Box::new(Expr::Nested(operand)),
                _ => operand,
            };
            Some(Expr::UnaryOp { op: *op, expr })
        }
        Expr::Nested(inner) => plain_number(inner),
        _ => None,
    }
}

/// A number with a point, in parentheses or with a sign.
fn signed_number(expr: &Expr) -> Option<Expr> {
    let digits = match expr {
        Expr::Nested(inner) => return signed_number(inner),
        Expr::UnaryOp {
            op: UnaryOperator::Minus | UnaryOperator::Plus,
            expr: operand,
        } => operand.as_ref(),
        other => other,
    };
    match digits {
        Expr::Value(value) => match &value.value {
            Value::Number(number, _) if number.contains('.') => Some(expr.clone()),
            _ => None,
        },
        _ => None,
    }
}

fn cast_literals(values: &mut Values, column: usize, data_type: &DataType) {
    for cell in cells(values, column) {
        cast_literal(cell, data_type);
    }
}

fn cast_literal(value: &mut Expr, data_type: &DataType) {
    if type_of(value).is_none() {
        let literal = std::mem::replace(value, Expr::value(Value::Null));
        *value = cast_to(literal, data_type.clone());
    }
}

fn cast_to(value: Expr, data_type: DataType) -> Expr {
    Expr::Cast {
        kind: CastKind::DoubleColon,
        expr: Box::new(value),
        data_type,
        array: false,
        format: None,
    }
}

/// Texts of several lengths become texts of none, which a cast does not do.
fn take_lengths(values: &mut Values, column: usize) {
    for cell in cells(values, column) {
        let value = std::mem::replace(cell, Expr::value(Value::Null));
        *cell = Expr::BinaryOp {
            left: Box::new(Expr::Nested(Box::new(value))),
            op: BinaryOperator::StringConcat,
            right: Box::new(Expr::value(Value::SingleQuotedString(String::new()))),
        };
    }
}

/// The type of `INTERVAL '1 day'`.
static INTERVAL: DataType = DataType::Interval {
    fields: None,
    precision: None,
};

/// The type that an expression is cast to, or a literal is written with.
fn type_of(value: &Expr) -> Option<&DataType> {
    match value {
        Expr::Interval(_) => Some(&INTERVAL),
        Expr::Cast { data_type, .. } => Some(data_type),
        Expr::TypedString(typed) => Some(&typed.data_type),
        Expr::Value(value) if matches!(value.value, Value::Boolean(_)) => Some(&DataType::Boolean),
        Expr::Nested(inner) => type_of(inner),
        _ => None,
    }
}

/// Whether a type is one that fields tell by more than how its values are kept.
fn is_named(data_type: &DataType) -> bool {
    is_document(data_type) || is_number(data_type) || length_of(data_type).is_some()
}

fn is_document(data_type: &DataType) -> bool {
    matches!(data_type, DataType::JSON | DataType::JSONB)
}

/// Whether a type is `numeric` of any number of digits.
fn is_number(data_type: &DataType) -> bool {
    matches!(
        data_type,
        DataType::Numeric(ExactNumberInfo::None)
            | DataType::Decimal(ExactNumberInfo::None)
            | DataType::Dec(ExactNumberInfo::None)
    )
}

/// How many characters a text of a type has at most.
fn length_of(data_type: &DataType) -> Option<u64> {
    use DataType::{Char, CharVarying, Character, CharacterVarying, Varchar};
    match data_type {
        Char(None) | Character(None) => Some(1),
        Char(Some(CharacterLength::IntegerLength { length, .. }))
        | Character(Some(CharacterLength::IntegerLength { length, .. }))
        | Varchar(Some(CharacterLength::IntegerLength { length, .. }))
        | CharVarying(Some(CharacterLength::IntegerLength { length, .. }))
        | CharacterVarying(Some(CharacterLength::IntegerLength { length, .. })) => Some(*length),
        _ => None,
    }
}

/// Whether a value is a literal that a cast to a type leaves as it is.
fn fits(value: &Expr, data_type: &DataType) -> bool {
    let value = match value {
        Expr::Value(value) => value,
        Expr::UnaryOp {
            op: UnaryOperator::Minus | UnaryOperator::Plus,
            expr,
        } => match expr.as_ref() {
            Expr::Value(value) => value,
            _ => return false,
        },
        _ => return false,
    };
    match &value.value {
        Value::Null => true,
        Value::Number(..) => is_number(data_type),
        Value::SingleQuotedString(text) => length_of(data_type).is_none_or(|length| {
            u64::try_from(text.chars().count()).is_ok_and(|own| own <= length)
        }),
        _ => false,
    }
}
