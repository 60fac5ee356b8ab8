//! Functions in the place of operators and of forms with words of their own, and functions that are others
//! by another name.

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, DataType, ExactNumberInfo, Expr, Function, FunctionArg, FunctionArgExpr,
    FunctionArguments, Ident, ObjectName, TimezoneInfo, UnaryOperator, Value,
};

use super::arrays::{array_lower, array_upper};
use super::calls::{call, cast, named_call, taken};
use super::intervals::place_arguments;
use super::moments::{date_part, extracted, truncated_there};
use super::numbers::{read_arguments, read_as};
use super::patterns::{negate_if, similar};
use super::windows::{shifted, with_default};
use crate::sql::array_leaves::leaves;
use crate::sql::cursor::folded;

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

pub(super) fn is_function(name: &Ident) -> bool {
    name.quote_style.is_none()
        && WITHOUT_PARENTHESES
            .iter()
            .any(|function| name.value.eq_ignore_ascii_case(function))
}

/// Whether this is the word for a normal form of Unicode, which `normalize` takes for no column.
fn is_normal_form(word: &Ident) -> bool {
    word.quote_style.is_none()
        && ["nfc", "nfd", "nfkc", "nfkd"]
            .iter()
            .any(|form| word.value.eq_ignore_ascii_case(form))
}

/// Puts functions in the place of operators and of forms with words of their own.
pub(super) fn as_function(expr: &mut Expr) {
    let changed = match expr {
        Expr::SimilarTo {
            negated,
            expr: text,
            pattern,
            escape_char,
        } => similar(taken(text), taken(pattern), escape_char.take(), *negated),
        Expr::IsNormalized {
            expr: text,
            form,
            negated,
        } => {
            let form = form.as_ref().map(ToString::to_string);
            let mut given = vec![taken(text)];
            given.extend(form.map(|form| Expr::value(Value::SingleQuotedString(form))));
            negate_if(*negated, named_call("is_normalized", given))
        }
        Expr::Substring {
            expr: text,
            substring_from,
            substring_for,
            shorthand,
            ..
        } => {
            // `substr` takes places alone.
            let is_pattern = !*shorthand
                && (matches!(
                    substring_from.as_deref(),
                    Some(Expr::Cast {
                        data_type: DataType::Text,
                        ..
                    })
                ) || matches!(
                    substring_from.as_deref(),
                    Some(Expr::Value(from)) if matches!(from.value, Value::SingleQuotedString(_)
                        | Value::EscapedStringLiteral(_) | Value::DollarQuotedString(_)
                        // Which is a pattern, unless it is declared to be a number.
                        | Value::Placeholder(_))
                ));
            let first = || Expr::value(Value::Number("1".to_owned(), false));
            let from = substring_from.as_deref_mut().map_or_else(first, taken);
            let mut given = vec![taken(text), from];
            given.extend(substring_for.as_deref_mut().map(taken));
            named_call(
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
            let mut given = vec![taken(text), taken(overlay_what), taken(overlay_from)];
            given.extend(overlay_for.as_deref_mut().map(taken));
            named_call("overlay", given)
        }
        // DataFusion's planner takes its own function, which knows texts alone.
        Expr::Position {
            expr: part,
            r#in: whole,
        } => named_call("strpos", vec![taken(whole), taken(part)]),
        Expr::UnaryOp { op, expr: operand } => match op {
            UnaryOperator::PGAbs => named_call("abs", vec![taken(operand)]),
            UnaryOperator::PGSquareRoot => named_call("sqrt", vec![taken(operand)]),
            UnaryOperator::PGCubeRoot => named_call("cbrt", vec![taken(operand)]),
            UnaryOperator::BitwiseNot => Expr::BinaryOp {
                left: Box::new(Expr::Nested(Box::new(taken(operand)))),
                op: BinaryOperator::PGBitwiseXor,
                right: Box::new(Expr::value(Value::Number("-1".to_owned(), false))),
            },
            _ => return,
        },
        Expr::BinaryOp { left, op, right } => match op {
            BinaryOperator::PGOverlap => named_call(
                "array_has_any",
                vec![leaves(taken(left)), leaves(taken(right))],
            ),
            BinaryOperator::PGStartsWith => {
                named_call("starts_with", vec![taken(left), taken(right)])
            }
            BinaryOperator::Overlaps => {
                let (Expr::Tuple(first), Expr::Tuple(second)) = (left.as_mut(), right.as_mut())
                else {
                    return;
                };
                first.append(second);
                named_call("overlaps", std::mem::take(first))
            }
            BinaryOperator::PGExp => {
                read_as(left, DataType::DoublePrecision);
                read_as(right, DataType::DoublePrecision);
                return;
            }
            _ => return,
        },
        Expr::Extract {
            field, expr: from, ..
        } => {
            let field = field.to_string().to_lowercase();
            let field = field.trim_matches('\'');
            let value = extracted(field, taken(from));
            cast(value, DataType::Numeric(ExactNumberInfo::None))
        }
        Expr::Function(function) => {
            let of_window = with_default(function).or_else(|| shifted(function));
            match of_window.or_else(|| renamed(function)) {
                Some(changed) => changed,
                None => return,
            }
        }
        _ => return,
    };
    *expr = changed;
}

/// `value::bit(n)`, where it is cast to a number: as the number of its bits. Programs read hexadecimal
/// digits so.
pub(super) fn number_of_bits(bits: &Expr, wanted: &DataType) -> Option<Expr> {
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

/// Functions that are others by another name, and types called as functions: `float8(x)`.
fn renamed(function: &mut Function) -> Option<Expr> {
    let [part] = function.name.0.as_slice() else {
        return None;
    };
    let ident = part.as_ident()?;
    let name = folded(ident);
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
    if read_arguments(&name, &mut plain) {
        return Some(named_call(&name, plain));
    }
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
        ("transaction_timestamp", []) => return Some(Expr::Function(now())),
        ("localtimestamp", []) => {
            plain.push(Expr::Function(now()));
            DataType::Timestamp(None, TimezoneInfo::None)
        }
        ("localtime", []) => {
            plain.push(Expr::Function(now()));
            DataType::Time(None, TimezoneInfo::None)
        }
        ("date_trunc", [unit, moment, zone]) => {
            return Some(truncated_there(unit, moment, zone));
        }
        ("date_part", [Expr::Value(field), from]) => {
            let Value::SingleQuotedString(text) = &field.value else {
                return None;
            };
            plain = vec![date_part(text, from.clone())];
            DataType::DoublePrecision
        }
        ("normalize", [_, Expr::Identifier(form)]) if is_normal_form(form) => {
            let form = Expr::value(Value::SingleQuotedString(form.value.clone()));
            plain.truncate(1);
            plain.push(form);
            return Some(named_call("normalize", plain));
        }
        // A literal has no type of its own, as NULL has none.
        ("pg_typeof", [literal]) if is_untyped(literal) => {
            return Some(named_call("pg_typeof", vec![Expr::value(Value::Null)]));
        }
        ("array_upper", [array, dimension]) => {
            plain = vec![array_upper(array, dimension)];
            DataType::Integer(None)
        }
        ("array_lower", [array, dimension]) => {
            plain = vec![array_lower(array, dimension)];
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
        (name, [_]) => called_type(name)?,
        _ => return None,
    };
    Some(cast(plain.pop()?, data_type))
}

/// Whether this is a text that nothing tells the type of.
fn is_untyped(expr: &Expr) -> bool {
    match expr {
        Expr::Nested(inner) => is_untyped(inner),
        Expr::Value(value) => matches!(
            value.value,
            Value::SingleQuotedString(_)
                | Value::EscapedStringLiteral(_)
                | Value::UnicodeStringLiteral(_)
                | Value::DollarQuotedString(_)
        ),
        _ => false,
    }
}

/// The type whose name is called as a function for a cast to it.
pub(in crate::sql) fn called_type(name: &str) -> Option<DataType> {
    Some(match name {
        "float8" => DataType::DoublePrecision,
        "float4" => DataType::Real,
        "int8" => DataType::BigInt(None),
        "int4" => DataType::Integer(None),
        "int2" => DataType::SmallInt(None),
        "text" => DataType::Text,
        "bool" => DataType::Boolean,
        "date" => DataType::Date,
        _ => return None,
    })
}
