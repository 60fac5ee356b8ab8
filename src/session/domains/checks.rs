//! What values of a domain must satisfy, ready to be computed.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Schema, SchemaRef};
use datafusion::common::DFSchema;
use datafusion::error::Result as QueryResult;
use datafusion::execution::SessionState;
use datafusion::physical_plan::PhysicalExpr;

use super::{DomainKind, chain};
use crate::catalog::Object;
use crate::catalog::pg_catalog::StatementCatalog;
use crate::error::{DomainPlace, Error, Result, SqlState};
use crate::models::expression;
use crate::sql::create_domain::DomainCheck;

/// Where the conditions stand, as errors say it.
const PLACE: &str = "CHECK";

/// The conditions of a domain and of those that it is over.
#[derive(Debug)]
pub struct DomainChecks {
    kind: DomainKind,
    /// Its name, as the session sees it.
    name: String,
    place: DomainPlace,
    /// Whether NULL is none of its values.
    not_null: bool,
    conditions: Vec<(String, Arc<dyn PhysicalExpr>)>,
    /// The one column that the conditions are of.
    columns: SchemaRef,
    /// The definitions that they come of.
    written: Vec<String>,
}

impl DomainChecks {
    /// Those of a domain, of values that are kept as this type; none of a domain that was dropped.
    ///
    /// # Errors
    /// What planning a condition says.
    pub fn new(
        state: &SessionState,
        kind: DomainKind,
        data_type: &DataType,
    ) -> Result<Option<Self>> {
        let sources = StatementCatalog::of(state.config_options())?;
        let (snapshot, path) = (sources.snapshot(), sources.search_path());
        let domains = chain(&snapshot, kind.oid);
        let Some((own, _)) = domains.first() else {
            return Ok(None);
        };
        // As in Postgres, what a domain is over comes first, and conditions in the order of their names.
        let mut checks = Vec::new();
        for (_, create) in domains.iter().rev() {
            let first = checks.len();
            checks.extend(&create.checks);
            if let Some(own) = checks.get_mut(first..) {
                own.sort_by(|left, right| left.name.cmp(&right.name));
            }
        }
        let planned = Self::planned(state, own, kind, data_type, &checks)?;
        let one = DomainKind {
            is_array: false,
            ..kind
        };
        Ok(Some(Self {
            name: one.shown(&snapshot, &path).unwrap_or_default(),
            not_null: domains.iter().any(|(_, create)| create.not_null),
            written: domains.iter().map(|(_, it)| it.to_string()).collect(),
            ..planned
        }))
    }

    /// One condition of a domain alone, or that none of its values is NULL, for values of a domain over it.
    ///
    /// # Errors
    /// What planning the condition says.
    pub fn only(
        state: &SessionState,
        domain: &Object,
        kind: DomainKind,
        data_type: &DataType,
        check: Option<&DomainCheck>,
    ) -> Result<Self> {
        let checks: Vec<&DomainCheck> = check.into_iter().collect();
        let planned = Self::planned(state, domain, kind, data_type, &checks)?;
        Ok(Self {
            not_null: check.is_none(),
            ..planned
        })
    }

    fn planned(
        state: &SessionState,
        domain: &Object,
        kind: DomainKind,
        data_type: &DataType,
        checks: &[&DomainCheck],
    ) -> Result<Self> {
        let columns = domain.schema.fields().iter().map(|field| {
            let field = field.as_ref().clone().with_nullable(true);
            field.with_data_type(item_of(data_type, kind).clone())
        });
        let columns = Arc::new(Schema::new(columns.collect::<Vec<_>>()));
        let known = DFSchema::try_from(Arc::clone(&columns))?;
        let mut conditions = Vec::with_capacity(checks.len());
        for check in checks {
            let condition = check.condition.as_ref().clone();
            let condition = expression::condition(state, &known, condition, PLACE)?;
            conditions.push((check.name.clone(), condition));
        }
        Ok(Self {
            kind,
            name: domain.name.name.clone(),
            place: DomainPlace {
                schema: domain.name.schema.clone(),
                domain: domain.name.name.clone(),
                constraint: None,
            },
            not_null: false,
            conditions,
            columns,
            written: Vec::new(),
        })
    }

    /// The domain.
    pub fn kind(&self) -> DomainKind {
        self.kind
    }

    /// The definitions that they come of.
    pub fn written(&self) -> &[String] {
        &self.written
    }

    /// That values are some of the domain.
    ///
    /// # Errors
    /// 23502 for NULL and 23514 for another value that is none; what computing a condition meets.
    pub fn check(&self, values: &ArrayRef) -> QueryResult<()> {
        if self.kind.is_array
            && let Some(lists) = values.as_list_opt::<i32>()
        {
            return lists
                .iter()
                .flatten()
                .try_for_each(|list| self.check(&list));
        }
        let mut refused: Option<(usize, Option<&String>)> = None;
        if self.not_null {
            let missing = (0..values.len()).find(|row| values.is_null(*row));
            refused = missing.map(|row| (row, None));
        }
        let rows = RecordBatch::try_new(Arc::clone(&self.columns), vec![Arc::clone(values)])?;
        for (name, condition) in &self.conditions {
            let held = condition.evaluate(&rows)?.into_array(rows.num_rows())?;
            // NULL passes.
            let row = held
                .as_boolean()
                .iter()
                .position(|held| held == Some(false));
            if let Some(row) = row
                && refused.is_none_or(|(first, _)| row < first)
            {
                refused = Some((row, Some(name)));
            }
        }
        match refused {
            None => Ok(()),
            Some((_, constraint)) => Err(self.violated(constraint).into()),
        }
    }

    fn violated(&self, constraint: Option<&String>) -> Error {
        let name = &self.name;
        let error = match constraint {
            None => {
                let message = format!("domain {name} does not allow null values");
                Error::new(SqlState::NOT_NULL_VIOLATION, message)
            }
            Some(constraint) => Error::new(
                SqlState::CHECK_VIOLATION,
                format!("value for domain {name} violates check constraint \"{constraint}\""),
            ),
        };
        error.with_domain(DomainPlace {
            constraint: constraint.cloned(),
            ..self.place.clone()
        })
    }
}

/// The type of what is checked, in arrays of whatever depth.
fn item_of(data_type: &DataType, kind: DomainKind) -> &DataType {
    match data_type {
        DataType::List(item) if kind.is_array => item_of(item.data_type(), kind),
        other => other,
    }
}
