//! What others than a model's query call its records: their columns may have other types than its own.

use arrow::array::ArrayRef;
use arrow::compute::kernels::cmp::not_distinct;
use arrow::compute::kernels::zip::zip;
use arrow::compute::{can_cast_types, cast};
use arrow::datatypes::DataType;

use crate::error::Result;

/// How a column names what records have in a column of a model's query.
pub(super) enum Called {
    /// By texts: its values are cast to text before they are read.
    AsText {
        /// Whether they are no texts themselves, so that others may stand for the same value.
        is_cast: bool,
    },
    /// By values of this type.
    Typed(DataType),
}

impl Called {
    /// How values of a type name those of a column of the query. A text is what it is.
    pub(super) fn new(given: &DataType, own: &DataType) -> Self {
        match given.is_string() || own.is_string() {
            true => Self::AsText {
                is_cast: !given.is_string(),
            },
            false => Self::Typed(own.clone()),
        }
    }

    /// The texts of the same values in the query's column. A value that this does not have is told as it
    /// is, and names nothing.
    ///
    /// # Errors
    /// None for types that have texts.
    pub(super) fn texts(&self, values: &ArrayRef) -> Result<ArrayRef> {
        let texts = cast(values, &DataType::Utf8)?;
        let Self::Typed(own) = self else {
            return Ok(texts);
        };
        let given = values.data_type();
        let are_alike =
            given.is_numeric() && own.is_numeric() || given.is_temporal() && own.is_temporal();
        let is_cast = are_alike && can_cast_types(given, own) && can_cast_types(own, given);
        if given == own || !is_cast {
            return Ok(texts);
        }
        let converted = cast(values, own)?;
        // 20.5 is not the integer 20.
        let is_same = not_distinct(&cast(&converted, given)?, values)?;
        Ok(zip(&is_same, &cast(&converted, &DataType::Utf8)?, &texts)?)
    }

    /// The text that the same value may have in a column of texts: that of the integer, of a whole number
    /// with decimals; of the day, of a moment at which it begins.
    pub(super) fn other_text<'a>(&self, text: &'a str) -> Option<&'a str> {
        let Self::AsText { is_cast: true } = self else {
            return None;
        };
        let Some((whole, decimals)) = text.split_once('.') else {
            return text.strip_suffix(" 00:00:00");
        };
        let is_whole = !decimals.is_empty() && decimals.bytes().all(|digit| digit == b'0');
        is_whole.then_some(whole)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{
        Array, AsArray, Date32Array, Decimal128Array, Float64Array, Int32Array, Int64Array,
        TimestampMicrosecondArray,
    };
    use arrow::datatypes::TimeUnit;

    use super::*;

    fn texts(values: impl Array + 'static, own: &DataType) -> Vec<Option<String>> {
        let values: ArrayRef = Arc::new(values);
        let called = Called::new(values.data_type(), own);
        let texts = called.texts(&values).unwrap();
        let texts = texts.as_string::<i32>().iter();
        texts.map(|text| text.map(str::to_owned)).collect()
    }

    fn expected(texts: &[&str]) -> Vec<Option<String>> {
        texts.iter().map(|text| Some((*text).to_owned())).collect()
    }

    #[test]
    fn values_of_other_types_have_the_texts_of_the_same_values() {
        let numeric = DataType::Decimal128(38, 10);
        let integers = || Int32Array::from(vec![20, -7]);
        let in_numeric = expected(&["20.0000000000", "-7.0000000000"]);
        assert_eq!(texts(integers(), &numeric), in_numeric);
        assert_eq!(
            texts(integers(), &DataType::Float64),
            expected(&["20.0", "-7.0"])
        );
        assert_eq!(texts(integers(), &DataType::Int64), expected(&["20", "-7"]));

        let decimals = Decimal128Array::from(vec![2000, 2050]);
        let decimals = decimals.with_precision_and_scale(8, 2).unwrap();
        assert_eq!(
            texts(decimals, &DataType::Int64),
            expected(&["20", "20.50"])
        );

        // What has no such number is told as it is.
        let floats = Float64Array::from(vec![20.0, 20.5, f64::NAN, 1e300]);
        let in_integers = texts(floats, &DataType::Int64);
        assert_eq!(in_integers[..3], expected(&["20", "20.5", "NaN"]));
        let large = Int64Array::from(vec![Some(9_007_199_254_740_993), None]);
        let in_floats = [Some("9007199254740993".to_owned()), None];
        assert_eq!(texts(large, &DataType::Float64), in_floats);
    }

    #[test]
    fn moments_are_the_days_at_which_they_begin() {
        const DAY: i64 = 86_400_000_000;
        let moments = TimestampMicrosecondArray::from(vec![DAY, DAY + 1]);
        let days = texts(moments, &DataType::Date32);
        assert_eq!(days[..1], expected(&["1970-01-02"]));
        assert_ne!(days[1], days[0]);
        let moment = DataType::Timestamp(TimeUnit::Microsecond, None);
        let days = Date32Array::from(vec![1]);
        assert_eq!(texts(days, &moment), expected(&["1970-01-02T00:00:00"]));
        // A number is no day.
        assert_eq!(
            texts(Int32Array::from(vec![1]), &DataType::Date32),
            expected(&["1"])
        );
    }

    #[test]
    fn texts_have_those_of_the_same_values_of_other_types() {
        let called = Called::new(&DataType::Float64, &DataType::Utf8);
        for (text, expected) in [
            ("20.0", Some("20")),
            ("-7.000", Some("-7")),
            ("20.5", None),
            ("20.", None),
            ("20", None),
            ("2020-01-05 00:00:00", Some("2020-01-05")),
            ("2020-01-05 00:00:01", None),
            ("2020-01-05 00:00:00.5", None),
        ] {
            assert_eq!(called.other_text(text), expected, "{text}");
        }
        // A text is what it is.
        for own in [DataType::Utf8, DataType::Int64] {
            let called = Called::new(&DataType::Utf8, &own);
            assert_eq!(called.other_text("20.0"), None);
        }
    }
}
