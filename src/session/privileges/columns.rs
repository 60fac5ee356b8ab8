//! Which columns of relations a statement reads, as far as its text tells: where it does not, all.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{
    self, Expr, FunctionArg, FunctionArgExpr, FunctionArguments, JoinConstraint, JoinOperator,
    ObjectName as AstName, SelectItem, SelectItemQualifiedWildcardKind, TableFactor,
    TableWithJoins, Visitor,
};

use crate::catalog::Object;
use crate::catalog::privilege::{Access, Privilege, Rights};
use crate::sql::cursor::{folded, object_name_from};
use crate::sql::walk::{Visit, visit_expressions};

/// The columns that a statement reads.
pub(super) enum Columns {
    All,
    /// Those of these names, of whatever relations.
    Named(BTreeSet<String>),
    /// Those of these names, and all columns of the relations of these.
    Within {
        named: BTreeSet<String>,
        whole: BTreeSet<String>,
    },
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
            others,
            alone,
            mut whole,
            mut named,
        } = finder;
        // A relation that is named like a column is a row of it, with all columns.
        let rows: BTreeSet<&String> = alone
            .iter()
            .filter(|name| relations.contains_key(*name) || others.contains(*name))
            .collect();
        if rows
            .into_iter()
            .chain(&whole)
            .any(|name| others.contains(name) || !relations.contains_key(name))
        {
            return Self::All;
        }
        whole.extend(alone.iter().cloned());
        let whole = whole.iter().filter_map(|name| relations.get(name));
        let whole = whole.flatten().cloned().collect();
        named.extend(alone);
        Self::Within { named, whole }
    }

    /// Whether a column of this name is among them.
    pub(super) fn has(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Named(names) => names.contains(name),
            Self::Within { named, whole } => !whole.is_empty() || named.contains(name),
        }
    }

    /// The names of those of an object; none where all may be.
    fn of(&self, object: &Object) -> Option<&BTreeSet<String>> {
        match self {
            Self::All => None,
            Self::Named(names) => Some(names),
            Self::Within { named, whole } => (!whole.contains(&object.name.name)).then_some(named),
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

/// A row beside that of a table, by its name.
#[derive(Clone, Copy)]
pub(super) enum Other<'a> {
    None,
    /// One of the table's, too.
    Own(&'a str),
    /// One of another relation.
    Foreign(&'a str),
}

/// The columns of a table that expressions name, its rows going by the name `own`; that name itself for all of them.
pub(super) fn named_by(expressions: &[Expr], own: &str, other: Other<'_>) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    for expression in expressions {
        let _ = visit_expressions(expression, |expression| {
            match expression {
                Expr::Identifier(name) => {
                    named.insert(folded(name));
                }
                Expr::CompoundIdentifier(parts) => {
                    let parts: Vec<String> = parts.iter().map(folded).collect();
                    let first = parts.first().map(String::as_str).unwrap_or_default();
                    let is_qualified = match other {
                        Other::Foreign(row) if first == row => {
                            return ControlFlow::Continue(());
                        }
                        Other::Own(row) => first == row || first == own,
                        Other::Foreign(_) | Other::None => first == own,
                    };
                    named.extend(parts.into_iter().skip(usize::from(is_qualified)));
                }
                Expr::QualifiedWildcard(name, _) => named.extend(last_part(name)),
                Expr::Function(function) => named.extend(whole_rows(function)),
                _ => {}
            }
            ControlFlow::<()>::Continue(())
        });
    }
    named
}

fn last_part(name: &AstName) -> Option<String> {
    object_name_from(name).ok().map(|name| name.name)
}

/// The names before `.*` among the arguments of a call.
fn whole_rows(function: &ast::Function) -> Vec<String> {
    let FunctionArguments::List(list) = &function.args else {
        return Vec::new();
    };
    let names = list.args.iter().filter_map(|argument| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::QualifiedWildcard(name))
        | FunctionArg::Named {
            arg: FunctionArgExpr::QualifiedWildcard(name),
            ..
        }
        | FunctionArg::ExprNamed {
            arg: FunctionArgExpr::QualifiedWildcard(name),
            ..
        } => last_part(name),
        _ => None,
    });
    names.collect()
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
    match columns.of(object) {
        None => fields.all(|field| has(field.name())),
        // As in Postgres, a query that names none needs any.
        Some(names) if !fields.clone().any(|field| names.contains(field.name())) => {
            fields.any(|field| has(field.name()))
        }
        Some(names) => fields
            .filter(|field| names.contains(field.name()))
            .all(|field| has(field.name())),
    }
}

/// Ends where a query reads columns that it does not name.
#[derive(Default)]
struct Finder {
    /// What relations go by, each with the names of those that do; subqueries have none.
    relations: BTreeMap<String, BTreeSet<String>>,
    /// What goes by a name and is neither.
    others: BTreeSet<String>,
    /// Names of which all columns are read.
    whole: BTreeSet<String>,
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
        let alias = match factor {
            TableFactor::Table {
                name,
                alias,
                args: None,
                ..
            } => {
                let Ok(name) = object_name_from(name) else {
                    return ControlFlow::Break(());
                };
                if let Some(alias) = alias {
                    self.relation(folded(&alias.name)).insert(name.name.clone());
                    // Its columns go by other names.
                    if !alias.columns.is_empty() {
                        self.whole.insert(name.name.clone());
                    }
                }
                self.relation(name.name.clone()).insert(name.name);
                return ControlFlow::Continue(());
            }
            TableFactor::Derived { alias, .. } => alias,
            TableFactor::NestedJoin {
                table_with_joins,
                alias,
            } => {
                self.joins(table_with_joins)?;
                if let Some(alias) = alias {
                    // All of its columns are those of all relations in it.
                    self.others.insert(folded(&alias.name));
                }
                return ControlFlow::Continue(());
            }
            other => {
                if let TableFactor::Table { name, .. } = other
                    && let Ok(name) = object_name_from(name)
                {
                    self.others.insert(name.name);
                }
                if let Some(alias) = alias_of(other) {
                    self.others.insert(alias);
                }
                return ControlFlow::Continue(());
            }
        };
        if let Some(alias) = alias {
            self.relation(folded(&alias.name));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expression: &Expr) -> ControlFlow<()> {
        match expression {
            Expr::Identifier(name) => {
                self.alone.insert(folded(name));
            }
            Expr::CompoundIdentifier(parts) => self.named.extend(parts.iter().map(folded)),
            Expr::QualifiedWildcard(name, _) => return self.all_of(name),
            Expr::Function(function) => self.whole.extend(whole_rows(function)),
            _ => {}
        }
        ControlFlow::Continue(())
    }
}

impl Finder {
    fn relation(&mut self, name: String) -> &mut BTreeSet<String> {
        self.relations.entry(name).or_default()
    }

    /// All columns of what goes by a name.
    fn all_of(&mut self, name: &AstName) -> ControlFlow<()> {
        match last_part(name) {
            Some(name) => {
                self.whole.insert(name);
                ControlFlow::Continue(())
            }
            None => ControlFlow::Break(()),
        }
    }

    /// All columns of what stands in `FROM`; what subqueries read they say themselves.
    fn all_from(&mut self, from: &TableWithJoins) -> ControlFlow<()> {
        let joined = from.joins.iter().map(|join| &join.relation);
        for factor in [&from.relation].into_iter().chain(joined) {
            match factor {
                TableFactor::Table {
                    name, args: None, ..
                } => self.all_of(name)?,
                TableFactor::Derived { .. } => {}
                TableFactor::NestedJoin {
                    table_with_joins, ..
                } => self.all_from(table_with_joins)?,
                _ => return ControlFlow::Break(()),
            }
        }
        ControlFlow::Continue(())
    }

    fn body(&mut self, body: &ast::SetExpr) -> ControlFlow<()> {
        match body {
            ast::SetExpr::Select(select) => {
                for item in &select.projection {
                    match item {
                        SelectItem::Wildcard(_) => {
                            select
                                .from
                                .iter()
                                .try_for_each(|from| self.all_from(from))?;
                        }
                        SelectItem::QualifiedWildcard(kind, _) => match kind {
                            SelectItemQualifiedWildcardKind::ObjectName(name) => {
                                self.all_of(name)?;
                            }
                            SelectItemQualifiedWildcardKind::Expr(_) => {
                                return ControlFlow::Break(());
                            }
                        },
                        _ => {}
                    }
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

/// What a factor that is no relation goes by.
fn alias_of(factor: &TableFactor) -> Option<String> {
    let alias = match factor {
        TableFactor::Table { alias, .. }
        | TableFactor::TableFunction { alias, .. }
        | TableFactor::Function { alias, .. }
        | TableFactor::UNNEST { alias, .. } => alias.as_ref(),
        _ => None,
    };
    alias.map(|alias| folded(&alias.name))
}
