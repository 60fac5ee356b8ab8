//! Fields of arguments that are rows, where a body has the argument without parentheses: `customer.name`,
//! `full_name.customer.name` and `$1.name`. To the planner an argument is a column of the row around the body,
//! whose fields it takes of one in parentheses alone. And all fields of such an argument, `(customer).*` and
//! `($1).*`.

use std::convert::Infallible;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    AccessExpr, DataType, Expr, Ident, ObjectName, Query, Select, SelectItem,
    SelectItemQualifiedWildcardKind, Value, VisitorMut,
};

use super::body::{column_of, reads_relation, row_named};
use crate::catalog::Snapshot;
use crate::sql::create_function::CreateFunction;
use crate::sql::cursor::folded;
use crate::sql::row_expansions::row_of;
use crate::sql::walk::VisitMut;

/// Puts such arguments into parentheses, by their numbers, and names their fields where all are meant.
pub(super) fn enclose(create: &CreateFunction, snapshot: &Snapshot, body: &mut Query) {
    let mut arguments = create.arguments.iter();
    if !arguments.any(|argument| matches!(argument.data_type, DataType::Custom(..))) {
        return;
    }
    let may_be = |name: &str| !reads_relation(body, name);
    let named = create.arguments.iter().enumerate();
    let named = named.filter_map(|(place, argument)| {
        let name = argument.name.as_deref()?;
        let is_row = matches!(argument.data_type, DataType::Custom(..));
        (is_row && may_be(name)).then_some((name, place))
    });
    let mut encloser = Encloser {
        arguments: named.collect(),
        function: Some(create.name.name.as_str()).filter(|name| may_be(name)),
        create,
        snapshot,
    };
    let _ = VisitMut::visit(body, &mut encloser);
}

struct Encloser<'a> {
    /// The names of arguments that are no relations to the body, and their places.
    arguments: Vec<(&'a str, usize)>,
    /// The name of the function, by which the body may write its arguments.
    function: Option<&'a str>,
    create: &'a CreateFunction,
    snapshot: &'a Snapshot,
}

impl VisitorMut for Encloser<'_> {
    type Break = Infallible;

    fn pre_visit_select(&mut self, select: &mut Select) -> ControlFlow<Infallible> {
        for place in (0..select.projection.len()).rev() {
            let fields = select.projection.get(place).and_then(|it| self.fields(it));
            if let Some(fields) = fields {
                drop(select.projection.splice(place..=place, fields));
            }
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<Infallible> {
        match expr {
            Expr::CompoundIdentifier(parts) => {
                if let Some((argument, fields)) = self.split(parts) {
                    *expr = Expr::CompoundFieldAccess {
                        root: Box::new(argument),
                        access_chain: fields.iter().map(field).collect(),
                    };
                }
            }
            Expr::CompoundFieldAccess { root, access_chain } => match root.as_mut() {
                Expr::Value(value) if matches!(value.value, Value::Placeholder(_)) => {
                    let number = Expr::Value(value.clone());
                    **root = Expr::Nested(Box::new(number));
                }
                Expr::Identifier(name) => {
                    let names: Vec<Ident> = access_chain.iter().map_while(name_of).collect();
                    let parts: Vec<Ident> = std::iter::once(name.clone()).chain(names).collect();
                    if let Some((argument, fields)) = self.split(&parts) {
                        **root = argument;
                        let named = parts.len() - 1;
                        let fields = fields.iter().map(field);
                        drop(access_chain.splice(..named, fields));
                    }
                }
                _ => {}
            },
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

impl Encloser<'_> {
    /// The fields of an argument, where an item of a list stands for all of them.
    fn fields(&self, item: &SelectItem) -> Option<Vec<SelectItem>> {
        let place = match item {
            // sqlparser is given the name without the parentheses around it.
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), _) => {
                self.named(&names_of(name)?)?
            }
            SelectItem::UnnamedExpr(expr) => match bare(row_of(expr)?) {
                Expr::Value(value) => match &value.value {
                    Value::Placeholder(name) => {
                        let number: usize = name.strip_prefix('$')?.parse().ok()?;
                        number.checked_sub(1)?
                    }
                    _ => return None,
                },
                Expr::Identifier(name) => self.named(std::slice::from_ref(name))?,
                Expr::CompoundIdentifier(names) => self.named(names)?,
                _ => return None,
            },
            _ => return None,
        };
        let argument = self.create.arguments.get(place)?;
        let row = row_named(self.snapshot, &argument.data_type)?;
        let fields = row.schema.fields().iter().map(|of| {
            let name = Ident::with_quote('"', of.name());
            let number = Expr::value(Value::Placeholder(column_of(place)));
            SelectItem::ExprWithAlias {
                expr: Expr::CompoundFieldAccess {
                    root: Box::new(Expr::Nested(Box::new(number))),
                    access_chain: vec![field(&name)],
                },
                alias: name,
            }
        });
        Some(fields.collect())
    }

    /// The place of the argument that a name is of, perhaps behind that of the function.
    fn named(&self, names: &[Ident]) -> Option<usize> {
        match names {
            [name] => self.place_of(name),
            [function, name] if self.function == Some(folded(function).as_str()) => {
                self.place_of(name)
            }
            _ => None,
        }
    }

    /// The argument that names begin with, and those of fields behind it.
    fn split<'n>(&self, parts: &'n [Ident]) -> Option<(Expr, &'n [Ident])> {
        let (place, fields) = match parts {
            [function, argument, fields @ ..]
                if !fields.is_empty() && self.function == Some(folded(function).as_str()) =>
            {
                (self.place_of(argument)?, fields)
            }
            [argument, fields @ ..] if !fields.is_empty() => (self.place_of(argument)?, fields),
            _ => return None,
        };
        let number = Expr::value(Value::Placeholder(column_of(place)));
        Some((Expr::Nested(Box::new(number)), fields))
    }

    fn place_of(&self, name: &Ident) -> Option<usize> {
        let name = folded(name);
        let mut arguments = self.arguments.iter();
        arguments.find_map(|(argument, place)| (*argument == name).then_some(*place))
    }
}

/// The parts of a name.
fn names_of(name: &ObjectName) -> Option<Vec<Ident>> {
    let parts = name.0.iter().map(|part| part.as_ident().cloned());
    parts.collect()
}

/// An expression without parentheses around it.
fn bare(expr: &Expr) -> &Expr {
    match expr {
        Expr::Nested(within) => bare(within),
        other => other,
    }
}

/// The name behind a dot.
fn name_of(access: &AccessExpr) -> Option<Ident> {
    match access {
        AccessExpr::Dot(Expr::Identifier(name)) => Some(name.clone()),
        _ => None,
    }
}

fn field(name: &Ident) -> AccessExpr {
    AccessExpr::Dot(Expr::value(Value::SingleQuotedString(folded(name))))
}
