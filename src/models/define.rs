//! From a `CREATE` statement to what the catalog keeps: full names, columns, dependencies.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::logical_expr::LogicalPlan;
use datafusion::sql::sqlparser::ast;
use tributary_udfs::composites::CompositeKind;
use tributary_udfs::enums::EnumKind;

use super::schedule::{Freshness, SCHEDULING_OPTIONS};
use super::{
    constraints, domain, function, incremental, keyed, lookback, partitioned, resolution,
    schema_change, storage_parameters, view_options,
};
use crate::catalog::{Kind, NewObject, Oid, Snapshot, USER_SCHEMA, is_temporary_schema};
use crate::config::SessionSettings;
use crate::error::{Error, Result, SqlState};
use crate::instance::{Asker, Instance, Reading, StatementContext};
use crate::session::{composites, declared, domains, enums, plan};
use crate::sql::create_external_table::CreateExternalTable;
use crate::sql::function_settings::FunctionSetting;
use crate::sql::name::{DEFAULT_SCHEMA, ObjectName};
use crate::sql::options::check_known;
use crate::sql::{Options, QualifiedName, Statement, character_length, constraint, sequence_calls};
use crate::wire::types::POSTGRES_TYPE;

/// An option of an object that takes one of a few values.
#[derive(Clone, Copy, Debug)]
pub struct Choice {
    /// Its key.
    pub name: &'static str,
    /// What it can be, the default first; any text where there are none.
    pub values: &'static [&'static str],
    /// What it does.
    pub description: &'static str,
}

/// The options of a check.
pub const CHECK_OPTIONS: &[Choice] = &[Choice {
    name: "severity",
    values: &["error", "warn"],
    description: "What rows that should not be mean: a failure of the run, or a warning.",
}];

/// The options of a table.
pub const TABLE_OPTIONS: &[Choice] = &[
    keyed::OPTIONS[0],
    keyed::OPTIONS[1],
    keyed::OPTIONS[2],
    keyed::OPTIONS[3],
    keyed::OPTIONS[4],
    keyed::OPTIONS[5],
    partitioned::OPTION,
    storage_parameters::OPTION,
];

/// The options of tables and materialized views that no row follows from, so that `ALTER` changes them; so
/// it does PostgreSQL's other storage parameters.
pub const STORAGE_OPTIONS: [&str; 2] = ["tombstone_retention", storage_parameters::OPTION.name];

/// Whether no row of a table or a materialized view follows from an option.
pub fn is_of_storage(name: &str) -> bool {
    STORAGE_OPTIONS.contains(&name) || storage_parameters::is_one(name)
}

/// The options of a materialized view.
pub const MATERIALIZED_VIEW_OPTIONS: &[Choice] = &[
    SCHEDULING_OPTIONS[0],
    SCHEDULING_OPTIONS[1],
    Choice {
        name: "on_error",
        values: &["source", "fail", "quarantine"],
        description: "What a bad row of a source means in a refresh: what the source says, or whatever the source says.",
    },
    Choice {
        name: "refresh_mode",
        values: &["auto", "full", "incremental"],
        description: "How a refresh computes: all rows, or what was added to its inputs, or the rows of the keys alone that have changed. `auto` does the least where the query proves that this gives the same; with `incremental` a query that does not is an error. `EXPLAIN REFRESH` tells.",
    },
    lookback::OPTION,
    schema_change::OPTION,
    keyed::OPTIONS[0],
    keyed::OPTIONS[1],
    keyed::OPTIONS[2],
    keyed::OPTIONS[3],
    keyed::OPTIONS[4],
    keyed::OPTIONS[5],
    partitioned::OPTION,
    storage_parameters::OPTION,
];

/// The schema of an object that is created without one: the first of the path, where temporary tables
/// come first only to be found.
pub fn creation_schema(settings: &SessionSettings) -> &str {
    let mut path = settings.search_path.0.iter();
    path.find(|schema| !is_temporary_schema(schema) && *schema != USER_SCHEMA)
        .map_or(DEFAULT_SCHEMA, String::as_str)
}

/// Plans a `CREATE` statement against a snapshot of the catalog, and answers what to keep of it.
///
/// `settings` give the search path; a name without a schema gets its first one.
///
/// # Errors
/// What planning its query says, or its source; the object named.
pub async fn define(
    instance: &Arc<Instance>,
    snapshot: &Arc<Snapshot>,
    settings: &SessionSettings,
    statement: &Statement,
) -> Result<NewObject> {
    let mut statement = statement.clone();
    let Some(name) = statement.object_name_mut() else {
        return Err(Error::internal("only objects of a schema are defined"));
    };
    let full = name.qualify(creation_schema(settings));
    *name = ObjectName::from(full.clone());
    let context = instance.statement_of(
        &Asker::server(),
        Arc::clone(snapshot),
        settings,
        Reading::Shape,
    );
    Freshness::of(&statement)?;
    let columns = columns(instance, &context, settings, &mut statement).await;
    let (schema, depends_on) = columns?;
    check_depth(&context.snapshot, &depends_on)?;
    check_permanence(&context.snapshot, &statement, &depends_on)?;
    if let Statement::CreateTable(create) = &statement
        && create.on_commit.is_some()
        && !is_temporary_schema(&full.schema)
    {
        return Err(Error::new(
            SqlState::INVALID_TABLE_DEFINITION,
            "ON COMMIT can only be used on temporary tables",
        ));
    }
    Ok(NewObject::new(full, statement)
        .with_columns(schema)
        .reading(depends_on))
}

/// What is kept beyond the session reads nothing that ends with it.
fn check_permanence(
    snapshot: &Snapshot,
    statement: &Statement,
    depends_on: &BTreeSet<Oid>,
) -> Result<()> {
    let what = match statement {
        Statement::CreateMaterializedView(_) => "materialized views",
        Statement::CreateModel(_) => "models",
        Statement::CreateCheck(_) => "checks",
        _ => return Ok(()),
    };
    let mut read = depends_on.iter().filter_map(|oid| snapshot.object(*oid));
    match read.find(|object| is_temporary_schema(&object.name.schema)) {
        None => Ok(()),
        Some(temporary) => Err(Error::new(
            SqlState::FEATURE_NOT_SUPPORTED,
            format!("{what} must not use temporary tables or views"),
        )
        .with_detail(format!(
            "{} \"{}\" ends with its session.",
            temporary.kind.as_str(),
            temporary.name.name
        ))),
    }
}

pub(super) async fn columns(
    instance: &Arc<Instance>,
    context: &StatementContext,
    settings: &SessionSettings,
    statement: &mut Statement,
) -> Result<(SchemaRef, BTreeSet<Oid>)> {
    let path = &settings.search_path.0;
    let snapshot = &context.snapshot;
    let types = enums::qualify_definition(statement, snapshot, path)?;
    match statement {
        Statement::CreateExternalTable(create) => {
            refuse_domains(&create.columns, snapshot, path)?;
            let numbered = CreateExternalTable {
                columns: enums::number_columns(&create.columns, snapshot, path),
                ..create.clone()
            };
            let schema =
                crate::sources::infer_schema(&numbered, &instance.project_folder(), &context.state)
                    .await?;
            refuse_own_types(&schema)?;
            Ok((schema, BTreeSet::new()))
        }
        Statement::CreateView(create) => {
            view_options::check(&create.options)?;
            let own = Some(&create.name);
            let depends_on = plan::resolve_definition(&mut create.query, snapshot, path, own)?;
            let plan = plan::new_definition(context, &create.query, &create.columns).await?;
            Ok((declared::columns(&plan, snapshot), depends_on))
        }
        Statement::CreateMaterializedView(create) => {
            check_options(
                &create.options,
                MATERIALIZED_VIEW_OPTIONS,
                "materialized view",
            )?;
            let own = Some(&create.name);
            let depends_on = plan::resolve_definition(&mut create.query, snapshot, path, own)?;
            let plan = plan::new_definition(context, &create.query, &create.columns).await?;
            super::expectation::check(context, &plan, &create.expectations)?;
            let columns = stored_columns(&plan, snapshot)?;
            let columns = keyed::shown(&create.options, &columns)?;
            keyed::check(&create.options, &columns, &[])?;
            partitioned::check(&create.options, &columns)?;
            lookback::declared(&create.options, &columns)?;
            incremental::check(instance, snapshot, settings, create).await?;
            Ok((columns, depends_on))
        }
        Statement::CreateModel(create) => {
            let own = Some(&create.name);
            let mut depends_on = plan::resolve_definition(&mut create.query, snapshot, path, own)?;
            create.options.qualify(|name| {
                let full = plan::resolve(&name, snapshot, path)?;
                depends_on.extend(snapshot.relation(&full).map(|object| object.oid));
                Ok(full)
            })?;
            let called = resolution::qualify_calls(&mut create.options, snapshot, path)?;
            depends_on.extend(called);
            let plan = plan::new_definition(context, &create.query, &[]).await?;
            resolution::check_relations(create, snapshot)?;
            let columns = stored_columns(&plan, snapshot)?;
            let columns = resolution::columns(&context.state, create, &columns).await?;
            Ok((columns, depends_on))
        }
        Statement::CreateTable(create) => {
            check_options(&create.options, TABLE_OPTIONS, "table")?;
            let columns = match &mut create.query {
                Some(query) => {
                    plan::resolve_names(query, snapshot, path)?;
                    let plan = plan::new_definition(context, query, &create.column_names).await?;
                    stored_columns(&plan, snapshot)?
                }
                None => {
                    for default in constraint::defaults_mut(&mut create.columns) {
                        qualify_sequences(default, snapshot, path)?;
                    }
                    domains::check(&create.columns, snapshot, path)?;
                    let numbered = enums::number_columns(&create.columns, snapshot, path);
                    let columns = declared_columns(&numbered)?;
                    composites::refuse_row_types(columns.fields(), snapshot)?;
                    let columns = domains::mark(&columns, &create.columns, snapshot, path)?;
                    constraints::resolve_foreign_keys(create, &columns, snapshot, path)?;
                    constraints::validate(context, &columns, create).await?;
                    constraints::keep_moments(&context.state, &columns, create)?;
                    columns
                }
            };
            let columns = keyed::shown(&create.options, &columns)?;
            keyed::check(&create.options, &columns, &create.constraints)?;
            partitioned::check(&create.options, &columns)?;
            Ok((columns, BTreeSet::new()))
        }
        // An enum has labels, and no columns.
        Statement::CreateType(_) => Ok((Arc::new(Schema::empty()), BTreeSet::new())),
        Statement::CreateComposite(create) => {
            let attributes = composites::attributes(&create.attributes, snapshot, path)?;
            Ok((Arc::new(Schema::new(attributes)), types))
        }
        Statement::CreateDomain(create) => {
            let columns = domain::resolve(context, create, path).await?;
            Ok((columns, types))
        }
        // That it can stand on what it reads; it has no columns itself.
        Statement::CreateFunction(create) => {
            let defaults = SessionSettings::defaults()?;
            create.settings = FunctionSetting::changed(&[], &create.settings, &defaults)?;
            let mut depends_on = function::resolve(create, snapshot, path)?;
            depends_on.extend(types);
            function::gather_row(context, create).await?;
            function::check(context, create).await?;
            Ok((Arc::new(Schema::empty()), depends_on))
        }
        Statement::CreateCheck(create) => {
            check_options(&create.options, CHECK_OPTIONS, "check")?;
            let depends_on = plan::resolve_definition(&mut create.query, snapshot, path, None)?;
            plan::query(context, &create.query).await?;
            Ok((Arc::new(Schema::empty()), depends_on))
        }
        _ => Err(Error::internal("only objects of a schema are defined")),
    }
}

/// That no column of files is of a type of users': nobody would look at labels, or read the texts of rows, as
/// files are read.
fn refuse_own_types(schema: &SchemaRef) -> Result<()> {
    let is_own = |field: &Field| {
        EnumKind::of_field(field).is_some() || CompositeKind::of(field.data_type()).is_some()
    };
    let mut fields = schema.fields().iter();
    match fields.find(|field| is_own(field)) {
        None => Ok(()),
        Some(field) => Err(Error::unsupported(format!(
            "column \"{}\" of an external table of an enum or composite type",
            field.name()
        ))
        .with_hint("Declare it as text, and cast it in a view or a materialized view.")),
    }
}

/// That no column of files is of a domain, whose conditions nobody would look at either.
fn refuse_domains(columns: &[ast::ColumnDef], snapshot: &Snapshot, path: &[String]) -> Result<()> {
    for column in columns {
        if domains::replace(&mut column.data_type.clone(), snapshot, path)?.is_some() {
            return Err(Error::unsupported(format!(
                "column {} of an external table of a domain",
                column.name
            ))
            .with_hint(
                "Declare it as the type itself, and cast it in a view or a materialized view.",
            ));
        }
    }
    Ok(())
}

/// Gives the sequences that a default takes numbers of their full names, by which they are kept when
/// they get others. Those of identity columns are no objects, and found by name when a number is taken.
///
/// # Errors
/// 42P01 for a sequence that does not exist.
pub fn qualify_sequences(
    default: &mut ast::Expr,
    snapshot: &Snapshot,
    path: &[String],
) -> Result<()> {
    sequence_calls::for_each(default, |argument, name| {
        let is_there = |full: &QualifiedName| snapshot.relation(full).is_some();
        match plan::resolve_among(&name, path, &is_there) {
            Ok(full) => *argument = sequence_calls::argument(&full),
            Err(error) if !constraints::is_of_identity(snapshot, &name, path) => return Err(error),
            Err(_) => {}
        }
        Ok(())
    })
}

/// How deep views may stand on views: each level is planned within the one above it.
const MAX_VIEW_DEPTH: usize = 64;

fn check_depth(snapshot: &Snapshot, depends_on: &BTreeSet<Oid>) -> Result<()> {
    let mut level = depends_on.clone();
    for _ in 0..MAX_VIEW_DEPTH {
        let views = level
            .iter()
            .filter_map(|oid| snapshot.object(*oid))
            .filter(|object| object.kind == Kind::View);
        level = views
            .flat_map(|view| view.depends_on.iter().copied())
            .collect();
        if level.is_empty() {
            return Ok(());
        }
    }
    Err(Error::new(
        SqlState::STATEMENT_TOO_COMPLEX,
        format!("views stand on views more than {MAX_VIEW_DEPTH} deep"),
    )
    .with_hint("Make one of them a materialized view."))
}

/// The columns of a query whose rows are to be stored.
fn stored_columns(plan: &LogicalPlan, snapshot: &Snapshot) -> Result<SchemaRef> {
    let schema = declared::columns(plan, snapshot);
    composites::refuse_row_types(schema.fields(), snapshot)?;
    if schema.fields().is_empty() {
        return Err(Error::new(
            SqlState::INVALID_OBJECT_DEFINITION,
            "the query has no columns",
        ));
    }
    Ok(schema)
}

/// The columns of `CREATE TABLE name (column type [NOT NULL], ...)`.
///
/// # Errors
/// 42704 for a type that does not exist; 42701 for a name given twice; 42P16 for no columns.
pub fn declared_columns(columns: &[ast::ColumnDef]) -> Result<SchemaRef> {
    let schema = crate::sources::declared_schema(columns)?;
    let fields = schema.fields().iter().zip(columns);
    let fields =
        fields.map(
            |(field, column)| match character_length::of_items(&column.data_type) {
                Some(told) => {
                    let mut metadata = field.metadata().clone();
                    metadata.insert(POSTGRES_TYPE.to_owned(), told);
                    Arc::new(field.as_ref().clone().with_metadata(metadata))
                }
                None => Arc::clone(field),
            },
        );
    Ok(Arc::new(Schema::new(fields.collect::<Vec<_>>())))
}

fn check_options(options: &Options, known: &[Choice], object: &str) -> Result<()> {
    storage_parameters::check(options)?;
    let names: Vec<&str> = known.iter().map(|choice| choice.name).collect();
    let has_storage = names.contains(&storage_parameters::OPTION.name);
    let keys = options.0.iter().map(|(key, _)| key.as_str());
    let keys = keys.filter(|key| !(has_storage && storage_parameters::is_one(key)));
    check_known(keys, &names, object)?;
    for choice in known {
        if let Some(value) = options.get(choice.name)
            && !choice.values.is_empty()
            && !choice.values.contains(&value)
        {
            let message = format!("invalid value for option \"{}\": \"{value}\"", choice.name);
            return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, message)
                .with_hint(format!("The value must be {}.", choice.values.join(" or "))));
        }
    }
    Ok(())
}
