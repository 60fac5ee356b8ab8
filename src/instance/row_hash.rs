//! A hash of whole rows, by which plans find those that are the same to the last bit.
//!
//! Values that are equal need not be the same: `0.0` and `-0.0` are not, nor are all texts made of them.
//! And to hold rows by their hashes takes the same memory however wide they are.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use arrow::array::{Array as _, ArrayRef, FixedSizeBinaryArray};
use arrow::buffer::Buffer;
use arrow::datatypes::DataType;
use arrow::row::{RowConverter, SortField};
use datafusion::error::Result as QueryResult;
use datafusion::functions_aggregate::first_last::first_value_udaf;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use siphasher::sip128::SipHasher24;

/// Bytes of a hash.
const BYTES: i32 = 16;

/// Rows that are encoded at a time.
const CHUNK_ROWS: usize = 2048;

/// SipHash-2-4 with 128 bits of a row in arrow-row's encoding, keyed by a secret, so that nobody can
/// choose rows of one hash: see `warehouse::key_index` for how improbable two of them are.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RowHash {
    secret: [u64; 2],
    signature: Signature,
}

impl RowHash {
    /// A hash of its own: those of another one are others.
    pub fn new() -> Self {
        let random = || RandomState::new().hash_one(0_u8);
        Self {
            secret: [random(), random()],
            // What is equal may have other hashes, which the planner does not expect of functions that
            // always give the same: it would leave the hash out of a GROUP BY that has the columns too.
            signature: Signature::user_defined(Volatility::Volatile),
        }
    }

    /// The hash of these columns of a row.
    pub fn of(&self, columns: impl IntoIterator<Item = Expr>) -> Expr {
        ScalarUDF::new_from_impl(self.clone()).call(columns.into_iter().collect())
    }
}

impl Default for RowHash {
    fn default() -> Self {
        Self::new()
    }
}

/// Whether values of a type can be equal without being the same.
pub fn has_equals(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Interval(_)) || data_type.is_floating() || data_type.is_nested()
}

/// A column's value in any row of a group, which all have the same, under the column's name.
pub fn any_of(column: Expr) -> Expr {
    let name = match &column {
        Expr::Column(column) => column.name.clone(),
        other => other.schema_name().to_string(),
    };
    first_value_udaf().call(vec![column]).alias(name)
}

impl ScalarUDFImpl for RowHash {
    fn name(&self) -> &'static str {
        "tributary:row_hash"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, types: &[DataType]) -> QueryResult<Vec<DataType>> {
        Ok(types.to_vec())
    }

    fn return_type(&self, _: &[DataType]) -> QueryResult<DataType> {
        Ok(DataType::FixedSizeBinary(BYTES))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> QueryResult<ColumnarValue> {
        let rows = args.number_rows;
        let columns: Vec<ArrayRef> = args
            .args
            .iter()
            .map(|column| column.to_array(rows))
            .collect::<QueryResult<_>>()?;
        let sip = SipHasher24::new_with_keys(self.secret[0], self.secret[1]);
        let mut hashes: Vec<i128> = Vec::with_capacity(rows);
        if columns.is_empty() {
            hashes.resize(rows, sip.hash(&[]).as_u128().cast_signed());
        } else {
            let types = columns.iter().map(|column| column.data_type().clone());
            let converter = RowConverter::new(types.map(SortField::new).collect())?;
            let mut encoded = converter.empty_rows(rows.min(CHUNK_ROWS), 0);
            for start in (0..rows).step_by(CHUNK_ROWS) {
                let length = CHUNK_ROWS.min(rows - start);
                let chunk = columns.iter().map(|column| column.slice(start, length));
                encoded.clear();
                converter.append(&mut encoded, &chunk.collect::<Vec<_>>())?;
                let chunk = encoded.iter().map(|row| sip.hash(row.as_ref()));
                hashes.extend(chunk.map(|hash| hash.as_u128().cast_signed()));
            }
        }
        let hashes = Buffer::from_vec(hashes);
        let hashes = FixedSizeBinaryArray::try_new_with_len(BYTES, hashes, None, rows)?;
        Ok(ColumnarValue::Array(Arc::new(hashes)))
    }
}
