//! Names of objects where they are compared: values of `regclass`, `regtype` and the like are shown as
//! names, and are numbers to what compares them.

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArgumentList,
    FunctionArguments, Ident, Value,
};

use super::rewrite::{named, parse};

/// Functions that are shown as a name, and what gives the number of that.
const NUMBERS: [(&str, &str); 9] = [
    ("regclass_text", "regclass_number"),
    ("regnamespace_text", "regnamespace_number"),
    ("regrole_text", "regrole_number"),
    ("to_regclass", "to_regclass_oid"),
    ("to_regnamespace", "to_regnamespace_oid"),
    ("to_regproc", "to_regproc_oid"),
    ("to_regprocedure", "to_regprocedure_oid"),
    ("to_regrole", "to_regrole_oid"),
    ("to_regtype", "to_regtype_oid"),
];

/// How many of [`NUMBERS`], the first ones, take names too.
const KINDS: usize = 3;

/// Has a comparison compare the numbers of what its sides are the names of, and a function take the
/// number of a type that is shown to it.
pub fn compare_numbers(expr: &mut Expr) {
    use BinaryOperator::{Eq, Gt, GtEq, Lt, LtEq, NotEq};
    match expr {
        Expr::BinaryOp {
            left,
            op: Eq | NotEq | Lt | LtEq | Gt | GtEq,
            right,
        }
        | Expr::IsDistinctFrom(left, right)
        | Expr::IsNotDistinctFrom(left, right) => {
            number_of_name(left, right);
            number_of_name(right, left);
        }
        Expr::InList { expr, list, .. } => among(expr, list.iter_mut()),
        Expr::Between {
            expr, low, high, ..
        } => among(expr, [&mut **low, &mut **high].into_iter()),
        Expr::Case {
            operand: Some(operand),
            conditions,
            ..
        } => {
            let values = conditions.iter_mut().map(|when| &mut when.condition);
            among(operand, values);
        }
        Expr::AnyOp { left, right, .. } | Expr::AllOp { left, right, .. } => {
            number_among(left, right);
        }
        Expr::Function(function)
            if named(&function.name)
                .is_some_and(|name| name.eq_ignore_ascii_case("format_type")) =>
        {
            if let FunctionArguments::List(list) = &mut function.args
                && let Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(shown))) =
                    list.args.first_mut()
                && let Expr::Function(call) = &*shown
                && let Some(number) = number_of_call(call)
            {
                *shown = number;
            }
        }
        _ => {}
    }
}

/// A value that is compared with each of several.
fn among<'a>(value: &mut Expr, others: impl Iterator<Item = &'a mut Expr>) {
    let own = value.clone();
    for other in others {
        number_of_name(other, &own);
        number_of_name(value, other);
    }
}

/// A value that is compared with the elements of an array.
fn number_among(value: &mut Expr, array: &mut Expr) {
    if matches!(array, Expr::Subquery(_)) {
        return;
    }
    let array = within_parentheses(array);
    if let Expr::Function(types) = array
        && named(&types.name).is_some_and(|name| name == "regtype_names")
    {
        types.name = Ident::new("regtype_numbers").into();
        if let Some(number) = number_shown(value, "format_type") {
            *within_parentheses(value) = number;
        }
    }
    number_of_name(value, array);
}

/// Has `to_regclass` and the like, which are shown as names, be numbers where they are compared.
pub fn number_of_name(side: &mut Expr, other: &Expr) {
    let side = within_parentheses(side);
    let number = number_beside(side, other);
    let number = number.or_else(|| match &*side {
        Expr::Function(call) => number_of_call(call),
        // It may have the number of a type, or the name that `pg_typeof` shows.
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) | Expr::Subquery(_)
            if is_type_of(other) =>
        {
            parse(&format!("regtype_number({side})"))
        }
        Expr::Value(value) if matches!(value.value, Value::SingleQuotedString(_)) => {
            number_of_kind(other).and_then(|by| parse(&format!("{by}({side})")))
        }
        _ => None,
    });
    if let Some(number) = number {
        *side = number;
    }
}

/// What gives the number of a name, where names of the same kind are beside it: `oid::regclass = 'name'`.
fn number_of_kind(expr: &Expr) -> Option<&'static str> {
    let Expr::Function(call) = expr else {
        return None;
    };
    let name = named(&call.name)?;
    let mut kinds = NUMBERS.iter().take(KINDS);
    let (_, by) = kinds.find(|(shown, by)| *shown == name || *by == name)?;
    Some(by)
}

/// Whether this is `pg_typeof(x)`, or the number of what it shows.
pub fn is_type_of(expr: &Expr) -> bool {
    let Expr::Function(call) = expr else {
        return false;
    };
    let Some(name) = named(&call.name) else {
        return false;
    };
    name.eq_ignore_ascii_case("pg_typeof")
        || name == "regtype_oid" && first_argument(call).is_some_and(is_type_of)
}

/// The number of what a call is shown as the name of.
pub fn number_of_call(call: &Function) -> Option<Expr> {
    let name = named(&call.name)?;
    let mut number = call.clone();
    if name.eq_ignore_ascii_case("pg_typeof") {
        let shown = FunctionArgExpr::Expr(Expr::Function(call.clone()));
        number.name = Ident::new("regtype_oid").into();
        number.args = FunctionArguments::List(FunctionArgumentList {
            duplicate_treatment: None,
            args: vec![FunctionArg::Unnamed(shown)],
            clauses: Vec::new(),
        });
        return Some(Expr::Function(number));
    }
    let mut known = NUMBERS.iter();
    let (_, by) = known.find(|(shown, _)| name.eq_ignore_ascii_case(shown))?;
    number.name = Ident::new(*by).into();
    Some(Expr::Function(number))
}

/// Whether this is a number that is written out.
fn is_number(expr: &Expr) -> bool {
    match expr {
        Expr::Nested(inner) => is_number(inner),
        Expr::Value(value) => matches!(value.value, Value::Number(..)),
        _ => false,
    }
}

/// The number that is shown as a name of `regtype` and the like, where a number, or a name of the type, which
/// is its number, is beside it: `prorettype::regtype = 'trigger'::regtype`.
fn number_beside(side: &Expr, other: &Expr) -> Option<Expr> {
    if is_number(other) {
        return number_shown(side, "format_type");
    }
    let Expr::Function(number) = other else {
        return None;
    };
    match named(&number.name)?.strip_suffix("_oid")? {
        "regtype" => number_shown(side, "format_type"),
        "regproc" => number_shown(side, "regproc_text"),
        "regprocedure" => number_shown(side, "regprocedure_text"),
        _ => None,
    }
}

/// The number that a call of this function shows the name of.
fn number_shown(expr: &Expr, by: &str) -> Option<Expr> {
    let Expr::Function(call) = expr else {
        return None;
    };
    (named(&call.name)? == by).then(|| first_argument(call).cloned())?
}

fn first_argument(call: &Function) -> Option<&Expr> {
    let FunctionArguments::List(list) = &call.args else {
        return None;
    };
    match list.args.first()? {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(value)) => Some(value),
        _ => None,
    }
}

fn within_parentheses(expr: &mut Expr) -> &mut Expr {
    match expr {
        Expr::Nested(inner) => within_parentheses(inner),
        other => other,
    }
}
