//! Texts that PostgreSQL reads as numbers since an operator or a function takes nothing else:
//! `x ^ '2.0'`, `round(x, '2')`, `sqrt('4')`.

use datafusion::sql::sqlparser::ast::{DataType, ExactNumberInfo, Expr, Value};

use super::calls::{cast, literal_text, taken};

/// Functions of one number, which is a `double precision` where nothing tells its type.
const OF_FLOATS: [&str; 23] = [
    "abs", "acos", "acosh", "asin", "asinh", "atan", "atanh", "cbrt", "cos", "cosh", "cot",
    "degrees", "exp", "ln", "log", "radians", "round", "sign", "sin", "sinh", "sqrt", "tan",
    "tanh",
];

/// Reads a literal text as a value of this type; answers whether it is one.
pub(super) fn read_as(operand: &mut Expr, data_type: DataType) -> bool {
    let Some(text) = literal_text(operand) else {
        return false;
    };
    *operand = match text.trim().parse::<i32>() {
        // Digits are told by a number, whose value is known to whoever plans the call.
        Ok(number) if data_type == DataType::Integer(None) && number >= 0 => {
            Expr::value(Value::Number(number.to_string(), false))
        }
        _ => cast(taken(operand), data_type),
    };
    true
}

/// Reads the literal texts among the arguments of a function of numbers; answers whether there are any.
pub(super) fn read_arguments(name: &str, given: &mut [Expr]) -> bool {
    match (name, given) {
        ("power" | "pow" | "atan2", [left, right]) => {
            let is_left = read_as(left, DataType::DoublePrecision);
            read_as(right, DataType::DoublePrecision) || is_left
        }
        // Of these there are forms of numerics alone.
        ("div" | "log", [left, right]) => {
            let is_left = read_as(left, DataType::Numeric(ExactNumberInfo::None));
            read_as(right, DataType::Numeric(ExactNumberInfo::None)) || is_left
        }
        ("min_scale" | "scale" | "trim_scale", [number]) => {
            read_as(number, DataType::Numeric(ExactNumberInfo::None))
        }
        ("round" | "trunc", [number, places]) => {
            let is_number = read_as(number, DataType::Numeric(ExactNumberInfo::None));
            read_as(places, DataType::Integer(None)) || is_number
        }
        (name, [number]) if OF_FLOATS.contains(&name) => read_as(number, DataType::DoublePrecision),
        _ => false,
    }
}
