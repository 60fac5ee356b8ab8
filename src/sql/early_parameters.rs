//! Parameters where the planner sees none: in the arguments of functions that stand for relations, and
//! in versions of tables. Their values are put in before the statement is planned.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use arrow::datatypes::{DataType, TimeUnit};
use datafusion::scalar::ScalarValue;
use datafusion::sql::sqlparser::ast::{
    Expr, Query, TableFactor, TableVersion, Value, ValueWithSpan, Visitor, VisitorMut,
};
use tributary_udfs::SessionTimeZone;
use tributary_udfs::postgres::as_text;

use super::model_functions::{called, expression, is_called, without_lateral};
use super::plain_record::PlainRecord;
use super::{Statement, parts};
use crate::sql::walk::{Visit, VisitMut};

/// Puts values in the place of such parameters.
pub fn bind(query: &mut Query, parameters: &[ScalarValue]) {
    let _ = VisitMut::visit(query, &mut Binder(parameters));
}

/// A query, or a statement that changes rows, with values in the place of such parameters; none where it
/// has none.
pub fn bound(statement: &Statement, parameters: &[ScalarValue]) -> Option<Statement> {
    if parameters.is_empty() || types_in(statement).is_empty() {
        return None;
    }
    let mut bound = statement.clone();
    let _ = parts::visit_mut(&mut bound, &mut Binder(parameters));
    Some(bound)
}

struct Binder<'a>(&'a [ScalarValue]);

impl VisitorMut for Binder<'_> {
    type Break = ();

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> ControlFlow<()> {
        without_lateral(factor);
        let TableFactor::Table {
            name,
            args,
            version,
            ..
        } = factor
        else {
            return ControlFlow::Continue(());
        };
        let mut values = Values(self.0);
        if let Some(args) = args
            && is_called(name)
        {
            let _ = VisitMut::visit(&mut args.args, &mut values);
        }
        if let Some(version) = version {
            let _ = VisitMut::visit(version, &mut values);
        }
        ControlFlow::Continue(())
    }
}

struct Values<'a>(&'a [ScalarValue]);

impl VisitorMut for Values<'_> {
    type Break = ();

    fn pre_visit_value(&mut self, value: &mut ValueWithSpan) -> ControlFlow<()> {
        if let Value::Placeholder(name) = &value.value
            && let Some(bound) = number_of(name).and_then(|number| self.0.get(number - 1))
        {
            value.value = ast_value(bound);
        }
        ControlFlow::Continue(())
    }
}

/// A value as a literal; what has no literal of its own is text, which is read as the same value in
/// any session.
pub(super) fn ast_value(value: &ScalarValue) -> Value {
    match value {
        value if value.is_null() => Value::Null,
        ScalarValue::Boolean(Some(flag)) => Value::Boolean(*flag),
        value if value.data_type().is_integer() => Value::Number(value.to_string(), false),
        value => Value::SingleQuotedString(text_of(value).unwrap_or_else(|| value.to_string())),
    }
}

/// What the literal of a value is read as: [`ast_value`] as a value.
pub(super) fn read_as(value: &ScalarValue) -> ScalarValue {
    match value {
        value if value.is_null() => ScalarValue::Null,
        ScalarValue::Boolean(_) => value.clone(),
        value if value.data_type().is_integer() => value.clone(),
        value => text_of(value).unwrap_or_else(|| value.to_string()).into(),
    }
}

fn text_of(value: &ScalarValue) -> Option<String> {
    let zone = SessionTimeZone::default();
    let texts = as_text(&value.to_array().ok()?, &zone).ok()?;
    let text = ScalarValue::try_from_array(&texts, 0).ok()?;
    text.try_as_str().flatten().map(str::to_owned)
}

/// The numbers of such parameters, from 1, each with the type that its place wants, if that wants one.
pub fn types(query: &Query) -> BTreeMap<usize, Option<DataType>> {
    let mut finder = Finder::default();
    let _ = Visit::visit(query, &mut finder);
    finder.found
}

/// [`types`] of a query, or of a statement that changes rows.
pub fn types_in(statement: &Statement) -> BTreeMap<usize, Option<DataType>> {
    let mut finder = Finder::default();
    let _ = parts::visit(statement, &mut finder);
    finder.found
}

/// Whether all such parameters are values of [`PlainRecord`]s, so that a query is planned without them.
pub fn are_of_plain_records(query: &Query) -> bool {
    Visit::visit(query, &mut Elsewhere).is_continue()
}

/// Finds such parameters that are no values of plain records.
struct Elsewhere;

impl Visitor for Elsewhere {
    type Break = ();

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        let mut found = BTreeMap::new();
        if let Some((name, args)) = called(factor)
            && is_called(name)
        {
            for argument in args {
                let record = expression(argument).and_then(PlainRecord::of);
                if record.is_none() {
                    let _ = Visit::visit(argument, &mut Numbers(&mut found));
                }
            }
        }
        if let TableFactor::Table {
            version: Some(version),
            ..
        } = factor
        {
            let _ = Visit::visit(version, &mut Numbers(&mut found));
        }
        match found.is_empty() {
            true => ControlFlow::Continue(()),
            false => ControlFlow::Break(()),
        }
    }
}

#[derive(Default)]
struct Finder {
    found: BTreeMap<usize, Option<DataType>>,
}

impl Visitor for Finder {
    type Break = ();

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        if let Some((name, args)) = called(factor)
            && is_called(name)
        {
            for argument in args {
                let _ = Visit::visit(argument, &mut Numbers(&mut self.found));
            }
        }
        let TableFactor::Table {
            version: Some(version),
            ..
        } = factor
        else {
            return ControlFlow::Continue(());
        };
        let _ = Visit::visit(version, &mut Numbers(&mut self.found));
        let (place, wanted) = match version {
            TableVersion::VersionAsOf(place) => (place, DataType::Int64),
            TableVersion::TimestampAsOf(place) | TableVersion::ForSystemTimeAsOf(place) => {
                let utc = Some("+00".into());
                (place, DataType::Timestamp(TimeUnit::Microsecond, utc))
            }
            _ => return ControlFlow::Continue(()),
        };
        if let Expr::Value(value) = place
            && let Value::Placeholder(name) = &value.value
            && let Some(number) = number_of(name)
        {
            self.found.insert(number, Some(wanted));
        }
        ControlFlow::Continue(())
    }
}

struct Numbers<'a>(&'a mut BTreeMap<usize, Option<DataType>>);

impl Visitor for Numbers<'_> {
    type Break = ();

    fn pre_visit_value(&mut self, value: &ValueWithSpan) -> ControlFlow<()> {
        if let Value::Placeholder(name) = &value.value
            && let Some(number) = number_of(name)
        {
            self.0.entry(number).or_insert(None);
        }
        ControlFlow::Continue(())
    }
}

/// The number of a parameter `$1`, from 1.
pub(super) fn number_of(name: &str) -> Option<usize> {
    let number = name.strip_prefix('$')?.parse().ok()?;
    (1..=usize::from(u16::MAX))
        .contains(&number)
        .then_some(number)
}
