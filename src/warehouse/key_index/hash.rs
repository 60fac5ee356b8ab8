//! Hashes of keys.

use arrow::array::ArrayRef;
use arrow::datatypes::{DataType, FieldRef};
use arrow::row::{RowConverter, SortField};
use siphasher::sip128::SipHasher24;
use tributary_udfs::postgres::{comparable, comparable_type};

use crate::error::{Error, Result};

/// Rows that are encoded at a time, so that the encoded keys stay in the processor's cache.
const CHUNK_ROWS: usize = 2048;

/// Hashes keys: SipHash-2-4 with 128 bits (Aumasson and Bernstein, 2012) of the key's columns in
/// arrow-row's encoding, which differs wherever one of the columns does.
///
/// Keys of one hash are taken for one key. Among `n` keys that differ, some two have one hash with
/// a probability below `n² / 2^129`: 10^-21 for a billion, far less than that a disk gives back
/// other bytes than were written and its checksum does not tell. Nor can anybody choose such keys,
/// for the hash is keyed by a secret of the index.
#[derive(Debug)]
pub(in crate::warehouse) struct KeyHasher {
    columns: Vec<FieldRef>,
    sip: SipHasher24,
    /// Encodes keys whose columns have exactly these types; to make one for each key looked up would take
    /// longer than to look it up.
    encoder: Option<(Vec<DataType>, RowConverter)>,
}

impl KeyHasher {
    pub fn new(columns: &[FieldRef], secret: [u64; 2]) -> Self {
        let types = columns.iter().map(|it| comparable_type(it.data_type()));
        let types: Vec<DataType> = types.collect();
        // Of what cannot be encoded, who hashes it is told.
        let encoder = converter(types.iter().cloned()).ok();
        Self {
            columns: columns.to_vec(),
            sip: SipHasher24::new_with_keys(secret[0], secret[1]),
            encoder: encoder.map(|encoder| (types, encoder)),
        }
    }

    /// The secret that the hashes depend on.
    pub fn secret(&self) -> [u64; 2] {
        self.sip.keys().into()
    }

    /// The hash of each row's key. NULL is a value here, the same as any other NULL; what Postgres
    /// holds equal is: see [`comparable`].
    pub fn hash(&self, columns: &[ArrayRef]) -> Result<Vec<u128>> {
        self.check(columns)?;
        let columns: Vec<ArrayRef> = columns.iter().map(comparable).collect::<Result<_, _>>()?;
        let types = || columns.iter().map(|column| column.data_type());
        let own;
        let converter = match &self.encoder {
            Some((known, encoder)) if types().eq(known) => encoder,
            _ => {
                own = converter(types().cloned())?;
                &own
            }
        };
        let rows = columns.first().map_or(0, |column| column.len());
        let mut hashes = Vec::with_capacity(rows);
        let mut encoded = converter.empty_rows(rows.min(CHUNK_ROWS), 0);
        for start in (0..rows).step_by(CHUNK_ROWS) {
            let length = CHUNK_ROWS.min(rows - start);
            let chunk: Vec<ArrayRef> = columns
                .iter()
                .map(|column| column.slice(start, length))
                .collect();
            encoded.clear();
            converter.append(&mut encoded, &chunk)?;
            hashes.extend(
                encoded
                    .iter()
                    .map(|key| self.sip.hash(key.as_ref()).as_u128()),
            );
        }
        Ok(hashes)
    }

    fn check(&self, columns: &[ArrayRef]) -> Result<()> {
        let fits = |(column, array): (&FieldRef, &ArrayRef)| {
            let (wanted, given) = (column.data_type(), array.data_type());
            plain(&comparable_type(wanted)) == plain(&comparable_type(given))
        };
        if columns.len() == self.columns.len() && self.columns.iter().zip(columns).all(fits) {
            return Ok(());
        }
        let given: Vec<_> = columns.iter().map(|column| column.data_type()).collect();
        Err(Error::internal(format!(
            "keys of types {given:?} were given to the index of {:?}",
            self.columns
        )))
    }
}

/// What encodes keys of columns of these types.
fn converter(types: impl Iterator<Item = DataType>) -> Result<RowConverter> {
    Ok(RowConverter::new(types.map(SortField::new).collect())?)
}

/// The type without its layout in memory, which arrow-row's encoding does not depend on.
pub(super) fn plain(data_type: &DataType) -> &DataType {
    match data_type {
        DataType::LargeUtf8 | DataType::Utf8View => &DataType::Utf8,
        DataType::LargeBinary | DataType::BinaryView => &DataType::Binary,
        DataType::Dictionary(_, values) => plain(values),
        other => other,
    }
}
