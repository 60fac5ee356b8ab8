//! Functions that PostgreSQL has and DataFusion does not, or has otherwise. What they do is told by
//! PostgreSQL's manual.

mod arithmetic;
mod array_as;
mod array_leaves;
mod array_slices;
mod binary;
mod calendar;
mod days;
mod degrees;
mod hashing;
mod interval_sums;
mod matches_each;
mod matching;
mod moment;
mod moment_fields;
mod moment_shift;
mod normal_forms;
mod numbers;
mod numeric_divisors;
mod numeric_series;
mod pattern;
mod quoting;
mod refused_fields;
mod regular_expression;
mod row_function;
mod series;
mod truncated;
mod truncated_clock;
mod truncated_interval;
mod unicode;

use std::sync::Arc;

use datafusion::error::{DataFusionError, Result};
use datafusion::execution::FunctionRegistry;
use datafusion::functions_aggregate::variance::var_samp_udaf;
use datafusion::logical_expr::{ScalarUDF, Volatility};

pub use arithmetic::MomentArithmetic;
pub(super) use arithmetic::timestamp_plus;
pub use array_as::{ARRAY_AS, as_deep_as};
pub(super) use array_leaves::leaves;
pub use array_leaves::{ARRAY_LEAVES, array_leaves, has_dimensions};
pub(super) use days::Days;
pub(super) use interval_sums::IntervalSums;
pub(super) use moment::span as interval_span;
pub(super) use moment_shift::{is_shift, shift};
pub use regular_expression::{RegularExpression, reads_alike};
use row_function::{Form, RowFunction};
pub(super) use truncated_clock::{CLOCK_TRUNC, is_of_clock};

use super::array_order::array_lengths;
use super::moment_rounding::round_moment;
use super::{
    bounded_text, concatenated, dimensions, joined_elements, lag_lead, letter_case, made_dates,
    of_elements, of_one_type, removed_elements, replaced_elements, retyped, row_numbers,
    shifted_rows,
};

/// Functions whose answer depends on nothing but their arguments.
const IMMUTABLE: &[(&str, &[Form])] = &[
    ("acosd", degrees::ACOSD),
    ("asind", degrees::ASIND),
    ("atan2d", degrees::ATAN2D),
    ("atand", degrees::ATAND),
    ("cosd", degrees::COSD),
    ("cotd", degrees::COTD),
    ("gcd", numbers::GCD),
    ("hashint4", hashing::HASHINT4),
    ("hashint8", hashing::HASHINT8),
    ("hashtext", hashing::HASHTEXT),
    ("hashtextextended", hashing::HASHTEXTEXTENDED),
    ("interval_quotient", calendar::INTERVAL_QUOTIENT),
    ("interval_times", calendar::INTERVAL_TIMES),
    ("is_normalized", normal_forms::IS_NORMALIZED),
    ("isfinite", calendar::ISFINITE),
    ("justify_days", calendar::JUSTIFY_DAYS),
    ("justify_hours", calendar::JUSTIFY_HOURS),
    ("justify_interval", calendar::JUSTIFY_INTERVAL),
    ("lcm", numbers::LCM),
    ("make_interval", calendar::MAKE_INTERVAL),
    ("make_time", calendar::MAKE_TIME),
    ("make_timestamp", calendar::MAKE_TIMESTAMP),
    ("normalize", normal_forms::NORMALIZE),
    ("sind", degrees::SIND),
    ("tand", degrees::TAND),
    ("timestamp_difference", calendar::TIMESTAMP_DIFFERENCE),
    ("to_hex", numbers::TO_HEX),
    ("width_bucket", numbers::WIDTH_BUCKET),
    ("bit_count", binary::BIT_COUNT),
    ("bit_integer", binary::BIT_INTEGER),
    ("convert_from", binary::CONVERT_FROM),
    ("convert_to", binary::CONVERT_TO),
    ("decode", binary::DECODE),
    ("encode", binary::ENCODE),
    ("float4send", binary::FLOAT4SEND),
    ("float8send", binary::FLOAT8SEND),
    ("get_bit", binary::GET_BIT),
    ("get_byte", binary::GET_BYTE),
    ("int2send", binary::INT2SEND),
    ("int4send", binary::INT4SEND),
    ("int8send", binary::INT8SEND),
    ("like_unfinished", matching::LIKE_UNFINISHED),
    ("matches_each", matches_each::MATCHES_EACH),
    ("parse_ident", quoting::PARSE_IDENT),
    ("quote_ident", quoting::QUOTE_IDENT),
    ("regexp_count", matching::REGEXP_COUNT),
    ("regexp_instr", matching::REGEXP_INSTR),
    ("regexp_like", matching::REGEXP_LIKE),
    ("regexp_match", matching::REGEXP_MATCH),
    ("regexp_matches_array", matching::REGEXP_MATCHES_ARRAY),
    ("regexp_replace", matching::REGEXP_REPLACE),
    ("regexp_split_to_array", matching::REGEXP_SPLIT_TO_ARRAY),
    ("regexp_substr", matching::REGEXP_SUBSTR),
    ("rows_with_ties", numbers::ROWS_WITH_TIES),
    ("set_bit", binary::SET_BIT),
    ("set_byte", binary::SET_BYTE),
    ("similar_to_escape", matching::SIMILAR_TO_ESCAPE),
    ("text_substring", matching::TEXT_SUBSTRING),
    ("chr", unicode::CHR),
    ("unistr", unicode::UNISTR),
];

/// Functions whose answer depends on the session's settings too.
const STABLE: &[(&str, &[Form])] = &[
    ("age", calendar::AGE),
    ("extract_julian", calendar::EXTRACT_JULIAN),
    ("extract_milliseconds", calendar::EXTRACT_MILLISECONDS),
    ("extract_seconds", calendar::EXTRACT_SECONDS),
    ("extract_whole", calendar::EXTRACT_WHOLE),
    ("make_timestamptz", calendar::MAKE_TIMESTAMPTZ),
    ("overlaps", calendar::OVERLAPS),
    ("statement_timestamp", calendar::STATEMENT_TIMESTAMP),
    ("timestamp_plus", calendar::TIMESTAMP_PLUS),
    ("format", quoting::FORMAT),
    ("generate_series_array", series::GENERATE_SERIES_ARRAY),
    ("quote_literal", quoting::QUOTE_LITERAL),
    ("quote_nullable", quoting::QUOTE_NULLABLE),
];

/// Functions that answer otherwise with every call.
const VOLATILE: &[(&str, &[Form])] = &[("clock_timestamp", calendar::CLOCK_TIMESTAMP)];

/// Functions of DataFusion's that have forms of bytes too.
const WITH_BYTES: &[(&str, &[Form])] = &[
    ("btrim", binary::BTRIM),
    ("ltrim", binary::LTRIM),
    ("overlay", binary::OVERLAY),
    ("rtrim", binary::RTRIM),
    ("strpos", binary::STRPOS),
    ("substr", binary::SUBSTR),
];

/// Registers the functions, in the place of DataFusion's of the same names.
///
/// # Errors
/// What the registry says.
pub fn register(registry: &mut dyn FunctionRegistry) -> Result<()> {
    for (functions, volatility) in [
        (IMMUTABLE, Volatility::Immutable),
        (STABLE, Volatility::Stable),
        (VOLATILE, Volatility::Volatile),
    ] {
        for (name, forms) in functions {
            take_out(registry, name)?;
            registry.register_udf(RowFunction::udf(name, forms, volatility, None))?;
        }
    }
    for (name, forms) in WITH_BYTES {
        let inner = take_out(registry, name)?;
        registry.register_udf(RowFunction::udf(name, forms, Volatility::Immutable, inner))?;
    }
    // A name of PostgreSQL's that DataFusion's aggregate does not go by.
    let variance = var_samp_udaf().as_ref().clone().with_aliases(["variance"]);
    registry.register_udaf(Arc::new(variance))?;
    registry.register_udf(Arc::new(round_moment()))?;
    registry.register_udf(Arc::new(array_as::array_as()))?;
    registry.register_udf(Arc::new(array_leaves()))?;
    registry.register_udf(Arc::new(array_lengths()))?;
    registry.register_udf(Arc::new(array_slices::udf()))?;
    numeric_divisors::register(registry)?;
    numeric_series::register(registry)?;
    days::register(registry)?;
    moment_shift::register(registry)?;
    moment_fields::register(registry)?;
    truncated::register(registry)?;
    concatenated::register(registry)?;
    dimensions::register(registry)?;
    joined_elements::register(registry)?;
    lag_lead::register(registry)?;
    letter_case::register(registry)?;
    made_dates::register(registry)?;
    of_one_type::register(registry)?;
    removed_elements::register(registry)?;
    replaced_elements::register(registry)?;
    retyped::register(registry)?;
    of_elements::register(registry)?;
    bounded_text::register(registry)?;
    shifted_rows::register(registry)?;
    row_numbers::register(registry)
}

/// DataFusion's function of this name, which is registered no more. Its aliases go with it.
fn take_out(registry: &mut dyn FunctionRegistry, name: &str) -> Result<Option<Arc<ScalarUDF>>> {
    match registry.deregister_udf(name) {
        Err(DataFusionError::NotImplemented(_)) => Ok(None),
        other => other,
    }
}
