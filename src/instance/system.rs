//! What the system views show of an instance.

mod models_view;

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use chrono::{DateTime, Utc};
use datafusion::catalog::TableProvider;
use datafusion::datasource::MemTable;
use datafusion::datasource::ViewTable;
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::LogicalPlanBuilder;
use futures::FutureExt;
use futures::future::BoxFuture;

use self::models_view::ModelsView;
use super::relations::no_versions;
use super::{AdvisoryOwner, Asker, Instance, LockMode, Reading};
use crate::catalog::pg_catalog::PgTable;
use crate::catalog::privilege::{Privilege, Rights};
use crate::catalog::system::{
    AdvisoryLock, LineageEdge, REJECTED_ROWS, RelationLock, SessionInfo, SettingInfo,
    SystemSources, SystemTable, TableStatistics, rejected_rows_schema, view,
};
use crate::catalog::{
    Journal, Kind, Object, Oid, Snapshot, is_temporary_schema, meant_path, temporary_schema,
    with_temporary,
};
use crate::config::{Config, SessionSettings, Setting};
use crate::error::{Error, Result, SqlState};
use crate::execute::{create_sequence, show};
use crate::models::progress::RunningRefresh;
use crate::models::schedule::Standing;
use crate::models::{constraints, lineage, rejected, table_id};
use crate::session::{Cursor, PreparedStatement, denied, plan};
use crate::sql::identity::Identity;
use crate::sql::model_functions::parse_name;
use crate::sql::{QualifiedName, Statement};
use crate::warehouse::At;

/// Settings that sessions may differ in which are of one role and have all others in common: names may be
/// found by one path however it is written.
const OF_SESSIONS: [&str; 4] = [
    "application_name",
    "role",
    "search_path",
    "session_authorization",
];

/// The role that owns every object, and runs what no client asked for.
pub const OWNER: &str = "tributary";

impl Instance {
    /// The last number of a sequence, or of that of an identity column, or the first one where it has given none, and whether it has.
    ///
    /// # Errors
    /// 42809 for what is no sequence; those of the disk.
    pub(super) fn sequence_state(&self, object: &Object, column: &str) -> Result<(i64, bool)> {
        let numbers = match constraints::identity_of(object, column) {
            Some(identity) => identity,
            None => create_sequence::options(object)?.numbers()?,
        };
        let key = object.sequence_key(column);
        let next = self.catalog.next_number(object.oid, key, &numbers)?;
        let last = numbers.last_before(next);
        let shown = last.unwrap_or(next);
        let shown = i64::try_from(shown).unwrap_or(numbers.start);
        Ok((shown, last.is_some()))
    }

    /// A table of `pg_catalog`.
    pub(super) fn pg_table(
        self: &Arc<Self>,
        snapshot: &Arc<Snapshot>,
        table: &'static PgTable,
        settings: &SessionSettings,
        asker: &Asker,
    ) -> Arc<dyn TableProvider> {
        let seen = self.seen(snapshot, settings, asker);
        Arc::new(SystemTable::new(table, seen))
    }

    /// What functions of `pg_catalog` and most system views are made of.
    pub(super) fn seen(
        self: &Arc<Self>,
        snapshot: &Arc<Snapshot>,
        settings: &SessionSettings,
        asker: &Asker,
    ) -> Arc<dyn SystemSources> {
        Arc::new(Seen {
            instance: Arc::clone(self),
            asker: asker.clone(),
            settings: settings.clone(),
            snapshot: Arc::clone(snapshot),
            wanted_relation: None,
            wanted_objects: None,
            wants_definitions: true,
            lineage: Vec::new(),
            statistics: HashMap::new(),
            stale: HashMap::new(),
            has_told_more: Arc::default(),
        })
    }

    /// A view of schema `tributary`.
    ///
    /// # Errors
    /// What it is made of says.
    pub(super) async fn system_view(
        self: &Arc<Self>,
        snapshot: &Arc<Snapshot>,
        name: &str,
        versioned: bool,
        settings: &SessionSettings,
        asker: &Asker,
    ) -> Result<Option<Arc<dyn TableProvider>>> {
        if versioned {
            return Err(no_versions(format!("tributary.{name}")));
        }
        if name == REJECTED_ROWS {
            return self.rejected_rows(snapshot).await.map(Some);
        }
        let Some(view) = view(name) else {
            return Ok(None);
        };
        let lineage = if name == "lineage" {
            self.lineage(snapshot).await?
        } else {
            Vec::new()
        };
        let sources = Seen {
            instance: Arc::clone(self),
            asker: asker.clone(),
            settings: settings.clone(),
            snapshot: Arc::clone(snapshot),
            wanted_relation: None,
            wanted_objects: None,
            wants_definitions: true,
            lineage,
            statistics: HashMap::new(),
            stale: HashMap::new(),
            has_told_more: Arc::default(),
        };
        if name == "models" {
            return Ok(Some(Arc::new(ModelsView::new(view, sources)?)));
        }
        Ok(Some(Arc::new(SystemTable::new(view, Arc::new(sources)))))
    }

    /// The rejected rows of all tables and materialized views, together.
    async fn rejected_rows(&self, snapshot: &Snapshot) -> Result<Arc<dyn TableProvider>> {
        let mut all = None::<LogicalPlanBuilder>;
        for object in snapshot.objects().filter(|object| object.is_stored()) {
            let table = rejected::table_id(object);
            if !self.warehouse.exists(&table).await? {
                continue;
            }
            let rows = self.warehouse.scan(&table, At::Latest).await?;
            let scan = LogicalPlanBuilder::scan("rejected_rows", provider_as_source(rows), None)?;
            all = Some(match all {
                None => scan,
                Some(others) => others.union(scan.build()?)?,
            });
        }
        match all {
            Some(all) => Ok(Arc::new(ViewTable::new(all.build()?, None))),
            None => Ok(Arc::new(MemTable::try_new(
                rejected_rows_schema(),
                vec![Vec::new()],
            )?)),
        }
    }

    async fn lineage(self: &Arc<Self>, snapshot: &Arc<Snapshot>) -> Result<Vec<LineageEdge>> {
        let settings = &self.configuration.session;
        let snapshot = Arc::clone(snapshot);
        let context = self.statement_of(&Asker::server(), snapshot, settings, Reading::Shape);
        let snapshot = &context.snapshot;
        self.known_lineage.follow(snapshot);
        let mut edges: Vec<LineageEdge> = Vec::new();
        for object in snapshot.objects() {
            if let Some(known) = self.known_lineage.of(snapshot, object) {
                edges.extend_from_slice(&known);
                continue;
            }
            let plan = match &object.definition {
                Statement::CreateView(view) => {
                    plan::definition(&context, &view.query, &view.columns).await
                }
                Statement::CreateMaterializedView(view) => {
                    plan::definition(&context, &view.query, &view.columns).await
                }
                _ => continue,
            };
            // A view whose inputs have changed under it has no lineage until it is mended.
            let Ok(plan) = plan else { continue };
            let found = lineage::lineage(&plan)?.into_iter();
            let found = found.map(|edge| LineageEdge {
                relation: object.name.clone(),
                column: edge.output,
                source: QualifiedName::new(
                    edge.source_table.schema().unwrap_or_default(),
                    edge.source_table.table(),
                ),
                source_column: edge.source_column,
                kind: edge.through.kind(),
                subtype: edge.through.subtype(),
            });
            let found: Arc<[LineageEdge]> = found.collect();
            edges.extend_from_slice(&found);
            self.known_lineage.keep(snapshot, object, found);
        }
        Ok(edges)
    }
}

#[derive(Clone)]
struct Seen {
    instance: Arc<Instance>,
    asker: Asker,
    settings: SessionSettings,
    snapshot: Arc<Snapshot>,
    wanted_relation: Option<i64>,
    /// The objects that are asked for alone, where not all are.
    wanted_objects: Option<Arc<BTreeSet<Oid>>>,
    wants_definitions: bool,
    lineage: Vec<LineageEdge>,
    statistics: HashMap<Oid, TableStatistics>,
    stale: HashMap<Oid, bool>,
    /// Whether something was asked beside the catalog, the settings and the role.
    has_told_more: Arc<AtomicBool>,
}

impl fmt::Debug for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seen")
    }
}

/// A sequence, or the identity column that has one.
struct Numbered {
    oid: Oid,
    column: String,
    /// What its numbers are kept under.
    key: String,
    numbers: Identity,
}

fn mode_of(lock: AdvisoryLock) -> LockMode {
    match lock.is_shared {
        true => LockMode::Shared,
        false => LockMode::Exclusive,
    }
}

impl Seen {
    /// Who takes a lock. One of the transaction is freed when that ends.
    fn advisory_owner(&self, lock: AdvisoryLock) -> AdvisoryOwner {
        let transaction = lock.of_transaction.then(|| {
            let own = &self.asker.transaction;
            own.locks(self.instance.sessions.advisory_locks());
            self.transaction_id()
        });
        AdvisoryOwner {
            process: self.asker.process,
            transaction,
        }
    }

    /// The sequence of a name, as it is written.
    fn numbered(&self, sequence: &str) -> Result<Numbered> {
        let name = parse_name(sequence)?;
        let schemas = match &name.schema {
            Some(schema) => vec![schema.clone()],
            None => self.search_path(),
        };
        let objects = schemas
            .iter()
            .flat_map(|schema| self.snapshot.relations_in(schema))
            .filter(|object| name.name.starts_with(&object.name.name));
        for object in objects {
            if object.name.name == name.name {
                return Ok(Numbered {
                    oid: object.oid,
                    column: String::new(),
                    key: object.sequence_key("").to_owned(),
                    numbers: create_sequence::options(object)?.numbers()?,
                });
            }
            for field in object.schema.fields() {
                if let Some(numbers) = constraints::identity_of(object, field.name())
                    && constraints::sequence_of(object, field.name()).name == name.name
                {
                    return Ok(Numbered {
                        oid: object.oid,
                        column: field.name().clone(),
                        key: object.sequence_key(field.name()).to_owned(),
                        numbers,
                    });
                }
            }
        }
        Err(Error::new(
            SqlState::UNDEFINED_TABLE,
            format!("relation \"{sequence}\" does not exist"),
        ))
    }
}

impl Seen {
    /// Whether there is a session of this number; it must be one that who asks may stop. The `messages`
    /// are for one of a superuser and of another role.
    fn may_signal(&self, pid: i32, messages: [&str; 2]) -> Result<bool> {
        let sessions = self.instance.sessions.list();
        let Some((_, entry)) = sessions.iter().find(|(process, _)| *process == pid) else {
            return Ok(false);
        };
        let role = self.role_of(&entry.user_name);
        let own = self.role_of(&self.asker.user);
        let roles = self.snapshot.inherited(own, true);
        if roles.contains(&role) || self.snapshot.is_superuser(own) {
            return Ok(true);
        }
        if self.snapshot.signals_sessions(&roles) && !self.snapshot.is_superuser(role) {
            return Ok(true);
        }
        let [of_superuser, of_other] = messages;
        let message = match self.snapshot.is_superuser(role) {
            true => of_superuser,
            false => of_other,
        };
        Err(Error::new(SqlState::INSUFFICIENT_PRIVILEGE, message))
    }

    /// The number of a role by name.
    fn role_of(&self, name: &str) -> Oid {
        let first = &self.instance.configuration.server.user;
        self.snapshot.role_of(name, first)
    }

    /// That a function may take numbers of what has these: only those of temporary tables and sequences in a
    /// transaction that only reads.
    fn check_writes(&self, oid: Oid, function: &str) -> Result<()> {
        let object = self.snapshot.object(oid);
        let is_temporary = object.is_some_and(|object| is_temporary_schema(&object.name.schema));
        if !self.settings.transaction_read_only.0 || is_temporary {
            return Ok(());
        }
        let message = format!("cannot execute {function} in a read-only transaction");
        Err(Error::new(SqlState::READ_ONLY_SQL_TRANSACTION, message))
    }

    /// That who asks has one of some privileges on a sequence. That of an identity column goes with its
    /// table.
    fn check_sequence(&self, numbered: &Numbered, any: &[Privilege]) -> Result<()> {
        let Some(object) = self.snapshot.object(numbered.oid) else {
            return Ok(());
        };
        let rights = Rights::of(&self.snapshot, self.role_of(&self.asker.user));
        let is_own = object.kind == Kind::Sequence;
        match !is_own || any.iter().any(|it| rights.has(&object.access, *it)) {
            true => Ok(()),
            false => Err(denied("sequence", &object.name.name)),
        }
    }
}

impl SystemSources for Seen {
    fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshot)
    }

    fn wanted_relation(&self) -> Option<i64> {
        self.wanted_relation
    }

    fn for_relation(&self, oid: i64) -> Option<Arc<dyn SystemSources>> {
        Some(Arc::new(Self {
            wanted_relation: Some(oid),
            ..self.clone()
        }))
    }

    fn has_told_more(&self) -> bool {
        self.has_told_more.load(Ordering::Relaxed)
    }

    fn tell_more(&self) {
        self.has_told_more.store(true, Ordering::Relaxed);
    }

    fn wants(&self, object: &Object) -> bool {
        let wanted = self.wanted_objects.as_ref();
        wanted.is_none_or(|wanted| wanted.contains(&object.oid))
    }

    fn wants_definitions(&self) -> bool {
        self.wants_definitions
    }

    fn journal(&self) -> &Journal {
        self.tell_more();
        &self.instance.journal
    }

    fn is_stale(&self, object: &Object) -> Option<bool> {
        self.tell_more();
        self.stale.get(&object.oid).copied()
    }

    fn table_statistics(&self, object: &Object) -> Option<TableStatistics> {
        // Where no table was looked at, nothing is told of any.
        if !self.statistics.is_empty() {
            self.tell_more();
        }
        self.statistics.get(&object.oid).copied()
    }

    fn standing(&self, object: &Object) -> Option<Standing> {
        self.tell_more();
        self.instance.standings.get(object.oid)
    }

    fn progress(&self, refresh: u64) -> Option<RunningRefresh> {
        self.tell_more();
        self.instance.running.progress(refresh)
    }

    fn lineage(&self) -> Result<Vec<LineageEdge>> {
        self.tell_more();
        Ok(self.lineage.clone())
    }

    fn database(&self) -> String {
        super::state::DATABASE.to_owned()
    }

    fn user(&self) -> String {
        self.asker.user.clone()
    }

    fn session_user(&self) -> String {
        self.tell_more();
        self.asker.login.clone()
    }

    fn owner(&self) -> String {
        OWNER.to_owned()
    }

    fn first_user(&self) -> String {
        self.instance.configuration.server.user.clone()
    }

    fn search_path(&self) -> Vec<String> {
        let temporary = temporary_schema(self.asker.process);
        let temporary = self.snapshot.schema(&temporary).map(|_| temporary);
        let path = &self.settings.search_path.0;
        let path = meant_path(path, &self.asker.user, &self.snapshot);
        match temporary {
            Some(temporary) => with_temporary(path, temporary),
            None => path,
        }
    }

    fn settings(&self) -> Vec<SettingInfo> {
        self.tell_more();
        let server = &self.instance.configuration.server;
        let initial = &self.instance.configuration.session;
        let info = |setting: &Setting, value: Option<String>, initial: Option<String>, settable| {
            let source = match &value {
                value if *value != initial => "session",
                Some(value) if value != setting.default => "configuration",
                _ => "default",
            };
            SettingInfo {
                name: setting.name.to_owned(),
                value,
                default: Some(setting.default.to_owned()),
                source: source.to_owned(),
                settable,
                description: setting.description.to_owned(),
            }
        };
        let session = SessionSettings::ALL.iter().map(|setting| {
            info(
                setting,
                self.settings.get(setting.name),
                initial.get(setting.name),
                true,
            )
        });
        let fixed = Config::ALL.iter().map(|setting| {
            info(
                setting,
                server.get(setting.name),
                server.get(setting.name),
                false,
            )
        });
        session.chain(fixed).collect()
    }

    fn process(&self) -> i32 {
        self.tell_more();
        self.asker.process
    }

    fn prepared_statements(&self) -> Vec<(String, PreparedStatement)> {
        self.tell_more();
        self.asker.statements.list()
    }

    fn cursors(&self) -> Vec<(String, Arc<Cursor>)> {
        self.tell_more();
        self.asker.cursors.list()
    }

    fn transaction_id(&self) -> i64 {
        self.tell_more();
        let next = || self.instance.transactions.fetch_add(1, Ordering::Relaxed);
        self.asker.transaction.get_or_init(next)
    }

    fn take_advisory_lock(&self, lock: AdvisoryLock) -> BoxFuture<'_, Result<()>> {
        let locks = self.instance.sessions.advisory_locks();
        let owner = self.advisory_owner(lock);
        locks.take(owner, lock.key, mode_of(lock)).boxed()
    }

    fn try_advisory_lock(&self, lock: AdvisoryLock) -> Result<bool> {
        self.tell_more();
        let locks = self.instance.sessions.advisory_locks();
        let owner = self.advisory_owner(lock);
        Ok(locks.take_at_once(owner, lock.key, mode_of(lock)))
    }

    fn free_advisory_lock(&self, lock: AdvisoryLock) -> bool {
        self.tell_more();
        let locks = self.instance.sessions.advisory_locks();
        locks.free(self.asker.process, lock.key, mode_of(lock))
    }

    fn free_advisory_locks(&self) {
        let locks = self.instance.sessions.advisory_locks();
        locks.free_session(self.asker.process);
    }

    fn next_values(&self, sequence: &str, count: usize) -> Result<Vec<i64>> {
        self.tell_more();
        let numbered = self.numbered(sequence)?;
        self.check_sequence(&numbered, &[Privilege::Usage, Privilege::Update])?;
        self.check_writes(numbered.oid, "nextval()")?;
        let Numbered {
            oid,
            column,
            key,
            numbers,
        } = &numbered;
        let catalog = &self.instance.catalog;
        let taken = catalog.next_numbers(*oid, key, numbers, count)?;
        if let Some(last) = taken.last() {
            self.asker.sequences.note((*oid, column), *last, true);
        }
        Ok(taken)
    }

    fn set_value(&self, sequence: &str, value: i64, is_called: bool) -> Result<()> {
        let numbered = self.numbered(sequence)?;
        self.check_sequence(&numbered, &[Privilege::Update])?;
        self.check_writes(numbered.oid, "setval()")?;
        let Numbered {
            oid,
            column,
            key,
            numbers,
        } = numbered;
        if value < numbers.minimum || value > numbers.maximum {
            let (minimum, maximum) = (numbers.minimum, numbers.maximum);
            return Err(Error::new(
                SqlState::NUMERIC_VALUE_OUT_OF_RANGE,
                format!(
                    "setval: value {value} is out of bounds for sequence \"{sequence}\" ({minimum}..{maximum})"
                ),
            ));
        }
        let step = if is_called { numbers.increment } else { 0 };
        let next = i128::from(value) + i128::from(step);
        self.instance.catalog.set_next_number(oid, &key, next)?;
        if is_called {
            self.asker.sequences.note((oid, &column), value, false);
        }
        Ok(())
    }

    fn current_value(&self, sequence: &str) -> Result<i64> {
        self.tell_more();
        let numbered = self.numbered(sequence)?;
        self.check_sequence(&numbered, &[Privilege::Usage, Privilege::Select])?;
        let sequence = parse_name(sequence)?.name;
        let Numbered { oid, column, .. } = numbered;
        self.asker.sequences.of((oid, &column)).ok_or_else(|| {
            Error::new(
                SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE,
                format!("currval of sequence \"{sequence}\" is not yet defined in this session"),
            )
        })
    }

    fn last_value(&self) -> Result<i64> {
        self.tell_more();
        self.asker.sequences.last().ok_or_else(|| {
            let message = "lastval is not yet defined in this session";
            Error::new(SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE, message)
        })
    }

    fn random(&self, numbers: &mut [f64]) -> bool {
        self.asker.random.fill(numbers)
    }

    fn set_seed(&self, seed: f64) {
        self.asker.random.begin_with(seed);
    }

    fn sequence_state(&self, object: &Object, column: &str) -> Result<(i64, bool)> {
        self.tell_more();
        self.instance.sequence_state(object, column)
    }

    fn started_at(&self) -> DateTime<Utc> {
        self.instance.started_at
    }

    fn setting(&self, name: &str) -> Option<String> {
        let lower = name.to_ascii_lowercase();
        if OF_SESSIONS.contains(&lower.as_str()) {
            self.tell_more();
        }
        match lower.as_str() {
            "role" => return self.asker.role.clone(),
            "session_authorization" => return Some(self.asker.login.clone()),
            "is_superuser" => {
                let is_superuser = self.snapshot.is_superuser(self.role_of(&self.asker.user));
                return Some(show::on_or_off(is_superuser).to_owned());
            }
            _ => {}
        }
        show::value(&self.settings, &self.instance.configuration.server, name)
    }

    fn set(&self, name: &str, value: Option<&str>, local: bool) -> Result<String> {
        match &self.asker.set {
            Some(set) => set(name, value, local),
            None => Err(Error::unsupported(format!(
                "setting {name} without a session"
            ))),
        }
    }

    fn notify(&self, channel: &str, payload: &str) -> Result<()> {
        match &self.asker.notifying {
            Some(notifying) => notifying.notify(channel, payload),
            None => Err(Error::unsupported("NOTIFY without a session")),
        }
    }

    fn listening_channels(&self) -> Vec<String> {
        self.tell_more();
        let notifying = self.asker.notifying.as_ref();
        notifying.map_or_else(Vec::new, |notifying| notifying.mailbox().channels())
    }

    fn notification_queue_usage(&self) -> f64 {
        self.tell_more();
        self.instance.notifications.usage()
    }

    fn size(&self, oid: Oid) -> BoxFuture<'_, Result<u64>> {
        self.tell_more();
        async move {
            let Some(object) = self
                .snapshot
                .object(oid)
                .filter(|object| object.is_stored())
            else {
                return Ok(0);
            };
            let table = table_id(object);
            match self.instance.warehouse.exists(&table).await? {
                true => Ok(self
                    .instance
                    .warehouse
                    .size(&table, At::Latest)
                    .await?
                    .bytes),
                false => Ok(0),
            }
        }
        .boxed()
    }

    fn sessions(&self) -> Vec<SessionInfo> {
        self.tell_more();
        let list = self.instance.sessions.list().into_iter();
        let own = self.role_of(&self.asker.user);
        let roles = self.snapshot.inherited(own, true);
        let sees_all = self.snapshot.is_superuser(own) || self.snapshot.sees_sessions(&roles);
        // As in Postgres, what others ask is theirs.
        let is_shown = |user: &str| sees_all || roles.contains(&self.role_of(user));
        let shown = |user: &str, query: String| match is_shown(user) {
            true => query,
            false => "<insufficient privilege>".to_owned(),
        };
        list.map(|(pid, entry)| SessionInfo {
            pid,
            is_shown: is_shown(&entry.user_name),
            transaction_started_at: entry
                .transaction_started_at
                .filter(|_| is_shown(&entry.user_name)),
            encryption: entry.encryption.clone(),
            query: Some(shown(&entry.user_name, entry.query)).filter(|query| !query.is_empty()),
            user: entry.user_name,
            database: super::state::DATABASE.to_owned(),
            application_name: entry.application_name,
            client: entry.client_address,
            state: entry.state,
            connected_at: entry.connected_at,
            query_started_at: entry.query_started_at,
            backend_type: entry.backend_type,
        })
        .collect()
    }

    fn relation_locks(&self) -> Vec<RelationLock> {
        self.tell_more();
        let mut locks = self.instance.open_transactions.locks();
        locks.extend(self.instance.refresh_locks.list().all());
        locks
    }

    fn reload(&self) -> Result<bool> {
        if !self.snapshot.is_superuser(self.role_of(&self.asker.user)) {
            return Err(denied("function", "pg_reload_conf"));
        }
        // What is wrong is in the log, as in Postgres.
        Ok(self.instance.reloading.reload().is_ok())
    }

    fn loaded_at(&self) -> DateTime<Utc> {
        self.tell_more();
        let last = self.instance.reloading.last();
        last.unwrap_or(self.instance.started_at)
    }

    fn cancel(&self, pid: i32) -> Result<bool> {
        let messages = [
            "must be a superuser to cancel superuser query",
            "must be a member of the role whose query is being canceled or member of pg_signal_backend",
        ];
        Ok(self.may_signal(pid, messages)? && self.instance.sessions.cancel(pid))
    }

    fn terminate(&self, pid: i32) -> Result<bool> {
        let messages = [
            "must be a superuser to terminate superuser process",
            "must be a member of the role whose process is being terminated or member of pg_signal_backend",
        ];
        Ok(self.may_signal(pid, messages)? && self.instance.sessions.terminate(pid))
    }
}
