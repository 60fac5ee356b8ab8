//! Forms of standard SQL that DataFusion's planner does not know, said in those that it does:
//! `FETCH FIRST n ROWS ONLY` is `LIMIT n`, functions without parentheses get theirs,
//! `(record).field` is `(record)['field']`, `AT TIME ZONE` is the function `timezone`, the pattern of
//! `LIKE p ESCAPE e` is `like_escape(p, e)`, `x < ANY (a)`, of which DataFusion forgets the elements that
//! are NULL, is `NOT (x >= ALL (a))`, `SIMILAR TO` is a regular expression, operators such as
//! `&&`, `|/` and `~` are functions, `x::bit(n)::bigint` is the number of the bits, `1e308` is a
//! `double precision`, and keys of `ORDER BY` stand once.

use std::ops::ControlFlow;

use datafusion::error::DataFusionError;
use datafusion::sql::sqlparser::ast::helpers::attached_token::AttachedToken;
use datafusion::sql::sqlparser::ast::{
    AccessExpr, ArrayElemTypeDef, BinaryOperator, CaseWhen, CastKind, DataType, DateTimeField,
    ExactNumberInfo, Expr, Fetch, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList,
    FunctionArguments, Ident, Interval, LimitClause, ObjectName, OrderBy, OrderByExpr, OrderByKind,
    Query, Subscript, TimezoneInfo, UnaryOperator, Value, VisitMut, VisitorMut,
};

use tributary_udfs::postgres::{IntervalUnit, read_interval, reads_alike};

use super::cursor::fold;
use crate::error::{Error, Result, SqlState};

/// Functions that are called without parentheses, which no column can be named for unless quoted.
const WITHOUT_PARENTHESES: [&str; 8] = [
    "current_catalog",
    "current_role",
    "current_schema",
    "current_user",
    "localtime",
    "localtimestamp",
    "session_user",
    "user",
];

/// Rewrites a query before it is planned; what is stored and displayed is the query as written.
///
/// # Errors
/// 22007 and 22008 for an interval that is none; 0A000 for `WITH TIES`; 42601 for a query with both a `LIMIT` and a `FETCH`.
pub fn rewrite(query: &mut Query) -> Result<()> {
    match query.visit(&mut Rewriter) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(error) => Err(error),
    }
}

struct Rewriter;

/// The comparison that is true where another one is false; none for equality, of which there is a
/// function.
fn opposite(comparison: &BinaryOperator) -> Option<BinaryOperator> {
    match comparison {
        BinaryOperator::NotEq => Some(BinaryOperator::Eq),
        BinaryOperator::Lt => Some(BinaryOperator::GtEq),
        BinaryOperator::LtEq => Some(BinaryOperator::Gt),
        BinaryOperator::Gt => Some(BinaryOperator::LtEq),
        BinaryOperator::GtEq => Some(BinaryOperator::Lt),
        _ => None,
    }
}

/// Drops sort keys that are there before: they decide nothing, and DataFusion takes each column of
/// `DISTINCT ON` for one key.
fn drop_repeated(keys: &mut Vec<OrderByExpr>) {
    let mut known: Vec<Expr> = Vec::with_capacity(keys.len());
    keys.retain(|key| {
        let is_new = !known.contains(&key.expr);
        if is_new {
            known.push(key.expr.clone());
        }
        is_new
    });
}

impl VisitorMut for Rewriter {
    type Break = Error;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Error> {
        if let Some(OrderBy {
            kind: OrderByKind::Expressions(keys),
            ..
        }) = &mut query.order_by
        {
            drop_repeated(keys);
        }
        let Some(fetch) = query.fetch.take() else {
            return ControlFlow::Continue(());
        };
        match limit(fetch, query.limit_clause.take()) {
            Ok(limit) => {
                query.limit_clause = Some(limit);
                ControlFlow::Continue(())
            }
            Err(error) => ControlFlow::Break(error),
        }
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Error> {
        match expr {
            Expr::AtTimeZone {
                timestamp,
                time_zone,
            } => {
                let zone = std::mem::replace(time_zone.as_mut(), Expr::value(Value::Null));
                let moment = std::mem::replace(timestamp.as_mut(), Expr::value(Value::Null));
                *expr = named_call("timezone", vec![zone, with_time_zone(moment)]);
            }
            Expr::AnyOp {
                left,
                compare_op,
                right,
                ..
            } if !matches!(**right, Expr::Subquery(_)) => {
                if let Some(opposite) = opposite(compare_op) {
                    let all = Expr::AllOp {
                        left: std::mem::replace(left, Box::new(Expr::value(Value::Null))),
                        compare_op: opposite,
                        right: std::mem::replace(right, Box::new(Expr::value(Value::Null))),
                    };
                    *expr = Expr::UnaryOp {
                        op: UnaryOperator::Not,
                        expr: Box::new(Expr::Nested(Box::new(all))),
                    };
                }
            }
            Expr::Like {
                pattern,
                escape_char,
                ..
            }
            | Expr::ILike {
                pattern,
                escape_char,
                ..
            } => {
                if let Some(escape) = escape_char.take() {
                    let written = std::mem::replace(pattern.as_mut(), Expr::value(Value::Null));
                    let mut function = call(Ident::new("like_escape"));
                    function.args = arguments(vec![written, Expr::Value(escape)]);
                    **pattern = Expr::Function(function);
                }
            }
            Expr::BinaryOp { op, right, .. } if matching(op).is_some() => {
                if let Some((ignores_case, negated)) = matching(op)
                    && let Some(pattern) = literal_text(right)
                {
                    match reads_alike(pattern) {
                        Ok(true) => {}
                        Ok(false) => as_regexp_like(expr, ignores_case, negated),
                        Err(error) => {
                            return ControlFlow::Break(DataFusionError::from(error).into());
                        }
                    }
                }
            }
            Expr::Identifier(name) if is_function(name) => {
                *expr = Expr::Function(call(name.clone()));
                as_function(expr);
            }
            Expr::Function(function) if matches!(function.args, FunctionArguments::None) => {
                function.args = no_arguments();
                as_function(expr);
            }
            Expr::CompoundFieldAccess { root, access_chain } => {
                name_fields(root, access_chain);
                access_chain.iter_mut().for_each(bound_slice);
            }
            Expr::Array(array) if !are_as_long(&array.elem) => {
                let message =
                    "multidimensional arrays must have array expressions with matching dimensions";
                return ControlFlow::Break(Error::new(SqlState::ARRAY_SUBSCRIPT_ERROR, message));
            }
            Expr::Interval(interval) => {
                if let Err(error) = in_plain_units(interval) {
                    return ControlFlow::Break(error);
                }
            }
            Expr::Cast {
                expr: inner,
                data_type,
                ..
            } => {
                if let Some(number) = number_of_bits(inner, data_type) {
                    **inner = number;
                }
                as_deep_as(data_type, inner);
            }
            Expr::Extract { .. }
            | Expr::Function(_)
            | Expr::SimilarTo { .. }
            | Expr::Substring { .. }
            | Expr::Overlay { .. }
            | Expr::UnaryOp { .. }
            | Expr::BinaryOp { .. } => as_function(expr),
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

/// Of an operator that matches a regular expression whether it ignores case, and whether it is true
/// where the expression does not match.
fn matching(operator: &BinaryOperator) -> Option<(bool, bool)> {
    Some(match operator {
        BinaryOperator::PGRegexMatch => (false, false),
        BinaryOperator::PGRegexIMatch => (true, false),
        BinaryOperator::PGRegexNotMatch => (false, true),
        BinaryOperator::PGRegexNotIMatch => (true, true),
        _ => return None,
    })
}

fn literal_text(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) | Value::EscapedStringLiteral(text) => Some(text),
            _ => None,
        },
        _ => None,
    }
}

/// An operator knows the expressions of DataFusion alone, `regexp_like` those of PostgreSQL.
fn as_regexp_like(expr: &mut Expr, ignores_case: bool, negated: bool) {
    let Expr::BinaryOp { left, right, .. } = expr else {
        return;
    };
    let take = |part: &mut Box<Expr>| std::mem::replace(part.as_mut(), Expr::value(Value::Null));
    let mut given = vec![take(left), take(right)];
    if ignores_case {
        given.push(Expr::value(Value::SingleQuotedString("i".to_owned())));
    }
    let matches = named_call("regexp_like", given);
    *expr = match negated {
        true => Expr::UnaryOp {
            op: UnaryOperator::Not,
            expr: Box::new(matches),
        },
        false => matches,
    };
}

/// Puts functions in the place of operators and of forms with words of their own.
fn as_function(expr: &mut Expr) {
    let null = || Expr::value(Value::Null);
    let take = |part: &mut Box<Expr>| std::mem::replace(part.as_mut(), null());
    let named = named_call;
    let changed = match expr {
        Expr::SimilarTo {
            negated,
            expr: text,
            pattern,
            escape_char,
        } => {
            let mut given = vec![take(pattern)];
            given.extend(escape_char.take().map(Expr::Value));
            let pattern = named("similar_to_escape", given);
            let matches = named("regexp_like", vec![take(text), pattern]);
            match negated {
                true => Expr::UnaryOp {
                    op: UnaryOperator::Not,
                    expr: Box::new(matches),
                },
                false => matches,
            }
        }
        Expr::Substring {
            expr: text,
            substring_from,
            substring_for,
            ..
        } => {
            let is_pattern = matches!(
                substring_from.as_deref(),
                Some(Expr::Value(from)) if matches!(from.value, Value::SingleQuotedString(_)
                    | Value::EscapedStringLiteral(_) | Value::DollarQuotedString(_)
                    // Which is a pattern, unless it is declared to be a number.
                    | Value::Placeholder(_))
            );
            let first = || Expr::value(Value::Number("1".to_owned(), false));
            let from = substring_from.as_mut().map_or_else(first, take);
            let mut given = vec![take(text), from];
            given.extend(substring_for.as_mut().map(take));
            named(
                if is_pattern {
                    "text_substring"
                } else {
                    "substr"
                },
                given,
            )
        }
        Expr::Overlay {
            expr: text,
            overlay_what,
            overlay_from,
            overlay_for,
        } => {
            let mut given = vec![take(text), take(overlay_what), take(overlay_from)];
            given.extend(overlay_for.as_mut().map(take));
            named("overlay", given)
        }
        Expr::UnaryOp { op, expr: operand } => match op {
            UnaryOperator::PGAbs => named("abs", vec![take(operand)]),
            UnaryOperator::PGSquareRoot => named("sqrt", vec![take(operand)]),
            UnaryOperator::PGCubeRoot => named("cbrt", vec![take(operand)]),
            UnaryOperator::BitwiseNot => Expr::BinaryOp {
                left: Box::new(Expr::Nested(Box::new(take(operand)))),
                op: BinaryOperator::PGBitwiseXor,
                right: Box::new(Expr::value(Value::Number("-1".to_owned(), false))),
            },
            _ => return,
        },
        Expr::BinaryOp { left, op, right } => match op {
            BinaryOperator::PGOverlap => named("array_has_any", vec![take(left), take(right)]),
            BinaryOperator::PGStartsWith => named("starts_with", vec![take(left), take(right)]),
            BinaryOperator::Overlaps => {
                let (Expr::Tuple(first), Expr::Tuple(second)) = (left.as_mut(), right.as_mut())
                else {
                    return;
                };
                first.append(second);
                named("overlaps", std::mem::take(first))
            }
            _ => return,
        },
        Expr::Extract {
            field, expr: from, ..
        } => {
            let field = field.to_string().to_lowercase();
            let field = field.trim_matches('\'');
            let value = extracted(field, take(from));
            cast(value, DataType::Numeric(ExactNumberInfo::None))
        }
        Expr::Function(function) => match renamed(function) {
            Some(changed) => changed,
            None => return,
        },
        _ => return,
    };
    *expr = changed;
}

/// The function that extracts a field which DataFusion's `date_part` has not, or has as another type.
fn field_function(field: &str) -> Option<&'static str> {
    Some(match field {
        "century" | "centuries" | "decade" | "decades" | "millennium" | "millenium"
        | "millennia" | "isoyear" | "timezone" | "timezone_hour" | "timezone_minute" => {
            "extract_whole"
        }
        "epoch" | "second" | "seconds" => "extract_seconds",
        "millisecond" | "milliseconds" => "extract_milliseconds",
        "julian" => "extract_julian",
        _ => return None,
    })
}

/// Fields that are infinite where the moment is, which a double can be and a numeric cannot.
const GROWING: [&str; 11] = [
    "year",
    "years",
    "decade",
    "decades",
    "century",
    "centuries",
    "millennium",
    "millennia",
    "isoyear",
    "julian",
    "epoch",
];

/// A field of a moment or an interval.
fn extracted(field: &str, from: Expr) -> Expr {
    let name = Expr::value(Value::SingleQuotedString(field.to_owned()));
    match field_function(field) {
        Some(function @ ("extract_milliseconds" | "extract_julian")) => {
            named_call(function, vec![from])
        }
        Some(function) => named_call(function, vec![name, from]),
        // In parentheses it is DataFusion's, and not PostgreSQL's, which gives another type.
        None => named_call("date_part", vec![Expr::Nested(Box::new(name)), from]),
    }
}

/// `value::bit(n)`, where it is cast to a number: as the number of its bits. Programs read hexadecimal
/// digits so.
fn number_of_bits(bits: &Expr, wanted: &DataType) -> Option<Expr> {
    let width = match wanted {
        DataType::Int(None) | DataType::Integer(None) | DataType::Int4(None) => 32,
        DataType::BigInt(None) | DataType::Int8(None) => 64,
        _ => return None,
    };
    match bits {
        Expr::Nested(inner) => number_of_bits(inner, wanted),
        Expr::Cast {
            expr,
            data_type: DataType::Bit(length),
            ..
        } => {
            let number = |number: u64| Expr::value(Value::Number(number.to_string(), false));
            let arguments = vec![
                expr.as_ref().clone(),
                number(length.unwrap_or(1)),
                number(width),
            ];
            Some(named_call("bit_integer", arguments))
        }
        _ => None,
    }
}

fn cast(expr: Expr, data_type: DataType) -> Expr {
    Expr::Cast {
        kind: CastKind::Cast,
        expr: Box::new(expr),
        data_type,
        array: false,
        format: None,
    }
}

/// Functions that are others by another name, and types called as functions: `float8(x)`.
fn renamed(function: &mut Function) -> Option<Expr> {
    let [part] = function.name.0.as_slice() else {
        return None;
    };
    let ident = part.as_ident()?;
    let name = fold(ident.value.clone(), ident.quote_style);
    if name == "make_interval" {
        place_arguments(function);
        return None;
    }
    let mut plain: Vec<Expr> = match &function.args {
        FunctionArguments::List(list) if list.clauses.is_empty() => {
            let given = list.args.iter().map(|argument| match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr.clone()),
                _ => None,
            });
            given.collect::<Option<_>>()?
        }
        _ => return None,
    };
    let now = || call(Ident::new("now"));
    let data_type = match (name.as_str(), plain.as_slice()) {
        ("ceiling", [_]) => {
            function.name = ObjectName::from(vec![Ident::new("ceil")]);
            return None;
        }
        ("every", [_]) => {
            function.name = ObjectName::from(vec![Ident::new("bool_and")]);
            return None;
        }
        ("gen_random_uuid", []) => {
            function.name = ObjectName::from(vec![Ident::new("uuid")]);
            return None;
        }
        ("statement_timestamp" | "transaction_timestamp", []) => {
            return Some(Expr::Function(now()));
        }
        ("localtimestamp", []) => {
            plain.push(Expr::Function(now()));
            DataType::Timestamp(None, TimezoneInfo::None)
        }
        ("localtime", []) => {
            plain.push(Expr::Function(now()));
            DataType::Time(None, TimezoneInfo::None)
        }
        // `date_trunc('day', moment, 'Europe/Berlin')` is of the days there.
        ("date_trunc", [unit, moment, zone]) => {
            let there = |moment: Expr| named_call("timezone", vec![zone.clone(), moment]);
            let cut = named_call("date_trunc", vec![unit.clone(), there(moment.clone())]);
            return Some(there(cut));
        }
        ("date_part", [Expr::Value(field), from]) => {
            let Value::SingleQuotedString(text) = &field.value else {
                return None;
            };
            let text = text.to_lowercase();
            plain = vec![match GROWING.contains(&text.as_str()) {
                true => {
                    let name = Expr::value(Value::SingleQuotedString(text));
                    named_call("double_field", vec![name, from.clone()])
                }
                false => extracted(&text, from.clone()),
            }];
            DataType::DoublePrecision
        }
        ("array_upper", [array, dimension]) => {
            let length = vec![array.clone(), dimension.clone()];
            plain = vec![named_call("array_length", length)];
            DataType::Integer(None)
        }
        // Arrays count from 1, and one without elements, or without the dimension, from nowhere.
        ("array_lower", [array, dimension]) => {
            let number = |digit: &str| Expr::value(Value::Number(digit.to_owned(), false));
            let length = named_call("array_length", vec![array.clone(), dimension.clone()]);
            let has_elements = Expr::BinaryOp {
                left: Box::new(length),
                op: BinaryOperator::Gt,
                right: Box::new(number("0")),
            };
            plain = vec![Expr::Case {
                case_token: AttachedToken::empty(),
                end_token: AttachedToken::empty(),
                operand: None,
                conditions: vec![CaseWhen {
                    condition: has_elements,
                    result: number("1"),
                }],
                else_result: None,
            }];
            DataType::Integer(None)
        }
        ("mod", [_, _]) => {
            let right = Box::new(Expr::Nested(Box::new(plain.pop()?)));
            let left = Box::new(Expr::Nested(Box::new(plain.pop()?)));
            return Some(Expr::Nested(Box::new(Expr::BinaryOp {
                left,
                op: BinaryOperator::Modulo,
                right,
            })));
        }
        ("float8", [_]) => DataType::DoublePrecision,
        ("float4", [_]) => DataType::Real,
        ("int8", [_]) => DataType::BigInt(None),
        ("int4", [_]) => DataType::Integer(None),
        ("int2", [_]) => DataType::SmallInt(None),
        ("text", [_]) => DataType::Text,
        ("bool", [_]) => DataType::Boolean,
        ("date", [_]) => DataType::Date,
        _ => return None,
    };
    Some(cast(plain.pop()?, data_type))
}

/// `make_interval(days => 3)` with its arguments in their order.
fn place_arguments(function: &mut Function) {
    const NAMES: [&str; 7] = ["years", "months", "weeks", "days", "hours", "mins", "secs"];
    let FunctionArguments::List(list) = &mut function.args else {
        return;
    };
    let zero = || Expr::value(Value::Number("0".to_owned(), false));
    let mut placed: Vec<Expr> = NAMES.iter().map(|_| zero()).collect();
    for (index, argument) in list.args.iter().enumerate() {
        let (place, value) = match argument {
            FunctionArg::Unnamed(FunctionArgExpr::Expr(value)) => (Some(index), value),
            FunctionArg::Named {
                name,
                arg: FunctionArgExpr::Expr(value),
                ..
            } => {
                let name = fold(name.value.clone(), name.quote_style);
                (NAMES.iter().position(|known| *known == name), value)
            }
            _ => return,
        };
        match place.and_then(|place| placed.get_mut(place)) {
            Some(place) => *place = value.clone(),
            // The planner tells of a name that is none.
            None => return,
        }
    }
    let unnamed = |value| FunctionArg::Unnamed(FunctionArgExpr::Expr(value));
    list.args = placed.into_iter().map(unnamed).collect();
}

/// Says an interval in months, days and microseconds, which the planner reads everywhere.
fn in_plain_units(interval: &mut Interval) -> Result<()> {
    let Expr::Value(value) = interval.value.as_mut() else {
        return Ok(());
    };
    let (Value::SingleQuotedString(text) | Value::EscapedStringLiteral(text)) = &mut value.value
    else {
        return Ok(());
    };
    let range = match (&interval.leading_field, &interval.last_field) {
        (None, None) => None,
        (Some(only), None) => interval_unit(only).map(|unit| (unit, unit)),
        (first, last) => first
            .as_ref()
            .and_then(interval_unit)
            .zip(last.as_ref().and_then(interval_unit)),
    };
    if range.is_none() && interval.leading_field.is_some() {
        return Ok(());
    }
    let mut parts = read_interval(text, range).map_err(DataFusionError::from)?;
    // `interval '1.2345' second(2)`
    let digits = interval
        .fractional_seconds_precision
        .or(interval.leading_precision);
    if let Some(digits) = digits.and_then(|digits| u32::try_from(digits).ok())
        && let Some(unit) = 6_u32.checked_sub(digits).map(|zeros| 10_i64.pow(zeros))
    {
        let half = parts.micros.signum() * (unit / 2);
        parts.micros = (parts.micros + half) / unit * unit;
    }
    *text = format!(
        "{} mons {} days {} microseconds",
        parts.months, parts.days, parts.micros
    );
    interval.leading_field = None;
    interval.leading_precision = None;
    interval.last_field = None;
    interval.fractional_seconds_precision = None;
    Ok(())
}

fn interval_unit(field: &DateTimeField) -> Option<IntervalUnit> {
    Some(match field {
        DateTimeField::Year | DateTimeField::Years => IntervalUnit::Year,
        DateTimeField::Month | DateTimeField::Months => IntervalUnit::Month,
        DateTimeField::Day | DateTimeField::Days => IntervalUnit::Day,
        DateTimeField::Hour | DateTimeField::Hours => IntervalUnit::Hour,
        DateTimeField::Minute | DateTimeField::Minutes => IntervalUnit::Minute,
        DateTimeField::Second | DateTimeField::Seconds => IntervalUnit::Second,
        _ => return None,
    })
}

fn limit(fetch: Fetch, clause: Option<LimitClause>) -> Result<LimitClause> {
    if fetch.with_ties || fetch.percent {
        return Err(Error::unsupported("FETCH FIRST with WITH TIES or PERCENT"));
    }
    let one = || Expr::value(Value::Number("1".to_owned(), false));
    let limit = Some(fetch.quantity.unwrap_or_else(one));
    match clause {
        None => Ok(LimitClause::LimitOffset {
            limit,
            offset: None,
            limit_by: Vec::new(),
        }),
        Some(LimitClause::LimitOffset {
            limit: None,
            offset,
            limit_by,
        }) => Ok(LimitClause::LimitOffset {
            limit,
            offset,
            limit_by,
        }),
        Some(_) => Err(Error::new(
            SqlState::SYNTAX_ERROR,
            "a query has one LIMIT or one FETCH, not both",
        )),
    }
}

/// Whether arrays that are written out as elements of one have the same number of elements.
fn are_as_long(elements: &[Expr]) -> bool {
    let mut lengths = elements.iter().map(|element| match element {
        Expr::Array(array) => Some(array.elem.len()),
        _ => None,
    });
    let first = lengths.next().flatten();
    first.is_none_or(|first| lengths.all(|length| length.is_none_or(|length| length == first)))
}

/// Names the fields of records by text. Identifiers behind an identifier are a table's column.
fn name_fields(root: &Expr, access: &mut [AccessExpr]) {
    let is_name = |access: &AccessExpr| matches!(access, AccessExpr::Dot(Expr::Identifier(_)));
    let column = match root {
        Expr::Identifier(_) => access.iter().take_while(|access| is_name(access)).count(),
        _ => 0,
    };
    for access in &mut access[column..] {
        if let AccessExpr::Dot(field) = access
            && let Expr::Identifier(name) = field
        {
            let name = fold(std::mem::take(&mut name.value), name.quote_style);
            *field = Expr::value(Value::SingleQuotedString(name));
        }
    }
}

/// Gives the type of a literal that is cast to an array as many dimensions as it has: as in Postgres, an array
/// has any number of them, of whatever its type says.
fn as_deep_as(data_type: &mut DataType, literal: &Expr) {
    let Some(text) = literal_text(literal) else {
        return;
    };
    let mut written = 0;
    let mut inner = &*data_type;
    while let DataType::Array(ArrayElemTypeDef::SquareBracket(element, _)) = inner {
        written += 1;
        inner = element;
    }
    let marks = text.chars().filter(|mark| !mark.is_ascii_whitespace());
    let given = marks.take_while(|mark| *mark == '{').count();
    // More than PostgreSQL knows are told as such by who reads the text.
    const DIMENSIONS: usize = 7;
    if written == 0 {
        return;
    }
    for _ in written..given.min(DIMENSIONS) {
        let element = Box::new(std::mem::replace(data_type, DataType::Unspecified));
        *data_type = DataType::Array(ArrayElemTypeDef::SquareBracket(element, None));
    }
}

/// Gives a slice, as `a[2:]` or `a[:2]`, the bounds that it leaves out. An array begins at 1, and what is
/// beyond its end is none of it.
fn bound_slice(access: &mut AccessExpr) {
    let AccessExpr::Subscript(Subscript::Slice {
        lower_bound,
        upper_bound,
        ..
    }) = access
    else {
        return;
    };
    let number = |number: i32| Expr::value(Value::Number(number.to_string(), false));
    lower_bound.get_or_insert_with(|| number(1));
    upper_bound.get_or_insert_with(|| number(i32::MAX));
}

/// A literal that is a moment by where it stands.
fn with_time_zone(moment: Expr) -> Expr {
    match moment {
        Expr::Value(value) if matches!(value.value, Value::SingleQuotedString(_)) => Expr::Cast {
            kind: CastKind::Cast,
            expr: Box::new(Expr::Value(value)),
            data_type: DataType::Timestamp(None, TimezoneInfo::WithTimeZone),
            array: false,
            format: None,
        },
        other => other,
    }
}

fn is_function(name: &Ident) -> bool {
    name.quote_style.is_none()
        && WITHOUT_PARENTHESES
            .iter()
            .any(|function| name.value.eq_ignore_ascii_case(function))
}

fn named_call(name: &str, given: Vec<Expr>) -> Expr {
    let mut function = call(Ident::new(name));
    function.args = arguments(given);
    Expr::Function(function)
}

fn no_arguments() -> FunctionArguments {
    arguments(Vec::new())
}

pub(super) fn arguments(expressions: Vec<Expr>) -> FunctionArguments {
    let unnamed = |expression| FunctionArg::Unnamed(FunctionArgExpr::Expr(expression));
    FunctionArguments::List(FunctionArgumentList {
        duplicate_treatment: None,
        args: expressions.into_iter().map(unnamed).collect(),
        clauses: Vec::new(),
    })
}

pub(super) fn call(name: Ident) -> Function {
    Function {
        name: ObjectName::from(vec![name]),
        uses_odbc_syntax: false,
        parameters: FunctionArguments::None,
        args: no_arguments(),
        null_treatment: None,
        filter: None,
        over: None,
        within_group: Vec::new(),
    }
}
