//! The columns that an `INSERT` does not give: their defaults.

use datafusion::sql::sqlparser::ast::{Expr, Query, SetExpr, Value};

use crate::catalog::{Object, Snapshot};
use crate::error::{Error, Result};
use crate::models::constraints::{check_not_generated, check_settable, given_default, identity_of};
use crate::sql::assignment::is_default;
use crate::sql::identity::Overriding;
use crate::sql::insert::Insert;
use crate::sql::name::{Parenthesized, Quoted};
use crate::sql::shown::Shown;
use crate::sql::{Statement, column_names, parse_one};

/// The name of the rows that a query gives, beside which the defaults of other columns are computed.
pub const GIVEN_ROWS: &str = "tributary:given";

/// Puts defaults in the place of `DEFAULT`, and adds the columns that have a default and are not
/// given. A column without one is NULL.
///
/// # Errors
/// 428C9 for a value of a column that is generated always; a query that cannot be read back.
pub fn fill(insert: &mut Insert, target: &Object, snapshot: &Snapshot) -> Result<()> {
    let default_of = |column: &str| given_default(snapshot, target, column);
    let fields = target.schema.fields();
    let given: Vec<String> = match insert.columns.as_slice() {
        [] => fields.iter().map(|field| field.name().clone()).collect(),
        columns => columns.to_vec(),
    };
    let overridden: Vec<usize> = match insert.overriding {
        Some(Overriding::User) => {
            let given = given.iter().enumerate();
            let identities = given.filter(|(_, name)| identity_of(target, name).is_some());
            identities.map(|(index, _)| index).collect()
        }
        _ => Vec::new(),
    };
    let missing: Vec<(&String, Expr)> = fields
        .iter()
        .map(|field| field.name())
        .filter(|name| !given.contains(name))
        .filter_map(|name| Some((name, default_of(name)?)))
        .collect();
    if let SetExpr::Values(values) = insert.source.body.as_mut() {
        for row in &mut values.rows {
            for (index, (value, column)) in row.content.iter_mut().zip(&given).enumerate() {
                if is_default(value) || overridden.contains(&index) {
                    let default = default_of(column);
                    *value = default.unwrap_or_else(|| Expr::value(Value::Null));
                } else {
                    check_given(target, column, insert.overriding)?;
                }
            }
            let defaults = missing.iter().map(|(_, default)| default.clone());
            row.content.extend(defaults);
        }
    } else {
        for column in &given {
            check_given(target, column, insert.overriding)?;
        }
        if !missing.is_empty() || !overridden.is_empty() {
            insert.source = with_defaults(insert, &default_of, &given, &overridden, &missing)?;
        }
    }
    if !missing.is_empty() {
        insert.columns = given;
        let names = missing.into_iter().map(|(name, _)| name.clone());
        insert.columns.extend(names.collect::<Vec<_>>());
    }
    Ok(())
}

/// The rows of a query, with the defaults of columns that it does not give, or in vain.
fn with_defaults(
    insert: &Insert,
    default_of: &dyn Fn(&str) -> Option<Expr>,
    given: &[String],
    overridden: &[usize],
    missing: &[(&String, Expr)],
) -> Result<Box<Query>> {
    let mut items = Vec::new();
    for (index, name) in given.iter().enumerate() {
        let column = Quoted(name);
        items.push(match default_of(name) {
            Some(default) if overridden.contains(&index) => {
                format!("{} AS {column}", Shown(&default))
            }
            _ => format!("\"{GIVEN_ROWS}\".{column}"),
        });
    }
    for (name, default) in missing {
        items.push(format!("{} AS {}", Shown(default), Quoted(name)));
    }
    let mut source = insert.source.clone();
    column_names::make_unique(&mut source);
    let text = format!(
        "SELECT {} FROM ({}) AS \"{GIVEN_ROWS}\"{}",
        items.join(", "),
        Shown(source.as_ref()),
        Parenthesized(given)
    );
    let Statement::Query(query) = parse_one(&text)? else {
        return Err(Error::internal("rows with defaults are no query"));
    };
    Ok(query)
}

/// That an `INSERT` may give a value to a column.
///
/// # Errors
/// 428C9 for one that is generated always.
pub fn check_given(target: &Object, column: &str, overriding: Option<Overriding>) -> Result<()> {
    let message = format!("cannot insert a non-DEFAULT value into column \"{column}\"");
    check_not_generated(target, column, &message)?;
    match overriding {
        Some(_) => Ok(()),
        None => check_settable(target, column, message)
            .map_err(|error| error.with_hint("Use OVERRIDING SYSTEM VALUE to override.")),
    }
}
