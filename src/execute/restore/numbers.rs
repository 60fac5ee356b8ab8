//! The numbers of identity columns when a version is restored: they go on where they are, beyond all that
//! were given, so that none is given twice.

use arrow::array::AsArray as _;
use arrow::datatypes::{DataType, Int64Type};

use crate::catalog::{NewObject, Object};
use crate::error::{Error, Result};
use crate::execute::referential::rows_of;
use crate::session::Session;
use crate::sql::Statement;
use crate::sql::identity::{self, Identity};
use crate::sql::name::Quoted;

/// Has the numbers of the identity columns that a table will have go on beyond those of the version's rows,
/// for `TRUNCATE ... RESTART IDENTITY` may have begun them anew; and where the table gets another
/// definition, beyond those that have been given to a column since that was dropped, renamed or numbered
/// anew. What is wasted where the restore fails is a gap.
///
/// # Errors
/// Those of the disk, and of reading the version's rows.
pub(super) async fn go_on(
    session: &Session,
    object: &Object,
    version: i64,
    new: Option<&NewObject>,
) -> Result<()> {
    let catalog = &session.instance.catalog;
    let redefines = new.is_some();
    let (definition, keys) = match &new {
        Some(new) => (&new.definition, &new.sequences),
        None => (&object.definition, &object.sequences),
    };
    let Statement::CreateTable(create) = definition else {
        return Err(Error::internal(format!("{} is not a table", object.name)));
    };
    for column in &create.columns {
        let name = &column.name.value;
        let Some(numbers) = identity::of_column(&create.columns, name) else {
            continue;
        };
        // They come again by themselves.
        if numbers.cycles {
            continue;
        }
        let key = keys.get(name).unwrap_or(name);
        let own = catalog.next_number(object.oid, key, &numbers)?;
        let mut next = own;
        if redefines {
            let others = catalog.numbers_like(object.oid, key)?;
            let others = others.into_iter().filter(|(other, _)| other != key);
            next = others.fold(next, |next, (_, other)| later(&numbers, next, other));
        }
        if let Some(last) = last_of(session, object, name, version, &numbers).await? {
            let after = i128::from(last) + i128::from(numbers.increment);
            // A number at the end of them was given by hand.
            if (i128::from(numbers.minimum)..=i128::from(numbers.maximum)).contains(&after) {
                next = later(&numbers, next, after);
            }
        }
        if next != own {
            catalog.set_next_number(object.oid, key, next)?;
        }
    }
    Ok(())
}

/// Which of two numbers comes later.
fn later(numbers: &Identity, left: i128, right: i128) -> i128 {
    match numbers.increment > 0 {
        true => left.max(right),
        false => left.min(right),
    }
}

/// The last number that the rows of a version have in a column.
async fn last_of(
    session: &Session,
    object: &Object,
    column: &str,
    version: i64,
    numbers: &Identity,
) -> Result<Option<i64>> {
    let greatest = if numbers.increment > 0 { "max" } else { "min" };
    let text = format!(
        "SELECT {greatest}({}) FROM {} VERSION AS OF {version}",
        Quoted(column),
        object.name
    );
    let rows = rows_of(session.statement(), &text).await?;
    let Some(batch) = rows.iter().find(|batch| batch.num_rows() > 0) else {
        return Ok(None);
    };
    let found = arrow::compute::cast(batch.column(0), &DataType::Int64)?;
    Ok(found.as_primitive::<Int64Type>().iter().next().flatten())
}
