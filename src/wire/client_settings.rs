//! What the protocol asks of the session's settings.

use std::sync::Arc;
use std::time::Duration;

use super::backend::BackendSession;
use super::client_encoding::Encoding;
use super::encode::Style;
use super::interrupt::timeout;

/// Settings as the protocol uses them, read again once one has changed.
#[derive(Default)]
pub(super) struct ClientSettings {
    /// The number of the settings that were read; none before the first time.
    number: Option<u64>,
    /// In which texts are written and read; as they are where there is none.
    pub(super) encoding: Option<Arc<Encoding>>,
    /// How values are written.
    pub(super) style: Style,
    /// `statement_timeout`
    pub(super) statement_timeout: Option<Duration>,
    /// `idle_session_timeout`
    pub(super) idle_session_timeout: Option<Duration>,
    /// `idle_in_transaction_session_timeout`
    pub(super) idle_in_transaction_session_timeout: Option<Duration>,
}

impl ClientSettings {
    /// Those of now.
    pub(super) fn of<S: BackendSession>(&mut self, session: &S) -> &Self {
        let number = Some(session.settings_number());
        if self.number != number {
            let time_zone = session.setting("TimeZone");
            let encoding = session.setting("client_encoding");
            let limit = |name| session.setting(name).and_then(|value| timeout(&value));
            *self = Self {
                number,
                encoding: encoding.and_then(|name| Encoding::named(&name)),
                style: Style::new(time_zone.as_deref())
                    .with_bytes(session.setting("bytea_output").as_deref())
                    .with_float_digits(session.setting("extra_float_digits").as_deref())
                    .with_intervals(session.setting("IntervalStyle").as_deref())
                    .with_dates(
                        session.setting("DateStyle").as_deref(),
                        time_zone.as_deref(),
                    ),
                statement_timeout: limit("statement_timeout"),
                idle_session_timeout: limit("idle_session_timeout"),
                idle_in_transaction_session_timeout: limit("idle_in_transaction_session_timeout"),
            };
        }
        self
    }
}
