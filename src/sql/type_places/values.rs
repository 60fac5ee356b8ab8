//! What a value's text tells: its type, where it is written out or cast, and where it begins.

use datafusion::sql::sqlparser::ast::{
    ArrayElemTypeDef, BinaryOperator, CastKind, DataType, Expr, TimezoneInfo, UnaryOperator, Value,
};
use datafusion::sql::sqlparser::tokenizer::Location;

/// What is known of a value's type.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// It is that of what it stands beside: a literal, or NULL.
    Open,
    /// Its name, as errors have it.
    Type(String),
    /// Nothing.
    Nothing,
}

impl Known {
    fn of_type(name: &str) -> Self {
        Self::Type(name.to_owned())
    }
}

/// What is known of a value's type.
pub(super) fn known(value: &Expr) -> Known {
    match value {
        Expr::Nested(inner) => known(inner),
        Expr::Value(value) => match &value.value {
            Value::Number(digits, _) => Known::of_type(of_digits(digits)),
            Value::Boolean(_) => Known::of_type("boolean"),
            Value::Placeholder(_) => Known::Nothing,
            _ => Known::Open,
        },
        Expr::Cast { data_type, .. } => of_cast(data_type),
        Expr::TypedString(typed) => of_cast(&typed.data_type),
        Expr::Interval(_) => Known::of_type("interval"),
        Expr::UnaryOp { op, expr } => match op {
            UnaryOperator::Not => Known::of_type("boolean"),
            UnaryOperator::Minus | UnaryOperator::Plus => known(expr),
            _ => Known::Nothing,
        },
        Expr::BinaryOp { left, op, right } => of_operator(left, op, right),
        Expr::IsNull(_)
        | Expr::IsNotNull(_)
        | Expr::IsTrue(_)
        | Expr::IsNotTrue(_)
        | Expr::IsFalse(_)
        | Expr::IsNotFalse(_)
        | Expr::IsUnknown(_)
        | Expr::IsNotUnknown(_)
        | Expr::IsDistinctFrom(..)
        | Expr::IsNotDistinctFrom(..)
        | Expr::InList { .. }
        | Expr::InSubquery { .. }
        | Expr::Between { .. }
        | Expr::Like { .. }
        | Expr::ILike { .. }
        | Expr::SimilarTo { .. }
        | Expr::AnyOp { .. }
        | Expr::AllOp { .. }
        | Expr::Exists { .. } => Known::of_type("boolean"),
        _ => Known::Nothing,
    }
}

fn of_digits(digits: &str) -> &'static str {
    match (digits.parse::<i32>(), digits.parse::<i64>()) {
        (Ok(_), _) => "integer",
        (Err(_), Ok(_)) => "bigint",
        (Err(_), Err(_)) => "numeric",
    }
}

fn of_operator(left: &Expr, op: &BinaryOperator, right: &Expr) -> Known {
    use BinaryOperator::{
        And, Divide, Eq, Gt, GtEq, Lt, LtEq, Minus, Modulo, Multiply, NotEq, Or, Plus,
    };
    match op {
        And | Or | Eq | NotEq | Lt | LtEq | Gt | GtEq => Known::of_type("boolean"),
        Plus | Minus | Multiply | Divide | Modulo => match (known(left), known(right)) {
            (Known::Type(one), Known::Type(other)) if one == other && is_number(&one) => {
                Known::Type(one)
            }
            _ => Known::Nothing,
        },
        _ => Known::Nothing,
    }
}

fn is_number(name: &str) -> bool {
    ["integer", "bigint", "numeric"].contains(&name)
}

fn of_cast(data_type: &DataType) -> Known {
    named(data_type).map_or(Known::Nothing, Known::Type)
}

fn named(data_type: &DataType) -> Option<String> {
    use DataType::{
        BigInt, Bool, Boolean, Bytea, Char, CharVarying, Character, CharacterVarying, Date, Dec,
        Decimal, DoublePrecision, Float4, Float8, Int, Int2, Int4, Int8, Integer, Interval, JSON,
        JSONB, Numeric, Real, SmallInt, Text, Time, Timestamp, Uuid, Varchar,
    };
    let name = match data_type {
        SmallInt(None) | Int2(None) => "smallint",
        Int(None) | Integer(None) | Int4(None) => "integer",
        BigInt(None) | Int8(None) => "bigint",
        Numeric(_) | Decimal(_) | Dec(_) => "numeric",
        Real | Float4 => "real",
        DoublePrecision | Float8 => "double precision",
        Bool | Boolean => "boolean",
        Text => "text",
        Varchar(_) | CharVarying(_) | CharacterVarying(_) => "character varying",
        Char(_) | Character(_) => "character",
        Bytea => "bytea",
        Date => "date",
        Time(_, TimezoneInfo::None | TimezoneInfo::WithoutTimeZone) => "time without time zone",
        Timestamp(_, TimezoneInfo::None | TimezoneInfo::WithoutTimeZone) => {
            "timestamp without time zone"
        }
        Timestamp(..) => "timestamp with time zone",
        Interval { .. } => "interval",
        JSON => "json",
        JSONB => "jsonb",
        Uuid => "uuid",
        DataType::Array(ArrayElemTypeDef::SquareBracket(item, _)) => {
            let item = named(item)?;
            return Some(format!("{}[]", item.trim_end_matches("[]")));
        }
        _ => return None,
    };
    Some(name.to_owned())
}

/// Where a value begins, as PostgreSQL tells it: without parentheses and the type before a literal.
pub(super) fn start(value: &Expr) -> Option<Location> {
    let place = match value {
        Expr::Identifier(name) => Some(name.span.start),
        Expr::CompoundIdentifier(names) => Some(names.first()?.span.start),
        Expr::Value(value) => Some(value.span.start),
        Expr::TypedString(typed) => Some(typed.value.span.start),
        Expr::Interval(interval) => start(&interval.value),
        Expr::Nested(inner)
        | Expr::Cast {
            kind: CastKind::DoubleColon,
            expr: inner,
            ..
        }
        | Expr::IsNull(inner)
        | Expr::IsNotNull(inner)
        | Expr::Between { expr: inner, .. }
        | Expr::InList { expr: inner, .. }
        | Expr::Like { expr: inner, .. }
        | Expr::ILike { expr: inner, .. } => start(inner),
        Expr::BinaryOp { left, .. } => start(left),
        Expr::Function(call) => {
            let name = call.name.0.first()?.as_ident()?;
            Some(name.span.start)
        }
        Expr::Case { case_token, .. } => Some(case_token.0.span.start),
        _ => None,
    };
    // What was made by the parser stands on no line.
    place.filter(|place| place.line > 0)
}
