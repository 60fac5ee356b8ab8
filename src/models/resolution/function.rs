//! What functions on models answer, in a statement.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, AsArray, BooleanArray, Float64Array, Int64Array, RecordBatch, StringArray,
};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::common::Column;
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::{Expr, LogicalPlanBuilder, lit};
use datafusion::scalar::ScalarValue;
use futures::TryStreamExt;
use futures::future::BoxFuture;
use tributary_udfs::resolve::{Records, RecordsBuilder, Resolver};

use super::learned::Learned;
use super::{Companion, Resolved, columns_of, computed, evaluate, links, options, scan};
use crate::catalog::Snapshot;
use crate::config::SessionSettings;
use crate::error::{Error, Result, SqlState};
use crate::execute::query;
use crate::instance::{OWNER, Reading, StatementContext};
use crate::sql::model_functions::{Call, ModelFunction};

/// The most pairs that label suggestions give.
const MOST_SUGGESTIONS: i64 = 100_000;

/// A version of a model, asked by a statement.
#[derive(Clone)]
pub struct Asked {
    /// The model.
    pub model: Arc<Resolved>,
    /// The catalog that the statement sees.
    pub snapshot: Arc<Snapshot>,
    /// The settings of its session.
    pub settings: SessionSettings,
    /// The relation that the call names beside the model.
    pub relation: Option<Arc<dyn TableProvider>>,
}

impl Asked {
    /// The rows that a call answers with.
    ///
    /// # Errors
    /// What the store says.
    pub async fn call(self, call: &Call<'_>) -> Result<Arc<dyn TableProvider>> {
        match call.function {
            ModelFunction::Clusters => return Ok(Arc::clone(&self.model.clusters)),
            ModelFunction::Pairs => return self.model.table(Companion::Pairs).await,
            ModelFunction::History => return self.model.table(Companion::History).await,
            _ => {}
        }
        let function = call.function;
        let arguments = Arc::new(call.arguments.clone());
        let schema = columns_of(&self.model.object, function);
        let columns = Arc::clone(&schema);
        computed::relation(function.name(), schema, move || {
            let asked = self.clone();
            let arguments = Arc::clone(&arguments);
            let columns = Arc::clone(&columns);
            Box::pin(async move { asked.compute(function, &arguments, columns).await })
                as BoxFuture<'static, Result<RecordBatch>>
        })
    }

    async fn compute(
        &self,
        function: ModelFunction,
        arguments: &[String],
        columns: SchemaRef,
    ) -> Result<RecordBatch> {
        match (function, arguments) {
            (ModelFunction::Explain, [left, right]) => self.explain(left, right, columns).await,
            (ModelFunction::LabelSuggestions, [most]) => self.suggest(most, columns).await,
            (ModelFunction::Evaluate, _) => self.evaluate(columns).await,
            (ModelFunction::Parameters, _) => self.parameters(columns).await,
            (ModelFunction::BlockingReport, _) => self.blocking_report(columns).await,
            _ => Err(Error::internal(format!(
                "{} has other arguments",
                function.name()
            ))),
        }
    }

    fn context(&self) -> StatementContext {
        let instance = &self.model.instance;
        let snapshot = Arc::clone(&self.snapshot);
        instance.statement_of(OWNER, snapshot, &self.settings, Reading::Rows)
    }

    /// The value of an argument.
    async fn value(&self, argument: &str) -> Result<ScalarValue> {
        let context = self.context();
        let plan = links::table(&context, &format!("SELECT {argument}")).await?;
        let rows = query::stream(context.state, plan).await?;
        let rows: Vec<RecordBatch> = rows.try_collect().await?;
        let first = rows.iter().find(|batch| batch.num_rows() > 0);
        let value = first.map(|batch| ScalarValue::try_from_array(batch.column(0), 0));
        Ok(value.transpose()?.unwrap_or(ScalarValue::Null))
    }

    async fn parameters(&self, columns: SchemaRef) -> Result<RecordBatch> {
        let model = Learned::read(&self.model).await?.model;
        let parameters = model.parameters();
        let prior = model.prior();
        let kind = |comparison: &str| {
            let column = model.columns().iter().find(|column| {
                let rest = comparison.strip_prefix(column.name.as_str());
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(" ("))
            });
            column.map(|column| column.kind.name())
        };
        let texts = |prior: Option<&str>, of: &dyn Fn(usize) -> Option<String>| -> ArrayRef {
            let rest = (0..parameters.len()).map(of);
            let first = std::iter::once(prior.map(str::to_owned));
            Arc::new(first.chain(rest).collect::<StringArray>())
        };
        let numbers = |prior: f64, of: &dyn Fn(usize) -> f64| -> ArrayRef {
            let rest = (0..parameters.len()).map(of);
            Arc::new(std::iter::once(prior).chain(rest).collect::<Float64Array>())
        };
        let arrays = vec![
            texts(Some(PRIOR), &|at| Some(parameters[at].comparison.clone())),
            texts(None, &|at| {
                kind(&parameters[at].comparison).map(str::to_owned)
            }),
            texts(None, &|at| Some(parameters[at].label.clone())),
            numbers(prior, &|at| parameters[at].m),
            numbers(1.0 - prior, &|at| parameters[at].u),
            numbers((prior / (1.0 - prior)).log2(), &|at| parameters[at].weight),
        ];
        Ok(RecordBatch::try_new(columns, arrays)?)
    }

    async fn blocking_report(&self, columns: SchemaRef) -> Result<RecordBatch> {
        let rules = Learned::read(&self.model).await?.report.rules;
        let numbers = |of: fn(&super::learned::Rule) -> u64| -> ArrayRef {
            let numbers = rules.iter().map(of);
            Arc::new(
                numbers
                    .map(|number| i64::try_from(number).unwrap_or(i64::MAX))
                    .collect::<Int64Array>(),
            )
        };
        let names = rules.iter().map(|rule| Some(rule.rule.as_str()));
        let arrays = vec![
            Arc::new(names.collect::<StringArray>()) as ArrayRef,
            numbers(|rule| rule.pairs),
            numbers(|rule| rule.largest.into()),
            numbers(|rule| rule.split),
            numbers(|rule| rule.dropped),
        ];
        Ok(RecordBatch::try_new(columns, arrays)?)
    }

    async fn explain(&self, left: &str, right: &str, columns: SchemaRef) -> Result<RecordBatch> {
        let model = Learned::read(&self.model).await?.model;
        let (left, right) = (self.record(left).await?, self.record(right).await?);
        let options = options::read(self.model.definition()?, &left.schema())?;
        let pool = &self.model.instance.runtime().memory_pool;
        let mut builder = RecordsBuilder::new(&left.schema(), &options, pool)?;
        builder.push(left)?;
        builder.push(right)?;
        let records = builder.finish_for(model.columns())?;
        let rows = Resolver::new(records, model).explain(0, 1);
        let texts = |of: fn(&tributary_udfs::resolve::Explanation) -> &str| -> ArrayRef {
            let texts = rows.iter().map(of);
            Arc::new(
                texts
                    .map(|text| Some(text).filter(|text| !text.is_empty()))
                    .collect::<StringArray>(),
            )
        };
        let numbers = |of: fn(&tributary_udfs::resolve::Explanation) -> f64| -> ArrayRef {
            Arc::new(rows.iter().map(of).collect::<Float64Array>())
        };
        let steps = (1..).take(rows.len()).collect::<Int64Array>();
        let arrays = vec![
            Arc::new(steps) as ArrayRef,
            texts(|row| match row.comparison.as_str() {
                "" => PRIOR,
                comparison => comparison,
            }),
            texts(|row| &row.left),
            texts(|row| &row.right),
            texts(|row| match row.comparison.as_str() {
                "" => "",
                _ => &row.label,
            }),
            numbers(|row| row.m),
            numbers(|row| row.u),
            numbers(|row| row.weight),
            numbers(|row| row.total),
            numbers(|row| 1.0 / (1.0 + (-row.total).exp2())),
        ];
        Ok(RecordBatch::try_new(columns, arrays)?)
    }

    /// The record that an argument names: by its identifier, behind its source and a colon where
    /// the model has sources.
    async fn record(&self, argument: &str) -> Result<RecordBatch> {
        let value = self.value(argument).await?;
        let text = match value.cast_to(&DataType::Utf8)? {
            ScalarValue::Utf8(Some(text)) => text,
            _ => {
                return Err(Error::new(
                    SqlState::INVALID_PARAMETER_VALUE,
                    format!("{argument} names no record"),
                ));
            }
        };
        let object = &self.model.object;
        let unknown = || {
            Error::new(
                SqlState::INVALID_PARAMETER_VALUE,
                format!("{} has no record \"{text}\"", object.described()),
            )
        };
        let table = self.model.table(Companion::Records).await?;
        let options = options::read(self.model.definition()?, &table.schema())?;
        let (source, id) = match &options.source {
            Some(_) => {
                let (source, id) = text.split_once(':').ok_or_else(|| {
                    unknown().with_hint("Write its source before it: 'source:id'.")
                })?;
                (Some(source), id)
            }
            None => (None, text.as_str()),
        };
        let is = |name: &str, value: &str| -> Result<Expr> {
            let schema = table.schema();
            let data_type = schema.field_with_name(name)?.data_type();
            let value = ScalarValue::from(value).cast_to(data_type);
            let value = value.map_err(|_| unknown())?;
            Ok(Expr::Column(Column::new_unqualified(name)).eq(lit(value)))
        };
        let mut filter = is(&options.unique_id, id)?;
        if let (Some(name), Some(source)) = (&options.source, source) {
            filter = filter.and(is(name, source)?);
        }
        let schema = table.schema();
        let rows = scan::stream(&self.model.instance, Arc::clone(&table), Some(filter)).await?;
        let rows: Vec<RecordBatch> = rows.try_collect().await?;
        let rows = concat_batches(&schema, &rows)?;
        match rows.num_rows() {
            0 => Err(unknown()),
            _ => Ok(rows.slice(0, 1)),
        }
    }

    /// Uncertainty sampling: the pairs that the model knows least of. D. Lewis and W. Gale, "A
    /// sequential algorithm for training text classifiers", SIGIR 1994.
    async fn suggest(&self, most: &str, columns: SchemaRef) -> Result<RecordBatch> {
        let value = self.value(most).await?;
        let most = match value.cast_to(&DataType::Int64)? {
            ScalarValue::Int64(Some(most)) if (0..=MOST_SUGGESTIONS).contains(&most) => most,
            _ => {
                return Err(Error::new(
                    SqlState::INVALID_PARAMETER_VALUE,
                    format!("{value} is no number of pairs"),
                )
                .with_hint(format!("Ask for 0 to {MOST_SUGGESTIONS}.")));
            }
        };
        let most = usize::try_from(most).unwrap_or(0);
        let decided = self.decided().await?;
        let table = self.model.table(Companion::Pairs).await?;
        let schema = table.schema();
        let context = self.context();
        let doubt = Expr::Column(Column::new_unqualified("probability")) - lit(0.5);
        let doubt = datafusion::functions::expr_fn::abs(doubt);
        let order = schema
            .fields()
            .iter()
            .map(|field| Expr::Column(Column::new_unqualified(field.name())).sort(true, false));
        let order: Vec<_> = std::iter::once(doubt.sort(true, false))
            .chain(order)
            .collect();
        let plan = LogicalPlanBuilder::scan("pairs", provider_as_source(table), None)?
            .sort_with_limit(order, Some(most.saturating_add(decided.len())))?
            .build()?;
        let rows = query::stream(context.state, plan).await?;
        let rows: Vec<RecordBatch> = rows.try_collect().await?;
        let rows = concat_batches(&schema, &rows)?;
        let names = schema.fields().len() - 2;
        let texts = rows.columns()[..names]
            .iter()
            .map(|column| cast(column, &DataType::Utf8))
            .collect::<Result<Vec<_>, _>>()?;
        let name = |row: usize, from: usize| -> Vec<String> {
            let side = texts[from..from + names / 2].iter();
            side.map(|column| column.as_string::<i32>().value(row).to_owned())
                .collect()
        };
        let open: BooleanArray = (0..rows.num_rows())
            .map(|row| {
                let (left, right) = (name(row, 0), name(row, names / 2));
                let pair = (left, right);
                let turned = (pair.1.clone(), pair.0.clone());
                Some(!decided.contains(&pair) && !decided.contains(&turned))
            })
            .collect();
        let rows = arrow::compute::filter_record_batch(&rows, &open)?;
        let rows = rows.slice(0, most.min(rows.num_rows()));
        Ok(RecordBatch::try_new(columns, rows.columns().to_vec())?)
    }

    /// The pairs that humans have decided, by names.
    async fn decided(&self) -> Result<std::collections::HashSet<(Vec<String>, Vec<String>)>> {
        let context = self.context();
        let mut decided = std::collections::HashSet::new();
        let definition = self.model.definition()?;
        for option in [links::MUST_LINK, links::CANNOT_LINK] {
            links::each(&context, definition, option, |left, right| {
                let names = |side: (&str, &str)| match side {
                    (id, "") => vec![id.to_owned()],
                    (id, source) => vec![id.to_owned(), source.to_owned()],
                };
                decided.insert((names(left), names(right)));
            })
            .await?;
        }
        Ok(decided)
    }

    async fn evaluate(&self, columns: SchemaRef) -> Result<RecordBatch> {
        let Some(truth) = &self.relation else {
            return Err(Error::internal("entity_evaluate without a relation"));
        };
        evaluate::rows(self, Arc::clone(truth), columns).await
    }

    /// All records of the model, with the model.
    pub(super) async fn resolver(&self) -> Result<Resolver> {
        let model = Learned::read(&self.model).await?.model;
        let table = self.model.table(Companion::Records).await?;
        let schema = table.schema();
        let options = options::read(self.model.definition()?, &schema)?;
        let pool = &self.model.instance.runtime().memory_pool;
        let mut builder = RecordsBuilder::new(&schema, &options, pool)?;
        let mut rows = scan::stream(&self.model.instance, table, None).await?;
        while let Some(batch) = rows.try_next().await? {
            builder.push(batch)?;
        }
        scan::blocking(move || {
            let records: Records = builder.finish_for(model.columns())?;
            Ok(Resolver::new(records, model))
        })
        .await
    }
}

/// What a model holds of any two records, where a comparison would stand.
const PRIOR: &str = "prior";
