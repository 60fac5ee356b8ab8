//! The columns that `*` does not show.

use arrow::datatypes::Field;

/// The column that names a row's file.
pub const FILE: &str = "_file";

/// The column that gives a row's place in its file.
pub const ROW: &str = "_row";

const HIDDEN: &str = "tributary.hidden";

/// Whether `*` leaves the column out.
pub fn is_hidden(field: &Field) -> bool {
    field.metadata().contains_key(HIDDEN)
}

pub(super) fn mark_hidden(field: Field) -> Field {
    let metadata = [(HIDDEN.to_owned(), "true".to_owned())];
    field.with_metadata(metadata.into())
}
