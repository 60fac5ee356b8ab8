//! What PostgreSQL computes where DataFusion computes something else: arithmetic that overflows is
//! an error, numbers are rounded on their way to an integer, `bytea` is read and shown as
//! hexadecimal, `varchar(n)` cuts, `ln(0)` is an error.
//!
//! [`PostgresSemantics`] puts these in a plan in the place of DataFusion's own operators. They are
//! no functions that a user calls, and keep the names of what they stand for.

mod arithmetic;
mod array_extremes;
mod array_order;
mod arrays;
mod average;
mod bounded_text;
mod bytes;
mod character_length;
mod common_type;
mod comparable;
mod compared_texts;
mod concatenated;
mod conditions;
mod containment;
mod conversion;
mod converted;
mod cut_digits;
mod date_style;
mod datetime;
mod decimals;
mod dimensions;
mod domain;
pub(crate) mod encoded;
mod equal_values;
mod even_arrays;
mod exact_values;
mod extremes;
mod failing;
mod floats;
mod forms_apart;
mod functions;
mod greatest_values;
mod half_even;
mod inner;
mod interval;
mod interval_average;
mod interval_text;
mod joined_elements;
mod lag_lead;
mod lazily;
mod letter_case;
mod list_rows;
mod made_dates;
mod matched_types;
mod membership;
mod moment_casts;
mod moment_rounding;
mod moment_text;
mod nearest_floats;
mod nested_arrays;
mod nested_order;
mod now;
mod numeric;
mod numeric_rule;
mod of_elements;
mod of_one_type;
mod range;
mod range_frames;
mod records;
mod recursive_fields;
mod removed_elements;
mod replaced_elements;
mod retyped;
mod rounding;
mod row_numbers;
mod rule;
mod shifted_rows;
mod single_byte;
mod spread;
mod subscripts;
mod sum;
#[cfg(test)]
mod tests;
mod text;
mod texts_in_order;
mod time_zones;
mod told_apart;
mod truths;
mod value_rows;
mod whole;
mod window_order;
mod zoned;

pub use arrays::array_elements;
pub(crate) use arrays::of_arrays;
pub use bytes::{ByteaOutput, bytes_text};
pub use character_length::{CHARACTER_LENGTH, CharacterKind, CharacterLength};
pub use common_type::CommonTypes;
pub use comparable::{comparable, comparable_type, is_by_form};
pub use conversion::{as_text, from_text};
pub(crate) use converted::{Conversion, only_value};
pub use date_style::DateStyle;
pub use datetime::{read_interval, read_timestamp};
pub use exact_values::{exact, may_equal_others, of_exact};
pub use floats::one_nan;
pub use functions::{
    ARRAY_AS, ARRAY_LEAVES, MomentArithmetic, RegularExpression, array_leaves, as_deep_as,
    has_dimensions, reads_alike, register as register_functions,
};
pub use interval_text::{IntervalStyle, interval_text};
pub use lazily::ComputeLazily;
pub use moment_casts::with_plain_casts;
pub use moment_rounding::{
    MOMENT_DIGITS, ROUND_MOMENT, round_moment, round_moments, rounded_moment,
};
pub(crate) use moment_text::abbreviation;
pub use moment_text::interval::{
    Parts as IntervalParts, Unit as IntervalUnit, unit as interval_unit,
};
pub use nearest_floats::nearest_floats;
pub use nested_arrays::array_of_dimensions;
pub use now::Now;
pub use numeric_rule::{BARE_NUMERIC, BARE_NUMERIC_TYPE, NumericArithmetic, of_any_digits};
pub use row_numbers::row_number;
pub use rule::PostgresSemantics;
pub(crate) use rule::fitted;
pub use shifted_rows::SHIFTED;
pub use single_byte::SINGLE_BYTE;
pub use text::FloatDigits;
pub(crate) use text::double_precision;
pub(crate) use time_zones::offset_name;
pub use time_zones::{ZoneAt, time_zone_name, time_zones};
