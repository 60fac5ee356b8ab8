//! The equality conditions of a join: rows whose keys are equal form a group.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Float32Type, Float64Type};
use arrow::row::{RowConverter, SortField};
use datafusion::common::NullEquality;
use datafusion::error::Result;
use hashbrown::HashMap;

use super::cancellation::Cancellation;

/// How many rows' keys are converted between two checks whether the query was cancelled.
const ROWS: usize = 8192;

/// The group of a row that can have no partner.
pub(super) const NO_GROUP: u32 = u32::MAX;

/// Whether keys of a type can be compared by their bytes.
pub(super) fn are_supported(key: &DataType) -> bool {
    RowConverter::supports_fields(&[SortField::new(key.clone())])
}

/// The distinct keys of the build side; the place of each is its group.
#[derive(Debug)]
pub(super) struct Keys {
    converter: RowConverter,
    null_equality: NullEquality,
    groups: HashMap<Box<[u8]>, u32>,
    bytes: usize,
}

impl Keys {
    /// Takes keys of these types.
    pub(super) fn new(types: &[DataType], null_equality: NullEquality) -> Result<Self> {
        let fields = types.iter().cloned().map(SortField::new).collect();
        Ok(Self {
            converter: RowConverter::new(fields)?,
            null_equality,
            groups: HashMap::new(),
            bytes: 0,
        })
    }

    /// The group of each row of the build side.
    pub(super) fn add(
        &mut self,
        keys: &[ArrayRef],
        cancellation: &Cancellation,
    ) -> Result<Vec<u32>> {
        let mut groups = Vec::with_capacity(count(keys));
        for keys in slices(keys) {
            cancellation.check()?;
            let rows = self.converter.convert_columns(&keys)?;
            for (row, key) in rows.iter().enumerate() {
                if self.excludes(&keys, row) {
                    groups.push(NO_GROUP);
                    continue;
                }
                let next = self.groups.len() as u32;
                let group = match self.groups.get(key.as_ref()) {
                    Some(group) => *group,
                    None => {
                        let key: Box<[u8]> = key.as_ref().into();
                        self.bytes += key.len();
                        self.groups.insert(key, next);
                        next
                    }
                };
                groups.push(group);
            }
        }
        Ok(groups)
    }

    /// The group of each row of the probe side.
    pub(super) fn find(&self, keys: &[ArrayRef], cancellation: &Cancellation) -> Result<Vec<u32>> {
        let mut groups = Vec::with_capacity(count(keys));
        for keys in slices(keys) {
            cancellation.check()?;
            let rows = self.converter.convert_columns(&keys)?;
            groups.extend(rows.iter().enumerate().map(|(row, key)| {
                if self.excludes(&keys, row) {
                    return NO_GROUP;
                }
                let group = self.groups.get(key.as_ref());
                group.copied().unwrap_or(NO_GROUP)
            }));
        }
        Ok(groups)
    }

    fn excludes(&self, keys: &[ArrayRef], row: usize) -> bool {
        self.null_equality == NullEquality::NullEqualsNothing
            && keys.iter().any(|key| key.is_null(row))
    }

    /// The bytes of memory that this takes.
    pub(super) fn size(&self) -> usize {
        self.bytes + self.groups.allocation_size() + self.converter.size()
    }
}

fn count(keys: &[ArrayRef]) -> usize {
    keys.first().map_or(0, |key| key.len())
}

/// The keys of some rows after those of others.
fn slices(keys: &[ArrayRef]) -> impl Iterator<Item = Vec<ArrayRef>> {
    let count = count(keys);
    (0..count).step_by(ROWS).map(move |start| {
        let length = ROWS.min(count - start);
        keys.iter().map(|key| key.slice(start, length)).collect()
    })
}

/// Keys as they compare: dictionaries are taken apart, since a NULL may hide in their values, and
/// zero has one sign, since 0 equals -0.
pub(super) fn plain(keys: Vec<ArrayRef>) -> Result<Vec<ArrayRef>> {
    keys.into_iter()
        .map(|key| match key.data_type() {
            DataType::Dictionary(_, values) => {
                Ok(unsigned_zero(arrow::compute::cast(&key, values)?))
            }
            _ => Ok(unsigned_zero(key)),
        })
        .collect()
}

fn unsigned_zero(key: ArrayRef) -> ArrayRef {
    match key.data_type() {
        DataType::Float32 => Arc::new(
            key.as_primitive::<Float32Type>()
                .unary::<_, Float32Type>(|value| if value == 0.0 { 0.0 } else { value }),
        ),
        DataType::Float64 => Arc::new(
            key.as_primitive::<Float64Type>()
                .unary::<_, Float64Type>(|value| if value == 0.0 { 0.0 } else { value }),
        ),
        _ => key,
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::Float64Array;

    use super::*;

    #[test]
    fn zero_has_one_sign() {
        let keys = |value: f64| plain(vec![Arc::new(Float64Array::from(vec![value]))]).unwrap();
        let nothing = NullEquality::NullEqualsNothing;
        let mut known = Keys::new(&[DataType::Float64], nothing).unwrap();
        let never = Cancellation::default();
        let group = known.add(&keys(0.0), &never).unwrap();
        assert_eq!(known.find(&keys(-0.0), &never).unwrap(), group);
        assert_eq!(known.find(&keys(1.0), &never).unwrap(), [NO_GROUP]);
    }
}
