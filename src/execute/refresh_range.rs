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
/// 0A000 for what has no key or no versions; 22007, 22008 and 22P02 for what is no version.
pub async fn read(session: &Session, object: &Object, range: &VersionRange) -> Result<Range> {
    let (_, version) = versioned(object)?;
    let field = object.schema.field_with_name(&version)?;
    Ok(Range {
        from: end(session, field, &range.from).await?,
        to: match &range.to {
            Some(to) => Some(end(session, field, to).await?),
            None => None,
        },
    })
}

async fn end(session: &Session, field: &Field, text: &str) -> Result<ScalarValue> {
    // It may have more digits than the versions have.
    let data_type = match field.data_type() {
        DataType::Decimal32(..)
        | DataType::Decimal64(..)
        | DataType::Decimal128(..)
        | DataType::Decimal256(..) => "numeric".to_owned(),
        other => type_name(other).to_string(),
    };
    let of_column = |error: Error| {
        error.with_detail(format!("The range is one of column \"{}\".", field.name()))
    };
    let cast = format!("SELECT {}::{data_type}", Literal(text));
    let Statement::Query(query) = parser::parse_one(&cast)? else {
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
