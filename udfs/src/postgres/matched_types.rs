//! Types that cannot be matched, and literals beside values that are no texts: of the answers of a `CASE`,
//! the arguments of `coalesce` and the like, the elements of an array that is written out, and the columns
//! of `UNION`, `INTERSECT` and `EXCEPT`.
//!
//! PostgreSQL sorts types into categories, takes one of the first value's category, and reads a literal as
//! what stands beside it. DataFusion makes texts of numbers where a text is among them, or reads any text
//! as a number, and fails on the first row where it is none.

use std::sync::Arc;

use arrow::datatypes::{DECIMAL128_MAX_PRECISION, DECIMAL128_MAX_SCALE, DataType};
use datafusion::common::tree_node::{Transformed, TreeNodeRecursion};
use datafusion::common::{DFSchema, JoinType, NullEquality};
use datafusion::error::Result;
use datafusion::logical_expr::{
    Cast, Distinct, Expr, ExprSchemable, Join, LogicalPlan, LogicalPlanBuilder, Union,
};
use datafusion::scalar::ScalarValue;

use crate::FunctionError;
use crate::composites::CompositeKind;
use crate::wording::type_name;

/// What `pg_type.typcategory` tells, of types that are kept as nothing else.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Category {
    Truth,
    Number,
    Text,
    Moment,
    Interval,
    Bytes,
}

impl Category {
    pub(super) fn of(data_type: &DataType) -> Option<Self> {
        match data_type {
            DataType::Boolean => Some(Self::Truth),
            other if other.is_numeric() => Some(Self::Number),
            other if other.is_string() => Some(Self::Text),
            DataType::Date32 | DataType::Time64(_) | DataType::Timestamp(..) => Some(Self::Moment),
            DataType::Interval(_) => Some(Self::Interval),
            DataType::Binary => Some(Self::Bytes),
            _ => None,
        }
    }
}

/// Whose types are matched.
#[derive(Clone, Copy)]
pub(super) struct Matching {
    /// Whether what is text is known to be no value of another type.
    texts_are_known: bool,
}

impl Matching {
    /// Nothing tells what a column is that has been made `NULL::text` since no row of its query can be.
    pub(super) fn within(plan: &LogicalPlan) -> Result<Self> {
        let mut texts_are_known = true;
        plan.apply_with_subqueries(|node| {
            if let LogicalPlan::Projection(projection) = node
                && projection.expr.iter().any(is_null_text)
            {
                texts_are_known = false;
                return Ok(TreeNodeRecursion::Stop);
            }
            Ok(TreeNodeRecursion::Continue)
        })?;
        Ok(Self { texts_are_known })
    }

    /// Whether what is text is known to be no value of another type.
    pub(super) fn texts_are_known(self) -> bool {
        self.texts_are_known
    }

    /// Reads the literals among expressions of `construct` as what stands beside them.
    ///
    /// # Errors
    /// 42804 for expressions of types that cannot be matched, 42846 for a time beside another moment.
    pub(super) fn expressions(
        self,
        construct: &str,
        expressions: Vec<Expr>,
        schema: &DFSchema,
    ) -> Result<Transformed<Vec<Expr>>> {
        let types: Vec<DataType> = expressions
            .iter()
            .filter(|expression| literal(expression).is_none() && !is_name_of_number(expression))
            // What a query without rows gives is of no type, either.
            .filter(|expression| !is_null_text(expression))
            .filter_map(|expression| expression.get_type(schema).ok())
            .collect();
        let Some(common) = self.common(construct, types.iter())? else {
            return Ok(Transformed::no(expressions));
        };
        let mut is_read = false;
        let read = expressions.into_iter().map(|expression| {
            let Some(text) = literal(&expression) else {
                return expression;
            };
            is_read = true;
            let to = with_room(&common, text);
            Expr::Cast(Cast::new(Box::new(expression), to))
        });
        let read = read.collect();
        Ok(Transformed::new_transformed(read, is_read))
    }

    /// Reads the literals among the columns of a union as what stands beside them.
    ///
    /// # Errors
    /// 42804 for columns of types that cannot be matched, 42846 for a time beside another moment.
    pub(super) fn columns(self, union: Union) -> Result<Transformed<Union>> {
        let width = union.schema.fields().len();
        let commons = (0..width).map(|column| {
            let types = union.inputs.iter().filter_map(|input| {
                let field = input.schema().fields().get(column)?;
                (!is_open(input, column)).then(|| field.data_type())
            });
            self.common("UNION", types)
        });
        let commons: Vec<Option<DataType>> = commons.collect::<Result<_>>()?;
        let mut is_read = false;
        let inputs = union.inputs.iter().map(|input| {
            let wanted = commons.iter().enumerate().map(|(column, common)| {
                let text = literal(of_column(input, column)?)?;
                Some(with_room(common.as_ref()?, text))
            });
            let wanted: Vec<Option<DataType>> = wanted.collect();
            if wanted.iter().all(Option::is_none) {
                return Ok(Arc::clone(input));
            }
            is_read = true;
            cast_columns(input, wanted).map(Arc::new)
        });
        let inputs = inputs.collect::<Result<_>>()?;
        match is_read {
            true => Union::try_new_with_loose_types(inputs).map(Transformed::yes),
            false => Ok(Transformed::no(union)),
        }
    }

    /// Reads the literals among the columns of `INTERSECT` and `EXCEPT`, which are joins on all of them, as what
    /// stands beside them.
    ///
    /// # Errors
    /// 42804 for columns of types that cannot be matched, 42846 for a time beside another moment, 0A000 for a
    /// literal beside a row of no type.
    pub(super) fn rows(self, mut join: Join) -> Result<Transformed<Join>> {
        let construct = match join.join_type {
            JoinType::LeftSemi => "INTERSECT",
            JoinType::LeftAnti => "EXCEPT",
            _ => return Ok(Transformed::no(join)),
        };
        let (left, right) = (join.left.as_ref(), join.right.as_ref());
        let width = join.on.len();
        let has_all = |input: &LogicalPlan| input.schema().fields().len() == width;
        // Any other join of rows by all of their columns matches some that stand elsewhere.
        let mut pairs = join.on.iter().enumerate();
        let is_by_place = pairs.all(|(place, (one, other))| {
            is_column(one, left, place) && is_column(other, right, place)
        });
        if join.null_equality != NullEquality::NullEqualsNull
            || !has_all(left)
            || !has_all(right)
            || !is_by_place
        {
            return Ok(Transformed::no(join));
        }
        let queries = [without_distinct(left), right].map(without_numbers);
        let mut wanted = [vec![None; width], vec![None; width]];
        for column in 0..width {
            let types = queries.into_iter().filter_map(|query| {
                let field = query.schema().fields().get(column)?;
                (!is_open(query, column)).then(|| field.data_type())
            });
            let types: Vec<&DataType> = types.collect();
            let is_row = types.iter().any(|own| is_row_of_no_type(own));
            let common = self.common(construct, types.into_iter())?;
            for (query, wanted) in queries.iter().zip(&mut wanted) {
                let text = of_column(query, column).and_then(literal);
                match (text, &common, wanted.get_mut(column)) {
                    (Some(_), None, _) if is_row => {
                        let message = "input of anonymous composite types is not implemented";
                        return Err(FunctionError::unsupported(message).into());
                    }
                    (Some(text), Some(common), Some(wanted)) => {
                        *wanted = Some(with_room(common, text));
                    }
                    _ => {}
                }
            }
        }
        let [of_left, of_right] = wanted;
        let is_read = |wanted: &[Option<DataType>]| wanted.iter().any(Option::is_some);
        let (reads_left, reads_right) = (is_read(&of_left), is_read(&of_right));
        if reads_left {
            join.left = match join.left.as_ref() {
                LogicalPlan::Distinct(Distinct::All(query)) => {
                    let read = Arc::new(cast_columns(query, of_left)?);
                    Arc::new(LogicalPlan::Distinct(Distinct::All(read)))
                }
                query => Arc::new(cast_columns(query, of_left)?),
            };
        }
        if reads_right {
            join.right = Arc::new(cast_columns(&join.right, of_right)?);
        }
        Ok(Transformed::new_transformed(
            join,
            reads_left || reads_right,
        ))
    }

    /// The type that literals beside values of these types are read as: arrays beside arrays of one type. None
    /// beside texts, and beside what other rules know.
    fn common<'a>(
        self,
        construct: &str,
        types: impl Iterator<Item = &'a DataType>,
    ) -> Result<Option<DataType>> {
        let types: Vec<&DataType> = types.collect();
        if let Some((array @ DataType::List(_), others)) = types.split_first()
            && others.iter().all(|other| other == array)
        {
            return Ok(Some((*array).clone()));
        }
        if let Some(row) = types.iter().find(|own| is_row_of_no_type(own))
            && let Some(other) = types.iter().find(|own| Category::of(own).is_some())
        {
            let is_first = types.first() == Some(row);
            let (one, other) = if is_first { (row, other) } else { (other, row) };
            return Err(mismatch(construct, one, other).into());
        }
        let types = types.into_iter();
        let mut known = types.filter_map(|own| Some((Category::of(own)?, own)));
        let Some((category, mut common)) = known.next() else {
            return Ok(None);
        };
        for (other, own) in known {
            if other != category {
                if !self.texts_are_known && [category, other].contains(&Category::Text) {
                    return Ok(None);
                }
                return Err(mismatch(construct, common, own).into());
            }
            // A time and a date are of one category, but neither is read as the other.
            if is_time(own) != is_time(common) {
                return Err(no_conversion(construct, own, common).into());
            }
            if rank(own) > rank(common) {
                common = own;
            }
        }
        let is_read = matches!(
            category,
            Category::Truth | Category::Number | Category::Interval | Category::Bytes
        );
        Ok(is_read.then(|| common.clone()))
    }
}

fn mismatch(construct: &str, common: &DataType, own: &DataType) -> FunctionError {
    FunctionError {
        sqlstate: "42804",
        message: format!(
            "{construct} types {} and {} cannot be matched",
            name(common),
            name(own)
        ),
        hint: None,
    }
}

fn no_conversion(construct: &str, own: &DataType, common: &DataType) -> FunctionError {
    // What stands behind ELSE was looked at first.
    let construct = match construct {
        "CASE" => "CASE/WHEN",
        other => other,
    };
    FunctionError {
        sqlstate: "42846",
        message: format!(
            "{construct} could not convert type {} to {}",
            name(own),
            name(common)
        ),
        hint: None,
    }
}

/// Whether values of a type are rows of no type that has a name.
fn is_row_of_no_type(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Struct(_)) && CompositeKind::of(data_type).is_none()
}

fn is_time(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Time64(_))
}

/// Whether a column is `NULL::text`.
fn is_null_text(expression: &Expr) -> bool {
    match expression {
        Expr::Alias(alias) => is_null_text(&alias.expr),
        Expr::Literal(ScalarValue::Utf8(None), _) => true,
        Expr::Cast(cast) => {
            cast.field.data_type().is_string()
                && matches!(cast.expr.as_ref(), Expr::Literal(value, _) if value.is_null())
        }
        _ => false,
    }
}

/// Where a number's type stands among those that one is turned into without being asked.
fn rank(data_type: &DataType) -> usize {
    match data_type {
        DataType::Float64 => 22,
        other if other.is_floating() => 21,
        other if other.is_decimal() => 20,
        other => other.primitive_width().unwrap_or(0),
    }
}

/// The name of a type without its digits.
pub(super) fn name(data_type: &DataType) -> String {
    match data_type {
        other if other.is_decimal() => "numeric".to_owned(),
        DataType::Timestamp(_, None) => "timestamp without time zone".to_owned(),
        DataType::Time64(_) => "time without time zone".to_owned(),
        other => type_name(other),
    }
}

/// The text of a literal whose type nobody has told.
fn literal(expression: &Expr) -> Option<&str> {
    match expression {
        Expr::Alias(alias) => literal(&alias.expr),
        Expr::Literal(ScalarValue::Utf8(Some(text)), _) => Some(text),
        _ => None,
    }
}

/// Whether this is the name that a `regclass` or the like is shown by, which is the number of an object.
fn is_name_of_number(expression: &Expr) -> bool {
    match expression {
        Expr::Alias(alias) => is_name_of_number(&alias.expr),
        Expr::ScalarFunction(call) => {
            let name = call.func.name();
            name.starts_with("reg") && name.ends_with("_text")
                || name.starts_with("to_reg")
                || matches!(name, "format_type" | "pg_typeof")
        }
        _ => false,
    }
}

/// Whether a query's column has a type by what stands beside it.
fn is_open(query: &LogicalPlan, column: usize) -> bool {
    of_column(query, column).is_some_and(|own| literal(own).is_some() || is_name_of_number(own))
}

/// The left side of `INTERSECT` or `EXCEPT`, whose rows are made distinct. What makes those of the right
/// side distinct was written so.
fn without_distinct(left: &LogicalPlan) -> &LogicalPlan {
    match left {
        LogicalPlan::Distinct(Distinct::All(query)) => query.as_ref(),
        other => other,
    }
}

/// A side of `INTERSECT ALL` or `EXCEPT ALL` without the column behind the others in which copies of its
/// rows are numbered.
fn without_numbers(side: &LogicalPlan) -> &LogicalPlan {
    let LogicalPlan::Projection(projection) = side else {
        return side;
    };
    let LogicalPlan::Window(numbered) = projection.input.as_ref() else {
        return side;
    };
    let query = numbered.input.as_ref();
    let own = query.schema().columns();
    let mut pairs = own.iter().zip(&projection.expr);
    let is_own = pairs.all(|(own, given)| matches!(given, Expr::Column(given) if given == own));
    match is_own && projection.expr.len() == own.len() + 1 {
        true => query,
        false => side,
    }
}

/// Whether a join's side is compared by its column of this place.
fn is_column(compared: &Expr, side: &LogicalPlan, place: usize) -> bool {
    match compared {
        Expr::Column(column) => side.schema().maybe_index_of_column(column) == Some(place),
        _ => false,
    }
}

/// What a query's column is computed by.
fn of_column(query: &LogicalPlan, column: usize) -> Option<&Expr> {
    match query {
        LogicalPlan::Projection(projection) => projection.expr.get(column),
        LogicalPlan::Limit(limit) => of_column(&limit.input, column),
        // So DataFusion tells the sides of INTERSECT and EXCEPT apart.
        LogicalPlan::SubqueryAlias(alias) => of_column(&alias.input, column),
        _ => None,
    }
}

/// A type that has the digits of a literal too: a numeric has any number of them.
fn with_room(data_type: &DataType, text: &str) -> DataType {
    let DataType::Decimal128(_, scale) = data_type else {
        return data_type.clone();
    };
    let digits = text.trim().split_once('.').map_or(0, |(_, digits)| {
        digits.bytes().take_while(u8::is_ascii_digit).count()
    });
    let digits = i8::try_from(digits).unwrap_or(i8::MAX);
    let scale = digits.min(DECIMAL128_MAX_SCALE).max(*scale);
    DataType::Decimal128(DECIMAL128_MAX_PRECISION, scale)
}

/// A query whose columns are cast where another type is wanted.
fn cast_columns(query: &LogicalPlan, wanted: Vec<Option<DataType>>) -> Result<LogicalPlan> {
    let columns = query.schema().iter().zip(wanted);
    let columns = columns.map(|((relation, field), wanted)| {
        let own = Expr::from((relation, field));
        match wanted {
            Some(to) => Expr::Cast(Cast::new(Box::new(own), to))
                .alias_qualified(relation.cloned(), field.name()),
            None => own,
        }
    });
    let columns: Vec<Expr> = columns.collect();
    LogicalPlanBuilder::from(query.clone())
        .project(columns)?
        .build()
}
