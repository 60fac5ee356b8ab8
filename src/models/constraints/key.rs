//! Keys: no two rows have the same values in their columns.

use std::collections::{HashMap, HashSet};

use arrow::array::{Array, ArrayRef, BooleanArray, RecordBatch};
use arrow::compute::{SortOptions, sort_to_indices, take};
use arrow::datatypes::{DataType, FieldRef};
use arrow::row::{RowConverter, Rows, SortField};
use datafusion::common::Column;
use datafusion::error::{DataFusionError, Result as QueryResult};
use datafusion::execution::SessionState;
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::logical_expr::{Expr, lit};
use datafusion::scalar::ScalarValue;
use parking_lot::Mutex;
use tributary_udfs::postgres::{comparable, comparable_type};

use super::declared::constraint_place;
use super::shown::Shown;
use crate::catalog::Object;
use crate::error::{Error, Result, SqlState};
use crate::sql::name::Parenthesized;
use crate::warehouse::IndexedKey;

/// What to do with a new row that has the key of another new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Repeated {
    /// 23505.
    Refused,
    /// 21000: `ON CONFLICT DO UPDATE` would change the first one.
    Conflicts,
    /// It is left out, as `ON CONFLICT DO NOTHING` does.
    LeftOut,
}

/// The keys of a table.
#[derive(Default)]
pub(super) struct Keys(pub(super) Vec<Mutex<Key>>);

impl Keys {
    /// Takes in the keys of new rows, row by row, and tells which rows stay: one that is left out for
    /// one key counts for none.
    pub(super) fn take_in(
        &self,
        object: &Object,
        batch: &RecordBatch,
    ) -> QueryResult<BooleanArray> {
        let mut keys: Vec<_> = self.0.iter().map(|key| key.lock()).collect();
        let mut encoded = Vec::with_capacity(keys.len());
        for key in &keys {
            let projected = batch.project(&key.columns)?;
            let columns = projected.columns().to_vec();
            let rows = key.encode(&columns)?;
            let given = match &key.given {
                Some(given) => Some(given.converter.convert_columns(&columns)?),
                None => None,
            };
            encoded.push((columns, rows, given));
        }
        let mut kept = Vec::with_capacity(batch.num_rows());
        for row in 0..batch.num_rows() {
            let clashes = keys
                .iter()
                .zip(&encoded)
                .filter(|(key, (columns, rows, _))| {
                    !key.is_apart(columns, row) && key.values.contains(rows.row(row).as_ref())
                });
            // What may be left out is left out, whatever else it clashes with.
            let clash = clashes.min_by_key(|(key, _)| key.repeated != Repeated::LeftOut);
            if let Some((key, (columns, ..))) = clash {
                match key.repeated {
                    Repeated::LeftOut => {
                        kept.push(false);
                        continue;
                    }
                    _ => return Err(key.repeats(object, columns, row)?.into()),
                }
            }
            for (key, (columns, rows, given)) in keys.iter_mut().zip(&encoded) {
                if !key.is_apart(columns, row) {
                    let bytes: Box<[u8]> = rows.row(row).as_ref().into();
                    key.bytes += bytes.len() + ENTRY;
                    if let Some(given) = given {
                        key.note(&bytes, given.row(row).as_ref());
                    }
                    key.values.insert(bytes);
                }
            }
            kept.push(true);
        }
        for key in &keys {
            key.memory.try_resize(key.bytes)?;
        }
        Ok(kept.into())
    }
}

/// One key, and the new rows' values of it.
pub(super) struct Key {
    constraint: String,
    indexed: IndexedKey,
    pub(super) columns: Vec<usize>,
    nulls_equal: bool,
    repeated: Repeated,
    converter: RowConverter,
    fields: Vec<FieldRef>,
    shown: Shown,
    pub(super) values: HashSet<Box<[u8]>>,
    given: Option<Given>,
    bytes: usize,
    memory: MemoryReservation,
}

/// Keys as they were given, by their bytes, where equal ones may be others: an error tells the new one.
struct Given {
    converter: RowConverter,
    keys: HashMap<Box<[u8]>, Box<[u8]>>,
}

impl Given {
    /// None where what is equal is the same.
    fn of(fields: &[FieldRef]) -> Result<Option<Self>> {
        let mut types = fields.iter().map(|field| field.data_type());
        if !types.any(|own| own.is_floating() || matches!(own, DataType::Interval(_))) {
            return Ok(None);
        }
        let types = fields.iter().map(|field| field.data_type().clone());
        Ok(Some(Self {
            converter: RowConverter::new(types.map(SortField::new).collect())?,
            keys: HashMap::new(),
        }))
    }
}

impl Key {
    pub(super) fn new(
        state: &SessionState,
        object: &Object,
        constraint: &str,
        indexed: &IndexedKey,
        nulls_equal: bool,
        repeated: Repeated,
    ) -> Result<Self> {
        let columns = indexed
            .columns
            .iter()
            .map(|name| object.schema.index_of(name));
        let columns: Vec<usize> = columns.collect::<Result<_, _>>()?;
        let fields: Vec<FieldRef> = columns
            .iter()
            .filter_map(|index| object.schema.fields().get(*index).cloned())
            .collect();
        let sorted = fields
            .iter()
            .map(|field| SortField::new(comparable_type(field.data_type())));
        Ok(Self {
            constraint: constraint.to_owned(),
            indexed: indexed.clone(),
            converter: RowConverter::new(sorted.collect())?,
            given: Given::of(&fields)?,
            fields,
            shown: Shown::new(state),
            columns,
            nulls_equal,
            repeated,
            values: HashSet::new(),
            bytes: 0,
            memory: MemoryConsumer::new(format!("constraint {constraint}"))
                .register(&state.runtime_env().memory_pool),
        })
    }

    /// The keys of rows, given these columns of them: equal ones have the same bytes.
    pub(super) fn encode(&self, columns: &[ArrayRef]) -> QueryResult<Rows> {
        let columns: Vec<ArrayRef> = columns.iter().map(comparable).collect::<QueryResult<_>>()?;
        Ok(self.converter.convert_columns(&columns)?)
    }

    /// The keys that were taken in, as columns of comparable values.
    pub(super) fn taken(&self) -> QueryResult<Vec<ArrayRef>> {
        let parser = self.converter.parser();
        let rows = self.values.iter().map(|value| parser.parse(value));
        Ok(self.converter.convert_rows(rows)?)
    }

    /// Conditions that hold for all rows with one of the keys that were taken in, of columns whose values
    /// are equal where they are the same. No others: it is files that are chosen by them.
    pub(super) fn bounds(&self) -> QueryResult<Vec<Expr>> {
        if self.values.len() > MOST_BOUND {
            return Ok(Vec::new());
        }
        let mut bounds = Vec::with_capacity(self.fields.len());
        for (field, values) in self.fields.iter().zip(self.taken()?) {
            if !is_exact(field.data_type()) || values.is_empty() || values.null_count() > 0 {
                continue;
            }
            let end = |descending: bool| {
                let order = SortOptions {
                    descending,
                    nulls_first: false,
                };
                let first = sort_to_indices(&values, Some(order), Some(1))?;
                let value = take(&values, &first, None)?;
                Ok::<_, DataFusionError>(lit(ScalarValue::try_from_array(&value, 0)?))
            };
            let column = Expr::Column(Column::from_name(field.name()));
            bounds.push(column.between(end(false)?, end(true)?));
        }
        Ok(bounds)
    }

    /// The key, for an index.
    pub(super) fn indexed(&self) -> IndexedKey {
        self.indexed.clone()
    }

    /// Notes a key as it was given.
    fn note(&mut self, key: &[u8], given: &[u8]) {
        if let Some(all) = &mut self.given {
            self.bytes += key.len() + given.len() + ENTRY;
            all.keys.insert(key.into(), given.into());
        }
    }

    /// The error of a row of the table that has a new one's key.
    ///
    /// # Errors
    /// What Arrow says of the key.
    pub(super) fn exists(
        &self,
        object: &Object,
        columns: &[ArrayRef],
        row: usize,
    ) -> Result<Error> {
        let told = "already exists";
        let found = self.encode(columns)?;
        let given = self.given.as_ref().and_then(|all| {
            let given = all.keys.get(found.row(row).as_ref())?;
            Some((&all.converter, given))
        });
        match given {
            Some((converter, given)) => {
                let parser = converter.parser();
                let columns = converter.convert_rows([parser.parse(given)])?;
                self.violated(object, &columns, 0, told)
            }
            None => self.violated(object, columns, row, told),
        }
    }

    /// Whether a row has a NULL that makes its key like no other.
    pub(super) fn is_apart(&self, columns: &[ArrayRef], row: usize) -> bool {
        !self.nulls_equal && columns.iter().any(|column| column.is_null(row))
    }

    /// The error of a new row that has the key of another new one.
    fn repeats(&self, object: &Object, columns: &[ArrayRef], row: usize) -> Result<Error> {
        let told = "is there more than once";
        if self.repeated != Repeated::Conflicts {
            return self.violated(object, columns, row, told);
        }
        Ok(Error::new(
            SqlState::CARDINALITY_VIOLATION,
            "ON CONFLICT DO UPDATE command cannot affect row a second time",
        )
        .with_detail(self.told(columns, row, told)?)
        .with_hint(
            "Ensure that no rows proposed for insertion within the same command have duplicate constrained values.",
        ))
    }

    fn violated(
        &self,
        object: &Object,
        columns: &[ArrayRef],
        row: usize,
        told: &str,
    ) -> Result<Error> {
        let constraint = &self.constraint;
        let error = Error::new(
            SqlState::UNIQUE_VIOLATION,
            format!("duplicate key value violates unique constraint \"{constraint}\""),
        );
        let error = error.with_detail(self.told(columns, row, told)?);
        Ok(error.with_constraint(constraint_place(object, constraint)))
    }

    fn told(&self, columns: &[ArrayRef], row: usize, told: &str) -> Result<String> {
        let values = self.shown.key(&self.fields, columns, row)?;
        Ok(format!(
            "Key{}=({values}) {told}.",
            Parenthesized(&self.indexed.columns)
        ))
    }
}

/// Of more keys than these no bounds are looked for.
const MOST_BOUND: usize = 1 << 16;

/// Whether values of a type are equal only where they are the same.
fn is_exact(data_type: &DataType) -> bool {
    data_type.is_integer()
        || matches!(
            data_type,
            DataType::Date32
                | DataType::Timestamp(..)
                | DataType::Decimal128(..)
                | DataType::Boolean
                | DataType::Utf8
        )
}

/// What an entry of a set of keys takes beside the key itself, about.
const ENTRY: usize = 64;
