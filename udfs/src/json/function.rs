//! How the functions of this folder are declared, and called row by row.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanBuilder, Int32Builder, ListArray, NullBufferBuilder,
    StringArray, StringBuilder, StructArray,
};
use arrow::buffer::OffsetBuffer;
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef, Fields, Int64Type};
use datafusion::common::{exec_err, internal_err, plan_err};
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    Volatility,
};

use super::arrays;
use super::kind::JsonKind;
use crate::FunctionError;
use crate::formatting::SessionTimeZone;
use crate::postgres::{array_elements, array_of_dimensions, as_deep_as, only_value};
use crate::wording::type_name;

/// What an argument is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Parameter {
    /// A document of `json` or `jsonb`; a text is read as one of `json`.
    Document,
    /// A path; a text is read as one.
    Path,
    Text,
    Boolean,
    /// An array of texts, or the text of one.
    Texts,
    /// One of any dimensions.
    NestedTexts,
    /// A text, an integer or an array of texts.
    Selector,
    /// Whatever it is.
    Any,
}

/// What a function answers.
#[derive(Clone, Copy, Debug)]
pub(super) enum Answer {
    /// A document or a path.
    Json(JsonKind),
    /// An array of these, of as many dimensions as the argument.
    Array(JsonKind),
    /// `jsonb` where the first argument is, else `json`.
    Same,
    Text,
    Boolean,
    Integer,
    Bytes,
    /// A list of integers.
    Ordinals,
    /// Rows of these texts; one without a name is the row itself. That they are documents is said
    /// when they are unnested, which would forget it.
    Rows(&'static [&'static str]),
}

/// How a function is computed.
#[derive(Clone, Copy)]
pub(super) enum Compute {
    /// Appends the answer; whether there is one.
    Text(fn(&Row<'_>, &mut String) -> Result<bool>),
    Boolean(fn(&Row<'_>) -> Result<Option<bool>>),
    Integer(fn(&Row<'_>) -> Result<Option<i32>>),
    Rows(fn(&Row<'_>, &mut Rows) -> Result<()>),
    /// All rows at once.
    Whole(fn(&Arguments<'_>) -> Result<ArrayRef>),
}

/// A function.
pub(super) struct Definition {
    pub(super) name: &'static str,
    pub(super) parameters: &'static [Parameter],
    /// How many of the parameters must be given; the last one takes all that follow.
    pub(super) required: usize,
    pub(super) is_variadic: bool,
    pub(super) answer: Answer,
    /// Whether NULL is the answer where an argument is NULL.
    pub(super) is_strict: bool,
    pub(super) volatility: Volatility,
    pub(super) compute: Compute,
}

impl Definition {
    /// What most functions have in common.
    pub(super) const STRICT: Self = Self {
        name: "",
        parameters: &[],
        required: usize::MAX,
        is_variadic: false,
        answer: Answer::Text,
        is_strict: true,
        volatility: Volatility::Immutable,
        compute: Compute::Boolean(|_| Ok(None)),
    };

    /// The function of this folder that a call is of.
    pub(super) fn of(function: &ScalarUDF) -> Option<&'static Self> {
        let own = function.inner().downcast_ref::<JsonFunction>()?;
        Some(own.definition)
    }

    /// Whether an argument is a document of `jsonb`, whatever it is given as.
    pub(super) fn is_stored(&self, index: usize) -> bool {
        self.name.starts_with("jsonb_") && self.parameter(index) == Some(Parameter::Document)
    }

    /// As DataFusion calls it.
    pub(super) fn udf(&'static self) -> Arc<ScalarUDF> {
        Arc::new(ScalarUDF::new_from_impl(JsonFunction {
            definition: self,
            signature: Signature::user_defined(self.volatility),
        }))
    }

    fn parameter(&self, index: usize) -> Option<Parameter> {
        match self.parameters.get(index) {
            Some(parameter) => Some(*parameter),
            None if self.is_variadic => self.parameters.last().copied(),
            None => None,
        }
    }

    fn no_such_form(&self, given: &[DataType]) -> FunctionError {
        let types: Vec<_> = given.iter().map(type_name).collect();
        FunctionError::no_such_form(format!(
            "function {}({}) does not exist",
            self.name,
            types.join(", ")
        ))
        .with_hint(
            "No function matches the given name and argument types. You might need to add explicit type casts.",
        )
    }
}

/// A [`Definition`] as DataFusion knows it; it is equal to that of the same name.
struct JsonFunction {
    definition: &'static Definition,
    signature: Signature,
}

impl std::fmt::Debug for JsonFunction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.definition.name)
    }
}

impl PartialEq for JsonFunction {
    fn eq(&self, other: &Self) -> bool {
        self.definition.name == other.definition.name
    }
}

impl Eq for JsonFunction {}

impl Hash for JsonFunction {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.definition.name.hash(state);
    }
}

impl ScalarUDFImpl for JsonFunction {
    fn name(&self) -> &str {
        self.definition.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        let definition = self.definition;
        let fewest = definition.required.min(definition.parameters.len());
        if given.len() < fewest {
            return Err(definition.no_such_form(given).into());
        }
        let mut wanted = Vec::with_capacity(given.len());
        for (index, data_type) in given.iter().enumerate() {
            let fits = definition
                .parameter(index)
                .and_then(|parameter| coerced(parameter, data_type));
            match fits {
                Some(fits) => wanted.push(fits),
                None => return Err(definition.no_such_form(given).into()),
            }
        }
        Ok(wanted)
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        internal_err!("the type of {} depends on fields", self.definition.name)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs) -> Result<FieldRef> {
        let first = args.arg_fields.first();
        let first = first.and_then(|field| JsonKind::of_field(field));
        let plain = |data_type| Arc::new(Field::new(self.definition.name, data_type, true));
        let name = self.definition.name;
        Ok(match self.definition.answer {
            Answer::Json(kind) => kind.field(name),
            Answer::Array(kind) => {
                let array = plain(arrays::array_type(kind));
                match args.arg_fields.first() {
                    Some(given) => as_deep_as(&array, given.data_type()),
                    None => array,
                }
            }
            Answer::Same => first.unwrap_or(JsonKind::Json).field(name),
            Answer::Text => plain(DataType::Utf8),
            Answer::Boolean => plain(DataType::Boolean),
            Answer::Integer => plain(DataType::Int32),
            Answer::Bytes => plain(DataType::Binary),
            Answer::Ordinals => plain(DataType::new_list(DataType::Int64, true)),
            Answer::Rows(columns) => plain(DataType::List(row_field(columns))),
        })
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let is_constant = args
            .args
            .iter()
            .all(|value| matches!(value, ColumnarValue::Scalar(_)));
        let zone = SessionTimeZone::of(&args.config_options);
        let arguments = Arguments {
            rows: if is_constant { 1 } else { args.number_rows },
            values: &args.args,
            fields: &args.arg_fields,
            zone: &zone,
        };
        let answer = arguments.compute(self.definition, args.return_field.data_type())?;
        if is_constant {
            return Ok(ColumnarValue::Scalar(only_value(&answer)?));
        }
        Ok(ColumnarValue::Array(answer))
    }
}

/// An array as deep as another one, of texts.
fn of_texts(array: &DataType) -> DataType {
    match array {
        DataType::List(item) | DataType::LargeList(item) => {
            DataType::new_list(of_texts(item.data_type()), true)
        }
        _ => DataType::Utf8,
    }
}

/// The type that an argument is read as; none where it does not fit.
fn coerced(parameter: Parameter, given: &DataType) -> Option<DataType> {
    let is_text = given.is_string()
        || given.is_null()
        || matches!(given, DataType::Dictionary(_, values) if values.is_string());
    let is_list = matches!(given, DataType::List(_) | DataType::LargeList(_));
    let texts = || DataType::new_list(DataType::Utf8, true);
    match parameter {
        Parameter::Document | Parameter::Path | Parameter::Text => {
            is_text.then_some(DataType::Utf8)
        }
        Parameter::Boolean if *given == DataType::Boolean || is_text => Some(DataType::Boolean),
        Parameter::Texts | Parameter::NestedTexts if is_text => Some(DataType::Utf8),
        Parameter::NestedTexts if is_list => Some(of_texts(given)),
        Parameter::Texts if is_list => Some(texts()),
        Parameter::Selector if given.is_integer() => Some(DataType::Int64),
        Parameter::Selector if is_text => Some(DataType::Utf8),
        Parameter::Selector if is_list => Some(texts()),
        Parameter::Any => Some(given.clone()),
        _ => None,
    }
}

/// The field of a row of such columns.
fn row_field(columns: &[&str]) -> FieldRef {
    match columns {
        [""] => Arc::new(Field::new("item", DataType::Utf8, true)),
        columns => {
            let fields: Fields = columns
                .iter()
                .map(|name| Field::new(*name, DataType::Utf8, true))
                .collect();
            Arc::new(Field::new("item", DataType::Struct(fields), true))
        }
    }
}

/// The arguments of one call, of all its rows.
pub(super) struct Arguments<'a> {
    pub(super) rows: usize,
    pub(super) values: &'a [ColumnarValue],
    pub(super) fields: &'a [FieldRef],
    pub(super) zone: &'a SessionTimeZone,
}

impl Arguments<'_> {
    fn compute(&self, definition: &Definition, answer: &DataType) -> Result<ArrayRef> {
        if let Compute::Whole(compute) = definition.compute {
            return compute(self);
        }
        let columns = self.columns()?;
        let kinds: Vec<_> = self
            .fields
            .iter()
            .map(|field| JsonKind::of_field(field))
            .collect();
        let row = |row| Row {
            columns: &columns,
            kinds: &kinds,
            row,
        };
        let is_unanswered = |row: &Row<'_>| {
            definition.is_strict && columns.iter().any(|column| column.is_null(row.row))
        };
        Ok(match definition.compute {
            Compute::Text(compute) => {
                let mut answers = StringBuilder::with_capacity(self.rows, 0);
                let mut text = String::new();
                for index in 0..self.rows {
                    let row = row(index);
                    text.clear();
                    if is_unanswered(&row) || !compute(&row, &mut text)? {
                        answers.append_null();
                    } else {
                        answers.append_value(&text);
                    }
                }
                Arc::new(answers.finish())
            }
            Compute::Boolean(compute) => {
                let mut answers = BooleanBuilder::with_capacity(self.rows);
                for index in 0..self.rows {
                    let row = row(index);
                    answers.append_option(if is_unanswered(&row) {
                        None
                    } else {
                        compute(&row)?
                    });
                }
                Arc::new(answers.finish())
            }
            Compute::Integer(compute) => {
                let mut answers = Int32Builder::with_capacity(self.rows);
                for index in 0..self.rows {
                    let row = row(index);
                    answers.append_option(if is_unanswered(&row) {
                        None
                    } else {
                        compute(&row)?
                    });
                }
                Arc::new(answers.finish())
            }
            Compute::Rows(compute) => {
                let width = match definition.answer {
                    Answer::Rows(columns) => columns.len(),
                    _ => 0,
                };
                let mut rows = Rows::new(width);
                for index in 0..self.rows {
                    let row = row(index);
                    let is_answered = !is_unanswered(&row);
                    if is_answered {
                        compute(&row, &mut rows)?;
                    }
                    rows.end_list(is_answered);
                }
                rows.finish(answer)?
            }
            Compute::Whole(compute) => compute(self)?,
        })
    }

    /// Each argument as a column.
    pub(super) fn columns(&self) -> Result<Vec<ArrayRef>> {
        let columns = self.values.iter().map(|value| match value {
            ColumnarValue::Array(array) => Ok(Arc::clone(array)),
            ColumnarValue::Scalar(value) => value.to_array_of_size(self.rows),
        });
        columns.collect()
    }
}

/// The arguments of one row.
pub(super) struct Row<'a> {
    columns: &'a [ArrayRef],
    kinds: &'a [Option<JsonKind>],
    pub(super) row: usize,
}

impl<'a> Row<'a> {
    /// How many arguments there are.
    pub(super) fn count(&self) -> usize {
        self.columns.len()
    }

    /// The column of an argument.
    pub(super) fn column(&self, index: usize) -> Result<&'a ArrayRef> {
        match self.columns.get(index) {
            Some(column) => Ok(column),
            None => exec_err!("an argument is missing"),
        }
    }

    /// The type of JSON of an argument.
    pub(super) fn kind(&self, index: usize) -> JsonKind {
        let kind = self.kinds.get(index).copied().flatten();
        kind.unwrap_or(JsonKind::Json)
    }

    /// Whether an argument is left out, or NULL.
    pub(super) fn is_null(&self, index: usize) -> bool {
        self.columns
            .get(index)
            .is_none_or(|column| column.is_null(self.row))
    }

    /// A text argument; none for NULL.
    pub(super) fn text(&self, index: usize) -> Result<Option<&'a str>> {
        if self.is_null(index) {
            return Ok(None);
        }
        match self.column(index)?.as_string_opt::<i32>() {
            Some(texts) => Ok(Some(texts.value(self.row))),
            None => plan_err!("argument {} is no text", index + 1),
        }
    }

    /// A text argument of a strict function.
    pub(super) fn required(&self, index: usize) -> Result<&'a str> {
        Ok(self.text(index)?.unwrap_or_default())
    }

    /// An integer argument, if it is one.
    pub(super) fn integer(&self, index: usize) -> Option<i64> {
        let column = self.columns.get(index)?;
        let numbers = column.as_primitive_opt::<Int64Type>()?;
        (!numbers.is_null(self.row)).then(|| numbers.value(self.row))
    }

    /// A boolean argument; none where it is left out or NULL.
    pub(super) fn boolean(&self, index: usize) -> Option<bool> {
        let column = self.columns.get(index)?;
        let values = column.as_boolean_opt()?;
        (!values.is_null(self.row)).then(|| values.value(self.row))
    }

    /// Whether an argument is an array.
    pub(super) fn is_list(&self, index: usize) -> bool {
        let column = self.columns.get(index);
        column.is_some_and(|column| matches!(column.data_type(), DataType::List(_)))
    }

    /// The texts of an array, given as one or as the text of one.
    pub(super) fn texts(&self, index: usize) -> Result<Vec<Option<String>>> {
        let column = self.column(index)?;
        if let Some(lists) = column.as_list_opt::<i32>() {
            let elements = cast(&lists.value(self.row), &DataType::Utf8)?;
            let elements = elements.as_string::<i32>();
            return Ok(elements
                .iter()
                .map(|text| text.map(str::to_owned))
                .collect());
        }
        let text = self.required(index)?;
        Ok(array_elements(text)?)
    }
}

/// How long an array of texts is in each of its dimensions, and its innermost elements.
type Nested = (Vec<usize>, Vec<Option<String>>);

impl Row<'_> {
    /// The texts of an array of any dimensions, given as one or as the text of one.
    pub(super) fn nested_texts(&self, index: usize) -> Result<Nested> {
        let column = self.column(index)?;
        let Some(lists) = column.as_list_opt::<i32>() else {
            return Ok(array_of_dimensions(self.required(index)?)?);
        };
        let mut elements = lists.value(self.row);
        let mut lengths = Vec::new();
        let mut arrays = 1;
        loop {
            match elements.len() {
                0 => return Ok((Vec::new(), Vec::new())),
                length => lengths.push(length / arrays),
            }
            arrays = elements.len();
            let Some(inner) = elements.as_list_opt::<i32>() else {
                break;
            };
            let offsets = inner.value_offsets();
            let at = |offset: Option<&i32>| {
                usize::try_from(offset.copied().unwrap_or_default()).unwrap_or_default()
            };
            let (from, to) = (at(offsets.first()), at(offsets.last()));
            elements = inner.values().slice(from, to - from);
        }
        let texts = elements.as_string::<i32>().iter();
        let texts = texts.map(|text| text.map(str::to_owned)).collect();
        Ok((lengths, texts))
    }
}

/// The rows that a function gives, as lists.
pub(super) struct Rows {
    columns: Vec<StringBuilder>,
    offsets: Vec<i32>,
    valid: NullBufferBuilder,
    count: usize,
}

impl Rows {
    fn new(width: usize) -> Self {
        Self {
            columns: (0..width).map(|_| StringBuilder::new()).collect(),
            offsets: vec![0],
            valid: NullBufferBuilder::new(0),
            count: 0,
        }
    }

    /// Adds a row.
    pub(super) fn push(&mut self, values: &[Option<&str>]) {
        for (column, value) in self.columns.iter_mut().zip(values) {
            column.append_option(*value);
        }
        self.count += 1;
    }

    fn end_list(&mut self, is_valid: bool) {
        self.offsets
            .push(i32::try_from(self.count).unwrap_or(i32::MAX));
        self.valid.append(is_valid);
    }

    fn finish(mut self, answer: &DataType) -> Result<ArrayRef> {
        let DataType::List(item) = answer else {
            return internal_err!("rows are answered as a list");
        };
        let mut columns: Vec<ArrayRef> = self
            .columns
            .iter_mut()
            .map(|column| Arc::new(column.finish()) as ArrayRef)
            .collect();
        let values: ArrayRef = match item.data_type() {
            DataType::Struct(fields) => {
                Arc::new(StructArray::try_new(fields.clone(), columns, None)?)
            }
            _ => match columns.pop() {
                Some(column) => column,
                None => Arc::new(StringArray::new_null(0)),
            },
        };
        Ok(Arc::new(ListArray::try_new(
            Arc::clone(item),
            OffsetBuffer::new(self.offsets.into()),
            values,
            self.valid.finish(),
        )?))
    }
}
