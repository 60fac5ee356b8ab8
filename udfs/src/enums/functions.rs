//! What casts from and to enum types compute, and the order of their values.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use arrow::array::{Array, ArrayRef, AsArray, Int32Array, ListArray, StringArray, new_empty_array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef, Int32Type};
use datafusion::common::utils::SingleRowListArrayBuilder;
use datafusion::common::{exec_err, internal_err};
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    Volatility, lit,
};
use datafusion::scalar::ScalarValue;

use super::EnumDefinition;
use super::kind::{EnumKind, EnumType};
use crate::FunctionError;

/// What a function computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Task {
    /// `(texts, type, name, labels)`: texts as values, each a label.
    Read,
    /// `(values, type)`: the same values, known to be of the type.
    Declare,
    /// `(values)`: the same values, as texts.
    Text,
    /// `(values, labels)`: their places among the labels.
    Place,
    /// `(places, type, labels)`: the values at these places, or arrays of them.
    Label,
    /// `(values, type, old, new)`: the same values, of which a label has another text.
    Rename,
}

static READ: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| udf("tributary_enum_in", Task::Read, 4));
static DECLARE: LazyLock<Arc<ScalarUDF>> =
    LazyLock::new(|| udf("tributary_as_enum", Task::Declare, 2));
static TEXT: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| udf("tributary_enum_out", Task::Text, 1));
static PLACE: LazyLock<Arc<ScalarUDF>> =
    LazyLock::new(|| udf("tributary_enum_place", Task::Place, 2));
static LABEL: LazyLock<Arc<ScalarUDF>> =
    LazyLock::new(|| udf("tributary_enum_label", Task::Label, 3));
static RENAME: LazyLock<Arc<ScalarUDF>> =
    LazyLock::new(|| udf("tributary_enum_renamed", Task::Rename, 4));

fn udf(name: &'static str, task: Task, arguments: usize) -> Arc<ScalarUDF> {
    Arc::new(ScalarUDF::new_from_impl(EnumFunction {
        name,
        task,
        signature: Signature::any(arguments, Volatility::Immutable),
    }))
}

/// The functions, which expressions call and nobody else.
pub(super) fn all() -> [Arc<ScalarUDF>; 6] {
    [&READ, &DECLARE, &TEXT, &PLACE, &LABEL, &RENAME].map(|function| Arc::clone(function))
}

/// Texts, or arrays of them, as values of a type: other texts than labels are errors (22P02).
pub fn read(texts: Expr, definition: &EnumDefinition) -> Expr {
    let key = lit(definition.of.key());
    let name = lit(definition.name.as_str());
    READ.call(vec![texts, key, name, labels(definition)])
}

/// Values that are known to be of a type.
pub fn declared(values: Expr, of: EnumType) -> Expr {
    DECLARE.call(vec![values, lit(of.key())])
}

/// Whether an expression declares the type of its values.
pub fn is_declaration(expression: &Expr) -> bool {
    matches!(expression, Expr::ScalarFunction(call) if call.func.name() == DECLARE.name())
}

/// Values as texts.
pub fn text(values: Expr) -> Expr {
    TEXT.call(vec![values])
}

/// Numbers that are in the order of values; lists of them for arrays.
pub fn place(values: Expr, definition: &EnumDefinition) -> Expr {
    PLACE.call(vec![values, labels(definition)])
}

/// The values at places; arrays of them for lists.
pub fn label(places: Expr, definition: &EnumDefinition) -> Expr {
    LABEL.call(vec![places, lit(definition.of.key()), labels(definition)])
}

/// Values with another text for a label.
pub fn renamed(values: Expr, of: EnumType, old: &str, new: &str) -> Expr {
    RENAME.call(vec![values, lit(of.key()), lit(old), lit(new)])
}

fn labels(definition: &EnumDefinition) -> Expr {
    let labels: ArrayRef = Arc::new(StringArray::from_iter_values(&definition.labels));
    let list = SingleRowListArrayBuilder::new(labels).build_list_scalar();
    Expr::Literal(list, None)
}

/// That texts are labels of a type.
///
/// # Errors
/// 22P02 for the first that is none.
pub fn check(texts: &ArrayRef, name: &str, labels: &[String]) -> Result<()> {
    let known = labels.iter().map(String::as_str).zip(0..).collect();
    check_texts(texts, name, &known)
}

fn check_texts(texts: &ArrayRef, name: &str, known: &HashMap<&str, i32>) -> Result<()> {
    if let Some(lists) = texts.as_list_opt::<i32>() {
        for list in lists.iter().flatten() {
            check_texts(&list, name, known)?;
        }
        return Ok(());
    }
    let Some(texts) = texts.as_string_opt::<i32>() else {
        return exec_err!("texts are expected");
    };
    match texts
        .iter()
        .flatten()
        .find(|text| !known.contains_key(text))
    {
        None => Ok(()),
        Some(other) => Err(FunctionError {
            sqlstate: "22P02",
            message: format!("invalid input value for enum {name}: \"{other}\""),
            hint: None,
        }
        .into()),
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct EnumFunction {
    name: &'static str,
    task: Task,
    signature: Signature,
}

/// The shape of values: texts, or lists of them.
fn plain(data_type: &DataType, item: DataType) -> DataType {
    match data_type {
        DataType::List(_) => DataType::new_list(item, true),
        _ => item,
    }
}

impl ScalarUDFImpl for EnumFunction {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        internal_err!("the type of {} depends on its arguments", self.name)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        let Some(values) = args.arg_fields.first() else {
            return exec_err!("{} is called without arguments", self.name);
        };
        let of = || {
            let key = args.scalar_arguments.get(1).copied().flatten();
            let key = key.and_then(|key| key.try_as_str().flatten());
            match key.and_then(EnumType::from_key) {
                Some(of) => Ok(of),
                None => internal_err!("{} is called without a type", self.name),
            }
        };
        let is_array = matches!(values.data_type(), DataType::List(_));
        Ok(match self.task {
            Task::Read | Task::Declare | Task::Label => {
                let of = of()?;
                EnumKind { of, is_array }.field(self.name)
            }
            Task::Rename => {
                let of = of()?;
                let field = EnumKind { of, is_array }.field(self.name);
                let field = Field::clone(&field);
                Arc::new(field.with_nullable(values.is_nullable()))
            }
            Task::Text => {
                let texts = plain(values.data_type(), DataType::Utf8);
                Arc::new(Field::new(self.name, texts, true))
            }
            Task::Place => {
                let places = plain(values.data_type(), DataType::Int32);
                Arc::new(Field::new(self.name, places, true))
            }
        })
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let Some(values) = args.args.first() else {
            return exec_err!("{} is called without arguments", self.name);
        };
        let is_scalar = matches!(values, ColumnarValue::Scalar(_));
        let rows = if is_scalar { 1 } else { args.number_rows };
        let values = values.to_array(rows)?;
        let wanted = args.return_field.data_type();
        let answer = match self.task {
            Task::Declare | Task::Text => retyped(&values, wanted)?,
            Task::Read => {
                let texts = retyped(&values, wanted)?;
                let labels = label_list(args.args.get(3))?;
                let name = text_of(args.args.get(2)).unwrap_or_default();
                check_texts(&texts, name, &numbered(&labels))?;
                texts
            }
            Task::Place => {
                let labels = label_list(args.args.get(1))?;
                places(&values, &numbered(&labels))?
            }
            Task::Label => {
                let labels = label_list(args.args.get(2))?;
                retyped(&labels_at(&values, &labels)?, wanted)?
            }
            Task::Rename => {
                let (old, new) = (text_of(args.args.get(2)), text_of(args.args.get(3)));
                let (Some(old), Some(new)) = (old, new) else {
                    return exec_err!("the texts of a label are expected");
                };
                with_text(&retyped(&values, wanted)?, old, new)?
            }
        };
        Ok(match (is_scalar, answer.as_list_opt::<i32>()) {
            // A value that is taken out of an array forgets what its items are.
            (true, Some(list)) => ColumnarValue::Scalar(ScalarValue::List(Arc::new(list.clone()))),
            (true, None) => ColumnarValue::Scalar(ScalarValue::try_from_array(&answer, 0)?),
            (false, _) => ColumnarValue::Array(answer),
        })
    }
}

/// A text that is given.
fn text_of(argument: Option<&ColumnarValue>) -> Option<&str> {
    match argument {
        Some(ColumnarValue::Scalar(text)) => text.try_as_str().flatten(),
        _ => None,
    }
}

/// The same values, one text of which is another one.
fn with_text(values: &ArrayRef, old: &str, new: &str) -> Result<ArrayRef> {
    if let Some(lists) = values.as_list_opt::<i32>() {
        let (item, offsets, items, nulls) = lists.clone().into_parts();
        let lists = ListArray::try_new(item, offsets, with_text(&items, old, new)?, nulls)?;
        return Ok(Arc::new(lists));
    }
    let Some(texts) = values.as_string_opt::<i32>() else {
        return exec_err!("texts are expected");
    };
    let texts = texts.iter().map(|text| match text {
        Some(text) if text == old => Some(new),
        other => other,
    });
    Ok(Arc::new(texts.collect::<StringArray>()))
}

/// Labels that are given as a list.
fn label_list(argument: Option<&ColumnarValue>) -> Result<StringArray> {
    let list = match argument {
        Some(ColumnarValue::Scalar(ScalarValue::List(list))) => Some(Arc::clone(list)),
        Some(ColumnarValue::Array(lists)) => lists.as_list_opt::<i32>().cloned().map(Arc::new),
        _ => None,
    };
    let Some(list) = list else {
        return exec_err!("labels are expected");
    };
    let labels = match list.is_empty() {
        true => new_empty_array(&DataType::Utf8),
        false => list.value(0),
    };
    Ok(cast(&labels, &DataType::Utf8)?.as_string::<i32>().clone())
}

fn numbered(labels: &StringArray) -> HashMap<&str, i32> {
    labels.iter().flatten().zip(0..).collect()
}

/// The same values with another type.
fn retyped(values: &ArrayRef, wanted: &DataType) -> Result<ArrayRef> {
    match (values.as_list_opt::<i32>(), wanted) {
        (Some(lists), DataType::List(item)) => {
            let (_, offsets, items, nulls) = lists.clone().into_parts();
            let items = cast(&items, item.data_type())?;
            let lists = ListArray::try_new(Arc::clone(item), offsets, items, nulls)?;
            Ok(Arc::new(lists))
        }
        _ => Ok(cast(values, wanted)?),
    }
}

/// The places of values; a value that is no label comes behind all labels.
fn places(values: &ArrayRef, known: &HashMap<&str, i32>) -> Result<ArrayRef> {
    if let Some(lists) = values.as_list_opt::<i32>() {
        let (_, offsets, items, nulls) = lists.clone().into_parts();
        let item = Arc::new(Field::new_list_field(DataType::Int32, true));
        let lists = ListArray::try_new(item, offsets, places(&items, known)?, nulls)?;
        return Ok(Arc::new(lists));
    }
    let texts = cast(values, &DataType::Utf8)?;
    let place = |text: &str| known.get(text).copied().unwrap_or(i32::MAX);
    let places: Int32Array = texts
        .as_string::<i32>()
        .iter()
        .map(|it| it.map(place))
        .collect();
    Ok(Arc::new(places))
}

/// The labels at places; none where there is none.
fn labels_at(places: &ArrayRef, labels: &StringArray) -> Result<ArrayRef> {
    if let Some(lists) = places.as_list_opt::<i32>() {
        let (_, offsets, items, nulls) = lists.clone().into_parts();
        let item = Arc::new(Field::new_list_field(DataType::Utf8, true));
        let lists = ListArray::try_new(item, offsets, labels_at(&items, labels)?, nulls)?;
        return Ok(Arc::new(lists));
    }
    let places = cast(places, &DataType::Int32)?;
    let found = places.as_primitive::<Int32Type>().iter().map(|place| {
        let place = usize::try_from(place?).ok()?;
        (place < labels.len()).then(|| labels.value(place))
    });
    Ok(Arc::new(found.collect::<StringArray>()))
}
