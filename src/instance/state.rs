//! DataFusion's session state, as this server sets it up.

use std::sync::Arc;
use std::time::Duration;

use datafusion::execution::SessionState;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::{FairSpillPool, TrackConsumersPool};
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::logical_expr::registry::FunctionRegistry;
use datafusion::optimizer::{Analyzer, AnalyzerRule};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::prelude::SessionConfig;
use std::num::{NonZeroU64, NonZeroUsize};
use std::path::PathBuf;
use tributary_udfs::composites;
use tributary_udfs::enums;
use tributary_udfs::json::{self, JsonOperators, JsonTypes};
use tributary_udfs::postgres::{
    CommonTypes, ComputeLazily, MomentArithmetic, Now, NumericArithmetic, PostgresSemantics,
    register_functions,
};
use tributary_udfs::{SessionTimeZone, SettingsOfSession, TributaryOptions, TrigramThresholds};

use super::alias_columns::NameAllColumns;
use super::asker::{Asker, Beginnings};
use super::guarded_rules;
use super::hidden_constants::HideConstants;
use super::in_lists::CompareItems;
use super::integer_literals::IntegerLiterals;
use super::join_keys::NameJoinKeys;
use super::moment_operands::MomentOperands;
use super::nested_arrays::NestedArrays;
use super::nested_loops::CutNestedLoops;
use super::order_once::OrderOnce;
use super::plain_items::PlainItems;
use super::providers::Databases;
use super::recursive_unions::UniteByForm;
use super::relations::Relations;
use super::releasing_pool::ReleasingPool;
use super::restored_partitions::RestorePartitions;
use super::restored_sorts::RestoreSorts;
use super::rows_once::{Planner, ShareRows};
use super::seen_sorts;
use super::types::PostgresTypes;
use super::unique_names;
use super::unknown_literals::UnknownLiterals;
use super::waiting_filters;
use super::waiting_in_order::KeepOrderOfWaits;
use super::window_columns::WindowsByColumns;
use super::window_memory::AccountWindows;
use super::yielding::YieldWithinJoins;
use super::{Instance, machine};
use crate::catalog::pg_catalog::{self, StatementCatalog};
use crate::config::{Configuration, SessionSettings, Value as _};
use crate::error::{Error, Result};
use crate::models::resolution::{Indexes, LateralCalls};
use crate::session::composites::{CompositeOperators, CompositeTypes};
use crate::session::enums::{EnumOperators, EnumTypes};
use crate::session::{domains, user_functions};
use crate::warehouse::{LookUpKeys, RowCache, Warehouse, WarehouseSettings};

/// The name of the one database.
pub const DATABASE: &str = "tributary";

/// How many of the largest users of memory an out-of-memory error names.
const NAMED_CONSUMERS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(2);

/// Logs of tables are read on, and checkpoints of them written, every so many commits. To do so takes
/// about as long as two commits of a row, and who opens a table reads fewer entries than these.
const CHECKPOINT_INTERVAL: NonZeroU64 = NonZeroU64::MIN.saturating_add(49);

/// Memory with a limit, and disk to spill to.
pub(super) fn runtime(
    configuration: &Configuration,
    indexes: &Arc<Indexes>,
    rows: &Arc<RowCache>,
) -> Result<Arc<RuntimeEnv>> {
    let server = &configuration.server;
    let spill = server.data_dir.join("spill");
    // What an earlier process spilled is of no use to this one.
    match std::fs::remove_dir_all(&spill) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(Error::from(error).within(spill.display()));
        }
        _ => std::fs::create_dir_all(&spill)
            .map_err(|error| Error::from(error).within(spill.display()))?,
    }
    let runtime = memory(configuration, indexes, rows)
        .with_temp_file_path(spill)
        .with_max_temp_directory_size(server.spill_limit.0)
        .build_arc()?;
    Ok(runtime)
}

/// Memory with a limit, and nothing on disk: for queries that are planned and not run.
pub(super) fn runtime_for_plans(
    configuration: &Configuration,
    indexes: &Arc<Indexes>,
    rows: &Arc<RowCache>,
) -> Result<Arc<RuntimeEnv>> {
    let none = DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled);
    let runtime = memory(configuration, indexes, rows)
        .with_disk_manager_builder(none)
        .build_arc()?;
    Ok(runtime)
}

/// What is kept of rows that are read by key.
pub(super) fn row_cache(configuration: &Configuration) -> Arc<RowCache> {
    Arc::new(RowCache::new(configuration.server.row_cache.0))
}

fn memory(
    configuration: &Configuration,
    indexes: &Arc<Indexes>,
    rows: &Arc<RowCache>,
) -> RuntimeEnvBuilder {
    let limit = configuration.server.memory_limit.bytes(machine::memory());
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let pool = TrackConsumersPool::new(FairSpillPool::new(limit), NAMED_CONSUMERS);
    // Models and rows in memory are read again when they are asked for.
    let (indexes, rows) = (Arc::downgrade(indexes), Arc::downgrade(rows));
    let release = move || {
        let rows = rows.upgrade().is_some_and(|rows| rows.release());
        indexes.upgrade().is_some_and(|indexes| indexes.release()) || rows
    };
    let pool = ReleasingPool::new(Arc::new(pool), release);
    RuntimeEnvBuilder::new().with_memory_pool(Arc::new(pool))
}

/// The tables' folder on its object store.
pub(super) fn open_warehouse(
    configuration: &Configuration,
    runtime: &RuntimeEnv,
    key_indexes: Option<PathBuf>,
    row_cache: Arc<RowCache>,
) -> Result<Warehouse> {
    let url = configuration.warehouse_url()?;
    let store = crate::warehouse::store::open(&url)?;
    runtime.register_object_store(&url, Arc::clone(&store));
    let settings = WarehouseSettings {
        memory_pool: Arc::clone(&runtime.memory_pool),
        key_indexes,
        row_cache,
        footers: Some(runtime.cache_manager.get_file_metadata_cache()),
        fold_lag: Duration::from_millis(configuration.server.fold_lag.0),
        checkpoint_interval: CHECKPOINT_INTERVAL,
        ..WarehouseSettings::default()
    };
    Warehouse::open(&url, store, settings)
}

/// DataFusion's rules, after those that tell them what order is kept and what is no constant. Before the
/// check of the plan, which is the last of them, sorts that it lacks are restored.
fn physical_optimizer_rules() -> Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>> {
    let rules = unique_names::guard(waiting_filters::physical_optimizer_rules());
    let mut rules = seen_sorts::guard(rules);
    rules.insert(0, Arc::new(KeepOrderOfWaits));
    rules.insert(1, Arc::new(HideConstants));
    let check = rules
        .iter()
        .position(|rule| rule.name() == "SanityCheckPlan");
    let end = check.unwrap_or(rules.len());
    rules.insert(end, Arc::new(RestorePartitions));
    rules.insert(end + 1, Arc::new(RestoreSorts));
    rules
}

/// The state that every session's is copied from: all functions, no relations.
pub fn template(configuration: &Configuration, runtime: Arc<RuntimeEnv>) -> Result<SessionState> {
    let config = SessionConfig::new()
        .with_create_default_catalog_and_schema(false)
        .with_default_catalog_and_schema(DATABASE, crate::sql::name::DEFAULT_SCHEMA)
        .set_bool("datafusion.sql_parser.parse_float_as_decimal", true)
        .set_bool("datafusion.sql_parser.map_string_types_to_utf8view", false)
        .set_bool(
            "datafusion.execution.parquet.schema_force_view_types",
            false,
        )
        // A length that a cast has given is told by a column's metadata, which its values do not keep.
        .set_bool(
            "datafusion.execution.skip_physical_aggregate_schema_check",
            true,
        )
        // What the least and greatest values so far leave out another aggregate may need, which DataFusion
        // looks at only where that is of a column.
        .set_bool(
            "datafusion.optimizer.enable_aggregate_dynamic_filter_pushdown",
            false,
        )
        // Keys that joins list for scans are looked up in key indexes, where there are some.
        .set_usize(
            "datafusion.optimizer.hash_join_inlist_pushdown_max_distinct_values",
            LookUpKeys::MOST,
        )
        .set_usize(
            "datafusion.optimizer.hash_join_inlist_pushdown_max_size",
            256 << 10,
        )
        // What of the orders of inner queries is seen is told by `session/inner_orders.rs`.
        .set_bool(
            "datafusion.sql_parser.enable_subquery_sort_elimination",
            false,
        )
        .set_str("datafusion.sql_parser.dialect", "PostgreSQL");
    let mut rules: Vec<Arc<dyn AnalyzerRule + Send + Sync>> = vec![
        Arc::new(CompositeTypes),
        Arc::new(EnumTypes),
        Arc::new(JsonTypes),
        Arc::new(CommonTypes),
        Arc::new(NumericArithmetic),
    ];
    rules.extend(Analyzer::new().rules);
    let mut builder = SessionStateBuilder::new_with_default_features()
        .with_analyzer_rules(rules)
        .with_optimizer_rules(guarded_rules::optimizer_rules())
        .with_physical_optimizer_rules(physical_optimizer_rules())
        .with_config(apply(config, &configuration.session))
        .with_runtime_env(runtime)
        .with_type_planner(Arc::new(PostgresTypes))
        .with_analyzer_rule(Arc::new(PostgresSemantics))
        .with_analyzer_rule(Arc::new(ComputeLazily))
        .with_physical_optimizer_rule(Arc::new(LookUpKeys))
        .with_physical_optimizer_rule(Arc::new(CutNestedLoops))
        .with_physical_optimizer_rule(Arc::new(YieldWithinJoins))
        .with_physical_optimizer_rule(Arc::new(AccountWindows))
        .with_physical_optimizer_rule(Arc::new(ShareRows))
        .with_physical_optimizer_rule(Arc::new(UniteByForm))
        .with_query_planner(Arc::new(Planner));
    for rule in tributary_udfs::optimizer_rules() {
        builder = builder.with_optimizer_rule(rule);
    }
    builder = builder
        .with_optimizer_rule(Arc::new(CompareItems))
        .with_optimizer_rule(Arc::new(OrderOnce))
        .with_optimizer_rule(Arc::new(WindowsByColumns))
        .with_optimizer_rule(Arc::new(NameJoinKeys))
        .with_optimizer_rule(Arc::new(PlainItems));
    // Before DataFusion's own, which take `document['key']` for a field of a record.
    let planners = builder.expr_planners().get_or_insert_default();
    planners.insert(0, Arc::new(NestedArrays));
    planners.insert(0, Arc::new(UnknownLiterals));
    planners.insert(0, Arc::new(MomentOperands));
    planners.insert(0, Arc::new(JsonOperators));
    planners.insert(0, Arc::new(IntegerLiterals));
    planners.insert(0, Arc::new(EnumOperators));
    planners.insert(0, Arc::new(CompositeOperators));
    let mut state = tributary_udfs::with_similarity_joins(builder).build();
    tributary_udfs::register_all(&mut state)?;
    json::register(&mut state)?;
    enums::register(&mut state)?;
    composites::register(&mut state)?;
    state.register_relation_planner(json::relation_planner())?;
    state.register_relation_planner(Arc::new(LateralCalls))?;
    // The last is asked first.
    state.register_relation_planner(Arc::new(NameAllColumns))?;
    state.register_udf(Arc::new(Now::udf()))?;
    state.register_udf(Arc::new(user_functions::FUNCTION.clone()))?;
    state.register_udf(Arc::new(domains::FUNCTION.clone()))?;
    register_functions(&mut state)?;
    for function in pg_catalog::functions() {
        state.register_udf(Arc::new(function))?;
    }
    state.register_function_rewrite(Arc::new(PostgresSemantics))?;
    state.register_expr_planner(Arc::new(NumericArithmetic))?;
    state.register_expr_planner(Arc::new(MomentArithmetic))?;
    Ok(state)
}

/// Puts into DataFusion's configuration what it must know of a session's settings.
pub fn apply(config: SessionConfig, settings: &SessionSettings) -> SessionConfig {
    let partitions = if settings.target_partitions == 0 {
        machine::cores()
    } else {
        settings.target_partitions
    };
    let thresholds = TrigramThresholds::new(
        settings.similarity_threshold.0,
        settings.word_similarity_threshold.0,
        settings.strict_word_similarity_threshold.0,
    );
    // Types know nothing of the session's time zone: those of a view's columns would depend on who
    // reads it. What else it tells is for `PostgresSemantics`.
    config
        .with_target_partitions(partitions)
        .with_batch_size(settings.batch_size.clamp(1, 1 << 20))
        .with_option_extension(thresholds)
        .with_option_extension(reading(settings))
        .with_option_extension(TributaryOptions {
            similarity_join: settings.similarity_join.0,
        })
}

/// How a session reads dates and moments that leave something open.
fn reading(settings: &SessionSettings) -> SessionTimeZone {
    SessionTimeZone::new(&settings.time_zone.0)
        .with_date_style(settings.date_style.show())
        .with_interval_style(settings.interval_style.show())
        .with_bytea_output(settings.bytea_output.show())
        .with_extra_float_digits(settings.extra_float_digits.show())
}

/// The same within a statement and a transaction that began then, as which `now` is read.
pub fn reading_within(settings: &SessionSettings, began: Beginnings) -> SessionTimeZone {
    let (transaction, statement) = (began.transaction, began.statement);
    reading(settings).with_beginnings(transaction.timestamp_micros(), statement.timestamp_micros())
}

impl Instance {
    /// The beginnings of a statement of the server's own that begins now, within the transaction that
    /// this is of.
    fn began(&self) -> Beginnings {
        let now = Beginnings::now();
        Beginnings {
            transaction: self.transaction_began.unwrap_or(now.transaction),
            ..now
        }
    }

    /// A state to plan and run a statement in: the template's, with the statement's relations and
    /// settings. It is made for each statement, so nothing is registered here.
    pub(super) fn state(
        self: &Arc<Self>,
        settings: &SessionSettings,
        relations: &Arc<Relations>,
        asker: &Asker,
    ) -> SessionState {
        let mut state = SessionState::clone(&self.template);
        let began = asker.began.unwrap_or_else(|| self.began());
        let mut config = apply(state.config().clone(), settings);
        let seen = self.seen(&relations.snapshot, settings, asker);
        let extensions = &mut config.options_mut().extensions;
        extensions.insert(StatementCatalog(seen));
        extensions.insert(reading_within(settings, began));
        if let Some(set) = asker.set.clone() {
            extensions.insert(SettingsOfSession::new(move |name, value| {
                set(name, Some(value), false).map(drop)?;
                Ok(())
            }));
        }
        *state.config_mut() = config;
        state.register_catalog_list(Arc::new(Databases::new(Arc::clone(relations))));
        state.mark_start_execution();
        // As which now() is told.
        state.execution_props_mut().query_execution_start_time = Some(began.transaction);
        state
    }
}
