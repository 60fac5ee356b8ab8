//! Literals beside columns of `uuid` and `char(n)`, and of arrays of such, which are of the column's type.
//!
//! Expressions see such columns as texts in the form in which they are kept, a `uuid` in its usual form
//! and a `char(n)` without the blanks that fill it up (`udfs/src/postgres/character_length.rs`), so that
//! a literal beside one is brought to that form before they are compared. A parameter is marked by the
//! metadata of its field, and read when it has a value. What is cast to another type stays as it is:
//! blanks at the end of a `text` mean something.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array as _, AsArray as _, ListArray, StringArray};
use arrow::datatypes::{DataType, Field};
use datafusion::common::Column;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::error::Result as QueryResult;
use datafusion::logical_expr::expr::{Between, BinaryExpr, Case, InList, Placeholder};
use datafusion::logical_expr::{Expr, LogicalPlan, Operator, lit};
use datafusion::scalar::ScalarValue;
use tributary_udfs::postgres::{CHARACTER_LENGTH, CharacterKind, CharacterLength, array_elements};
use tributary_udfs::rewrite_parts;

use super::{declared, subqueries};
use crate::catalog::Snapshot;
use crate::error::Result;

/// Functions of an array and of an item, or of another array.
const OF_ARRAYS: [&str; 8] = [
    "array_append",
    "array_has_all",
    "array_has_any",
    "array_position",
    "array_positions",
    "array_prepend",
    "array_remove",
    "array_replace",
];

/// Reads the literals beside columns of `uuid` and `char(n)`, and answers `pg_typeof` of columns whose types name more
/// than how their values are kept.
///
/// # Errors
/// 22P02 for a literal that is no `uuid`.
pub fn read(plan: LogicalPlan, snapshot: &Snapshot) -> Result<LogicalPlan> {
    let mut is_changed = false;
    let rewritten = plan.transform_up_with_subqueries(|node| {
        let has_subqueries = has_subqueries(&node)?;
        if !has_subqueries && !may_have_some(&node)? {
            return match is_changed {
                true => Ok(Transformed::yes(node.recompute_schema()?)),
                false => Ok(Transformed::no(node)),
            };
        }
        let inputs: Vec<LogicalPlan> = node.inputs().into_iter().cloned().collect();
        let mut columns = Columns {
            inputs: &inputs,
            snapshot,
            are_around: true,
        };
        let node = match has_subqueries {
            // Those within refer to columns of this node, and of no other's that have their names.
            true => node.map_subqueries(|rows| {
                rows.transform_up_with_subqueries(|within| columns.read(within))
            })?,
            false => Transformed::no(node),
        };
        columns.are_around = false;
        let node = node.transform_data(|node| columns.read(node))?;
        is_changed |= node.transformed;
        match is_changed {
            true => node.map_data(LogicalPlan::recompute_schema),
            false => Ok(node),
        }
    });
    Ok(rewritten.data()?)
}

/// The value of a parameter, as the column beside it has it.
///
/// # Errors
/// 22P02 for a text that is no `uuid`.
pub fn given(placeholder: &Placeholder, value: &ScalarValue) -> QueryResult<ScalarValue> {
    match (kind_of(placeholder), value.try_as_str()) {
        (Some(kind), Some(Some(text))) => Ok(kept(text, kind)?.into_owned().into()),
        _ => Ok(value.clone()),
    }
}

/// Whether a parameter's values are brought to the form of the column beside it first.
pub fn is_one(placeholder: &Placeholder) -> bool {
    kind_of(placeholder).is_some()
}

/// The type of a parameter whose values are written in one way before they are compared.
fn kind_of(placeholder: &Placeholder) -> Option<CharacterKind> {
    let length = length_of(placeholder.field.as_ref()?)?;
    has_one_form(length.kind).then_some(length.kind)
}

/// What marks a field as one of a type whose values have one form.
pub fn mark(field: &Field) -> HashMap<String, String> {
    let marks = field.metadata().iter();
    let marks = marks.filter(|(key, _)| *key == CHARACTER_LENGTH);
    marks
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

fn has_subqueries(node: &LogicalPlan) -> QueryResult<bool> {
    let mut has_some = false;
    node.apply_expressions(|expression| {
        has_some |= subqueries::has_subquery(expression);
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(has_some)
}

/// Whether a node has an expression of a kind that may hold such a literal.
fn may_have_some(node: &LogicalPlan) -> QueryResult<bool> {
    let mut has_some = false;
    node.apply_expressions(|expression| {
        has_some |= expression.exists(|part| {
            Ok(match part {
                Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
                    is_comparison(*op) && (is_open(left) || is_open(right))
                }
                Expr::InList(_) | Expr::Between(_) => true,
                Expr::Case(case) => case.expr.is_some(),
                Expr::ScalarFunction(call) => {
                    matches!(
                        call.name(),
                        "pg_typeof" | "array_has" | "nullif" | "coalesce"
                    ) || OF_ARRAYS.contains(&call.name())
                }
                _ => false,
            })
        })?;
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(has_some)
}

/// Whether an expression is of the type that stands beside it.
fn is_open(expression: &Expr) -> bool {
    match expression {
        Expr::Literal(value, _) => value.try_as_str().flatten().is_some(),
        Expr::Placeholder(_) => true,
        // So literals of arrays are planned.
        Expr::Cast(cast) if cast.field.data_type().is_list() => is_open(&cast.expr),
        Expr::Cast(cast) => length_of(&cast.field) == Some(CharacterLength::FIXED),
        _ => false,
    }
}

/// Whether a type's equal values are kept as one text, which may be written in several ways.
fn has_one_form(kind: CharacterKind) -> bool {
    matches!(kind, CharacterKind::Uuid | CharacterKind::Fixed)
}

fn is_comparison(operator: Operator) -> bool {
    use Operator::{Eq, Gt, GtEq, IsDistinctFrom, IsNotDistinctFrom, Lt, LtEq, NotEq};
    matches!(
        operator,
        Eq | NotEq | Lt | LtEq | Gt | GtEq | IsDistinctFrom | IsNotDistinctFrom
    )
}

/// The columns of what a node reads.
struct Columns<'a> {
    inputs: &'a [LogicalPlan],
    snapshot: &'a Snapshot,
    /// Whether it is the subqueries of the node that see them.
    are_around: bool,
}

impl Columns<'_> {
    /// The expressions of a node that see the columns.
    fn read(&self, node: LogicalPlan) -> QueryResult<Transformed<LogicalPlan>> {
        if !may_have_some(&node)? {
            return Ok(Transformed::no(node));
        }
        rewrite_parts(node, |part| self.within(part))
    }

    fn within(&self, part: Expr) -> QueryResult<Transformed<Expr>> {
        match part {
            Expr::BinaryExpr(BinaryExpr { left, op, right }) if is_comparison(op) => {
                let Some(kind) = self.kind_of(&left).or_else(|| self.kind_of(&right)) else {
                    let items = self.items_of(&left).or_else(|| self.items_of(&right));
                    let (left, right) = match items {
                        Some(kind) => (
                            Box::new(list_of(*left, kind)?),
                            Box::new(list_of(*right, kind)?),
                        ),
                        None => (left, right),
                    };
                    let compared = Expr::BinaryExpr(BinaryExpr { left, op, right });
                    return Ok(match items {
                        Some(_) => Transformed::yes(compared),
                        None => Transformed::no(compared),
                    });
                };
                let left = Box::new(of_kind(*left, kind)?);
                let right = Box::new(of_kind(*right, kind)?);
                let compared = BinaryExpr { left, op, right };
                Ok(Transformed::yes(Expr::BinaryExpr(compared)))
            }
            Expr::InList(list) => {
                let kind = self.kind_of(&list.expr);
                let Some((kind, is_array)) = kind
                    .map(|kind| (kind, false))
                    .or_else(|| Some((self.items_of(&list.expr)?, true)))
                else {
                    return Ok(Transformed::no(Expr::InList(list)));
                };
                let values = list.list.into_iter().map(|value| match is_array {
                    true => list_of(value, kind),
                    false => of_kind(value, kind),
                });
                Ok(Transformed::yes(Expr::InList(InList {
                    list: values.collect::<QueryResult<_>>()?,
                    ..list
                })))
            }
            Expr::Between(between) => {
                let Some(kind) = self.kind_of(&between.expr) else {
                    return Ok(Transformed::no(Expr::Between(between)));
                };
                Ok(Transformed::yes(Expr::Between(Between {
                    low: Box::new(of_kind(*between.low, kind)?),
                    high: Box::new(of_kind(*between.high, kind)?),
                    ..between
                })))
            }
            Expr::Case(case) => {
                let Some(kind) = case.expr.as_ref().and_then(|it| self.kind_of(it)) else {
                    return Ok(Transformed::no(Expr::Case(case)));
                };
                let branches = case.when_then_expr.into_iter();
                let branches =
                    branches.map(|(when, then)| Ok((Box::new(of_kind(*when, kind)?), then)));
                Ok(Transformed::yes(Expr::Case(Case {
                    when_then_expr: branches.collect::<QueryResult<_>>()?,
                    ..case
                })))
            }
            Expr::ScalarFunction(mut call) => {
                match (call.name(), call.args.as_slice()) {
                    ("pg_typeof", [value]) => {
                        if let Some(name) = self.name_of(value) {
                            return Ok(Transformed::yes(lit(name)));
                        }
                    }
                    ("nullif" | "coalesce", values) => {
                        if let Some(kind) = values.iter().find_map(|value| self.kind_of(value)) {
                            let values = call.args.into_iter().map(|value| of_kind(value, kind));
                            call.args = values.collect::<QueryResult<_>>()?;
                            return Ok(Transformed::yes(Expr::ScalarFunction(call)));
                        }
                    }
                    ("array_has", [_, value]) => {
                        if let Some(kind) = self.kind_of(value) {
                            let mut values = call.args.into_iter();
                            let list = values.next().map(|list| list_of(list, kind)).transpose()?;
                            call.args = list.into_iter().chain(values).collect();
                            return Ok(Transformed::yes(Expr::ScalarFunction(call)));
                        }
                        if let Some(kind) = self.items_among(&call.args) {
                            call.args = beside_items(call.args, kind)?;
                            return Ok(Transformed::yes(Expr::ScalarFunction(call)));
                        }
                    }
                    ("array_has_all" | "array_has_any", values) => {
                        if let Some(kind) = self.items_among(values) {
                            let values = call.args.into_iter().map(|value| list_of(value, kind));
                            call.args = values.collect::<QueryResult<_>>()?;
                            return Ok(Transformed::yes(Expr::ScalarFunction(call)));
                        }
                    }
                    (name, values) if OF_ARRAYS.contains(&name) => {
                        if let Some(kind) = self.items_among(values) {
                            call.args = beside_items(call.args, kind)?;
                            return Ok(Transformed::yes(Expr::ScalarFunction(call)));
                        }
                    }
                    _ => {}
                }
                Ok(Transformed::no(Expr::ScalarFunction(call)))
            }
            other => Ok(Transformed::no(other)),
        }
    }

    /// The type of an expression beside which literals are brought to one form. A `bpchar` without a
    /// length keeps its blanks.
    fn kind_of(&self, expression: &Expr) -> Option<CharacterKind> {
        if let Expr::ScalarFunction(call) = expression
            && let ("array_element", [array, _]) = (call.name(), call.args.as_slice())
        {
            return self.items_of(array);
        }
        let length = self.length_of(expression)?;
        (has_one_form(length.kind) && length.is_limit()).then_some(length.kind)
    }

    /// The type of what is within the arrays of an expression, beside which literals are brought to one form.
    fn items_of(&self, expression: &Expr) -> Option<CharacterKind> {
        let length = match expression {
            Expr::Alias(alias) => return self.items_of(&alias.expr),
            Expr::Column(column) if !self.are_around => self.items_of_column(column),
            Expr::OuterReferenceColumn(_, column) if self.are_around => {
                self.items_of_column(column)
            }
            _ => None,
        }?;
        (has_one_form(length.kind) && length.is_limit()).then_some(length.kind)
    }

    fn items_among(&self, arguments: &[Expr]) -> Option<CharacterKind> {
        arguments.iter().find_map(|value| self.items_of(value))
    }

    fn items_of_column(&self, column: &Column) -> Option<CharacterLength> {
        self.inputs.iter().find_map(|input| {
            let index = input.schema().maybe_index_of_column(column)?;
            declared::item_length(input, index, self.snapshot)
        })
    }

    /// What `pg_typeof` calls the type of an expression, where it names more than how its values are kept.
    fn name_of(&self, value: &Expr) -> Option<String> {
        if let Some(length) = self.length_of(value) {
            return Some(type_name(length.kind).to_owned());
        }
        let [input] = self.inputs else {
            return None;
        };
        let told = declared::told_of(input, value, self.snapshot).filter(|_| !self.are_around)?;
        let is_array = told.ends_with("[]");
        let length = CharacterLength::from_sql(told.trim_end_matches("[]"))?;
        let array = if is_array { "[]" } else { "" };
        Some(format!("{}{array}", type_name(length.kind)))
    }

    /// The type that limits the texts of an expression.
    fn length_of(&self, expression: &Expr) -> Option<CharacterLength> {
        match expression {
            Expr::Alias(alias) => self.length_of(&alias.expr),
            Expr::Cast(cast) => length_of(&cast.field),
            Expr::Column(column) if !self.are_around => self.of_column(column),
            Expr::OuterReferenceColumn(_, column) if self.are_around => self.of_column(column),
            _ => None,
        }
    }

    fn of_column(&self, column: &Column) -> Option<CharacterLength> {
        self.inputs.iter().find_map(|input| {
            let index = input.schema().maybe_index_of_column(column)?;
            declared::length(input, index, self.snapshot)
        })
    }
}

fn length_of(field: &Field) -> Option<CharacterLength> {
    if field.data_type() != &DataType::Utf8 {
        return None;
    }
    CharacterLength::from_metadata(field.metadata().get(CHARACTER_LENGTH)?)
}

fn is_uuid_field(field: &Field) -> bool {
    length_of(field).is_some_and(|length| length.kind == CharacterKind::Uuid)
}

fn type_name(kind: CharacterKind) -> &'static str {
    match kind {
        CharacterKind::Varying => "character varying",
        CharacterKind::Fixed => "character",
        CharacterKind::Name => "name",
        CharacterKind::Uuid => "uuid",
    }
}

/// A text as columns of the type keep it.
fn kept(text: &str, kind: CharacterKind) -> QueryResult<Cow<'_, str>> {
    match kind {
        CharacterKind::Uuid => Ok(CharacterLength::UUID.fit(text)?),
        // What is longer than the column's texts is not cut to be one of them.
        CharacterKind::Fixed => Ok(Cow::Borrowed(text.trim_end_matches(' '))),
        CharacterKind::Varying | CharacterKind::Name => Ok(Cow::Borrowed(text)),
    }
}

/// A literal or a parameter as one of the type; what has a type of its own stays.
fn of_kind(expression: Expr, kind: CharacterKind) -> QueryResult<Expr> {
    Ok(match expression {
        Expr::Literal(value, metadata) => match value.try_as_str() {
            Some(Some(text)) => Expr::Literal(kept(text, kind)?.into_owned().into(), metadata),
            _ => Expr::Literal(value, metadata),
        },
        Expr::Placeholder(placeholder) => {
            let known = placeholder.field.as_ref().map(|field| field.data_type());
            match known {
                None | Some(DataType::Utf8 | DataType::Null) => {
                    let mark = HashMap::from([(CHARACTER_LENGTH.to_owned(), mark_of(kind))]);
                    let field = Field::new("", DataType::Utf8, true).with_metadata(mark);
                    let field = Some(Arc::new(field));
                    Expr::Placeholder(Placeholder::new_with_field(placeholder.id, field))
                }
                _ => Expr::Placeholder(placeholder),
            }
        }
        // To `bpchar`, whose blanks mean nothing either.
        Expr::Cast(mut cast)
            if kind == CharacterKind::Fixed
                && length_of(&cast.field) == Some(CharacterLength::FIXED) =>
        {
            cast.expr = Box::new(of_kind(*cast.expr, kind)?);
            Expr::Cast(cast)
        }
        other => other,
    })
}

/// The arguments of a function of arrays of the type: texts are of it, and texts of arrays are of such.
fn beside_items(arguments: Vec<Expr>, kind: CharacterKind) -> QueryResult<Vec<Expr>> {
    let arguments = arguments.into_iter().map(|value| match &value {
        Expr::Literal(text, _) if text.try_as_str().flatten().is_some_and(is_array_text) => {
            list_of(value, kind)
        }
        Expr::Cast(cast) if cast.field.data_type().is_list() => list_of(value, kind),
        Expr::Literal(..) | Expr::Placeholder(_) => of_kind(value, kind),
        _ => Ok(value),
    });
    arguments.collect()
}

/// Whether a text is that of an array, and no `uuid` in braces.
fn is_array_text(text: &str) -> bool {
    text.starts_with('{') && CharacterLength::UUID.fit(text).is_err()
}

fn mark_of(kind: CharacterKind) -> String {
    let length = match kind {
        CharacterKind::Uuid => CharacterLength::UUID,
        CharacterKind::Fixed => CharacterLength::FIXED,
        CharacterKind::Name => CharacterLength::NAME,
        CharacterKind::Varying => CharacterLength::VARYING,
    };
    length.to_metadata()
}

/// A list of literals as one of the type. What a constructor lists are texts in PostgreSQL, whose blanks
/// mean something; beside a `uuid` nothing but `uuid`s can be meant.
fn list_of(list: Expr, kind: CharacterKind) -> QueryResult<Expr> {
    Ok(match list {
        Expr::Literal(ScalarValue::List(list), metadata) => {
            Expr::Literal(ScalarValue::List(kept_list(list, kind)?), metadata)
        }
        Expr::Literal(value, metadata) => match value.try_as_str() {
            Some(Some(text)) => Expr::Literal(kept_texts(text, kind)?.into(), metadata),
            _ => Expr::Literal(value, metadata),
        },
        other if kind != CharacterKind::Uuid => other,
        Expr::Cast(mut cast) if cast.field.data_type().is_list() => {
            cast.expr = Box::new(list_of(*cast.expr, kind)?);
            Expr::Cast(cast)
        }
        Expr::ScalarFunction(mut call) if call.name() == "make_array" => {
            let values = call.args.into_iter().map(|value| match value {
                // Each may be cast by itself.
                Expr::Cast(mut cast) if is_uuid_field(&cast.field) => {
                    cast.expr = Box::new(of_kind(*cast.expr, kind)?);
                    Ok(Expr::Cast(cast))
                }
                value => of_kind(value, kind),
            });
            call.args = values.collect::<QueryResult<_>>()?;
            Expr::ScalarFunction(call)
        }
        other => other,
    })
}

fn kept_list(list: Arc<ListArray>, kind: CharacterKind) -> QueryResult<Arc<ListArray>> {
    let Some(texts) = list.values().as_string_opt::<i32>() else {
        return Ok(list);
    };
    let texts = texts.iter();
    let texts = texts.map(|text| text.map(|text| kept(text, kind)).transpose());
    let texts: StringArray = texts
        .collect::<QueryResult<Vec<_>>>()?
        .into_iter()
        .collect();
    let DataType::List(field) = list.data_type() else {
        return Ok(list);
    };
    Ok(Arc::new(ListArray::try_new(
        Arc::clone(field),
        list.offsets().clone(),
        Arc::new(texts),
        list.nulls().cloned(),
    )?))
}

/// An array's text, such as `{a,b}`; what is no such text stays, and is refused where it is read.
fn kept_texts(text: &str, kind: CharacterKind) -> QueryResult<String> {
    let Ok(elements) = array_elements(text) else {
        return Ok(text.to_owned());
    };
    let elements = elements.into_iter().map(|element| match element {
        None => Ok("NULL".to_owned()),
        Some(element) => {
            let escaped = kept(&element, kind)?.replace('\\', "\\\\");
            Ok(format!("\"{}\"", escaped.replace('"', "\\\"")))
        }
    });
    let elements = elements.collect::<QueryResult<Vec<_>>>()?;
    Ok(format!("{{{}}}", elements.join(",")))
}
