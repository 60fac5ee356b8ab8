//! Names that an alias gives to the first columns of a function's rows: `entity_clusters('m') AS e (id)`.
//!
//! The rest keep their names. DataFusion's planner wants one for each. What relations of other kinds have
//! is known before they are planned (`sql::alias_columns`).

use datafusion::error::Result;
use datafusion::logical_expr::planner::{
    RelationPlanner, RelationPlannerContext, RelationPlanning,
};
use datafusion::sql::sqlparser::ast::{Ident, TableAliasColumnDef, TableFactor};

use crate::sql::{model_functions, table_changes};

/// The planner, which leaves the rest of the work to others.
#[derive(Debug)]
pub(super) struct NameAllColumns;

impl RelationPlanner for NameAllColumns {
    fn plan_relation(
        &self,
        mut relation: TableFactor,
        context: &mut dyn RelationPlannerContext,
    ) -> Result<RelationPlanning> {
        if let TableFactor::Table {
            name,
            alias: Some(alias),
            ..
        } = &mut relation
            && !alias.columns.is_empty()
        {
            let function = context.object_name_to_table_reference(name.clone())?;
            let name = function.table();
            if model_functions::decode(name).is_some() || table_changes::decode(name).is_some() {
                let columns = context
                    .context_provider()
                    .get_table_source(function)?
                    .schema();
                let rest = columns.fields().iter().skip(alias.columns.len());
                alias.columns.extend(rest.map(|field| TableAliasColumnDef {
                    name: Ident::with_quote('"', field.name()),
                    data_type: None,
                }));
            }
        }
        Ok(RelationPlanning::Original(Box::new(relation)))
    }
}
