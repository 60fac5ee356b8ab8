//! Types with fewer digits of a second than moments have: `timestamp(3)`, `timestamptz(0)`, `time(1)`.
//! And the moments of now by their names in SQL: `current_timestamp(0)`, `localtimestamp`, `localtime`.

use std::convert::Infallible;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    CastKind, ColumnDef, DataType, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, Ident,
    Query, TimezoneInfo, Value, VisitorMut,
};
use tributary_udfs::postgres::{MOMENT_DIGITS, ROUND_MOMENT};

use super::cursor::folded;
use super::standard_forms;
use crate::sql::walk::VisitMut;

/// The key of a recorded column's metadata that holds the digits of a second of its type.
pub const MOMENT_PRECISION: &str = "tributary.moment_precision";

/// The digits of a second that a type limits its values to; none for all that there are.
pub fn of(data_type: &DataType) -> Option<u8> {
    let (DataType::Timestamp(Some(digits), _) | DataType::Time(Some(digits), _)) = data_type else {
        return None;
    };
    u8::try_from(*digits)
        .ok()
        .filter(|digits| *digits < MOMENT_DIGITS)
}

/// The type without its digits, where it limits them.
pub fn stored(data_type: &DataType) -> Option<DataType> {
    of(data_type)?;
    match data_type {
        DataType::Timestamp(_, zone) => Some(DataType::Timestamp(None, *zone)),
        DataType::Time(_, zone) => Some(DataType::Time(None, *zone)),
        _ => None,
    }
}

/// The digits of a declared column's values.
pub fn of_column(columns: &[ColumnDef], name: &str) -> Option<u8> {
    let column = columns.iter().find(|column| folded(&column.name) == name)?;
    of(&column.data_type)
}

/// Has casts to such types round.
pub fn rewrite(query: &mut Query) {
    struct Rewriter;
    impl VisitorMut for Rewriter {
        type Break = Infallible;

        fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Infallible> {
            if let Some(changed) = rounding(expr).or_else(|| now(expr)) {
                *expr = changed;
            }
            ControlFlow::Continue(())
        }
    }
    // Nothing breaks the walk.
    let _ = VisitMut::visit(query, &mut Rewriter);
}

fn rounding(expr: &mut Expr) -> Option<Expr> {
    let data_type = match expr {
        Expr::Cast { data_type, .. } => data_type,
        Expr::TypedString(typed) => &mut typed.data_type,
        _ => return None,
    };
    let digits = of(data_type)?;
    *data_type = stored(data_type)?;
    let value = std::mem::replace(expr, Expr::value(Value::Null));
    Some(rounded(value, digits))
}

fn rounded(value: Expr, digits: u8) -> Expr {
    let mut function = standard_forms::call(Ident::new(ROUND_MOMENT));
    let digits = Expr::value(Value::Number(digits.to_string(), false));
    function.args = standard_forms::arguments(vec![value, digits]);
    Expr::Function(function)
}

/// The moment of now that a function without arguments, or of digits, is.
fn now(expr: &Expr) -> Option<Expr> {
    let Expr::Function(function) = expr else {
        return None;
    };
    let [name] = function.name.0.as_slice() else {
        return None;
    };
    let name = name.as_ident().filter(|name| name.quote_style.is_none())?;
    let data_type = match name.value.to_ascii_lowercase().as_str() {
        "current_timestamp" => None,
        "localtimestamp" => Some(DataType::Timestamp(None, TimezoneInfo::None)),
        "localtime" => Some(DataType::Time(None, TimezoneInfo::None)),
        _ => return None,
    };
    let digits = match &function.args {
        FunctionArguments::None => None,
        FunctionArguments::List(list) => match list.args.as_slice() {
            [] => None,
            [FunctionArg::Unnamed(FunctionArgExpr::Expr(Expr::Value(value)))] => {
                match &value.value {
                    Value::Number(digits, _) => Some(digits.parse::<u8>().ok()?),
                    _ => return None,
                }
            }
            _ => return None,
        },
        FunctionArguments::Subquery(_) => return None,
    };
    if data_type.is_none() && digits.is_none() {
        return None;
    }
    let mut now = standard_forms::call(Ident::new("now"));
    now.args = standard_forms::arguments(Vec::new());
    let mut value = Expr::Function(now);
    if let Some(data_type) = data_type {
        value = Expr::Cast {
            kind: CastKind::Cast,
            expr: Box::new(value),
            data_type,
            array: false,
            format: None,
        };
    }
    Some(match digits.filter(|digits| *digits < MOMENT_DIGITS) {
        Some(digits) => rounded(value, digits),
        None => value,
    })
}
