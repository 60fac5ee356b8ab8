//! What clients are told of columns beyond the types of their values: the type by which one was declared
//! where its values have a wider one, as a column of `varchar(10)`, `name` or `uuid` is text to
//! expressions; and the column of a relation that it is.

use std::sync::Arc;

use arrow::datatypes::{DataType, Schema, SchemaRef};
use datafusion::common::TableReference;
use datafusion::logical_expr::{
    Distinct, Expr, ExprSchemable as _, Extension, LogicalPlan, UserDefinedLogicalNodeCore as _,
};
use tributary_udfs::postgres::{BARE_NUMERIC, CHARACTER_LENGTH, CharacterLength, ROUND_MOMENT};

use super::rows_once::RowsOnce;
use crate::catalog::{Kind, Snapshot, pg_catalog};
use crate::sql::moment_precision::MOMENT_PRECISION;
use crate::sql::{QualifiedName, with_changes};
use crate::wire::types::{POSTGRES_COLUMN, POSTGRES_MODIFIER, POSTGRES_TABLE, POSTGRES_TYPE};

/// Says of the columns of an answer by which types they were declared, or cast to, in the plan that
/// they come of, and which columns of relations they are.
pub fn declare(schema: SchemaRef, plan: &LogicalPlan, snapshot: &Snapshot) -> SchemaRef {
    if schema.fields().len() != plan.schema().fields().len() {
        return schema;
    }
    let fields = schema.fields().iter().enumerate().map(|(index, field)| {
        let origin = origin(plan, index, snapshot).unwrap_or_default();
        let mut metadata = field.metadata().clone();
        if let (DataType::Utf8, Some(length)) = (field.data_type(), origin.length) {
            metadata.insert(POSTGRES_TYPE.to_owned(), length.sql());
            metadata.insert(CHARACTER_LENGTH.to_owned(), length.to_metadata());
        }
        if let DataType::List(_) = field.data_type()
            && let Some(element) = collected(plan, index)
        {
            metadata.insert(POSTGRES_TYPE.to_owned(), format!("{element}[]"));
        }
        if let Some(digits) = origin.digits {
            metadata.insert(POSTGRES_MODIFIER.to_owned(), digits.to_string());
        }
        if let Some((table, column)) = origin.column {
            metadata.insert(POSTGRES_TABLE.to_owned(), table.to_string());
            metadata.insert(POSTGRES_COLUMN.to_owned(), column.to_string());
        }
        // As in Postgres, what is computed has any number of digits.
        if field.data_type().is_decimal() && !origin.has_digits {
            metadata.insert(POSTGRES_MODIFIER.to_owned(), "-1".to_owned());
        }
        match metadata == *field.metadata() {
            true => Arc::clone(field),
            false => Arc::new(field.as_ref().clone().with_metadata(metadata)),
        }
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// The columns of a plan as those of a relation that is made of it, which say by which types they were
/// declared, or cast to, where their values have a wider one.
pub fn columns(plan: &LogicalPlan, snapshot: &Snapshot) -> SchemaRef {
    let schema = super::plan::columns(plan);
    let fields = schema.fields().iter().enumerate().map(|(index, field)| {
        let origin = origin(plan, index, snapshot).unwrap_or_default();
        let mut metadata = field.metadata().clone();
        match (field.data_type(), origin.length, origin.digits) {
            (DataType::Utf8, Some(length), _) => {
                metadata.insert(CHARACTER_LENGTH.to_owned(), length.to_metadata());
            }
            (DataType::Timestamp(..) | DataType::Time64(_), _, Some(digits)) => {
                metadata.insert(MOMENT_PRECISION.to_owned(), digits.to_string());
            }
            _ => return Arc::clone(field),
        }
        Arc::new(field.as_ref().clone().with_metadata(metadata))
    });
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// The type of PostgreSQL's own that the values have which `array_agg` makes arrays of.
fn collected(plan: &LogicalPlan, index: usize) -> Option<String> {
    match plan {
        LogicalPlan::Projection(projection) => {
            let mut expression = projection.expr.get(index)?;
            while let Expr::Alias(alias) = expression {
                expression = &alias.expr;
            }
            let Expr::Column(column) = expression else {
                return None;
            };
            let input = &projection.input;
            collected(input, input.schema().maybe_index_of_column(column)?)
        }
        LogicalPlan::Aggregate(aggregate) => {
            let place = index.checked_sub(aggregate.group_expr.len())?;
            let mut expression = aggregate.aggr_expr.get(place)?;
            while let Expr::Alias(alias) = expression {
                expression = &alias.expr;
            }
            let Expr::AggregateFunction(call) = expression else {
                return None;
            };
            let value = call.params.args.first()?;
            if call.func.name() != "array_agg" {
                return None;
            }
            let (_, field) = value.to_field(aggregate.input.schema()).ok()?;
            field.metadata().get(POSTGRES_TYPE).cloned()
        }
        LogicalPlan::Filter(filter) => collected(&filter.input, index),
        LogicalPlan::Sort(sort) => collected(&sort.input, index),
        LogicalPlan::Limit(limit) => collected(&limit.input, index),
        LogicalPlan::SubqueryAlias(alias) => collected(&alias.input, index),
        _ => None,
    }
}

/// Whether a column of a plan is one of a table, as it is kept there.
pub fn is_stored(plan: &LogicalPlan, index: usize, snapshot: &Snapshot) -> bool {
    origin(plan, index, snapshot).is_some_and(|origin| origin.is_stored)
}

/// The type that limits the texts of a plan's column.
pub(super) fn length(
    plan: &LogicalPlan,
    index: usize,
    snapshot: &Snapshot,
) -> Option<CharacterLength> {
    origin(plan, index, snapshot)?.length
}

/// What a column comes of.
#[derive(Default)]
struct Origin {
    /// The number of a relation, and of its column.
    column: Option<(i64, usize)>,
    /// The length of its texts that a declaration or a cast names.
    length: Option<CharacterLength>,
    /// Whether one names the digits of its numbers.
    has_digits: bool,
    /// The digits of a second that one gives to its moments.
    digits: Option<u8>,
    /// Whether it is kept in that relation.
    is_stored: bool,
}

impl Origin {
    fn of_length(length: Option<CharacterLength>) -> Self {
        Self {
            length,
            ..Self::default()
        }
    }
}

/// Follows a column to the cast or the relation that it comes of.
fn origin(plan: &LogicalPlan, index: usize, snapshot: &Snapshot) -> Option<Origin> {
    let (_, field) = plan.schema().iter().nth(index)?;
    if let Some(cast) = field.metadata().get(CHARACTER_LENGTH) {
        return Some(Origin::of_length(CharacterLength::from_metadata(cast)));
    }
    match plan {
        LogicalPlan::Projection(projection) => {
            of_expression(projection.expr.get(index)?, &projection.input, snapshot)
        }
        LogicalPlan::Aggregate(aggregate) => {
            of_expression(aggregate.group_expr.get(index)?, &aggregate.input, snapshot)
        }
        LogicalPlan::Filter(filter) => origin(&filter.input, index, snapshot),
        LogicalPlan::Sort(sort) => origin(&sort.input, index, snapshot),
        LogicalPlan::Limit(limit) => origin(&limit.input, index, snapshot),
        LogicalPlan::SubqueryAlias(alias) => {
            let inner = origin(&alias.input, index, snapshot);
            // The query of a view stands under the view's full name.
            let view = alias.alias.schema().and_then(|schema| {
                let name = QualifiedName::new(schema, alias.alias.table());
                snapshot.relation(&name)
            });
            match view.filter(|view| view.kind == Kind::View) {
                Some(view) => Some(Origin {
                    column: Some((i64::from(view.oid), index + 1)),
                    ..inner.unwrap_or_default()
                }),
                None => of_form(&alias.alias, field.name(), snapshot).or(inner),
            }
        }
        LogicalPlan::Distinct(Distinct::All(input)) => origin(input, index, snapshot),
        LogicalPlan::Distinct(Distinct::On(on)) => {
            of_expression(on.select_expr.get(index)?, &on.input, snapshot)
        }
        LogicalPlan::RecursiveQuery(query) => {
            let terms = [&query.static_term, &query.recursive_term];
            equal_lengths(terms.into_iter().map(|it| length(it, index, snapshot)))
        }
        LogicalPlan::Extension(Extension { node }) => {
            let once = node.as_any().downcast_ref::<RowsOnce>()?;
            origin(once.inputs().first()?, index, snapshot)
        }
        LogicalPlan::Subquery(lateral) => origin(&lateral.subquery, index, snapshot),
        LogicalPlan::Union(union) => {
            equal_lengths(union.inputs.iter().map(|it| length(it, index, snapshot)))
        }
        LogicalPlan::Window(window) => {
            let width = window.input.schema().fields().len();
            (index < width).then(|| origin(&window.input, index, snapshot))?
        }
        LogicalPlan::Join(join) => {
            let width = join.left.schema().fields().len();
            match index.checked_sub(width) {
                None => origin(&join.left, index, snapshot),
                Some(index) if index < join.right.schema().fields().len() => {
                    origin(&join.right, index, snapshot)
                }
                Some(_) => None,
            }
        }
        LogicalPlan::TableScan(scan) => {
            let schema = scan.table_name.schema()?;
            let place = scan.source.schema().index_of(field.name()).ok()?;
            if let Some(tables) = pg_catalog::schema(schema) {
                let table = tables.get(scan.table_name.table())?;
                return Some(Origin {
                    column: Some((table.oid, place + 1)),
                    ..Origin::default()
                });
            }
            // What a change has returned says itself of which types its columns are.
            if schema == with_changes::SCHEMA {
                return Some(Origin {
                    has_digits: !field.metadata().contains_key(POSTGRES_MODIFIER),
                    ..Origin::default()
                });
            }
            let name = scan.table_name.table();
            let known = |name: &str| snapshot.relation(&QualifiedName::new(schema, name));
            let Some(object) = known(name) else {
                return of_form(&scan.table_name, field.name(), snapshot);
            };
            Some(Origin {
                column: Some((i64::from(object.oid), place + 1)),
                length: object.character_length(field.name()),
                has_digits: true,
                digits: object.moment_precision(field.name()),
                is_stored: object.kind != Kind::View,
            })
        }
        _ => None,
    }
}

/// What a column comes of whose table is read in another form: an old version, with the places of its
/// rows, or with its new ones.
fn of_form(relation: &TableReference, column: &str, snapshot: &Snapshot) -> Option<Origin> {
    let (name, _) = relation.table().rsplit_once('@')?;
    let object = snapshot.relation(&QualifiedName::new(relation.schema()?, name))?;
    Some(Origin {
        length: object.character_length(column),
        has_digits: true,
        digits: object.moment_precision(column),
        ..Origin::default()
    })
}

/// What values come of that have one type, if all of them are of it.
fn equal_lengths(mut lengths: impl Iterator<Item = Option<CharacterLength>>) -> Option<Origin> {
    let first = lengths.next()??;
    lengths
        .all(|other| other == Some(first))
        .then(|| Origin::of_length(Some(first)))
}

/// What an expression over the columns of a plan comes of.
fn of_expression(expression: &Expr, input: &LogicalPlan, snapshot: &Snapshot) -> Option<Origin> {
    match expression {
        Expr::Alias(alias) => of_expression(&alias.expr, input, snapshot),
        Expr::Column(column) => {
            let index = input.schema().maybe_index_of_column(column)?;
            origin(input, index, snapshot)
        }
        Expr::Cast(cast) => Some(Origin {
            has_digits: !cast.field.metadata().contains_key(BARE_NUMERIC),
            ..Origin::default()
        }),
        Expr::ScalarFunction(call) if call.func.name() == ROUND_MOMENT => match call.args.get(1)? {
            Expr::Literal(digits, _) => Some(Origin {
                digits: digits.to_string().parse().ok(),
                ..Origin::default()
            }),
            _ => None,
        },
        // The merged column of a FULL JOIN.
        Expr::ScalarFunction(call) if call.func.name() == "coalesce" => {
            let values = call.args.iter();
            equal_lengths(values.map(|it| of_expression(it, input, snapshot)?.length))
        }
        // `gen_random_uuid`, by DataFusion's name.
        Expr::ScalarFunction(call) if call.func.name() == "uuid" && call.args.is_empty() => {
            Some(Origin::of_length(Some(CharacterLength::UUID)))
        }
        Expr::Case(case) => {
            let answers = case.when_then_expr.iter().map(|(_, then)| then);
            let answers = answers.chain(&case.else_expr);
            let is_null =
                |value: &Expr| matches!(value, Expr::Literal(value, _) if value.is_null());
            let answers = answers.filter(|value| !is_null(value));
            equal_lengths(answers.map(|it| of_expression(it, input, snapshot)?.length))
        }
        _ => None,
    }
}
