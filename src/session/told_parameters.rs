//! The types that clients are told of parameters where their values are of a wider one: beside a column of
//! `uuid`, whose values are texts here, and in a cast, as `$1::jsonb`.

use std::collections::BTreeMap;

use arrow::datatypes::{DataType, Field};
use datafusion::logical_expr::LogicalPlan;

use super::parameter_fields::Place;
use super::{declared, parameter_fields};
use crate::error::Result;
use crate::wire::types::{POSTGRES_TYPE, PostgresType, parameter_type};

/// The numbers of the types of parameters that stand beside columns of other types than their values have,
/// or are cast to such. `types` are those of the values.
///
/// # Errors
/// A parameter that stands beside values of several types.
pub(super) fn told_parameters(
    plan: &LogicalPlan,
    types: &[DataType],
) -> Result<BTreeMap<usize, u32>> {
    // As in Postgres, the first place tells.
    let mut found: BTreeMap<usize, Option<u32>> = BTreeMap::new();
    parameter_fields::for_each(plan, |number, field, place| {
        if types.get(number.wrapping_sub(1)) != Some(field.data_type()) {
            return;
        }
        match place {
            Place::Beside => {
                // As in Postgres, what is compared with a varchar is compared as a text.
                let other = told(field).filter(|oid| *oid != PostgresType::VARCHAR.oid);
                if let Some(other) = other {
                    found.entry(number).or_insert(Some(other));
                }
            }
            Place::Cast => {
                found.entry(number).or_insert_with(|| told(field));
            }
        }
    })?;
    let told = found.into_iter();
    Ok(told
        .filter_map(|(number, oid)| Some((number, oid?)))
        .collect())
}

/// The number of the type that a field tells, where that is another one than that of its values, which are
/// read as those of that type.
fn told(field: &Field) -> Option<u32> {
    let data_type = field.data_type();
    let mut metadata = field.metadata().clone();
    if let Some(told) = declared::told(field) {
        metadata.insert(POSTGRES_TYPE.to_owned(), told);
    }
    let of = PostgresType::of_field(&field.clone().with_metadata(metadata)).oid;
    let is_read = matches!(parameter_type(of), Ok(Some(read)) if read == *data_type);
    // Values of xid are not read in binary.
    let is_other = of != PostgresType::of(data_type).oid && of != PostgresType::XID.oid;
    (is_read && is_other).then_some(of)
}
