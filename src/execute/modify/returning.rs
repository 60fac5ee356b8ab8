//! `RETURNING`.

use std::ops::ControlFlow;

use datafusion::execution::SessionState;
use datafusion::sql::sqlparser::ast::{
    Expr, FunctionArguments, Ident, ObjectNamePart, Query, SelectItem,
    SelectItemQualifiedWildcardKind, SetExpr, VisitorMut,
};

use super::Changing;
use super::beside::Beside;
use super::found::known_names;
use crate::error::{Error, Result, SqlState};
use crate::session::row_functions;
use crate::sql::column_names::name_of;
use crate::sql::cursor::folded;
use crate::sql::name::Quoted;
use crate::sql::shown::Shown;
use crate::sql::walk::{VisitMut, ended, visit_expressions};
use crate::sql::{Statement, parse_one, whole_rows};

/// What a statement answers of each row.
pub struct Returning<'a> {
    /// The clause's items; empty without one.
    pub items: &'a [SelectItem],
    /// The relations that they may name beside the table.
    pub beside: &'a Beside,
    /// Whether it is that of a `MERGE`: `*` has these relations' columns before the table's, and
    /// `merge_action()` tells what has become of a row.
    pub of_merge: bool,
}

/// `RETURNING` over the new rows.
#[derive(Default)]
pub(super) struct Answered {
    /// More items of a `SELECT`.
    pub(super) items: String,
    /// The columns of other relations that they read, by their places.
    pub(super) carried: Vec<usize>,
}

impl Changing {
    /// `RETURNING` as more items of a `SELECT` that reads all that the statement does.
    ///
    /// # Errors
    /// 42803, 42P20 and 0A000 for functions of many rows; 42P01 for `*` of a relation that is not
    /// there.
    pub fn answered(&self, state: &SessionState, returning: &Returning<'_>) -> Result<String> {
        let items = self.items(state, returning)?;
        Ok(items
            .iter()
            .map(|item| format!(", {}", Shown(item)))
            .collect())
    }

    /// `RETURNING` as more items of a `SELECT` of the new rows, which carry columns of other
    /// relations under names of [`carried_name`]; `action` is what has become of one, as an expression.
    ///
    /// # Errors
    /// Those of [`Self::answered`]; 42702 for a column that several relations have.
    pub(super) fn answered_later(
        &self,
        state: &SessionState,
        returning: &Returning<'_>,
        action: &str,
    ) -> Result<Answered> {
        if returning.items.is_empty() {
            return Ok(Answered::default());
        }
        let mut carrier = Carrier {
            action: parsed_value(action)?,
            changing: self,
            beside: returning.beside,
            carried: Vec::new(),
            around: Vec::new(),
        };
        let mut items = String::new();
        for mut item in self.items(state, returning)? {
            let name = match &item {
                SelectItem::UnnamedExpr(expression) => Some(name_of(expression)),
                _ => None,
            };
            ended(item.visit(&mut carrier))?;
            item = match (item, name) {
                (SelectItem::UnnamedExpr(expr), Some(name)) if name_of(&expr) != name => {
                    SelectItem::ExprWithAlias {
                        expr,
                        alias: Ident::with_quote('"', name),
                    }
                }
                (item, _) => item,
            };
            items.push_str(&format!(", {}", Shown(&item)));
        }
        Ok(Answered {
            items,
            carried: carrier.carried,
        })
    }

    /// The items, with the columns that `*` stands for.
    fn items(&self, state: &SessionState, returning: &Returning<'_>) -> Result<Vec<SelectItem>> {
        let own = || {
            let fields = self.object.schema.fields().iter();
            fields.map(|field| self.column(field)).collect::<Vec<_>>()
        };
        let mut items = Vec::new();
        for item in returning.items {
            let columns = match item {
                SelectItem::Wildcard(options) if *options == Default::default() => {
                    let (mut first, mut last) = (own(), returning.beside.all(None));
                    if returning.of_merge {
                        std::mem::swap(&mut first, &mut last);
                    }
                    first.append(&mut last);
                    first
                }
                SelectItem::QualifiedWildcard(
                    SelectItemQualifiedWildcardKind::ObjectName(name),
                    options,
                ) if *options == Default::default() => {
                    let relation = match name.0.as_slice() {
                        [ObjectNamePart::Identifier(part)] => folded(part),
                        _ => name.to_string(),
                    };
                    if relation == self.name {
                        own()
                    } else if returning.beside.has_relation(&relation) {
                        returning.beside.all(Some(&relation))
                    } else {
                        return Err(Error::new(
                            SqlState::UNDEFINED_TABLE,
                            format!("missing FROM-clause entry for table \"{relation}\""),
                        ));
                    }
                }
                SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..) => {
                    return Err(Error::unsupported(format!("RETURNING {item}"))
                        .with_hint("Name the columns."));
                }
                item => {
                    row_functions::refuse(state, item, "RETURNING")?;
                    if !returning.of_merge {
                        refuse_action(item)?;
                    }
                    items.push(item.clone());
                    continue;
                }
            };
            for column in columns {
                items.push(parsed_column(&column)?);
            }
        }
        Ok(items)
    }
}

fn parsed_column(column: &str) -> Result<SelectItem> {
    if let Statement::Query(query) = parse_one(&format!("SELECT {column}"))?
        && let SetExpr::Select(mut select) = *query.body
        && let Some(item) = select.projection.pop()
    {
        return Ok(item);
    }
    Err(Error::internal("a column is not read as one"))
}

fn parsed_value(text: &str) -> Result<Expr> {
    match parsed_column(text)? {
        SelectItem::UnnamedExpr(value) => Ok(value),
        _ => Err(Error::internal("a value is not read as one")),
    }
}

/// Whether an expression asks what a `MERGE` has done with a row.
fn is_action(expression: &Expr) -> bool {
    match expression {
        Expr::Function(call) => {
            let takes_nothing = match &call.args {
                FunctionArguments::List(given) => given.args.is_empty(),
                _ => false,
            };
            let name: Vec<String> = call
                .name
                .0
                .iter()
                .filter_map(|part| part.as_ident())
                .map(folded)
                .collect();
            let name: Vec<&str> = name.iter().map(String::as_str).collect();
            takes_nothing
                && matches!(
                    name.as_slice(),
                    ["merge_action"] | ["pg_catalog", "merge_action"]
                )
        }
        _ => false,
    }
}

/// Refuses `merge_action()`.
fn refuse_action(item: &SelectItem) -> Result<()> {
    let found = visit_expressions(item, |part| match is_action(part) {
        true => ControlFlow::Break(()),
        false => ControlFlow::Continue(()),
    });
    match found {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(Error::new(
            SqlState::SYNTAX_ERROR,
            "MERGE_ACTION() can only be used in the RETURNING list of a MERGE command",
        )),
    }
}

/// The name under which the new rows carry a column of another relation.
pub(super) fn carried_name(place: usize) -> String {
    format!("tributary:beside{place}")
}

/// Has expressions read the columns of other relations from the new rows.
struct Carrier<'a> {
    /// What has become of a row.
    action: Expr,
    changing: &'a Changing,
    beside: &'a Beside,
    carried: Vec<usize>,
    /// The names of relations in the subqueries around.
    around: Vec<Vec<String>>,
}

impl Carrier<'_> {
    fn carry(&mut self, place: usize) -> Expr {
        if !self.carried.contains(&place) {
            self.carried.push(place);
        }
        Expr::CompoundIdentifier(vec![
            Ident::with_quote('"', self.changing.name.clone()),
            Ident::with_quote('"', carried_name(place)),
        ])
    }
}

impl Carrier<'_> {
    /// The row of another relation; of a `MERGE` it may not be there.
    fn row(&mut self, relation: &str) -> Expr {
        let beside = self.beside;
        let fields = beside.names(relation).into_iter().filter_map(|name| {
            let place = beside.qualified(relation, name)?;
            Some((name.to_owned(), self.carry(place)))
        });
        let fields: Vec<(String, Expr)> = fields.collect();
        whole_rows::row_if_there(&fields)
    }
}

impl VisitorMut for Carrier<'_> {
    type Break = Error;

    fn pre_visit_query(&mut self, query: &mut Query) -> ControlFlow<Error> {
        self.around.push(known_names(&query.body));
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &mut Query) -> ControlFlow<Error> {
        self.around.pop();
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expression: &mut Expr) -> ControlFlow<Error> {
        if is_action(expression) {
            *expression = self.action.clone();
            return ControlFlow::Continue(());
        }
        let place = match expression {
            Expr::CompoundIdentifier(parts) => {
                let [relation, column] = parts.as_slice() else {
                    return ControlFlow::Continue(());
                };
                let relation = folded(relation);
                if self.around.iter().flatten().any(|known| *known == relation) {
                    return ControlFlow::Continue(());
                }
                self.beside.qualified(&relation, &folded(column))
            }
            Expr::Identifier(name) if self.around.is_empty() => {
                let name = folded(name);
                let is_own = self.changing.columns().index_of(&name).is_ok();
                let places = self.beside.named(&name);
                if !is_own && places.is_empty() && self.beside.has_relation(&name) {
                    *expression = self.row(&name);
                    return ControlFlow::Continue(());
                }
                if places.len() + usize::from(is_own) > 1 {
                    return ControlFlow::Break(
                        Error::new(
                            SqlState::AMBIGUOUS_COLUMN,
                            format!("column reference \"{name}\" is ambiguous"),
                        )
                        .with_hint(format!(
                            "Write the name of its relation before it, as in {}.{}.",
                            Quoted(&self.changing.name),
                            Quoted(&name)
                        )),
                    );
                }
                places.first().copied()
            }
            _ => None,
        };
        if let Some(place) = place {
            *expression = self.carry(place);
        }
        ControlFlow::Continue(())
    }
}
