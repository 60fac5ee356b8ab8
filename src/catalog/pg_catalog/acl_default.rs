//! `acldefault`: who may do what with an object that nothing was granted on, as PostgreSQL has it
//! (`acl.c`). `pg_dump` tells by it what was granted.

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::ScalarUDF;

use super::function::{Call, CatalogFunction};
use super::functions::{BIGINT, TEXT, number, string};
use super::name_functions::role_name;
use super::session_functions::list;
use crate::catalog::system::SystemSources;
use crate::error::{Error, Result};
use crate::sql::name::Quoted;

/// The function.
pub fn function() -> ScalarUDF {
    let texts = DataType::new_list(DataType::Utf8, true);
    let arguments: &[&[DataType]] = &[&[TEXT, BIGINT]];
    CatalogFunction::udf("acldefault", arguments, texts, Call::Look(items))
}

fn items(sources: &dyn SystemSources, values: &[ScalarValue]) -> Result<ScalarValue> {
    let (Some(kind), Some(owner)) = (string(values, 0), number(values, 1)) else {
        return ScalarValue::try_from(DataType::new_list(DataType::Utf8, true))
            .map_err(Error::from);
    };
    let (of_all, of_owner) = letters(&kind)
        .ok_or_else(|| Error::internal(format!("unrecognized object type abbreviation: {kind}")))?;
    let owner = role_name(sources, owner).unwrap_or_else(|| owner.to_string());
    let owner = Quoted(&owner);
    let mut items = Vec::new();
    if !of_all.is_empty() {
        items.push(format!("={of_all}/{owner}"));
    }
    if !of_owner.is_empty() {
        items.push(format!("{owner}={of_owner}/{owner}"));
    }
    Ok(list(items))
}

/// What all roles may, and what the owner may, with objects of a kind.
fn letters(kind: &str) -> Option<(&'static str, &'static str)> {
    Some(match kind {
        "c" => ("", ""),
        "r" => ("", "arwdDxt"),
        "s" => ("", "rwU"),
        "d" => ("Tc", "CTc"),
        "f" => ("X", "X"),
        "l" | "T" => ("U", "U"),
        "L" => ("", "rw"),
        "n" => ("", "UC"),
        "p" => ("", "sA"),
        "t" => ("", "C"),
        "F" | "S" => ("", "U"),
        _ => return None,
    })
}
