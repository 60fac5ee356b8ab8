//! `SHOW`: a setting's value, or all of them with what they mean.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};

use super::text_rows;
use crate::config::{Config, PostgresSetting, SessionSettings, unknown_setting};
use crate::error::Result;
use crate::session::prepare::text_column;
use crate::session::{Outcome, Session};
use crate::sql::show::Show;

/// The columns of the answer.
pub fn columns(show: &Show) -> SchemaRef {
    match show {
        Show::Setting(name) => {
            let shown = SessionSettings::ALL
                .iter()
                .chain(Config::ALL)
                .find(|setting| setting.name.eq_ignore_ascii_case(name));
            text_column(shown.map_or(name.as_str(), |setting| setting.name))
        }
        Show::All => Arc::new(Schema::new(
            ["name", "setting", "description"]
                .map(|name| Field::new(name, DataType::Utf8, true))
                .to_vec(),
        )),
    }
}

/// Shows settings.
///
/// # Errors
/// 42704 for a setting that does not exist.
pub fn execute(session: &Session, show: &Show) -> Result<Outcome> {
    let server = &session.instance.configuration.server;
    let settings = session.own_settings();
    let value = |name: &str| {
        let authorization = session.shown_authorization(name);
        authorization.or_else(|| value(&settings, server, name))
    };
    match show {
        Show::Setting(name) => {
            let known: Vec<_> = SessionSettings::ALL
                .iter()
                .chain(Config::ALL)
                .copied()
                .collect();
            let value = value(name).ok_or_else(|| unknown_setting(name, &known))?;
            text_rows("SHOW", columns(show), vec![vec![value]])
        }
        Show::All => {
            let ours = SessionSettings::ALL.iter().chain(Config::ALL);
            let ours = ours.map(|setting| (setting.name, setting.description));
            let others = PostgresSetting::all().iter();
            let others = others.map(|setting| (setting.name, setting.description));
            let mut settings: Vec<_> = ours.chain(others).collect();
            settings.sort_by_key(|(name, _)| name.to_lowercase());
            let (names, descriptions): (Vec<_>, Vec<_>) = settings
                .into_iter()
                .map(|(name, description)| (name.to_owned(), description.to_owned()))
                .unzip();
            let values = names
                .iter()
                .map(|name| value(name).unwrap_or_default())
                .collect();
            text_rows("SHOW", columns(show), vec![names, values, descriptions])
        }
    }
}

/// A setting's value: one of the session, of the server, or one that nobody can set.
pub fn value(settings: &SessionSettings, server: &Config, name: &str) -> Option<String> {
    let of_session = settings.get(name);
    of_session
        .or_else(|| server.get(name))
        .or_else(|| fixed(&name.to_ascii_lowercase(), server))
}

/// A truth as settings show it.
pub fn on_or_off(value: bool) -> &'static str {
    match value {
        true => "on",
        false => "off",
    }
}

/// What clients ask for that nobody can set here.
fn fixed(name: &str, server: &Config) -> Option<String> {
    let value = match name {
        "ssl" if server.tls_certificate.as_os_str().is_empty() => "off",
        "ssl" => "on",
        "server_version" => crate::SERVER_VERSION,
        "server_version_num" => "150000",
        "server_encoding" => "UTF8",
        "integer_datetimes" => "on",
        "lc_collate" | "lc_ctype" => "C.UTF-8",
        "max_identifier_length" => "63",
        // It can be set, and is not told.
        "seed" => "unavailable",
        _ => return None,
    };
    Some(value.to_owned())
}
