//! A materialized view that gets a definition of which the same rows follow: what they were made of is what
//! it was.

use std::sync::Arc;

use super::{Analysis, Watermark};
use crate::catalog::Object;
use crate::error::{Error, Result, SqlState};
use crate::instance::{Instance, Reading};
use crate::models::{schema_change, table_id};
use crate::session::plan;
use crate::sql::Statement;

/// How far the inputs of a view's rows were read, for the view as it is `after` its columns have got other
/// names, or it other options. None where that is not known, or where its definition, a setting or the server
/// have changed since the last refresh, so that the next one is a full one anyway.
///
/// # Errors
/// 57014; what the store says. Where the view cannot be planned now, as its source cannot be reached, that
/// is left to the next refresh.
pub async fn redefined(
    instance: &Arc<Instance>,
    before: &Object,
    after: &Object,
) -> Result<Option<Watermark>> {
    let last = instance.warehouse.last_refresh(&table_id(before)).await?;
    let Some(mut watermark) = last.as_ref().and_then(Watermark::read) else {
        return Ok(None);
    };
    let definitions = async {
        let before = definition(instance, before).await?;
        Ok::<_, Error>((before, definition(instance, after).await?))
    };
    match definitions.await {
        Ok((before, after)) if before == watermark.definition => {
            watermark.definition = after;
            Ok(Some(watermark))
        }
        Err(error) if error.sqlstate() == SqlState::QUERY_CANCELED => Err(error),
        Ok(_) | Err(_) => Ok(None),
    }
}

/// The hash of what decides on the rows of a view, as a refresh of now would tell it.
async fn definition(instance: &Arc<Instance>, object: &Object) -> Result<String> {
    let Statement::CreateMaterializedView(definition) = &object.definition else {
        let what = object.described();
        return Err(Error::internal(format!("{what} is no materialized view")));
    };
    let mut settings = instance.configuration.session.clone();
    if let Some(on_error) = definition.options.get("on_error") {
        settings.set("on_error", on_error)?;
    }
    let context = instance.statement(&settings, Reading::Rows);
    let (state, options) = (&context.state, &definition.options);
    let plan = plan::definition(&context, &definition.query, &definition.columns).await?;
    let plan = schema_change::follow(plan, object, options, &context.snapshot)?;
    let analysis = Analysis::new(state, &context.snapshot, options, &plan)?;
    let width = analysis.plan.schema().fields().len();
    analysis.definition(instance, &context, object, width)
}
