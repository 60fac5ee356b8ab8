//! The expressions that options of a model hold as texts: conditions of levels, and what makes blocks.

use datafusion::sql::sqlparser::ast::{Expr, Query, SelectItem, SetExpr};

use super::model_options::{ModelOptions, OptionValue};
use super::shown::Shown;
use super::{Statement, parse_one};
use crate::error::{Error, Result, SqlState};

/// The query that a text is the only expression of, as it is written.
///
/// # Errors
/// 42601 for a text that is no expression.
pub fn query(text: &str) -> Result<Box<Query>> {
    let wrong = || {
        Error::new(
            SqlState::SYNTAX_ERROR,
            format!("\"{text}\" is not an expression"),
        )
    };
    let Statement::Query(query) = parse_one(&format!("SELECT {text}"))? else {
        return Err(wrong());
    };
    // Nothing but the expression: no FROM, no second query.
    match only(&query) {
        Some(expression) if query.to_string() == format!("SELECT {expression}") => Ok(query),
        _ => Err(wrong()),
    }
}

/// The only expression of a query.
pub fn only(query: &Query) -> Option<&Expr> {
    let SetExpr::Select(select) = query.body.as_ref() else {
        return None;
    };
    match select.projection.as_slice() {
        [SelectItem::UnnamedExpr(expression)] => Some(expression),
        _ => None,
    }
}

impl ModelOptions {
    /// Has `act` change expressions. What they are called stays: their texts of before, where they have no
    /// other names. What cannot be parsed is left as it is.
    ///
    /// # Errors
    /// That of `act`.
    pub fn change_expressions(
        &mut self,
        act: &mut dyn FnMut(&mut Expr) -> Result<()>,
    ) -> Result<()> {
        for (key, value) in &mut self.0 {
            match (key.as_str(), value) {
                ("block_on", expressions) => change(expressions, act)?,
                ("compare", OptionValue::Struct(columns)) => {
                    for (_, levels) in columns {
                        // A text is a kind.
                        if !matches!(levels, OptionValue::Text(_)) {
                            change(levels, act)?;
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn change(
    expressions: &mut OptionValue,
    act: &mut dyn FnMut(&mut Expr) -> Result<()>,
) -> Result<()> {
    let Some(named) = expressions.named_texts() else {
        return Ok(());
    };
    let mut fields: Vec<(String, OptionValue)> = Vec::with_capacity(named.len());
    let mut is_changed = false;
    for (name, text) in named {
        if fields.iter().any(|(known, _)| *known == name) {
            // The same once more.
            continue;
        }
        let changed = changed(&text, act)?;
        is_changed |= changed.is_some();
        fields.push((name, OptionValue::Text(changed.unwrap_or(text))));
    }
    if is_changed {
        *expressions = OptionValue::Struct(fields);
    }
    Ok(())
}

/// The text of an expression that `act` has changed; none where it stays.
fn changed(text: &str, act: &mut dyn FnMut(&mut Expr) -> Result<()>) -> Result<Option<String>> {
    let Ok(query) = query(text) else {
        return Ok(None);
    };
    let Some(before) = only(&query) else {
        return Ok(None);
    };
    let mut after = before.clone();
    act(&mut after)?;
    Ok((after != *before).then(|| Shown(&after).to_string()))
}

#[cfg(test)]
mod tests {
    use std::ops::ControlFlow;

    use datafusion::sql::sqlparser::ast::Ident;

    use super::*;
    use crate::sql::walk::visit_expressions_mut;

    fn renamed(options: &str) -> String {
        let model = format!("CREATE MODEL m OPTIONS ({options}) AS SELECT 1");
        let Ok(Statement::CreateModel(mut create)) = parse_one(&model) else {
            unreachable!("{model} is a model");
        };
        let done = create.options.change_expressions(&mut |expression| {
            let _ = visit_expressions_mut(expression, |part| {
                if let Expr::Function(function) = part
                    && function.name.to_string() == "f"
                {
                    function.name = vec![Ident::new("s"), Ident::new("f")].into();
                }
                ControlFlow::<()>::Continue(())
            });
            Ok(())
        });
        done.unwrap();
        create.options.to_string()
    }

    #[test]
    fn expressions_keep_their_names_as_they_change() {
        assert_eq!(
            renamed(
                "compare = {'a': ['l.a = r.a', 'f(l.a, r.a)'], 'b': {'near': 'f(l.b, r.b) < 2'}, 'c': 'f'}, block_on = 'f(a)'"
            ),
            "OPTIONS (compare = {'a': {'l.a = r.a': 'l.a = r.a', 'f(l.a, r.a)': 's.f(l.a, r.a)'}, 'b': {'near': 's.f(l.b, r.b) < 2'}, 'c': 'f'}, block_on = {'f(a)': 's.f(a)'})"
        );
    }

    #[test]
    fn what_does_not_change_stays_as_it_is_written() {
        for options in [
            "OPTIONS (compare = {'a': ['lower(l.a)=r.a', 'l.a = ', 'l.a = r.a'], 'b': 'f'}, block_on = ['a', 'g(f)'])",
            "OPTIONS (must_link = 'f')",
        ] {
            let within = options
                .trim_start_matches("OPTIONS (")
                .trim_end_matches(')');
            assert_eq!(renamed(within), options);
        }
        assert_eq!(
            renamed("block_on = ['a', 'a', 'f(a)', 'f(a)']"),
            "OPTIONS (block_on = {'a': 'a', 'f(a)': 's.f(a)'})"
        );
    }
}
