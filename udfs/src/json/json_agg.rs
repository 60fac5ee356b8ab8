//! `json_agg(value)` and `json_object_agg(key, value)`: the values of all rows as one document.
//!
//! They are planned as a document of what `array_agg` gathers, which so keeps to `DISTINCT`, `ORDER
//! BY`, `FILTER`, windows and the limit of memory: what is gathered are the values as JSON, and the
//! members of an object with their keys.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, StringBuilder};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::common::exec_err;
use datafusion::error::Result;
use datafusion::functions_aggregate::array_agg::array_agg_udaf;
use datafusion::logical_expr::expr::{AggregateFunction, ScalarFunction, WindowFunction};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::planner::{RawAggregateExpr, RawWindowExpr};
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Expr, Signature, Volatility,
    WindowFunctionDefinition,
};

use super::encoder::Encoder;
use super::function::{Answer, Arguments, Compute, Definition, Parameter, Row};
use super::kind::JsonKind;
use super::value::canonical;
use crate::FunctionError;

/// An aggregate, what of each row it gathers, and what it makes of that.
struct Aggregate {
    name: &'static str,
    arguments: usize,
    gathers: &'static Definition,
    makes: &'static Definition,
}

static AGGREGATES: [Aggregate; 4] = [
    Aggregate {
        name: "json_agg",
        arguments: 1,
        gathers: &ELEMENT,
        makes: &ARRAY,
    },
    Aggregate {
        name: "jsonb_agg",
        arguments: 1,
        gathers: &ELEMENT,
        makes: &STORED_ARRAY,
    },
    Aggregate {
        name: "json_object_agg",
        arguments: 2,
        gathers: &MEMBER,
        makes: &OBJECT,
    },
    Aggregate {
        name: "jsonb_object_agg",
        arguments: 2,
        gathers: &MEMBER,
        makes: &STORED_OBJECT,
    },
];

static ELEMENT: Definition = Definition {
    name: "json_agg_element",
    parameters: &[Parameter::Any],
    answer: Answer::Text,
    is_strict: false,
    volatility: Volatility::Stable,
    compute: Compute::Whole(element),
    ..Definition::STRICT
};

static MEMBER: Definition = Definition {
    name: "json_agg_member",
    parameters: &[Parameter::Any, Parameter::Any],
    answer: Answer::Text,
    is_strict: false,
    volatility: Volatility::Stable,
    compute: Compute::Whole(member),
    ..Definition::STRICT
};

macro_rules! joined {
    ($static:ident, $name:literal, $kind:expr, $open:literal, $close:literal) => {
        static $static: Definition = Definition {
            name: $name,
            parameters: &[Parameter::Texts],
            answer: Answer::Json($kind),
            compute: Compute::Text(|row, out| join(row, $kind, [$open, $close], out)),
            ..Definition::STRICT
        };
    };
}

joined!(ARRAY, "json_agg_array", JsonKind::Json, "[", "]");
joined!(STORED_ARRAY, "jsonb_agg_array", JsonKind::Jsonb, "[", "]");
joined!(OBJECT, "json_agg_object", JsonKind::Json, "{ ", " }");
joined!(
    STORED_OBJECT,
    "jsonb_agg_object",
    JsonKind::Jsonb,
    "{ ",
    " }"
);

/// What the aggregates are planned with.
pub(super) fn parts() -> Vec<&'static Definition> {
    vec![
        &ELEMENT,
        &MEMBER,
        &ARRAY,
        &STORED_ARRAY,
        &OBJECT,
        &STORED_OBJECT,
    ]
}

/// The aggregates, by which their calls are known.
pub(super) fn functions() -> Vec<Arc<AggregateUDF>> {
    let functions = AGGREGATES.iter().map(|aggregate| {
        Arc::new(AggregateUDF::new_from_impl(Named {
            name: aggregate.name,
            signature: Signature::any(aggregate.arguments, Volatility::Stable),
        }))
    });
    functions.collect()
}

fn of(name: &str) -> Option<&'static Aggregate> {
    AGGREGATES.iter().find(|aggregate| aggregate.name == name)
}

impl Aggregate {
    fn gathered(&self, arguments: Vec<Expr>) -> Result<Expr> {
        if arguments.len() != self.arguments {
            return Err(FunctionError::no_such_form(format!(
                "function {} takes {} arguments",
                self.name, self.arguments
            ))
            .into());
        }
        Ok(call(self.gathers, arguments))
    }
}

fn call(definition: &'static Definition, arguments: Vec<Expr>) -> Expr {
    Expr::ScalarFunction(ScalarFunction::new_udf(definition.udf(), arguments))
}

/// A call of an aggregate of this file, as it is computed.
pub(super) fn plan(raw: &RawAggregateExpr) -> Result<Option<Expr>> {
    let Some(aggregate) = of(raw.func.name()) else {
        return Ok(None);
    };
    let value = aggregate.gathered(raw.args.clone())?;
    // Values that are there once each are found in their order in PostgreSQL.
    let order_by = match raw.distinct && raw.order_by.is_empty() {
        true => vec![value.clone().sort(true, false)],
        false => raw.order_by.clone(),
    };
    let gathered = AggregateFunction::new_udf(
        array_agg_udaf(),
        vec![value],
        raw.distinct,
        raw.filter.clone(),
        order_by,
        raw.null_treatment,
    );
    Ok(Some(call(
        aggregate.makes,
        vec![Expr::AggregateFunction(gathered)],
    )))
}

/// A call over a window, as it is computed.
pub(super) fn plan_window(raw: &RawWindowExpr) -> Result<Option<Expr>> {
    let WindowFunctionDefinition::AggregateUDF(function) = &raw.func_def else {
        return Ok(None);
    };
    let Some(aggregate) = of(function.name()) else {
        return Ok(None);
    };
    let arguments = vec![aggregate.gathered(raw.args.clone())?];
    let function = WindowFunctionDefinition::AggregateUDF(array_agg_udaf());
    let mut gathered = WindowFunction::new(function, arguments);
    gathered.params.partition_by = raw.partition_by.clone();
    gathered.params.order_by = raw.order_by.clone();
    gathered.params.window_frame = raw.window_frame.clone();
    gathered.params.filter = raw.filter.clone();
    gathered.params.null_treatment = raw.null_treatment;
    gathered.params.distinct = raw.distinct;
    Ok(Some(call(
        aggregate.makes,
        vec![Expr::WindowFunction(Box::new(gathered))],
    )))
}

/// Values as JSON; NULL is null. What is nested begins a line of its own.
fn element(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let encoders = encoders(arguments)?;
    let [value] = encoders.as_slice() else {
        return exec_err!("one value is gathered");
    };
    let mut answers = StringBuilder::with_capacity(arguments.rows, 0);
    let mut text = String::new();
    for row in 0..arguments.rows {
        text.clear();
        if value.is_nested() && !value.is_null(row) {
            text.push_str("\n ");
        }
        value.write(row, "", &mut text);
        answers.append_value(&text);
    }
    Ok(Arc::new(answers.finish()))
}

fn member(arguments: &Arguments<'_>) -> Result<ArrayRef> {
    let encoders = encoders(arguments)?;
    let [key, value] = encoders.as_slice() else {
        return exec_err!("a key and a value are gathered");
    };
    let mut answers = StringBuilder::with_capacity(arguments.rows, 0);
    let mut text = String::new();
    for row in 0..arguments.rows {
        text.clear();
        if key.is_null(row) {
            return Err(FunctionError::invalid_argument("field name must not be null").into());
        }
        if !key.write_key(row, &mut text) {
            return Err(FunctionError::invalid_argument(
                "key value must be scalar, not array, composite, or json",
            )
            .into());
        }
        text.push_str(" : ");
        value.write(row, "", &mut text);
        answers.append_value(&text);
    }
    Ok(Arc::new(answers.finish()))
}

fn encoders(arguments: &Arguments<'_>) -> Result<Vec<Encoder>> {
    let columns = arguments.columns()?;
    let encoders = columns.iter().zip(arguments.fields);
    encoders
        .map(|(column, field)| Encoder::new(column, field, arguments.zone))
        .collect()
}

fn join(row: &Row<'_>, kind: JsonKind, around: [&str; 2], out: &mut String) -> Result<bool> {
    let Some(lists) = row.column(0)?.as_list_opt::<i32>() else {
        return exec_err!("values are gathered as an array");
    };
    let elements = cast(&lists.value(row.row), &DataType::Utf8)?;
    let elements = elements.as_string::<i32>();
    let mut text = String::from(around[0]);
    for (index, element) in elements.iter().enumerate() {
        let element = element.unwrap_or("null");
        if index > 0 {
            text.push_str(", ");
            text.push_str(element);
        } else {
            text.push_str(element.trim_start_matches("\n "));
        }
    }
    text.push_str(around[1]);
    match kind {
        JsonKind::Jsonb => out.push_str(&canonical(&text)?),
        _ => out.push_str(&text),
    }
    Ok(true)
}

/// The name of an aggregate that is planned as others are.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Named {
    name: &'static str,
    signature: Signature,
}

impl AggregateUDFImpl for Named {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn state_fields(&self, _: StateFieldsArgs) -> Result<Vec<arrow::datatypes::FieldRef>> {
        exec_err!("{} is planned as array_agg", self.name)
    }

    fn accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        exec_err!("{} is planned as array_agg", self.name)
    }
}
