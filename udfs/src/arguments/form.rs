//! Which arguments a function takes, and what a user reads who gives others.

use arrow::datatypes::DataType;
use arrow::row::{RowConverter, SortField};
use datafusion::logical_expr::{Signature, TypeSignature, Volatility};

use crate::FunctionError;
use crate::wording::type_name;

/// What an argument may be. NULL without a type fits every kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// Utf8, LargeUtf8 or Utf8View, plain or dictionary-encoded.
    Text,
    /// Any signed or unsigned integer.
    Integer,
    /// Any integer, float or decimal.
    Number,
    /// A date or a timestamp.
    Date,
    /// What can be compared, and so sorted.
    Comparable,
    /// Any type at all; the function looks closer itself.
    Any,
}

impl Kind {
    fn accepts(self, given: &DataType) -> bool {
        if given.is_null() {
            return true;
        }
        match self {
            Self::Text => is_text(given),
            Self::Integer => given.is_integer(),
            Self::Number => given.is_numeric(),
            Self::Date => matches!(
                given,
                DataType::Date32 | DataType::Date64 | DataType::Timestamp(..)
            ),
            Self::Comparable => is_comparable(given),
            Self::Any => true,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "an integer",
            Self::Number => "a number",
            Self::Date => "a date",
            Self::Comparable => "values that can be compared",
            Self::Any => "any type",
        }
    }
}

/// True for Utf8, LargeUtf8 and Utf8View, plain or dictionary-encoded.
pub(crate) fn is_text(given: &DataType) -> bool {
    match given {
        DataType::Dictionary(_, values) => values.is_string(),
        other => other.is_string(),
    }
}

/// True for types whose values can be kept as rows of bytes that compare as they do.
pub(crate) fn is_comparable(given: &DataType) -> bool {
    RowConverter::supports_fields(&[SortField::new(given.clone())])
}

/// The forms in which a function may be called: its parameters, the last of them optional.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Form {
    /// The SQL name of the function.
    pub(crate) name: &'static str,
    /// The parameters in order.
    pub(crate) parameters: &'static [Kind],
    /// How many arguments may be given: `&[2, 5]` is two or five.
    pub(crate) counts: &'static [usize],
}

impl Form {
    /// The signature to declare to DataFusion.
    ///
    /// It lets everything through, because only errors of the function itself reach the user
    /// with their SQLSTATE and hint; [`Form::check`] does the checking.
    pub(crate) fn signature(volatility: Volatility) -> Signature {
        let anything = vec![TypeSignature::Nullary, TypeSignature::VariadicAny];
        Signature::one_of(anything, volatility)
    }

    /// How many arguments may be given: `2, 3 or 5`.
    fn counts_in_words(&self) -> String {
        let counts: Vec<String> = self.counts.iter().map(ToString::to_string).collect();
        match &counts[..] {
            [] => "no".to_owned(),
            [only] => only.clone(),
            [earlier @ .., last] => format!("{} or {last}", earlier.join(", ")),
        }
    }

    /// Checks number and types of the arguments: to be called from `return_type`.
    pub(crate) fn check(&self, given: &[DataType]) -> Result<(), FunctionError> {
        let name = self.name;
        if !self.counts.contains(&given.len()) {
            let plural = if self.counts == [1] { "" } else { "s" };
            return Err(FunctionError::no_such_form(format!(
                "{name} takes {} argument{plural}, not {}",
                self.counts_in_words(),
                given.len(),
            )));
        }
        self.check_kinds(given.iter().take(self.parameters.len()))
    }

    /// As [`Form::check`], where there is no greatest number of arguments: those behind the
    /// parameters are as the last of them.
    pub(crate) fn check_repeating(&self, given: &[DataType]) -> Result<(), FunctionError> {
        let least = self.counts.iter().min().copied().unwrap_or_default();
        if given.len() < least {
            let plural = if least == 1 { "" } else { "s" };
            return Err(FunctionError::no_such_form(format!(
                "{} takes at least {least} argument{plural}, not {}",
                self.name,
                given.len(),
            )));
        }
        self.check_kinds(given.iter())
    }

    fn check_kinds<'a>(
        &self,
        given: impl Iterator<Item = &'a DataType>,
    ) -> Result<(), FunctionError> {
        let last = self.parameters.last().copied().unwrap_or(Kind::Any);
        let kinds = self
            .parameters
            .iter()
            .copied()
            .chain(std::iter::repeat(last));
        for (position, (kind, given)) in kinds.zip(given).enumerate() {
            if !kind.accepts(given) {
                return Err(FunctionError::no_such_form(format!(
                    "{} takes {} as argument {}, not {}",
                    self.name,
                    kind.name(),
                    position + 1,
                    type_name(given),
                ))
                .with_hint("Cast the argument to the type that the function takes."));
            }
        }
        Ok(())
    }
}
