//! Which columns of relations a statement reads, as far as its text tells: where it does not, all.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    self, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, JoinConstraint, JoinOperator,
    SelectItem, TableFactor, TableWithJoins, Visitor,
};

use crate::catalog::Object;
use crate::catalog::privilege::{Access, Privilege, Rights};
use crate::sql::cursor::{folded, object_name_from};
use crate::sql::walk::{Visit, visit_expressions};

/// The columns that a statement names, of whatever relations.
pub(super) enum Columns {
    All,
    Named(BTreeSet<String>),
}

impl Columns {
    /// Those that a query reads.
    pub(super) fn of_query(query: &ast::Query) -> Self {
        let mut finder = Finder::default();
        if query.visit(&mut finder).is_break() {
            return Self::All;
        }
        let Finder {
            relations,
            alone,
            mut named,
        } = finder;
        // A relation that is named like a column is a row of it, with all columns.
        if relations.intersection(&alone).next().is_some() {
            return Self::All;
        }
        named.extend(alone);
        Self::Named(named)
    }

    /// Those that expressions name. `row` is the name of a row, and of no column where it stands before
    /// one.
    pub(super) fn of_all<T: Visit>(nodes: &[T], row: Option<&str>) -> Self {
        let mut named = BTreeSet::new();
        for node in nodes {
            let _ = visit_expressions(node, |expression| {
                match expression {
                    Expr::Identifier(name) => {
                        named.insert(folded(name));
                    }
                    Expr::CompoundIdentifier(parts) => {
                        let of_row = row.is_some() && parts.first().map(folded).as_deref() == row;
                        named.extend(parts.iter().skip(usize::from(of_row)).map(folded));
                    }
                    _ => {}
                }
                ControlFlow::<()>::Continue(())
            });
        }
        Self::Named(named)
    }

    /// Whether a column of this name is among them.
    pub(super) fn has(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Named(names) => names.contains(name),
        }
    }

    /// These; with none, all.
    pub(super) fn named(columns: &[String]) -> Self {
        match columns {
            [] => Self::All,
            columns => Self::Named(columns.iter().cloned().collect()),
        }
    }
}

/// Whether a privilege is there, on all of an object or on each of its columns that are named.
pub(super) fn allows(
    rights: &Rights<'_>,
    object: &Object,
    privilege: Privilege,
    columns: &Columns,
) -> bool {
    if rights.has(&object.access, privilege) {
        return true;
    }
    let is_of_columns = |access: &Access| {
        access
            .granted()
            .iter()
            .any(|grant| grant.column.is_some() && grant.privilege == privilege)
    };
    if !is_of_columns(&object.access) {
        return false;
    }
    let mut fields = object.schema.fields().iter();
    let has = |name: &str| rights.has_on_column(&object.access, privilege, name);
    match columns {
        Columns::All => fields.all(|field| has(field.name())),
        // As in Postgres, a query that names none needs any.
        Columns::Named(names) if !fields.clone().any(|field| names.contains(field.name())) => {
            fields.any(|field| has(field.name()))
        }
        Columns::Named(names) => fields
            .filter(|field| names.contains(field.name()))
            .all(|field| has(field.name())),
    }
}

/// Ends where a query reads columns that it does not name.
#[derive(Default)]
struct Finder {
    /// The names that relations go by.
    relations: BTreeSet<String>,
    /// Names that stand alone.
    alone: BTreeSet<String>,
    named: BTreeSet<String>,
}

impl Visitor for Finder {
    type Break = ();

    fn pre_visit_query(&mut self, query: &ast::Query) -> ControlFlow<()> {
        self.body(&query.body)
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        let (name, alias) = match factor {
            TableFactor::Table { name, alias, .. } => (Some(name), alias),
            TableFactor::Derived { alias, .. } => (None, alias),
            TableFactor::NestedJoin {
                table_with_joins,
                alias,
            } => {
                self.joins(table_with_joins)?;
                (None, alias)
            }
            _ => return ControlFlow::Continue(()),
        };
        if let Some(name) = name
            && let Ok(name) = object_name_from(name)
        {
            self.relations.insert(name.name);
        }
        if let Some(alias) = alias {
            self.relations.insert(folded(&alias.name));
            // Its columns go by other names.
            if name.is_some() && !alias.columns.is_empty() {
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<()> {
        match expression {
            Expr::Identifier(name) => {
                self.alone.insert(folded(name));
            }
            Expr::CompoundIdentifier(parts) => self.named.extend(parts.iter().map(folded)),
            Expr::QualifiedWildcard(..) => return ControlFlow::Break(()),
            Expr::Function(function) => {
                if let FunctionArguments::List(list) = &function.args {
                    let whole = list.args.iter().any(|argument| match argument {
                        FunctionArg::Unnamed(value)
                        | FunctionArg::Named { arg: value, .. }
                        | FunctionArg::ExprNamed { arg: value, .. } => {
                            matches!(value, FunctionArgExpr::QualifiedWildcard(_))
                        }
                    });
                    if whole {
                        return ControlFlow::Break(());
                    }
                }
            }
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

impl Finder {
    fn body(&mut self, body: &ast::SetExpr) -> ControlFlow<()> {
        match body {
            ast::SetExpr::Select(select) => {
                let mut items = select.projection.iter();
                if items.any(|item| {
                    matches!(
                        item,
                        SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..)
                    )
                }) {
                    return ControlFlow::Break(());
                }
                select.from.iter().try_for_each(|from| self.joins(from))
            }
            ast::SetExpr::SetOperation { left, right, .. } => {
                self.body(left)?;
                self.body(right)
            }
            ast::SetExpr::Table(_) => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    }

    /// The columns that joins are by.
    fn joins(&mut self, from: &TableWithJoins) -> ControlFlow<()> {
        use JoinOperator::{
            Anti, AsOf, CrossApply, CrossJoin, FullOuter, Inner, Join, Left, LeftAnti, LeftOuter,
            LeftSemi, OuterApply, Right, RightAnti, RightOuter, RightSemi, Semi, StraightJoin,
        };
        for join in &from.joins {
            let constraint = match &join.join_operator {
                Join(constraint)
                | Inner(constraint)
                | Left(constraint)
                | LeftOuter(constraint)
                | Right(constraint)
                | RightOuter(constraint)
                | FullOuter(constraint)
                | CrossJoin(constraint)
                | Semi(constraint)
                | LeftSemi(constraint)
                | RightSemi(constraint)
                | Anti(constraint)
                | LeftAnti(constraint)
                | RightAnti(constraint)
                | StraightJoin(constraint)
                | AsOf { constraint, .. } => constraint,
                CrossApply | OuterApply => continue,
                _ => return ControlFlow::Break(()),
            };
            match constraint {
                JoinConstraint::Natural => return ControlFlow::Break(()),
                JoinConstraint::Using(columns) => {
                    let names = columns.iter();
                    let names = names.filter_map(|name| object_name_from(name).ok());
                    self.named.extend(names.map(|name| name.name));
                }
                JoinConstraint::On(_) | JoinConstraint::None => {}
            }
        }
        ControlFlow::Continue(())
    }
}
