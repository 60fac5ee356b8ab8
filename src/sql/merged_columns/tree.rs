//! What `*` has of joins, and what their merged columns stand for.

use datafusion::sql::sqlparser::ast::{
    BinaryOperator, ExcludeSelectItem, Expr, Ident, JoinConstraint, JoinOperator, ObjectName,
    SelectItem, SelectItemQualifiedWildcardKind, TableFactor, TableWithJoins, Value,
    WildcardAdditionalOptions,
};

use super::names::Names;
use super::{folded, named_item};
use crate::error::{Error, Result, SqlState};
use crate::sql::known_columns::{KnownColumns, common, using};
use crate::sql::standard_forms;
use crate::sql::walk::VisitMut;

/// A column that joins have merged, and what it stands for.
pub(super) type Merged = (String, Box<Expr>);

/// What `*` has of a side of a join.
#[derive(Default)]
pub(super) struct Side(Vec<Part>);

enum Part {
    Merged(Merged),
    /// The columns of a relation that are not merged.
    Rest {
        /// The name that the relation goes by.
        relation: Vec<Ident>,
        /// All of its columns, where they are known.
        columns: Option<Vec<String>>,
        merged: Vec<String>,
    },
}

impl Side {
    /// The columns in their order, where all are known.
    fn columns(&self) -> Option<Vec<String>> {
        let mut all = Vec::new();
        for part in &self.0 {
            match part {
                Part::Merged((name, _)) => all.push(name.clone()),
                Part::Rest {
                    columns, merged, ..
                } => {
                    let rest = columns.as_ref()?.iter();
                    all.extend(rest.filter(|column| !merged.contains(column)).cloned());
                }
            }
        }
        Some(all)
    }

    /// Takes the column of a name out, to merge it with that of the other side.
    fn take(&mut self, name: &str, side: &str) -> Result<Expr> {
        let mut certain = Vec::new();
        let mut possible = Vec::new();
        for (place, part) in self.0.iter().enumerate() {
            match part {
                Part::Merged((own, _)) if own == name => certain.push(place),
                Part::Merged(_) => {}
                Part::Rest { merged, .. } if merged.iter().any(|own| own == name) => {}
                Part::Rest {
                    columns: Some(columns),
                    ..
                } => {
                    let same = columns.iter().filter(|own| *own == name);
                    certain.extend(same.map(|_| place));
                }
                Part::Rest { columns: None, .. } => possible.push(place),
            }
        }
        let place = match (certain.as_slice(), possible.as_slice()) {
            ([place], []) | ([], [place]) => *place,
            ([], []) => {
                let message = format!(
                    "column \"{name}\" specified in USING clause does not exist in {side} table"
                );
                return Err(Error::new(SqlState::UNDEFINED_COLUMN, message));
            }
            ([_, _, ..], _) => {
                let message =
                    format!("common column name \"{name}\" appears more than once in {side} table");
                return Err(Error::new(SqlState::AMBIGUOUS_COLUMN, message));
            }
            _ => return Err(unknown()),
        };
        match self.0.get_mut(place) {
            Some(Part::Rest {
                relation, merged, ..
            }) => {
                merged.push(name.to_owned());
                Ok(column_of(relation, name))
            }
            Some(Part::Merged(_)) => match self.0.remove(place) {
                Part::Merged((_, value)) => Ok(*value),
                Part::Rest { .. } => Err(unknown()),
            },
            None => Err(unknown()),
        }
    }

    fn merged(&self) -> impl Iterator<Item = &Merged> {
        self.0.iter().filter_map(|part| match part {
            Part::Merged(merged) => Some(merged),
            Part::Rest { .. } => None,
        })
    }

    /// Whether a relation is known to have a column of a name that is not merged.
    fn has_besides(&self, name: &str) -> bool {
        self.0.iter().any(|part| match part {
            Part::Rest {
                columns: Some(columns),
                merged,
                ..
            } => columns.iter().any(|own| own == name) && !merged.iter().any(|own| own == name),
            _ => false,
        })
    }

    /// What `*` stands for.
    pub(super) fn items(&self) -> Vec<SelectItem> {
        let items = self.0.iter().flat_map(|part| match part {
            Part::Merged((name, value)) => vec![named_item(name.clone(), value.as_ref().clone())],
            Part::Rest {
                relation,
                columns: Some(columns),
                merged,
            } if !merged.is_empty() => {
                let rest = columns.iter().filter(|column| !merged.contains(column));
                rest.map(|column| SelectItem::UnnamedExpr(column_of(relation, column)))
                    .collect()
            }
            Part::Rest {
                relation, merged, ..
            } => vec![rest_of(relation, merged)],
        });
        items.collect()
    }
}

fn column_of(relation: &[Ident], name: &str) -> Expr {
    let column = std::iter::once(Ident::with_quote('"', name));
    Expr::CompoundIdentifier(relation.iter().cloned().chain(column).collect())
}

/// `relation.*` without some of its columns.
fn rest_of(relation: &[Ident], merged: &[String]) -> SelectItem {
    let left_out = merged.iter();
    let left_out = left_out.map(|name| ObjectName::from(vec![Ident::with_quote('"', name)]));
    let options = WildcardAdditionalOptions {
        opt_exclude: (!merged.is_empty()).then(|| ExcludeSelectItem::Multiple(left_out.collect())),
        ..WildcardAdditionalOptions::default()
    };
    let name = ObjectName::from(relation.to_vec());
    SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), options)
}

/// The merged columns of a `FROM` that their names alone mean.
pub(super) fn merged(sides: &[Side]) -> Vec<Merged> {
    let all: Vec<&Merged> = sides.iter().flat_map(Side::merged).collect();
    let is_only = |name: &str| {
        all.iter().filter(|(own, _)| own == name).count() == 1
            && !sides.iter().any(|side| side.has_besides(name))
    };
    let meant = all.iter().filter(|(name, _)| is_only(name));
    meant.map(|merged| (*merged).clone()).collect()
}

/// The names of the relations of a `FROM`, as they are written there.
pub(super) fn names(from: &[TableWithJoins]) -> Vec<Vec<Ident>> {
    let factors = from.iter().flat_map(|table| {
        let joined = table.joins.iter().map(|join| &join.relation);
        std::iter::once(&table.relation).chain(joined)
    });
    factors
        .flat_map(|factor| match factor {
            TableFactor::NestedJoin {
                table_with_joins, ..
            } => names(std::slice::from_ref(table_with_joins)),
            factor => written(factor).into_iter().collect(),
        })
        .collect()
}

fn written(factor: &TableFactor) -> Option<Vec<Ident>> {
    match factor {
        TableFactor::Table {
            alias: Some(alias), ..
        }
        | TableFactor::Derived {
            alias: Some(alias), ..
        }
        | TableFactor::Function {
            alias: Some(alias), ..
        }
        | TableFactor::UNNEST {
            alias: Some(alias), ..
        } => Some(vec![alias.name.clone()]),
        TableFactor::Table {
            name, alias: None, ..
        }
        | TableFactor::Function {
            name, alias: None, ..
        } => {
            let parts = name.0.iter().map(|part| part.as_ident().cloned());
            parts.collect()
        }
        _ => None,
    }
}

/// Walks the joins of a `FROM` from the first to the last.
pub(super) struct Trees<'a> {
    /// The names of all relations.
    pub(super) names: &'a [Vec<Ident>],
    pub(super) columns: &'a mut KnownColumns,
    /// Whether joins get a condition in the place of `USING`.
    pub(super) writes: bool,
}

impl Trees<'_> {
    pub(super) fn of_joined(&mut self, table: &mut TableWithJoins) -> Result<Side> {
        let mut side = self.of_factor(&mut table.relation)?;
        for join in &mut table.joins {
            if self.writes {
                let merged = merged(std::slice::from_ref(&side));
                let mut names = Names::new(&merged, self.columns);
                if !matches!(join.relation, TableFactor::NestedJoin { .. }) {
                    let _ = VisitMut::visit(&mut join.relation, &mut names);
                }
            }
            let right = self.of_factor(&mut join.relation)?;
            side = self.join(side, right, &mut join.join_operator)?;
        }
        Ok(side)
    }

    fn of_factor(&mut self, factor: &mut TableFactor) -> Result<Side> {
        if let TableFactor::NestedJoin {
            table_with_joins, ..
        } = factor
        {
            return self.of_joined(table_with_joins);
        }
        let written = written(factor).ok_or_else(unknown)?;
        Ok(Side(vec![Part::Rest {
            relation: self.said(written),
            columns: self.columns.of_factor(factor),
            merged: Vec::new(),
        }]))
    }

    /// The name of a relation alone, where no other one has it too.
    fn said(&self, written: Vec<Ident>) -> Vec<Ident> {
        let Some(last) = written.last() else {
            return written;
        };
        let ends = |name: &&Vec<Ident>| name.last().map(folded) == Some(folded(last));
        match self.names.iter().filter(ends).count() {
            0 | 1 => vec![last.clone()],
            _ => written,
        }
    }

    fn join(
        &mut self,
        mut left: Side,
        mut right: Side,
        operator: &mut JoinOperator,
    ) -> Result<Side> {
        let is_right = matches!(
            operator,
            JoinOperator::Right(_) | JoinOperator::RightOuter(_)
        );
        let is_full = matches!(operator, JoinOperator::FullOuter(_));
        let Some(constraint) = constraint_mut(operator) else {
            return Err(unknown());
        };
        let shared = match constraint {
            JoinConstraint::Using(names) => using(names).ok_or_else(unknown)?,
            JoinConstraint::Natural => {
                let sides = left.columns().zip(right.columns());
                let (left, right) = sides.ok_or_else(unknown)?;
                common(&left, &right)
            }
            JoinConstraint::On(condition) => {
                left.0.append(&mut right.0);
                if self.writes {
                    let merged = merged(std::slice::from_ref(&left));
                    Names::new(&merged, self.columns).replace(condition);
                }
                return Ok(left);
            }
            JoinConstraint::None => {
                left.0.append(&mut right.0);
                return Ok(left);
            }
        };
        let mut parts = Vec::new();
        let mut conditions = Vec::new();
        for name in shared {
            let first = left.take(&name, "left")?;
            let second = right.take(&name, "right")?;
            conditions.push(binary(first.clone(), BinaryOperator::Eq, second.clone()));
            let value = match (is_full, is_right) {
                (true, _) => either(first, second),
                (_, true) => second,
                _ => first,
            };
            parts.push(Part::Merged((name, Box::new(value))));
        }
        if self.writes {
            let all = conditions.into_iter();
            let all = all.reduce(|left, right| binary(left, BinaryOperator::And, right));
            let all = all.unwrap_or_else(|| Expr::value(Value::Boolean(true)));
            *constraint = JoinConstraint::On(all);
        }
        parts.append(&mut left.0);
        parts.append(&mut right.0);
        Ok(Side(parts))
    }
}

fn constraint_mut(operator: &mut JoinOperator) -> Option<&mut JoinConstraint> {
    match operator {
        JoinOperator::Join(constraint)
        | JoinOperator::Inner(constraint)
        | JoinOperator::Left(constraint)
        | JoinOperator::LeftOuter(constraint)
        | JoinOperator::Right(constraint)
        | JoinOperator::RightOuter(constraint)
        | JoinOperator::FullOuter(constraint)
        | JoinOperator::CrossJoin(constraint) => Some(constraint),
        _ => None,
    }
}

fn binary(left: Expr, op: BinaryOperator, right: Expr) -> Expr {
    Expr::BinaryOp {
        left: Box::new(left),
        op,
        right: Box::new(right),
    }
}

/// The first of two that is not NULL.
fn either(first: Expr, second: Expr) -> Expr {
    let mut function = standard_forms::call(Ident::new("coalesce"));
    function.args = standard_forms::arguments(vec![first, second]);
    Expr::Function(function)
}

/// The error of relations whose columns cannot be told from the query.
fn unknown() -> Error {
    Error::unsupported("a RIGHT or FULL JOIN that merges columns of relations such as these")
        .with_hint("Write the condition with ON, and coalesce(left.column, right.column).")
}
