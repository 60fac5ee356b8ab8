//! From the first byte of a client to a connection that is ready for queries.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::{Buf, Bytes};
use pgwire::messages::startup::{
    BackendKeyData, NegotiateProtocolVersion, ParameterStatus, SecretKey,
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Limits;
use super::authentication::{Authentication, Claim, Current};
use super::backend::{Backend, BackendSession, Client};
use super::cancel::{CancelKey, CancelRegistry};
use super::client_settings::ClientSettings;
use super::connection::{Connection, Stop};
use super::encryption::Encrypted;
use super::error_response::without_zeros;
use super::failure::{Failure, Step};
use super::frame::{FrameReader, FrameWriter};
use super::startup_message::{PROTOCOL_MAJOR, PROTOCOL_MINOR, Startup};
use crate::error::{Error, SqlState};

const CANCEL_REQUEST: u32 = 80_877_102;

/// The settings that clients are told of at connect and when they change, with what they are
/// where the session has no such setting.
pub const REPORTED_SETTINGS: [(&str, &str); 13] = [
    ("application_name", ""),
    ("client_encoding", "UTF8"),
    ("DateStyle", "ISO, MDY"),
    ("default_transaction_read_only", "off"),
    ("in_hot_standby", "off"),
    ("integer_datetimes", "on"),
    ("IntervalStyle", "postgres"),
    ("is_superuser", "on"),
    ("server_encoding", "UTF8"),
    ("server_version", crate::SERVER_VERSION),
    ("session_authorization", ""),
    ("standard_conforming_strings", "on"),
    ("TimeZone", "UTC"),
];

/// What all connections share.
pub(super) struct Shared<B> {
    pub(super) backend: Arc<B>,
    pub(super) authentication: Arc<Authentication>,
    pub(super) limits: Arc<Limits>,
    pub(super) registry: Arc<CancelRegistry>,
    pub(super) sessions: Arc<Semaphore>,
    pub(super) stop: Stop,
}

/// Greets a client. `None` where it only came to cancel another's statement.
pub(super) async fn establish<B: Backend>(
    shared: &Shared<B>,
    reader: &mut FrameReader,
    writer: &mut FrameWriter,
    address: SocketAddr,
    current: &Current,
    encrypted: Option<&Encrypted>,
) -> Step<Option<Established<B::Session>>> {
    let Some(startup) = first_message(&shared.registry, reader).await? else {
        return Ok(None);
    };
    negotiate(&startup, writer)?;
    let is_member = |group: &str| shared.backend.is_member(&startup.user, group);
    let claim = Claim {
        user: &startup.user,
        database: &startup.database,
        stored: shared.backend.verifier(&startup.user),
        address,
        encrypted,
        is_member: &is_member,
    };
    // Before it takes a place: whoever has no password cannot keep others from theirs.
    shared
        .authentication
        .check(current, &claim, &shared.limits, reader, writer)
        .await?;
    let slot = take_slot(shared, &startup.user)?;
    if startup.database != shared.backend.database() {
        let message = format!("database \"{}\" does not exist", startup.database);
        let hint = format!("The database is \"{}\".", shared.backend.database());
        let error = Error::new(SqlState::INVALID_CATALOG_NAME, message).with_hint(hint);
        return Err(Failure::Fatal(error));
    }
    let key = shared.registry.register(startup.minor < PROTOCOL_MINOR);
    let stop = shared.stop.of_connection();
    let client = Client {
        user: startup.user,
        database: startup.database,
        settings: startup.settings,
        address,
        process_id: key.process_id(),
        canceller: key.canceller(&stop),
        encryption: encrypted.map(|encrypted| Arc::clone(&encrypted.shown)),
    };
    let session = shared.backend.connect(&client).map_err(Failure::Fatal)?;
    greet(&client, session.as_ref(), &key, writer)?;
    Ok(Some(Established {
        session,
        key,
        stop,
        slot,
    }))
}

/// A place among the sessions, the last of which are kept for superusers.
///
/// # Errors
/// 53300 where there is none.
fn take_slot<B: Backend>(shared: &Shared<B>, user: &str) -> Step<OwnedSemaphorePermit> {
    let too_many = |message: &str| {
        let error = Error::new(SqlState::TOO_MANY_CONNECTIONS, message);
        Failure::Fatal(error.with_hint("Close connections, or raise max_connections."))
    };
    let slot = Arc::clone(&shared.sessions)
        .try_acquire_owned()
        .map_err(|_| too_many("sorry, too many clients already"))?;
    let is_reserved = shared.sessions.available_permits() < shared.limits.reserved_connections;
    if is_reserved && !shared.backend.is_superuser(user) {
        return Err(too_many(
            "remaining connection slots are reserved for non-replication superuser connections",
        ));
    }
    Ok(slot)
}

/// What a greeted client has.
pub(super) struct Established<S> {
    session: Arc<S>,
    key: CancelKey,
    stop: Stop,
    /// Its place among the `max_connections`.
    slot: OwnedSemaphorePermit,
}

impl<S> Established<S> {
    /// Goes over to queries; the permit must be kept as long as the connection.
    pub(super) fn into_connection<B>(
        self,
        shared: &Shared<B>,
        reader: FrameReader,
        writer: FrameWriter,
    ) -> (Connection<S>, OwnedSemaphorePermit) {
        let connection = Connection {
            session: self.session,
            reader,
            writer,
            key: self.key,
            limits: Arc::clone(&shared.limits),
            stop: self.stop,
            settings: ClientSettings::default(),
            portals: HashMap::new(),
            is_idle: true,
            skips_to_sync: false,
            is_pipeline: false,
        };
        (connection, self.slot)
    }
}

/// The startup message; `None` of a client that came to cancel.
async fn first_message(
    registry: &CancelRegistry,
    reader: &mut FrameReader,
) -> Step<Option<Startup>> {
    let mut packet = reader.startup_packet().await?;
    let code = packet.get_u32();
    match code {
        CANCEL_REQUEST => {
            if packet.len() > 4 {
                let process_id = packet.get_i32();
                registry.cancel(process_id, &packet);
            }
            Ok(None)
        }
        _ if code >> 16 == PROTOCOL_MAJOR => Startup::decode(code & 0xffff, packet)
            .map(Some)
            .map_err(Failure::Fatal),
        _ => {
            let message = format!(
                "unsupported frontend protocol {}.{}: server supports 3.0 to 3.{PROTOCOL_MINOR}",
                code >> 16,
                code & 0xffff,
            );
            let error = Error::new(SqlState::FEATURE_NOT_SUPPORTED, message);
            Err(Failure::Fatal(error))
        }
    }
}

/// Tells a client that asked for more what there is. PostgreSQL writes the whole version number.
fn negotiate(startup: &Startup, writer: &mut FrameWriter) -> Step<()> {
    let newest = (PROTOCOL_MAJOR << 16 | startup.minor).cast_signed();
    if startup.asked_for_another || !startup.unknown_options.is_empty() {
        let options = startup.unknown_options.clone();
        writer.message(&NegotiateProtocolVersion::new(newest, options))?;
    }
    Ok(())
}

fn greet<S: BackendSession>(
    client: &Client,
    session: &S,
    key: &CancelKey,
    writer: &mut FrameWriter,
) -> Step<()> {
    for (name, default) in REPORTED_SETTINGS {
        let value = session.setting(name).unwrap_or_else(|| {
            if name == "session_authorization" {
                client.user.clone()
            } else {
                default.to_owned()
            }
        });
        writer.message(&ParameterStatus::new(
            name.to_owned(),
            without_zeros(&value),
        ))?;
    }
    // All have just been told.
    session.take_parameter_changes();
    let secret = match <[u8; 4]>::try_from(key.secret()) {
        Ok(short) => SecretKey::I32(i32::from_be_bytes(short)),
        Err(_) => SecretKey::Bytes(Bytes::copy_from_slice(key.secret())),
    };
    writer.message(&BackendKeyData::new(key.process_id(), secret))
}
