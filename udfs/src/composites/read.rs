//! Texts and records as values of composite types.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringArray, StructArray, new_null_array};
use arrow::buffer::NullBuffer;
use arrow::compute::{cast, is_null, nullif};
use arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::common::{exec_err, internal_err};
use datafusion::error::Result;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    Volatility,
};
use datafusion::scalar::ScalarValue;

use super::kind::{CompositeKind, CompositeType};
use super::text;
use crate::enums::{self, EnumDefinition, EnumKind};
use crate::formatting::SessionTimeZone;
use crate::json::{JsonKind, read_texts};
use crate::postgres::{CHARACTER_LENGTH, CharacterLength, from_text, of_arrays};
use crate::{FunctionError, type_name};

/// The function's name.
pub const READ: &str = "tributary_composite_in";

/// Values as those of a field, which is of a composite type, of arrays of one, or an attribute of one.
/// `enums` are the enum types of the attributes.
pub fn read(values: Expr, field: FieldRef, enums: Vec<EnumDefinition>) -> Expr {
    let function = ReadComposite {
        field,
        enums,
        signature: Signature::any(1, Volatility::Stable),
    };
    ScalarUDF::new_from_impl(function).call(vec![values])
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct ReadComposite {
    /// What is made of values.
    field: FieldRef,
    enums: Vec<EnumDefinition>,
    signature: Signature,
}

impl ScalarUDFImpl for ReadComposite {
    fn name(&self) -> &str {
        READ
    }

    /// A cast leaves a column its name.
    fn schema_name(&self, args: &[Expr]) -> Result<String> {
        match args {
            [value] => Ok(value.schema_name().to_string()),
            _ => internal_err!("a cast has one operand"),
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(self.field.data_type().clone())
    }

    fn return_field_from_args(&self, _: ReturnFieldArgs) -> Result<FieldRef> {
        let field = Field::clone(&self.field).with_name(self.name());
        Ok(Arc::new(field.with_nullable(true)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let zone = SessionTimeZone::of(&args.config_options);
        match args.args.as_slice() {
            [ColumnarValue::Array(values)] => {
                let read = converted(values, &self.field, &self.enums, &zone)?;
                Ok(ColumnarValue::Array(read))
            }
            [ColumnarValue::Scalar(value)] => {
                let read = converted(&value.to_array()?, &self.field, &self.enums, &zone)?;
                Ok(ColumnarValue::Scalar(match read.as_list_opt::<i32>() {
                    // A value that is taken out of an array forgets what its items are.
                    Some(list) => ScalarValue::List(Arc::new(list.clone())),
                    None => ScalarValue::try_from_array(&read, 0)?,
                }))
            }
            _ => internal_err!("a cast has one operand"),
        }
    }
}

/// Values, texts or records, as those of a field; moments that name no zone are of `zone`.
///
/// # Errors
/// 22P02 for a text that is no value; 42846 for values of another kind; what the types of attributes say.
pub fn converted(
    values: &ArrayRef,
    field: &Field,
    enums: &[EnumDefinition],
    zone: &SessionTimeZone,
) -> Result<ArrayRef> {
    let (own, wanted) = (values.data_type(), field.data_type());
    if own.is_null() {
        return Ok(new_null_array(wanted, values.len()));
    }
    match wanted {
        DataType::Struct(parts) if CompositeType::of(wanted).is_some() => match own {
            own if own == wanted => Ok(Arc::clone(values)),
            DataType::Struct(_) => of_records(values.as_struct(), parts, enums, zone),
            own if own.is_string() => of_texts(values, parts, enums, zone),
            _ => Err(no_cast(own, wanted)),
        },
        DataType::List(item) if is_read_by_items(item) => match own {
            own if own == wanted => Ok(Arc::clone(values)),
            DataType::List(_) => {
                of_arrays(values, item, |items| converted(items, item, enums, zone))
            }
            own if own.is_string() => {
                let texts = from_text(values, &texts_like(wanted), zone)?;
                converted(&texts, field, enums, zone)
            }
            _ => Err(no_cast(own, wanted)),
        },
        _ => of_plain(values, field, enums, zone),
    }
}

/// Whether arrays of such items are read by these.
fn is_read_by_items(item: &Field) -> bool {
    CompositeKind::of(item.data_type()).is_some() || EnumKind::of_field(item).is_some()
}

/// Arrays of texts of as many dimensions.
fn texts_like(array: &DataType) -> DataType {
    match array {
        DataType::List(item) => DataType::new_list(texts_like(item.data_type()), true),
        _ => DataType::Utf8,
    }
}

/// Values of an attribute whose type is no composite one.
fn of_plain(
    values: &ArrayRef,
    field: &Field,
    enums: &[EnumDefinition],
    zone: &SessionTimeZone,
) -> Result<ArrayRef> {
    if let Some(kind) = JsonKind::of_field(field) {
        return read_texts(&cast(values, &DataType::Utf8)?, kind);
    }
    let values = from_text(values, field.data_type(), zone)?;
    if let Some(kind) = EnumKind::of_field(field) {
        let Some(of) = enums.iter().find(|definition| definition.of == kind.of) else {
            return internal_err!("the labels of an enum are not known");
        };
        enums::check(&values, &of.name, &of.labels)?;
        return Ok(values);
    }
    let length = field.metadata().get(CHARACTER_LENGTH);
    let length = length.and_then(|length| CharacterLength::from_metadata(length));
    match (length, values.as_string_opt::<i32>()) {
        (Some(length), Some(texts)) => {
            let fitted = texts
                .iter()
                .map(|text| text.map(|text| length.fit(text)).transpose());
            Ok(Arc::new(fitted.collect::<Result<StringArray, _>>()?))
        }
        _ => Ok(values),
    }
}

fn of_records(
    records: &StructArray,
    parts: &Fields,
    enums: &[EnumDefinition],
    zone: &SessionTimeZone,
) -> Result<ArrayRef> {
    if records.num_columns() != parts.len() {
        return exec_err!("a record has another number of fields than its type");
    }
    let is_none = match records.null_count() {
        0 => None,
        _ => Some(is_null(records)?),
    };
    let columns = records.columns().iter().zip(parts).map(|(column, part)| {
        // What a record that is NULL has is not converted: it may be what cannot be.
        let column = match &is_none {
            Some(is_none) => nullif(column, is_none)?,
            None => Arc::clone(column),
        };
        converted(&column, part, enums, zone)
    });
    let columns = columns.collect::<Result<Vec<_>>>()?;
    let nulls = records.nulls().cloned();
    Ok(Arc::new(StructArray::try_new(
        parts.clone(),
        columns,
        nulls,
    )?))
}

fn of_texts(
    texts: &ArrayRef,
    parts: &Fields,
    enums: &[EnumDefinition],
    zone: &SessionTimeZone,
) -> Result<ArrayRef> {
    let texts = cast(texts, &DataType::Utf8)?;
    let texts = texts.as_string::<i32>();
    let mut columns: Vec<Vec<Option<String>>> = vec![Vec::with_capacity(texts.len()); parts.len()];
    for text in texts {
        match text {
            Some(text) => {
                let fields = text::fields(text, parts.len())?;
                for (column, field) in columns.iter_mut().zip(fields) {
                    column.push(field);
                }
            }
            None => columns.iter_mut().for_each(|column| column.push(None)),
        }
    }
    let columns = columns.into_iter().zip(parts).map(|(column, part)| {
        let texts: ArrayRef = Arc::new(StringArray::from(column));
        converted(&texts, part, enums, zone)
    });
    let columns = columns.collect::<Result<Vec<_>>>()?;
    let nulls: NullBuffer = texts.iter().map(|text| text.is_some()).collect();
    Ok(Arc::new(StructArray::try_new(
        parts.clone(),
        columns,
        Some(nulls),
    )?))
}

fn no_cast(own: &DataType, wanted: &DataType) -> datafusion::error::DataFusionError {
    let message = format!(
        "cannot cast type {} to {}",
        type_name(own),
        type_name(wanted)
    );
    FunctionError {
        sqlstate: "42846",
        message,
        hint: None,
    }
    .into()
}
