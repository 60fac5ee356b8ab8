//! The types `json`, `jsonb` and `jsonpath` of PostgreSQL, with their operators and functions.
//!
//! All three are texts with an extension type (see [`JsonKind`]): `json` as it was written, `jsonb` in
//! the one form that its value has, but for zeros behind the point. So tables keep them as strings
//! that other engines read, and a part of a document is a slice of it; what is ordered, compared,
//! grouped or joined by has a key of its own (`order`).

mod arrays;
mod by_value;
mod encoder;
mod failure;
mod function;
mod get;
mod json_agg;
mod json_array_elements;
mod json_array_length;
mod json_build_object;
mod json_each;
mod json_extract_path;
mod json_get;
mod json_object;
mod json_over;
mod json_strip_nulls;
mod json_typeof;
mod jsonb_concat;
mod jsonb_contains;
mod jsonb_delete;
mod jsonb_exists;
mod jsonb_path;
mod jsonb_pretty;
mod jsonb_set;
mod jsonb_set_element;
mod kind;
mod number;
mod operators;
mod order;
mod ordinals;
mod path;
mod path_in;
mod record;
mod relation;
mod row;
mod rule;
mod scan;
#[cfg(test)]
mod tests;
mod to_json;
mod typed_text;
mod types;
mod value;
mod value_rows;

use std::sync::Arc;

use datafusion::error::Result;
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::ScalarUDF;

use function::Definition;

pub use kind::{JsonKind, JsonTypePlanner, has_documents};
pub use operators::JsonOperators;
pub use ordinals::ListRows;
pub use relation::{gives_rows, planner as relation_planner, row_type, value_column};
pub use rule::{JsonTypes, assigned};
pub use typed_text::{POPULATED, typed_text};
pub use types::read_texts;
pub(crate) use types::sort_keys_of;

/// The functions that have names in SQL, and those that operators, casts and aggregates are
/// planned as.
fn definitions() -> Vec<&'static Definition> {
    let mut definitions: Vec<&'static Definition> = vec![
        &arrays::AS_JSON,
        &arrays::AS_JSONB,
        &arrays::AS_PATH,
        &json_array_elements::JSON,
        &json_array_elements::JSONB,
        &json_array_elements::JSONB_TEXT,
        &json_array_elements::JSON_TEXT,
        &json_array_length::JSON,
        &json_array_length::JSONB,
        &json_build_object::JSON,
        &json_build_object::JSONB,
        &json_build_object::JSONB_ARRAY,
        &json_build_object::JSONB_ARRAY_OF,
        &json_build_object::JSONB_OF,
        &json_build_object::JSON_ARRAY,
        &json_build_object::JSON_ARRAY_OF,
        &json_build_object::JSON_OF,
        &json_each::JSON,
        &json_each::JSONB,
        &json_each::JSONB_KEYS,
        &json_each::JSONB_TEXT,
        &json_each::JSON_KEYS,
        &json_each::JSON_TEXT,
        &json_extract_path::JSON,
        &json_extract_path::JSONB,
        &json_extract_path::JSONB_TEXT,
        &json_extract_path::JSON_TEXT,
        &json_extract_path::OPERATOR,
        &json_extract_path::OPERATOR_TEXT,
        &json_get::PART,
        &json_get::TEXT,
        &json_object::JSON,
        &json_object::JSONB,
        &json_over::EACH,
        &json_over::ONE,
        &json_strip_nulls::JSON,
        &json_strip_nulls::JSONB,
        &json_typeof::JSON,
        &json_typeof::JSONB,
        &jsonb_concat::FUNCTION,
        &jsonb_contains::CONTAINED,
        &jsonb_contains::FUNCTION,
        &jsonb_delete::FUNCTION,
        &jsonb_exists::ALL,
        &jsonb_exists::ANY,
        &jsonb_exists::ONE,
        &jsonb_path::ARRAY,
        &jsonb_path::ARRAY_TZ,
        &jsonb_path::EXISTS,
        &jsonb_path::EXISTS_OPERATOR,
        &jsonb_path::EXISTS_TZ,
        &jsonb_path::FIRST,
        &jsonb_path::FIRST_TZ,
        &jsonb_path::MATCH,
        &jsonb_path::MATCH_TZ,
        &jsonb_path::MATCH_OPERATOR,
        &jsonb_path::QUERY,
        &jsonb_path::QUERY_TZ,
        &jsonb_pretty::FUNCTION,
        &jsonb_set::DELETE,
        &jsonb_set::INSERT,
        &jsonb_set::SET,
        &jsonb_set::SET_LAX,
        &jsonb_set_element::FUNCTION,
        &ordinals::FUNCTION,
        &path_in::FUNCTION,
        &record::JSON_LIST,
        &record::JSONB_LIST,
        &record::ONE,
        &to_json::ARRAY,
        &to_json::JSON,
        &to_json::JSONB,
        &to_json::ROW,
        &types::AS_BIGINT,
        &types::AS_BOOLEAN,
        &types::AS_DOUBLE,
        &types::AS_INTEGER,
        &types::AS_JSON,
        &types::AS_JSONB,
        &types::AS_NUMERIC,
        &types::AS_PATH,
        &types::AS_REAL,
        &types::AS_SMALLINT,
        &types::AS_TEXT,
        &types::JSONB_IN,
        &types::JSON_IN,
        &types::SORT_KEY,
    ];
    definitions.extend(json_agg::parts());
    definitions
}

/// Whether a function of this folder answers NULL where an argument is NULL.
pub fn is_strict(function: &ScalarUDF) -> bool {
    Definition::of(function).is_some_and(|definition| definition.is_strict)
}

/// Registers the functions. The operators are planned by [`JsonOperators`], which must come before
/// DataFusion's own planners, and casts and orders by [`JsonTypes`].
///
/// # Errors
/// Those of the registry.
pub fn register(registry: &mut dyn FunctionRegistry) -> Result<()> {
    for definition in definitions() {
        registry.register_udf(definition.udf())?;
    }
    registry.register_udf(ListRows::udf())?;
    registry.register_udf(row::udf())?;
    registry.register_udf(Arc::new(typed_text::populated()))?;
    for function in json_agg::functions() {
        registry.register_udaf(function)?;
    }
    Ok(())
}
