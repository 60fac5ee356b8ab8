//! `WITH ORDINALITY` of a function in SQL: the numbers of its rows, in the order that its body says.

use datafusion::sql::sqlparser::ast::{
    Expr, FunctionArguments, GroupByExpr, Ident, OrderBy, OrderByKind, Query, SelectItem, SetExpr,
    TableFactor, Value, WindowType,
};

use crate::error::{Error, Result};
use crate::sql::{Statement, parse_one};

/// The column of the numbers.
pub(super) const COLUMN: &str = "ordinality";

/// The column of the numbers within the body.
const NUMBER: &str = "tributary:ordinality";

/// Puts the numbers of its rows behind the columns of a body.
///
/// # Errors
/// 0A000 where the order of the rows is not one of what the body selects.
pub(super) fn number(body: &mut Query) -> Result<()> {
    let template = format!(
        "SELECT *, row_number() OVER () AS \"{NUMBER}\" FROM (SELECT 1) AS \"tributary:rows\""
    );
    let Statement::Query(mut numbered) = parse_one(&template)? else {
        return Err(Error::internal("a template is no query"));
    };
    let SetExpr::Select(select) = numbered.body.as_mut() else {
        return Err(Error::internal("a template selects nothing"));
    };
    if body.order_by.is_none() {
        if let Some(from) = select.from.first_mut()
            && let TableFactor::Derived { subquery, .. } = &mut from.relation
        {
            **subquery = std::mem::replace(body, Query::clone(subquery));
        }
        *body = *numbered;
        return Ok(());
    }
    let Some(mut item) = select.projection.pop() else {
        return Err(Error::internal("a template selects nothing"));
    };
    let order_by = ordered_by(body).ok_or_else(|| {
        Error::unsupported("WITH ORDINALITY of a function whose body is ordered in this form")
            .with_hint("Select row_number() OVER (ORDER BY ...) in the body.")
    })?;
    if let SelectItem::ExprWithAlias { expr, .. } = &mut item
        && let Expr::Function(call) = expr
        && let Some(WindowType::WindowSpec(window)) = &mut call.over
        && matches!(call.args, FunctionArguments::List(_))
    {
        window.order_by = order_by;
    }
    if let SetExpr::Select(select) = body.body.as_mut() {
        select.projection.push(item);
    }
    Ok(())
}

/// The keys that a body orders its rows by, as expressions over what it reads; none where they are not
/// keys of all of its rows.
fn ordered_by(body: &Query) -> Option<Vec<datafusion::sql::sqlparser::ast::OrderByExpr>> {
    let OrderBy {
        kind: OrderByKind::Expressions(keys),
        ..
    } = body.order_by.as_ref()?
    else {
        return None;
    };
    let SetExpr::Select(select) = body.body.as_ref() else {
        return None;
    };
    let is_grouped =
        !matches!(&select.group_by, GroupByExpr::Expressions(keys, _) if keys.is_empty());
    if select.distinct.is_some() || is_grouped || has_offset(body) {
        return None;
    }
    let keys = keys.iter().map(|key| {
        let mut key = key.clone();
        key.expr = match &key.expr {
            Expr::Value(value) => {
                let Value::Number(place, _) = &value.value else {
                    return None;
                };
                let place = place.parse::<usize>().ok()?.checked_sub(1)?;
                before(select.projection.get(..=place)?)?
            }
            Expr::Identifier(name) => match named(&select.projection, name) {
                Some(expr) => expr,
                None => key.expr.clone(),
            },
            other => other.clone(),
        };
        Some(key)
    });
    keys.collect()
}

fn has_offset(body: &Query) -> bool {
    use datafusion::sql::sqlparser::ast::LimitClause;
    match &body.limit_clause {
        None => false,
        Some(LimitClause::LimitOffset { offset, .. }) => offset.is_some(),
        Some(_) => true,
    }
}

/// The last of some columns, of which none stands for several.
fn before(items: &[SelectItem]) -> Option<Expr> {
    let expressions = items.iter().map(|item| match item {
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => Some(expr),
        _ => None,
    });
    let expressions: Vec<&Expr> = expressions.collect::<Option<_>>()?;
    expressions.last().map(|expr| (*expr).clone())
}

/// The column that is given a name.
fn named(items: &[SelectItem], name: &Ident) -> Option<Expr> {
    items.iter().find_map(|item| match item {
        SelectItem::ExprWithAlias { expr, alias } if alias == name => Some(expr.clone()),
        _ => None,
    })
}
