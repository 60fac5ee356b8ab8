//! Functions that tell of the session and the server, and change the session's settings.

use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field, TimeUnit};
use chrono::Utc;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::ScalarUDF;

use super::PG_CATALOG;
use super::function::{Call, CatalogFunction};
use super::functions::{BIGINT, BOOLEAN, TEXT, number, string, text};
use super::relation::{own_temporary, searched_schemas};
use crate::catalog::is_temporary_schema;
use crate::catalog::system::{SystemSources, blocking};
use crate::config::{Config, SessionSettings, unknown_setting};
use crate::error::{Error, Result, SqlState};

const INTEGER: DataType = DataType::Int32;

/// PostgreSQL's number of UTF-8.
const UTF8: i32 = 6;

/// The functions.
pub fn functions() -> Vec<ScalarUDF> {
    let udf = |name, arguments: &[&[DataType]], answer, call| {
        CatalogFunction::udf(name, arguments, answer, Call::Answer(call))
    };
    let texts = DataType::new_list(DataType::Utf8, true);
    let moment = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    vec![
        CatalogFunction::udf(
            "current_setting",
            &[&[TEXT], &[TEXT, BOOLEAN]],
            TEXT,
            Call::Look(current_setting),
        ),
        CatalogFunction::udf(
            "set_config",
            &[&[TEXT, TEXT, BOOLEAN]],
            TEXT,
            Call::Act(set_config),
        ),
        CatalogFunction::udf(
            "txid_current",
            &[&[]],
            BIGINT,
            Call::Act(|sources, _| Ok(ScalarValue::Int64(Some(sources.transaction_id())))),
        ),
        CatalogFunction::udf(
            "pg_current_xact_id",
            &[&[]],
            BIGINT,
            Call::Act(|sources, _| Ok(ScalarValue::Int64(Some(sources.transaction_id())))),
        ),
        udf("pg_backend_pid", &[&[]], INTEGER, |sources, _| {
            ScalarValue::Int32(Some(sources.process()))
        }),
        udf(
            "pg_blocking_pids",
            &[&[DataType::Int64]],
            DataType::new_list(INTEGER, true),
            |sources, values| match number(values, 0) {
                Some(process) => {
                    let process = i32::try_from(process).unwrap_or_default();
                    let pids = blocking(&sources.relation_locks(), process).into_iter();
                    let pids: Vec<_> = pids.map(|pid| ScalarValue::Int32(Some(pid))).collect();
                    ScalarValue::List(ScalarValue::new_list_nullable(&pids, &INTEGER))
                }
                None => ScalarValue::Null,
            },
        ),
        udf("pg_is_in_recovery", &[&[]], BOOLEAN, |_, _| {
            ScalarValue::Boolean(Some(false))
        }),
        // Nothing is replayed where there is no recovery.
        udf(
            "pg_last_xact_replay_timestamp",
            &[&[]],
            moment.clone(),
            |_, _| ScalarValue::TimestampMicrosecond(None, Some("UTC".into())),
        ),
        udf("pg_last_wal_replay_lsn", &[&[]], TEXT, |_, _| {
            ScalarValue::Utf8(None)
        }),
        udf("pg_last_wal_receive_lsn", &[&[]], TEXT, |_, _| {
            ScalarValue::Utf8(None)
        }),
        udf("pg_jit_available", &[&[]], BOOLEAN, |_, _| {
            ScalarValue::Boolean(Some(false))
        }),
        udf("pg_postmaster_start_time", &[&[]], moment.clone(), started),
        udf("pg_conf_load_time", &[&[]], moment, |sources, _| {
            let loaded = sources.loaded_at().timestamp_micros();
            ScalarValue::TimestampMicrosecond(Some(loaded), Some("UTC".into()))
        }),
        CatalogFunction::udf(
            "pg_reload_conf",
            &[&[]],
            BOOLEAN,
            Call::Act(|sources, _| Ok(ScalarValue::Boolean(Some(sources.reload()?)))),
        ),
        udf("pg_my_temp_schema", &[&[]], BIGINT, |sources, _| {
            let snapshot = sources.snapshot();
            let own = own_temporary(sources).and_then(|name| snapshot.schema(&name));
            ScalarValue::Int64(Some(own.map_or(0, |schema| i64::from(schema.oid))))
        }),
        udf(
            "pg_is_other_temp_schema",
            &[&[BIGINT]],
            BOOLEAN,
            |sources, values| {
                let own = own_temporary(sources);
                let is_other = |oid: i64| {
                    sources.snapshot().schemas().any(|schema| {
                        i64::from(schema.oid) == oid
                            && is_temporary_schema(&schema.name)
                            && own.as_ref() != Some(&schema.name)
                    })
                };
                ScalarValue::Boolean(number(values, 0).map(is_other))
            },
        ),
        udf(
            "current_schemas",
            &[&[BOOLEAN]],
            texts,
            |sources, values| {
                let implicit = matches!(values.first(), Some(ScalarValue::Boolean(Some(true))));
                let path = searched_schemas(sources).into_iter();
                let (temporary, path): (Vec<String>, Vec<String>) =
                    path.partition(|name| is_temporary_schema(name));
                // What is looked into beside the path comes first, temporary relations before all.
                let temporary = temporary.into_iter().filter(|_| implicit);
                let is_implicit = implicit && !path.iter().any(|name| name == PG_CATALOG);
                let catalog = is_implicit.then(|| PG_CATALOG.to_owned());
                list(temporary.chain(catalog).chain(path).collect())
            },
        ),
        udf("pg_client_encoding", &[&[]], TEXT, |_, _| {
            text(Some("UTF8"))
        }),
        udf("getdatabaseencoding", &[&[]], TEXT, |_, _| {
            text(Some("UTF8"))
        }),
        udf("pg_char_to_encoding", &[&[TEXT]], INTEGER, |_, values| {
            ScalarValue::Int32(string(values, 0).map(
                |name| match name.to_ascii_lowercase().as_str() {
                    "utf8" | "utf-8" | "unicode" => UTF8,
                    _ => -1,
                },
            ))
        }),
        udf(
            "pg_encoding_max_length",
            &[&[BIGINT]],
            INTEGER,
            |_, values| {
                let is_known = |encoding: &i64| *encoding == i64::from(UTF8);
                ScalarValue::Int32(number(values, 0).filter(is_known).map(|_| 4))
            },
        ),
        udf("inet_client_addr", &[&[]], TEXT, |sources, _| {
            let host = client(sources).map(|(host, _)| host);
            text(host.map(|host| host.trim_matches(['[', ']']).to_owned()))
        }),
        udf("inet_server_addr", &[&[]], TEXT, |sources, _| {
            // Of a client that came by way of the network.
            let listen = client(sources).and_then(|_| sources.setting("listen"));
            let host = listen.and_then(|it| Some(it.rsplit_once(':')?.0.to_owned()));
            text(host.map(|host| host.trim_matches(['[', ']']).to_owned()))
        }),
        udf("inet_server_port", &[&[]], INTEGER, |sources, _| {
            let listen = client(sources).and_then(|_| sources.setting("listen"));
            let port = listen.and_then(|it| it.rsplit_once(':')?.1.parse().ok());
            ScalarValue::Int32(port)
        }),
        CatalogFunction::udf(
            "timeofday",
            &[&[]],
            TEXT,
            Call::Act(|_, _| {
                let now = Utc::now().format("%a %b %d %H:%M:%S%.6f %Y UTC");
                Ok(text(Some(now.to_string())))
            }),
        ),
        CatalogFunction::udf(
            "pg_is_wal_replay_paused",
            &[&[]],
            BOOLEAN,
            Call::Act(|_, _| {
                let message = "recovery is not in progress";
                Err(
                    Error::new(SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE, message).with_hint(
                        "Recovery control functions can only be executed during recovery.",
                    ),
                )
            }),
        ),
        udf("inet_client_port", &[&[]], INTEGER, |sources, _| {
            ScalarValue::Int32(client(sources).and_then(|(_, port)| port.parse().ok()))
        }),
    ]
}

fn current_setting(sources: &dyn SystemSources, values: &[ScalarValue]) -> Result<ScalarValue> {
    let Some(name) = string(values, 0) else {
        return Ok(ScalarValue::Utf8(None));
    };
    let missing_is_fine = matches!(values.get(1), Some(ScalarValue::Boolean(Some(true))));
    match sources.setting(&name) {
        Some(value) => Ok(text(Some(value))),
        None if missing_is_fine => Ok(ScalarValue::Utf8(None)),
        None => {
            let known = SessionSettings::ALL.iter().chain(Config::ALL);
            Err(unknown_setting(&name, known))
        }
    }
}

fn set_config(sources: &dyn SystemSources, values: &[ScalarValue]) -> Result<ScalarValue> {
    let Some(name) = string(values, 0) else {
        let message = "SET requires parameter name";
        return Err(Error::new(SqlState::NULL_VALUE_NOT_ALLOWED, message));
    };
    let value = string(values, 1);
    let local = matches!(values.get(2), Some(ScalarValue::Boolean(Some(true))));
    sources
        .set(&name, value.as_deref(), local)
        .map(|shown| text(Some(shown)))
}

fn started(sources: &dyn SystemSources, _: &[ScalarValue]) -> ScalarValue {
    let started = sources.started_at().timestamp_micros();
    ScalarValue::TimestampMicrosecond(Some(started), Some("UTC".into()))
}

/// Where the session's client is: host and port.
fn client(sources: &dyn SystemSources) -> Option<(String, String)> {
    let process = sources.process();
    let sessions = sources.sessions().into_iter();
    let own = sessions
        .into_iter()
        .find(|session| session.pid == process)?;
    let address = own.client?;
    let (host, port) = address.rsplit_once(':')?;
    Some((host.to_owned(), port.to_owned()))
}

/// Texts as an array.
pub fn list(texts: Vec<String>) -> ScalarValue {
    let field = Arc::new(Field::new_list_field(DataType::Utf8, true));
    let offsets = OffsetBuffer::from_lengths([texts.len()]);
    let values: ArrayRef = Arc::new(StringArray::from(texts));
    ScalarValue::List(Arc::new(arrow::array::ListArray::new(
        field, offsets, values, None,
    )))
}
