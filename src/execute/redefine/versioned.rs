//! The rows of a table with `merge = 'column'`, written anew: values that are made of those of a column
//! of before keep the versions that these had, in the form that the version columns have now.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema};
use datafusion::catalog::TableProvider;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::functions::core::expr_fn::get_field;
use datafusion::logical_expr::{Expr, LogicalPlanBuilder};

use super::rows::{Made, made_plan, value_of};
use crate::catalog::Object;
use crate::error::{Error, Result};
use crate::execute::query;
use crate::instance::StatementContext;
use crate::models::keyed;
use crate::session::plan;
use crate::warehouse::{Keyed, VersionedColumn};

/// The columns whose values go on with their versions.
pub(super) struct GoingOn {
    /// Each by its new name, with the column of its versions.
    columns: Vec<VersionedColumn>,
    /// The columns of a version, by their names before.
    before: Vec<String>,
    /// The same, as they are now.
    version: Vec<Arc<Field>>,
}

impl GoingOn {
    /// Those of a table that has `known`, and gets these columns, some of which are made.
    ///
    /// # Errors
    /// A definition whose options are wrong.
    pub fn new(
        object: &Object,
        keyed: &Keyed,
        columns: &Schema,
        known: &[VersionedColumn],
        made: &[Made],
    ) -> Result<Self> {
        let before = keyed::of(object)?.map(|keyed| keyed.versions);
        let version = keyed.versions.iter();
        let version = version.map(|name| Ok(Arc::new(columns.field_with_name(name)?.clone())));
        let going_on = columns.fields().iter().filter_map(|field| {
            let made = made.iter().find(|made| made.column == *field.name());
            let before = match made {
                Some(made) => made.of.as_ref()?,
                None => field.name(),
            };
            let known = known.iter().find(|known| known.column == *before)?;
            Some(VersionedColumn {
                column: field.name().clone(),
                versions: known.versions.clone(),
            })
        });
        Ok(Self {
            columns: going_on.collect(),
            before: before.unwrap_or_default(),
            version: version.collect::<Result<_>>()?,
        })
    }

    /// The names of the columns.
    pub fn names(&self) -> Vec<String> {
        let columns = self.columns.iter();
        columns.map(|it| it.column.clone()).collect()
    }

    /// The rows of a relation as the new definition has them, and behind them for each column whether
    /// its value has a version of its own, and that version.
    ///
    /// # Errors
    /// What planning them says.
    pub async fn rows(
        &self,
        context: StatementContext,
        object: &Object,
        relation: Arc<dyn TableProvider>,
        after: &Object,
        made: &[Made],
    ) -> Result<SendableRecordBatchStream> {
        let hidden = self.columns.iter().map(|it| it.versions.clone());
        let hidden: Vec<String> = hidden.collect();
        let value = |field: &Field| value_of(made, field);
        let plan = made_plan(&context, object, relation, after, value, &hidden).await?;
        let width = after.schema.fields().len();
        let columns = plan.schema().columns();
        if columns.len() != width + hidden.len() {
            return Err(Error::internal(
                "a plan has other columns than it was given",
            ));
        }
        let mut values = Vec::new();
        let mut fields: Vec<Arc<Field>> = after.schema.fields().iter().cloned().collect();
        for (place, column) in columns.into_iter().enumerate() {
            let column = Expr::Column(column);
            if place < width {
                values.push(column);
                continue;
            }
            let name = format!("tributary:has{place}");
            values.push(column.clone().is_not_null().alias(&name));
            fields.push(Arc::new(Field::new(name, DataType::Boolean, true)));
            for (part, (before, now)) in self.before.iter().zip(&self.version).enumerate() {
                let name = format!("tributary:version{place}_{part}");
                values.push(get_field(column.clone(), before.as_str()).alias(&name));
                let now = now.as_ref().clone().with_name(name).with_nullable(true);
                fields.push(Arc::new(now));
            }
        }
        let plan = LogicalPlanBuilder::from(plan).project(values)?.build()?;
        let plan = plan::cast_to(plan, &Arc::new(Schema::new(fields)))?;
        query::stream(context.state, plan).await
    }
}
