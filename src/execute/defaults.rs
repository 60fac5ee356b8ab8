//! The columns that an `INSERT` does not give: their defaults.

use datafusion::sql::sqlparser::ast::{Expr, SetExpr, Value};

use crate::catalog::Object;
use crate::error::{Error, Result};
use crate::models::constraints::default_of;
use crate::sql::assignment::is_default;
use crate::sql::insert::Insert;
use crate::sql::name::{Parenthesized, Quoted};
use crate::sql::shown::Shown;
use crate::sql::{Statement, column_names, parse_one};

/// Puts defaults in the place of `DEFAULT`, and adds the columns that have a default and are not
/// given. A column without one is NULL.
///
/// # Errors
/// A query that cannot be read back.
pub fn fill(insert: &mut Insert, target: &Object) -> Result<()> {
    let fields = target.schema.fields();
    let given: Vec<String> = match insert.columns.as_slice() {
        [] => fields.iter().map(|field| field.name().clone()).collect(),
        columns => columns.to_vec(),
    };
    let missing: Vec<(&String, &Expr)> = fields
        .iter()
        .map(|field| field.name())
        .filter(|name| !given.contains(name))
        .filter_map(|name| Some((name, default_of(target, name)?)))
        .collect();
    if let SetExpr::Values(values) = insert.source.body.as_mut() {
        for row in &mut values.rows {
            for (value, column) in row.content.iter_mut().zip(&given) {
                if is_default(value) {
                    let default = default_of(target, column).cloned();
                    *value = default.unwrap_or_else(|| Expr::value(Value::Null));
                }
            }
            let defaults = missing.iter().map(|(_, default)| (*default).clone());
            row.content.extend(defaults);
        }
    } else if !missing.is_empty() {
        let mut text = "SELECT \"tributary:given\".*".to_owned();
        for (name, default) in &missing {
            text.push_str(&format!(", {} AS {}", Shown(*default), Quoted(name)));
        }
        let mut source = insert.source.clone();
        column_names::make_unique(&mut source);
        text.push_str(&format!(
            " FROM ({}) AS \"tributary:given\"{}",
            Shown(source.as_ref()),
            Parenthesized(&given)
        ));
        let Statement::Query(query) = parse_one(&text)? else {
            return Err(Error::internal("rows with defaults are no query"));
        };
        insert.source = query;
    }
    if !missing.is_empty() {
        insert.columns = given;
        let names = missing.into_iter().map(|(name, _)| name.clone());
        insert.columns.extend(names.collect::<Vec<_>>());
    }
    Ok(())
}
