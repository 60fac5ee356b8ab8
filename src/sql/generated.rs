//! Columns that are computed from others of their row: `GENERATED ALWAYS AS (expression) STORED`.

use datafusion::sql::sqlparser::ast::{
    ColumnDef, ColumnOption, ColumnOptionDef, Expr, GeneratedExpressionMode,
};

use super::identity::is_identity;
use super::renaming::names_column;
use crate::error::{Error, Result, SqlState};

/// Whether an option of a column has it computed.
pub fn is_generated(option: &ColumnOptionDef) -> bool {
    matches!(
        option.option,
        ColumnOption::Generated {
            generation_expr: Some(_),
            ..
        }
    )
}

/// What a declared column is computed by, if it is.
pub fn expression_of<'a>(columns: &'a [ColumnDef], name: &str) -> Option<&'a Expr> {
    let column = columns.iter().find(|column| column.name.value == name)?;
    let mut options = column.options.iter();
    options.find_map(|option| match &option.option {
        ColumnOption::Generated {
            generation_expr, ..
        } => generation_expr.as_ref(),
        _ => None,
    })
}

/// The declared columns that are computed from one, by their names.
pub fn computed_from<'a>(columns: &'a [ColumnDef], name: &'a str) -> impl Iterator<Item = &'a str> {
    let names = columns.iter().map(|column| column.name.value.as_str());
    names.filter(move |own| {
        expression_of(columns, own).is_some_and(|expression| names_column(expression, name))
    })
}

/// The expressions of declared columns.
pub fn expressions_mut(columns: &mut [ColumnDef]) -> impl Iterator<Item = &mut Expr> {
    let options = columns.iter_mut().flat_map(|column| &mut column.options);
    options.filter_map(|option| match &mut option.option {
        ColumnOption::Generated {
            generation_expr, ..
        } => generation_expr.as_mut(),
        _ => None,
    })
}

/// That a column is computed in one way, and not also given a value in another.
///
/// # Errors
/// 42601 for an expression that is not `STORED`, for two of them, and beside a default or an identity.
pub(super) fn check(column: &ColumnDef) -> Result<()> {
    let name = &column.name.value;
    let refused = |message: String| Err(Error::new(SqlState::SYNTAX_ERROR, message));
    let mut count = 0;
    for option in &column.options {
        if let ColumnOption::Generated {
            generation_expr: Some(_),
            generation_expr_mode,
            ..
        } = &option.option
        {
            count += 1;
            if *generation_expr_mode != Some(GeneratedExpressionMode::Stored) {
                return Err(Error::new(
                    SqlState::SYNTAX_ERROR,
                    format!("the expression of generated column \"{name}\" is not STORED"),
                )
                .with_hint("Write STORED behind it: its values are kept with the row."));
            }
        }
    }
    let has = |is_such: fn(&ColumnOptionDef) -> bool| column.options.iter().any(is_such);
    let is_default = |option: &ColumnOptionDef| matches!(option.option, ColumnOption::Default(_));
    match count {
        0 => Ok(()),
        1 if has(is_default) => refused(format!(
            "both default and generation expression specified for column \"{name}\""
        )),
        1 if has(is_identity) => refused(format!(
            "both identity and generation expression specified for column \"{name}\""
        )),
        1 => Ok(()),
        _ => refused(format!(
            "multiple generation clauses specified for column \"{name}\""
        )),
    }
}
