//! Casts to PostgreSQL's own types: `regclass`, `regtype` and the like are the numbers of what they
//! name to expressions, and names again where they are shown.

use datafusion::sql::sqlparser::ast::{
    ArrayElemTypeDef, BinaryOperator, CastKind, CharacterLength, DataType, Expr, Function, Ident,
    ObjectName, SelectItem, SetExpr, TimezoneInfo, Value,
};

use super::compared_names::{is_type_of, number_of_call, number_of_name};
use super::information_schema::INFORMATION_SCHEMA;
use super::rewrite::{named, parse};

/// Has a cast of a name to `regclass` and the like, which is a number to expressions, shown as the
/// name of what it found where it is a column of its own.
pub fn show_names(body: &mut SetExpr) {
    let select = match body {
        SetExpr::Select(select) => select,
        SetExpr::SetOperation { left, right, .. } => {
            show_names(left);
            return show_names(right);
        }
        _ => return,
    };
    for item in &mut select.projection {
        let (SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. }) = item else {
            continue;
        };
        let Expr::Cast {
            expr: inner,
            data_type,
            ..
        } = expr
        else {
            continue;
        };
        if let Some(number) = cast(inner, &mut data_type.clone())
            && let Expr::Function(function) = &number
            && let Some(shown) = shown(&number, function)
        {
            *expr = shown;
        }
    }
}

/// The name of what a call of `regclass_oid` and the like has found.
fn shown(number: &Expr, function: &Function) -> Option<Expr> {
    let kind = named(&function.name)?.strip_suffix("_oid")?;
    match kind {
        "regtype" => parse(&format!("format_type({number}, NULL)")),
        "regclass" | "regnamespace" | "regrole" | "regproc" | "regprocedure" => {
            parse(&format!("{kind}_text({number})"))
        }
        _ => None,
    }
}

/// Whether a type is that of texts.
pub fn is_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Text | DataType::Varchar(_) => true,
        DataType::Custom(name, _) => is_one_of(name, &["text", "name", "varchar"]),
        _ => false,
    }
}

fn is_number(data_type: &DataType) -> bool {
    match data_type {
        DataType::BigInt(_) | DataType::Integer(_) | DataType::Int(_) => true,
        DataType::Custom(name, _) => is_one_of(name, &["oid", "int8", "int4"]),
        _ => false,
    }
}

fn is_one_of(name: &ObjectName, known: &[&str]) -> bool {
    let name = named(name);
    name.is_some_and(|name| known.iter().any(|it| name.eq_ignore_ascii_case(it)))
}

/// Columns of the vectors of `pg_catalog`, which count from 0 and are shown without braces.
const VECTORS: [&str; 6] = [
    "indclass",
    "indcollation",
    "indkey",
    "indoption",
    "partattrs",
    "proargtypes",
];

/// Whether an expression is a column of a vector's name.
pub fn is_vector(expr: &Expr) -> bool {
    let column = match expr {
        Expr::Identifier(column) => Some(column),
        Expr::CompoundIdentifier(parts) => parts.last(),
        _ => None,
    };
    column.is_some_and(|column| VECTORS.contains(&column.value.as_str()))
}

/// What a cast to one of PostgreSQL's own types is; `None` where it may stay. It also puts a plain
/// type in the place of one written with its schema.
pub fn cast(inner: &Expr, data_type: &mut DataType) -> Option<Expr> {
    if matches!(data_type, DataType::Custom(name, _) if is_one_of(name, &["oid"])) {
        let mut number = inner.clone();
        number_of_name(&mut number, inner);
        if number != *inner {
            // The number of a type would be shown as its name again.
            return match is_type_of(inner) {
                true => Some(cast_to(number, plain_type(data_type)?)),
                false => Some(number),
            };
        }
    }
    if let Expr::Function(function) = inner
        && is_number(data_type)
        && let Some(number) = number_of_call(function)
    {
        return Some(cast_to(number, plain_type(data_type)?));
    }
    if let Expr::Function(function) = inner
        && is_text(data_type)
        && let Some(shown) = shown(inner, function)
    {
        // It stays a cast: a text is compared as one, and what it shows by its number.
        return Some(cast_to(shown, plain_type(data_type)?));
    }
    if is_text(data_type) && is_vector(inner) {
        return match data_type {
            DataType::Varchar(_) => parse(&format!("CAST(vector_text({inner}) AS {data_type})")),
            _ => parse(&format!("vector_text({inner})")),
        };
    }
    if let DataType::Custom(name, _) = data_type
        && let Some(domain) = domain(name)
    {
        *data_type = domain;
        return None;
    }
    if let DataType::Array(
        ArrayElemTypeDef::SquareBracket(element, _) | ArrayElemTypeDef::AngleBracket(element),
    ) = data_type
    {
        if matches!(element.as_ref(), DataType::Regclass) {
            return parse(&format!("reg_oids('regclass', CAST({inner} AS TEXT[]))"));
        }
        if let DataType::Custom(name, _) = element.as_ref() {
            if named(name)?.eq_ignore_ascii_case("regtype") {
                return match is_literal(inner) {
                    true => parse(&format!("regtype_names(CAST({inner} AS TEXT[]))")),
                    false => parse(&format!("regtype_names({inner})")),
                };
            }
            if is_one_of(name, &["regnamespace", "regrole"]) {
                let kind = named(name)?.to_lowercase();
                return parse(&format!("reg_oids('{kind}', CAST({inner} AS TEXT[]))"));
            }
            **element = plain(&named(name)?.to_lowercase())?;
        }
        return None;
    }
    let name = match data_type {
        DataType::Regclass => "regclass".to_owned(),
        DataType::Custom(name, _) => named(name)?.to_lowercase(),
        _ => return None,
    };
    match name.as_str() {
        // A name is its number, as which it is compared; one that is shown is a text again.
        "regclass" | "regtype" | "regnamespace" | "regrole" | "regproc" | "regprocedure"
            if is_literal(inner) =>
        {
            return parse(&format!("{name}_oid({inner})"));
        }
        // It is shown as its name already.
        "regtype" if is_type_of(inner) => return Some(inner.clone()),
        // A name that is computed is looked up as one that is written.
        "regtype" if is_computed_text(inner) => {
            return parse(&format!("format_type(regtype_number({inner}), NULL)"));
        }
        "regtype" => return parse(&format!("format_type({inner}, NULL)")),
        "regclass" | "regnamespace" | "regrole" | "regproc" | "regprocedure" => {
            return parse(&format!("{name}_text({inner})"));
        }
        _ => *data_type = plain(&name)?,
    }
    None
}

fn cast_to(expr: Expr, data_type: DataType) -> Expr {
    Expr::Cast {
        kind: CastKind::DoubleColon,
        expr: Box::new(expr),
        data_type,
        array: false,
        format: None,
    }
}

/// A type without the schema that it may be written with.
fn plain_type(data_type: &DataType) -> Option<DataType> {
    match data_type {
        DataType::Custom(name, _) => plain(&named(name)?.to_lowercase()),
        other => Some(other.clone()),
    }
}

/// Whether an expression is a literal or a parameter.
fn is_literal(expr: &Expr) -> bool {
    match expr {
        Expr::Nested(inner) => is_literal(inner),
        Expr::Value(value) => matches!(
            value.value,
            Value::SingleQuotedString(_) | Value::Placeholder(_)
        ),
        _ => false,
    }
}

/// Whether an expression is seen to make a text.
fn is_computed_text(expr: &Expr) -> bool {
    const FUNCTIONS: [&str; 4] = ["concat", "concat_ws", "format", "quote_ident"];
    match expr {
        Expr::Nested(inner) => is_computed_text(inner),
        Expr::BinaryOp { op, .. } => *op == BinaryOperator::StringConcat,
        Expr::Cast { data_type, .. } => is_text(data_type),
        Expr::Function(call) => is_one_of(&call.name, &FUNCTIONS),
        _ => false,
    }
}

/// The type that stands for a domain of the standard's schema.
fn domain(name: &ObjectName) -> Option<DataType> {
    let [schema, _] = name.0.as_slice() else {
        return None;
    };
    let schema = schema.as_ident()?;
    if !schema.value.eq_ignore_ascii_case(INFORMATION_SCHEMA) {
        return None;
    }
    Some(match named(name)?.to_lowercase().as_str() {
        "cardinal_number" => DataType::Integer(None),
        "character_data" => DataType::Varchar(None),
        "yes_or_no" => DataType::Varchar(Some(CharacterLength::IntegerLength {
            length: 3,
            unit: None,
        })),
        "sql_identifier" => plain("name")?,
        "time_stamp" => DataType::Timestamp(Some(2), TimezoneInfo::WithTimeZone),
        _ => return None,
    })
}

/// The type that stands for one of PostgreSQL's own.
fn plain(name: &str) -> Option<DataType> {
    Some(match name {
        "name" => DataType::Custom(Ident::new("name").into(), Vec::new()),
        "text" => DataType::Text,
        "varchar" => DataType::Varchar(None),
        "char" => DataType::Custom(Ident::with_quote('"', "char").into(), Vec::new()),
        "oid" => DataType::Custom(Ident::new("oid").into(), Vec::new()),
        "xid" => DataType::Custom(Ident::new("xid").into(), Vec::new()),
        "bpchar" => DataType::Custom(Ident::new("bpchar").into(), Vec::new()),
        "int8" => DataType::BigInt(None),
        "int4" => DataType::Integer(None),
        "int2" => DataType::SmallInt(None),
        "bool" => DataType::Boolean,
        "float8" => DataType::DoublePrecision,
        _ => return None,
    })
}
