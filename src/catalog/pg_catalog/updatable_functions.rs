//! What may be changed through a relation: `pg_relation_is_updatable` and `pg_column_is_updatable`. Rows
//! of tables may be; views and external tables are read alone.

use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::ScalarUDF;

use super::function::{Call, CatalogFunction};
use super::functions::{BIGINT, BOOLEAN, TEXT, number, string};
use super::name_functions::relation_oid;
use super::relation::{Relation, relation};
use crate::catalog::Kind;
use crate::catalog::system::SystemSources;

/// `UPDATE`, `INSERT` and `DELETE`, as PostgreSQL numbers them: `1 << CMD_UPDATE` and so on.
const ALL_COMMANDS: i32 = (1 << 2) | (1 << 3) | (1 << 4);

/// The functions.
pub fn functions() -> Vec<ScalarUDF> {
    let of_relation: &[&[DataType]] = &[&[BIGINT, BOOLEAN], &[TEXT, BOOLEAN]];
    let of_column: &[&[DataType]] = &[&[BIGINT, BIGINT, BOOLEAN], &[TEXT, BIGINT, BOOLEAN]];
    vec![
        CatalogFunction::udf(
            "pg_relation_is_updatable",
            of_relation,
            DataType::Int32,
            Call::Answer(|sources, values| {
                if values.iter().any(ScalarValue::is_null) {
                    return ScalarValue::Int32(None);
                }
                let found = meant(sources, values);
                let is_table = found.is_some_and(|relation| is_table(&relation));
                ScalarValue::Int32(Some(if is_table { ALL_COMMANDS } else { 0 }))
            }),
        ),
        CatalogFunction::udf(
            "pg_column_is_updatable",
            of_column,
            BOOLEAN,
            Call::Answer(|sources, values| {
                if values.iter().any(ScalarValue::is_null) {
                    return ScalarValue::Boolean(None);
                }
                let place = number(values, 1).and_then(|it| usize::try_from(it - 1).ok());
                let is_there = meant(sources, values).is_some_and(|relation| {
                    let fields = relation.columns.fields();
                    is_table(&relation) && place.is_some_and(|place| place < fields.len())
                });
                ScalarValue::Boolean(Some(is_there))
            }),
        ),
    ]
}

/// The relation that a number or a name means.
fn meant(sources: &dyn SystemSources, values: &[ScalarValue]) -> Option<Arc<Relation>> {
    let oid = number(values, 0).or_else(|| relation_oid(sources, &string(values, 0)?));
    relation(sources, oid?)
}

fn is_table(relation: &Relation) -> bool {
    let object = relation.object.as_ref();
    relation.kind == "r" && object.is_some_and(|object| object.kind == Kind::Table)
}
