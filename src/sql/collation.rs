//! `COLLATE` of a column or a value: by the collations that there are, which compare texts by their bytes as
//! texts without one are compared.

use datafusion::sql::sqlparser::ast::{DataType, Expr, Value};
use datafusion::sql::sqlparser::keywords::Keyword;
use datafusion::sql::sqlparser::parser::{Parser, ParserError};

use super::create_function::type_text;
use super::cursor::object_name_from;
use super::name::ObjectName;
use crate::error::{Error, Result, SqlState};

/// Those of `pg_collation`.
const KNOWN: [&str; 4] = ["default", "C", "POSIX", "ucs_basic"];

/// Types whose values are texts.
const COLLATABLE: [&str; 5] = ["text", "character varying", "character", "bpchar", "name"];

/// That values of this type can have a collation.
///
/// # Errors
/// 42704 for one that does not exist; 42804 for a type that has none.
pub fn check(collation: &ObjectName, data_type: &DataType) -> Result<()> {
    check_name(collation)?;
    let name = type_text(data_type);
    match COLLATABLE.contains(&name.trim_end_matches("[]")) {
        true => Ok(()),
        false => Err(Error::new(
            SqlState::DATATYPE_MISMATCH,
            format!("collations are not supported by type {name}"),
        )),
    }
}

/// Parses `COLLATE` behind an operator of a value, such as a cast, where sqlparser knows it behind a value alone.
pub(super) fn of(parser: &mut Parser, value: &Expr) -> Option<Result<Expr, ParserError>> {
    parser.parse_keyword(Keyword::COLLATE).then(|| {
        let collation = parser.parse_object_name(false)?;
        Ok(Expr::Collate {
            expr: Box::new(value.clone()),
            collation,
        })
    })
}

/// Leaves out the collation of a value.
///
/// # Errors
/// 42704 for one that does not exist.
pub(super) fn leave_out(expression: &mut Expr) -> Result<()> {
    while let Expr::Collate { expr, collation } = expression {
        check_name(&object_name_from(collation)?)?;
        let value = std::mem::replace(expr.as_mut(), Expr::value(Value::Null));
        *expression = value;
    }
    Ok(())
}

fn check_name(collation: &ObjectName) -> Result<()> {
    let is_known = KNOWN.contains(&collation.name.as_str())
        && matches!(collation.schema.as_deref(), None | Some("pg_catalog"));
    if is_known {
        return Ok(());
    }
    let schema = collation.schema.iter().map(|schema| format!("{schema}."));
    let name = format!("{}{}", schema.collect::<String>(), collation.name);
    let message = format!("collation \"{name}\" for encoding \"UTF8\" does not exist");
    let hint = "Texts are compared by their bytes here, as with the collation \"C\".";
    Err(Error::new(SqlState::UNDEFINED_OBJECT, message).with_hint(hint))
}
