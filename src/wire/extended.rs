//! The extended protocol: Parse, Bind, Describe, Execute, Close.
//!
//! As in Postgres, all up to a Sync is one transaction, unless a block goes on: a client that sends
//! many statements before it has all of them done or none. What is executed right before its Sync, as
//! nearly all statements are, is a transaction of its own as it is.

use std::mem;
use std::sync::Arc;

use arrow::datatypes::DataType;
use chrono::Utc;
use pgwire::messages::data::{NoData, ParameterDescription};
use pgwire::messages::extendedquery::{
    BindComplete, CloseComplete, ParseComplete, PortalSuspended,
};
use pgwire::messages::response::{CommandComplete, EmptyQueryResponse};
use tributary_udfs::interrupt::RaisedOnDrop;

use super::backend::BackendSession;
use super::connection::Connection;
use super::failure::{Step, protocol_violation};
use super::interrupt::{Interrupts, Pace, catch_panic};
use super::message::{Bind, Format, Target, spread_formats};
use super::parameters;
use super::portal::{Portal, PortalState, Run, Runner, parse};
use super::row_description::row_description;
use super::types::PostgresType;
use crate::error::{Error, Result, SqlState};
use crate::session::{Prepared, PreparedStatement, can_be_rolled_back};
use crate::sql::Statement;

impl<S: BackendSession> Connection<S> {
    /// Prepares a statement under a name; the empty name may be taken again and again.
    pub(super) async fn parse(&mut self, name: String, sql: &str, oids: &[u32]) -> Step<()> {
        self.session.begin_statement();
        let limit = self.limits.max_prepared_statements;
        if name.is_empty() {
            self.session.statements().remove("");
        } else {
            self.session.statements().check_free(&name)?;
        }
        let types = oids
            .iter()
            .map(|oid| self.session.parameter_type(*oid))
            .collect::<Result<Vec<_>>>()?;
        let interrupts = self.begin();
        let session = Arc::clone(&self.session);
        let planning = async {
            let mut statements = parse(session.as_ref(), sql)?;
            if statements.len() > 1 {
                let message = "cannot insert multiple commands into a prepared statement";
                return Err(Error::new(SqlState::SYNTAX_ERROR, message).into());
            }
            match statements.pop() {
                Some(statement) => Ok(Some(session.prepare(statement, &types).await?)),
                None => Ok(None),
            }
        };
        let work = RaisedOnDrop::default();
        let prepared = interrupts
            .guard(&mut self.reader, &work.0, Pace::Any, planning)
            .await;
        self.key.end();
        let prepared = prepared.map_err(|failure| failure.located(sql))?;
        let parameter_oids = match &prepared {
            Some(prepared) => parameter_oids(prepared, oids),
            None => oids.to_vec(),
        };
        let statement = PreparedStatement {
            text: Arc::from(sql),
            prepared,
            parameter_oids,
            prepared_at: Utc::now(),
            from_sql: false,
        };
        self.session.statements().insert(name, statement, limit)?;
        self.writer.message(&ParseComplete::new())
    }

    /// Makes a portal of a prepared statement.
    pub(super) async fn bind(&mut self, bind: Bind) -> Step<()> {
        self.session.begin_statement();
        let statement = self.session.statements().get(&bind.statement)?;
        if bind.portal.is_empty() {
            self.portals.remove("");
        } else if self.portals.contains_key(&bind.portal) {
            let message = format!("cursor \"{}\" already exists", bind.portal);
            return Err(Error::new(SqlState::DUPLICATE_CURSOR, message).into());
        }
        if self.portals.len() >= self.limits.max_portals {
            return Err(too_many("portals", self.limits.max_portals).into());
        }
        let given = bind.parameters.len();
        let parameter_formats =
            spread_formats(&bind.parameter_formats, given).ok_or_else(|| {
                protocol_violation(format!(
                    "bind message has {} parameter formats but {given} parameters",
                    bind.parameter_formats.len(),
                ))
            })?;
        let wanted = statement.parameter_oids.len();
        if given != wanted {
            return Err(protocol_violation(format!(
                "bind message supplies {given} parameters, but prepared statement \"{}\" \
                 requires {wanted}",
                bind.statement,
            ))
            .into());
        }
        let types = statement
            .prepared
            .as_ref()
            .map_or(&[][..], |prepared| &prepared.parameter_types);
        let settings = self.settings.of(self.session.as_ref());
        let (style, encoding) = (settings.style, settings.encoding.clone());
        let decoding = async {
            let mut values = Vec::new();
            for (index, value) in bind.parameters.iter().enumerate() {
                let target = types.get(index).unwrap_or(&DataType::Utf8);
                let oid = statement.parameter_oids[index];
                let format = parameter_formats[index];
                let value = match (&encoding, value) {
                    (Some(encoding), Some(value)) if format == Format::Binary => {
                        Some(parameters::in_utf8(encoding, oid, value)?)
                    }
                    (_, value) => value.clone(),
                };
                let value = parameters::decode_given(
                    value.as_ref(),
                    oid,
                    format,
                    target,
                    style.time_zone(),
                )
                .map_err(|error| {
                    error.with_detail(format!("It was given for parameter ${}.", index + 1))
                })?;
                values.push(value);
            }
            Ok(values)
        };
        let values = catch_panic(decoding).await?;
        let columns = statement
            .prepared
            .as_ref()
            .and_then(|prepared| prepared.schema.as_ref())
            .map_or(0, |schema| schema.fields().len());
        let formats = result_formats(&bind.result_formats, columns)?;
        let portal = Portal {
            prepared: statement.prepared.clone(),
            formats,
            state: PortalState::Ready(values),
            reading: None,
            work: RaisedOnDrop::default(),
        };
        self.portals.insert(bind.portal, portal);
        self.writer.message(&BindComplete::new())
    }

    /// Tells the types of parameters and columns.
    pub(super) fn describe(&mut self, target: &Target) -> Step<()> {
        let (prepared, formats) = match target {
            Target::Statement(name) => {
                let statement = self.session.statements().get(name)?;
                let types = statement.parameter_oids;
                self.writer.message(&ParameterDescription::new(types))?;
                (statement.prepared, Vec::new())
            }
            Target::Portal(name) => {
                if !self.portals.contains_key(name)
                    && let Some((schema, is_binary)) = self.session.cursor(name)
                {
                    let format = match is_binary {
                        true => Format::Binary,
                        false => Format::Text,
                    };
                    let formats = vec![format; schema.fields().len()];
                    return self.writer.message(&row_description(&schema, &formats)?);
                }
                let portal = self.portals.get(name).ok_or_else(|| no_portal(name))?;
                (portal.prepared.clone(), portal.formats.clone())
            }
        };
        match prepared
            .as_ref()
            .and_then(|prepared| prepared.schema.as_ref())
        {
            Some(schema) => self.writer.message(&row_description(schema, &formats)?),
            None => self.writer.message(&NoData::new()),
        }
    }

    /// Runs a portal, or lets it go on, up to `max_rows` where that is above zero.
    pub(super) async fn execute(&mut self, name: &str, max_rows: i32) -> Step<()> {
        self.session.begin_statement();
        if self.begins_pipeline(name) {
            self.session.begin_implicit();
            self.is_pipeline = true;
        }
        let interrupts = self.begin();
        let run = self.run_portal(name, max_rows, &interrupts).await;
        self.key.end();
        match run? {
            None => self.writer.message(&EmptyQueryResponse::new()),
            Some(Run::Suspended) => self.writer.message(&PortalSuspended::new()),
            Some(Run::Complete(tag)) => {
                self.send_notices()?;
                self.writer.message(&CommandComplete::new(tag))
            }
        }
    }

    /// Whether a portal is run in a transaction with what the client executes before its Sync. A
    /// query that stands before all that writes has nothing to take back.
    fn begins_pipeline(&mut self, name: &str) -> bool {
        if self.reader.has_sync_next() {
            return false;
        }
        let portal = self.portals.get(name);
        let Some(prepared) = portal.and_then(|portal| portal.prepared.as_ref()) else {
            return false;
        };
        match &prepared.statement {
            Statement::Transaction(_) => false,
            Statement::Query(_) if prepared.write_command.is_none() => self.reads_one_snapshot(),
            _ => prepared.write_command.is_none_or(can_be_rolled_back),
        }
    }

    fn reads_one_snapshot(&self) -> bool {
        let isolation = self.session.setting("default_transaction_isolation");
        isolation.is_some_and(|level| level != "read committed")
    }

    /// Commits what was executed since the last Sync.
    pub(super) async fn end_pipeline(&mut self) -> Step<()> {
        match mem::take(&mut self.is_pipeline) {
            true => self.commit_implicit().await,
            false => Ok(()),
        }
    }

    /// `None` for the portal of an empty query string.
    async fn run_portal(
        &mut self,
        name: &str,
        max_rows: i32,
        interrupts: &Interrupts,
    ) -> Step<Option<Run>> {
        let portal = self.portals.get_mut(name).ok_or_else(|| no_portal(name))?;
        if portal.prepared.is_none() {
            return Ok(None);
        }
        let runner = Runner {
            session: self.session.as_ref(),
            reader: &mut self.reader,
            writer: &mut self.writer,
            settings: &mut self.settings,
            interrupts,
            describes: false,
        };
        let max_rows = u64::try_from(max_rows).ok().filter(|rows| *rows > 0);
        portal.run(runner, max_rows).await.map(Some)
    }

    /// Forgets a statement or portal; one that is not there is no error.
    pub(super) fn close(&mut self, target: &Target) -> Step<()> {
        match target {
            Target::Statement(name) => {
                self.session.statements().remove(name);
            }
            Target::Portal(name) => {
                self.portals.remove(name);
            }
        }
        self.writer.message(&CloseComplete::new())
    }
}

/// What the client declared stands; what it left open is as the statement needs it.
fn parameter_oids(prepared: &Prepared, declared: &[u32]) -> Vec<u32> {
    prepared
        .parameter_types
        .iter()
        .enumerate()
        .map(|(index, data_type)| match declared.get(index) {
            Some(oid) if *oid != 0 && *oid != PostgresType::UNKNOWN.oid => *oid,
            _ => {
                let known = prepared.parameter_oids.get(index);
                known.map_or_else(|| PostgresType::of(data_type).oid, |oid| *oid)
            }
        })
        .collect()
}

/// A statement without columns takes any formats and uses none.
fn result_formats(formats: &[Format], columns: usize) -> Result<Vec<Format>> {
    if columns == 0 {
        return Ok(Vec::new());
    }
    spread_formats(formats, columns).ok_or_else(|| {
        protocol_violation(format!(
            "bind message has {} result formats but query has {columns} columns",
            formats.len(),
        ))
    })
}

fn no_portal(name: &str) -> Error {
    Error::new(
        SqlState::INVALID_CURSOR_NAME,
        format!("portal \"{name}\" does not exist"),
    )
}

fn too_many(what: &str, limit: usize) -> Error {
    Error::new(
        SqlState::CONFIGURATION_LIMIT_EXCEEDED,
        format!("too many {what}: a connection may have {limit}"),
    )
    .with_hint("Close those that are no longer needed.")
}
