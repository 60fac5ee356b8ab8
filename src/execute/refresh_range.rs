//! The ends of the range of a `REFRESH ... FROM`, as the session reads them: a moment is one of its
//! time zone.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field};
use datafusion::scalar::ScalarValue;
use futures::TryStreamExt as _;
use tributary_udfs::type_name;

use super::query::Planned;
use crate::catalog::Object;
use crate::error::{Error, Result, SqlState};
use crate::models::backfill::{Range, versioned};
use crate::session::{Notices, Session};
use crate::sql::options::Literal;
use crate::sql::refresh::VersionRange;
use crate::sql::{Statement, parser};

/// The range, as versions of an object's rows.
///
/// # Errors
/// 0A000 for what has no key or no versions; 22007, 22008 and 22P02 for what is no
/// version; 22023 for a range that ends before it begins.
pub async fn read(session: &Session, object: &Object, range: &VersionRange) -> Result<Range> {
    let (_, version) = versioned(object)?;
    let field = object.schema.field_with_name(&version)?;
    let from = cast(field, &range.from);
    let Some(to) = range.to.as_ref() else {
        let from = value(session, field, &from).await?;
        return Ok(Range { from, to: None });
    };
    let to = cast(field, to);
    let read = Range {
        from: value(session, field, &from).await?,
        to: Some(value(session, field, &to).await?),
    };
    // Ends that have other digits than each other are compared as a query does.
    let is_backward = value(session, field, &format!("{from} > {to}")).await?;
    if is_backward == ScalarValue::Boolean(Some(true)) {
        return Err(Error::new(
            SqlState::INVALID_PARAMETER_VALUE,
            "the range of a REFRESH ends before it begins",
        )
        .with_detail(format!("The range is one of column \"{version}\"."))
        .with_hint("Write the earlier version after FROM, the later one after TO."));
    }
    Ok(read)
}

/// The expression that reads a text as a version.
fn cast(field: &Field, text: &str) -> String {
    // It may have more digits than the versions have.
    let data_type = match field.data_type() {
        DataType::Decimal32(..)
        | DataType::Decimal64(..)
        | DataType::Decimal128(..)
        | DataType::Decimal256(..) => "numeric".to_owned(),
        other => type_name(other).to_string(),
    };
    format!("{}::{data_type}", Literal(text))
}

async fn value(session: &Session, field: &Field, expression: &str) -> Result<ScalarValue> {
    let of_column = |error: Error| {
        error.with_detail(format!("The range is one of column \"{}\".", field.name()))
    };
    let select = format!("SELECT {expression}");
    let Statement::Query(query) = parser::parse_one(&select)? else {
        return Err(Error::internal("a cast is no query"));
    };
    let planned = Planned::new(session, &query, Vec::new()).await;
    let rows = planned
        .map_err(of_column)?
        .rows(Arc::new(Notices::default()));
    let rows: Vec<_> = rows
        .await
        .map_err(of_column)?
        .try_collect()
        .await
        .map_err(|error| of_column(error.into()))?;
    let value = rows.iter().find(|batch| batch.num_rows() > 0);
    let value = value.map(|batch| ScalarValue::try_from_array(batch.column(0), 0));
    value
        .transpose()?
        .ok_or_else(|| Error::new(SqlState::INTERNAL_ERROR, "a cast gives no row"))
}
