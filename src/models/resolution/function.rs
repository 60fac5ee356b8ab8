//! What functions on models answer, in a statement.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, new_null_array};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::common::Column;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{Expr, lit};
use datafusion::scalar::ScalarValue;
use futures::TryStreamExt;
use futures::future::BoxFuture;
use tributary_udfs::resolve::{Decisions, Pair, Resolver, label_suggestions};

use super::index::Index;
use super::learned::Learned;
use super::{Companion, Resolved, columns_of, computed, evaluate, found, links, options, scan};
use crate::catalog::Snapshot;
use crate::config::SessionSettings;
use crate::error::{Error, Result, SqlState, nearest};
use crate::execute::query;
use crate::instance::{Asker, Reading, StatementContext};
use crate::sql::model_functions::{Call, ModelFunction};
use crate::sql::model_options::OptionValue;

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
            (ModelFunction::Lookup, [record]) => self.lookup(record, columns).await,
            (ModelFunction::Calibration, _) => self.calibration(columns).await,
            (ModelFunction::Unlinkable, _) => self.unlinkable(columns).await,
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
        instance.statement_of(&Asker::server(), snapshot, &self.settings, Reading::Rows)
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
        if left == right {
            return Err(Error::new(
                SqlState::INVALID_PARAMETER_VALUE,
                "entity_explain compares two records, and these are one",
            ));
        }
        let taking = self.model.input(&left.schema())?;
        let mut builder = taking.builder(&self.model.instance.runtime().memory_pool)?;
        for record in [left, right] {
            builder.push(taking.with_keys(record)?)?;
        }
        let records = builder.finish_for(model.columns())?;
        let rows = Resolver::new(records, model)?.explain(0, 1)?;
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
            numbers(|row| probability(row.total)),
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
        let options = options::read(self.model.definition()?)?.engine;
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

    /// The pairs that a human should be asked about, without those that one has decided or labelled.
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
        let index = self.index().await?;
        let (must, cannot) = self.decided(&index.resolver).await?;
        let ordered = |(left, right): (u32, u32)| (left.max(right), left.min(right));
        let labels = links::labels(
            &self.context(),
            self.model.definition()?,
            index.resolver.records(),
        )
        .await?;
        let labelled = labels.into_iter().map(|label| (label.left, label.right));
        let decided = must.into_iter().chain(cannot).chain(labelled);
        let decided: HashSet<(u32, u32)> = decided.map(ordered).collect();
        scan::blocking(move || {
            let open: Vec<Pair> = index
                .pairs
                .iter()
                .filter(|pair| !decided.contains(&(pair.left, pair.right)))
                .copied()
                .collect();
            let chosen = label_suggestions(&open, &index.clusters, most);
            let arrays = found::pairs(&index.resolver, &chosen, &columns)?;
            Ok(RecordBatch::try_new(columns, arrays)?)
        })
        .await
    }

    /// The pairs that humans have decided.
    async fn decided(&self, resolver: &Resolver) -> Result<(Places, Places)> {
        let context = self.context();
        let definition = self.model.definition()?;
        let records = resolver.records();
        Ok((
            links::read(&context, definition, links::MUST_LINK, records).await?,
            links::read(&context, definition, links::CANNOT_LINK, records).await?,
        ))
    }

    /// The decisions of humans, for the engine.
    pub(super) async fn decisions(&self, resolver: &Resolver) -> Result<Decisions> {
        let (must, cannot) = self.decided(resolver).await?;
        let decisions = Decisions::new(resolver.records(), &must, &cannot);
        Ok(decisions.map_err(DataFusionError::from)?)
    }

    async fn calibration(&self, columns: SchemaRef) -> Result<RecordBatch> {
        let bins = Learned::read(&self.model).await?.report.calibration;
        let numbers = |of: fn(&super::learned::Bin) -> f64| -> ArrayRef {
            Arc::new(bins.iter().map(of).collect::<Float64Array>())
        };
        let pairs = bins.iter().map(|bin| i64::try_from(bin.pairs).ok());
        let arrays = vec![
            numbers(|bin| bin.from),
            Arc::new(pairs.collect::<Int64Array>()) as ArrayRef,
            numbers(|bin| bin.expected),
            numbers(|bin| bin.observed),
        ];
        Ok(RecordBatch::try_new(columns, arrays)?)
    }

    async fn unlinkable(&self, columns: SchemaRef) -> Result<RecordBatch> {
        let index = self.index().await?;
        scan::blocking(move || {
            let found = index.resolver.unlinkable()?;
            let places = found.iter().map(|(record, _)| *record);
            let mut arrays = found::names(&index.resolver, places, &columns, 0)?;
            let weights: Float64Array = found.iter().map(|(_, weight)| *weight).collect();
            let probabilities = found.iter().map(|(_, weight)| probability(*weight));
            arrays.push(Arc::new(weights));
            arrays.push(Arc::new(probabilities.collect::<Float64Array>()));
            Ok(RecordBatch::try_new(columns, arrays)?)
        })
        .await
    }

    /// The entities that a record may be, each by its record that is most like it.
    async fn lookup(&self, record: &str, columns: SchemaRef) -> Result<RecordBatch> {
        let value = self.value(record).await?;
        let record = self.incoming(&value).await?;
        let index = self.index().await?;
        let model = index.resolver.model();
        let taking = self.model.input(&record.schema())?;
        let mut builder = taking.builder(&self.model.instance.runtime().memory_pool)?;
        builder.push(taking.with_keys(record)?)?;
        let mut found = index
            .resolver
            .lookup(&builder.finish_for(model.columns())?)?;
        // The likeliest come first.
        let mut seen = HashSet::new();
        found.retain(|pair| seen.insert(index.entities[pair.right as usize]));
        let entities = found.iter().map(|pair| index.entities[pair.right as usize]);
        let entities = entities.map(|entity| i64::try_from(entity?).ok());
        let mut arrays = vec![Arc::new(entities.collect::<Int64Array>()) as ArrayRef];
        let places = found.iter().map(|pair| pair.right);
        arrays.extend(found::names(&index.resolver, places, &columns, 1)?);
        let weights = found.iter().map(Pair::weight);
        arrays.push(Arc::new(weights.collect::<Float64Array>()));
        let probabilities = found.iter().map(Pair::probability);
        arrays.push(Arc::new(probabilities.collect::<Float64Array>()));
        Ok(RecordBatch::try_new(columns, arrays)?)
    }

    /// A struct as a record of the model's query; columns that it lacks are missing.
    async fn incoming(&self, value: &ScalarValue) -> Result<RecordBatch> {
        let ScalarValue::Struct(fields) = value else {
            return Err(Error::new(
                SqlState::INVALID_PARAMETER_VALUE,
                format!("{value} is no record"),
            )
            .with_hint("Write it as named_struct('column', value, ...)."));
        };
        let schema = self.model.table(Companion::Records).await?.schema();
        let known = || schema.fields().iter().map(|field| field.name().as_str());
        for name in fields.column_names() {
            if !known().any(|column| column == name) {
                let error = Error::new(
                    SqlState::UNDEFINED_COLUMN,
                    format!("{} has no column \"{name}\"", self.model.object.described()),
                );
                return Err(match nearest(name, known()) {
                    Some(near) => error.with_hint(format!("Perhaps you meant \"{near}\".")),
                    None => error,
                });
            }
        }
        let options = &self.model.definition()?.options;
        let id = options.get("unique_id").and_then(OptionValue::as_text);
        // Expressions need the types of their columns. Without any a text serves better: a date
        // that is mistyped is still like the right one.
        let is_typed = self.model.input(&schema)?.is_typed();
        let mut columns = Vec::new();
        let mut arrays: Vec<ArrayRef> = Vec::new();
        for field in schema.fields() {
            let data_type = match is_typed {
                true => field.data_type(),
                false => &DataType::Utf8,
            };
            // It is no record of the model, whatever its identifier.
            let column: ArrayRef = match fields.column_by_name(field.name()) {
                _ if Some(field.name().as_str()) == id => match data_type.is_string() {
                    true => cast(&StringArray::from(vec!["?"]), data_type)?,
                    false => ScalarValue::new_default(data_type)?.to_array()?,
                },
                Some(column) => cast(column, data_type)?,
                None => new_null_array(data_type, 1),
            };
            columns.push(Field::new(field.name(), data_type.clone(), true));
            arrays.push(column);
        }
        Ok(RecordBatch::try_new(
            Arc::new(Schema::new(columns)),
            arrays,
        )?)
    }

    async fn evaluate(&self, columns: SchemaRef) -> Result<RecordBatch> {
        let Some(truth) = &self.relation else {
            return Err(Error::internal("entity_evaluate without a relation"));
        };
        evaluate::rows(self, Arc::clone(truth), columns).await
    }

    /// The model in memory.
    pub(super) async fn index(&self) -> Result<Arc<Index>> {
        self.model.instance.indexes.get(&self.model).await
    }
}

/// Pairs of records, by their places.
type Places = Vec<(u32, u32)>;

/// The probability that a weight stands for.
fn probability(weight: f64) -> f64 {
    1.0 / (1.0 + (-weight).exp2())
}

/// What a model holds of any two records, where a comparison would stand.
const PRIOR: &str = "prior";
