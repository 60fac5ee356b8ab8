//! Records, lists and maps of one row as objects of a template.

use std::ops::Range;
use std::sync::Arc;

use minijinja::Value;
use minijinja::value::{Enumerator, Object, ObjectRepr};

use super::column::{Column, Record};

/// A record: a map from the names of its fields.
#[derive(Debug)]
pub(super) struct RecordOfRow {
    pub(super) record: Arc<Record>,
    pub(super) row: usize,
}

impl Object for RecordOfRow {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.record.value(key.as_str()?, self.row)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        self.record.value(key, self.row)
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let names = self.record.names().map(Value::from);
        Enumerator::Values(names.collect())
    }
}

/// A list: those of the items that are the row's.
#[derive(Debug)]
pub(super) struct ItemsOfRow {
    pub(super) items: Arc<Column>,
    pub(super) rows: Range<usize>,
}

impl Object for ItemsOfRow {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let mut rows = self.rows.clone();
        Some(self.items.value(rows.nth(key.as_usize()?)?))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Seq(self.rows.len())
    }
}

/// A map: those of the entries that are the row's.
#[derive(Debug)]
pub(super) struct EntriesOfRow {
    pub(super) keys: Arc<Column>,
    pub(super) values: Arc<Column>,
    pub(super) rows: Range<usize>,
}

impl Object for EntriesOfRow {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let mut rows = self.rows.clone();
        let row = rows.find(|row| self.keys.value(*row) == *key)?;
        Some(self.values.value(row))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let keys = self.rows.clone().map(|row| self.keys.value(row));
        Enumerator::Values(keys.collect())
    }
}
