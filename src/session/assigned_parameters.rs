//! Parameters that are values of columns as they stand: `INSERT ... VALUES ($1)`, `INSERT ... SELECT $1` and
//! `SET a = $1`. They are of the columns' types, also of those that are texts to expressions.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::sql::sqlparser::ast::{Expr, SelectItem, SetExpr, Value};

use super::plan;
use crate::catalog::pg_catalog::column_type;
use crate::catalog::{Object, Snapshot};
use crate::sql::Statement;
use crate::sql::assignment::Assignment;
use crate::sql::merge::Action;
use crate::sql::with_changes::Clause;

/// What a parameter is by the column that it is a value of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Assigned {
    /// The type of its values.
    pub data_type: DataType,
    /// The number of its type, as clients know it.
    pub oid: u32,
}

/// The parameters of a statement that are values of columns, by their numbers.
pub(super) fn assigned_parameters(
    statement: &Statement,
    snapshot: &Snapshot,
    search_path: &[String],
) -> BTreeMap<usize, Assigned> {
    let mut found = BTreeMap::new();
    if let Statement::WithChanges(with) = statement {
        let changes = with.clauses.iter().filter_map(Clause::change);
        let changes = changes.map(|change| change.statement.as_ref());
        for part in changes.chain([with.main.as_ref()]) {
            for (number, assigned) in assigned_parameters(part, snapshot, search_path) {
                found.entry(number).or_insert(assigned);
            }
        }
        return found;
    }
    let target = match statement {
        Statement::Insert(insert) => &insert.target,
        Statement::Update(update) => &update.target,
        Statement::Merge(merge) => &merge.target,
        _ => return found,
    };
    let Ok(object) = plan::object(&target.table, snapshot, search_path) else {
        return found;
    };
    let mut places = Places {
        object: &object,
        found: &mut found,
    };
    match statement {
        Statement::Insert(insert) => {
            // A value of a part is of no column's type.
            let columns = insert.columns.iter().enumerate();
            let columns: Vec<String> = columns
                .map(|(place, column)| match insert.parts.get(place) {
                    Some(part) if !part.is_empty() => String::new(),
                    _ => column.clone(),
                })
                .collect();
            places.rows(&columns, insert.source.body.as_ref());
            let clause = insert.on_conflict.as_ref();
            if let Some(update) = clause.and_then(|clause| clause.update.as_ref()) {
                places.assignments(&update.assignments);
            }
        }
        Statement::Update(update) => places.assignments(&update.assignments),
        Statement::Merge(merge) => {
            for clause in &merge.clauses {
                match &clause.action {
                    Action::Update(assignments) => places.assignments(assignments),
                    Action::Insert {
                        columns, values, ..
                    } => {
                        // Which columns come behind `source.*` is not known here.
                        let values = values.iter().map(Option::as_ref).take_while(|value| {
                            !matches!(value, Some(Expr::QualifiedWildcard(..)))
                        });
                        places.row(columns, values);
                    }
                    Action::UpdateAll | Action::InsertAll | Action::Delete | Action::DoNothing => {}
                }
            }
        }
        _ => {}
    }
    found
}

struct Places<'a> {
    object: &'a Arc<Object>,
    found: &'a mut BTreeMap<usize, Assigned>,
}

impl Places<'_> {
    fn assignments(&mut self, assignments: &[Assignment]) {
        for assignment in assignments {
            if let [column] = assignment.columns.as_slice() {
                self.value(column, assignment.value.as_ref());
            }
        }
    }

    /// The rows of a query. Those of a union have types of their own, and so have those of which equal ones
    /// are one.
    fn rows(&mut self, columns: &[String], body: &SetExpr) {
        match body {
            SetExpr::Values(values) => {
                for row in &values.rows {
                    self.row(columns, row.content.iter().map(Some));
                }
            }
            SetExpr::Select(select) if select.distinct.is_none() => {
                let values = select.projection.iter().map_while(|item| match item {
                    SelectItem::UnnamedExpr(value) => Some(Some(value)),
                    SelectItem::ExprWithAlias { expr, .. } => Some(Some(expr)),
                    // Which columns come behind it is not known here.
                    _ => None,
                });
                self.row(columns, values);
            }
            SetExpr::Query(query) => self.rows(columns, query.body.as_ref()),
            _ => {}
        }
    }

    /// Values of some columns, or of the first ones.
    fn row<'v>(&mut self, columns: &[String], values: impl Iterator<Item = Option<&'v Expr>>) {
        let own = self.object.schema.fields().iter();
        let columns = match columns {
            [] => own.map(|field| field.name().clone()).collect(),
            named => named.to_vec(),
        };
        for (column, value) in columns.iter().zip(values) {
            self.value(column, value);
        }
    }

    fn value(&mut self, column: &str, value: Option<&Expr>) {
        let Some(Expr::Value(value)) = value else {
            return;
        };
        let Value::Placeholder(name) = &value.value else {
            return;
        };
        let number = name.trim_start_matches('$').parse();
        if let (Ok(number), Ok(field)) = (number, self.object.schema.field_with_name(column)) {
            // As in Postgres, the first place tells.
            self.found.entry(number).or_insert_with(|| Assigned {
                data_type: field.data_type().clone(),
                oid: column_type(self.object, column),
            });
        }
    }
}
