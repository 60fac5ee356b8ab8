//! The greatest value of a column, from the log alone.

use datafusion::common::ScalarValue;

use super::snapshot::DataFile;
use super::{At, TableId, Warehouse};
use crate::error::Result;

/// What the log tells of the greatest value of a column.
#[derive(Clone, Debug, PartialEq)]
pub enum Greatest {
    /// There is none: no row, or NULL alone.
    Nothing,
    /// A row of the files has this value, and none of them a greater one. The row may be gone.
    Value(ScalarValue),
    /// Some file does not tell.
    Unknown,
}

impl Warehouse {
    /// The greatest value that a column of the latest version has in its files, also in rows that are
    /// gone and in those that tell of deletions.
    ///
    /// # Errors
    /// As [`Self::scan`], and 42703 for a column that is not there.
    pub async fn greatest(&self, table: &TableId, column: &str) -> Result<Greatest> {
        let snapshot = self.read(table).snapshot(At::Latest).await?;
        let index = snapshot.schema.declared.index_of(column)?;
        let mut greatest = Greatest::Nothing;
        for file in &snapshot.files {
            match (of_file(file, index), &greatest) {
                (Greatest::Unknown, _) => return Ok(Greatest::Unknown),
                (Greatest::Value(value), Greatest::Value(known)) if value <= *known => {}
                (Greatest::Value(value), _) => greatest = Greatest::Value(value),
                (Greatest::Nothing, _) => {}
            }
        }
        Ok(greatest)
    }
}

fn of_file(file: &DataFile, column: usize) -> Greatest {
    let Some(bounds) = file.bounds.columns.get(column) else {
        return Greatest::Unknown;
    };
    if file.bounds.rows.is_some() && bounds.nulls == file.bounds.rows {
        return Greatest::Nothing;
    }
    match &bounds.max {
        Some(max) if bounds.max_is_value => Greatest::Value(max.clone()),
        _ => Greatest::Unknown,
    }
}
