//! The first message of a client: who it is, and what it asks for.

use bytes::Bytes;

use super::reader::BodyReader;
use crate::error::{Error, Result, SqlState};

/// The major version of the protocol.
pub(super) const PROTOCOL_MAJOR: u32 = 3;
/// The newest minor version; from it on, secrets may be longer than four bytes.
pub(super) const PROTOCOL_MINOR: u32 = 2;

/// A startup message.
pub(super) struct Startup {
    /// The minor version that is spoken.
    pub(super) minor: u32,
    /// Whether the client would have spoken another.
    pub(super) asked_for_another: bool,
    /// Protocol options that are not known here.
    pub(super) unknown_options: Vec<String>,
    pub(super) user: String,
    pub(super) database: String,
    pub(super) settings: Vec<(String, String)>,
}

impl Startup {
    /// Decodes the message after its version number.
    ///
    /// # Errors
    /// 08P01 for what is no startup message, 28000 without a user, 0A000 for what is not spoken here.
    pub(super) fn decode(minor: u32, body: Bytes) -> Result<Self> {
        let mut body = BodyReader::new(body);
        // 3.1 was never given out; who asks for it gets 3.0.
        let spoken = if minor < PROTOCOL_MINOR {
            0
        } else {
            PROTOCOL_MINOR
        };
        let mut startup = Self {
            minor: spoken,
            asked_for_another: spoken != minor,
            unknown_options: Vec::new(),
            user: String::new(),
            database: String::new(),
            settings: Vec::new(),
        };
        loop {
            let name = body.string()?;
            if name.is_empty() {
                break;
            }
            let value = body.string()?;
            match name.as_str() {
                "user" => startup.user = value,
                "database" => startup.database = value,
                "options" => startup.settings.extend(command_line_options(&value)?),
                "replication" => refuse_replication(&value)?,
                _ if name.starts_with("_pq_.") => startup.unknown_options.push(name),
                _ => startup.settings.push((name, value)),
            }
        }
        body.end()?;
        if startup.user.is_empty() {
            return Err(Error::new(
                SqlState::INVALID_AUTHORIZATION,
                "no user name specified in startup packet",
            ));
        }
        if startup.database.is_empty() {
            startup.database.clone_from(&startup.user);
        }
        Ok(startup)
    }
}

/// Reads `-c name=value` and `--name=value`; a backslash takes the next character as it is.
fn command_line_options(options: &str) -> Result<Vec<(String, String)>> {
    let mut words = vec![String::new()];
    let mut characters = options.chars();
    while let Some(character) = characters.next() {
        if character.is_whitespace() {
            words.push(String::new());
        } else if let Some(word) = words.last_mut() {
            match character {
                '\\' => word.extend(characters.next()),
                other => word.push(other),
            }
        }
    }
    let mut words = words.into_iter().filter(|word| !word.is_empty());
    let mut settings = Vec::new();
    while let Some(word) = words.next() {
        let setting = if word == "-c" {
            words.next()
        } else {
            let text = word.strip_prefix("--").or_else(|| word.strip_prefix("-c"));
            text.map(str::to_owned)
        };
        match setting
            .as_deref()
            .and_then(|setting| setting.split_once('='))
        {
            Some((name, value)) => settings.push((name.replace('-', "_"), value.to_owned())),
            None => {
                return Err(Error::new(
                    SqlState::SYNTAX_ERROR,
                    format!("invalid command-line argument for server process: {word}"),
                )
                .with_hint("Give settings as \"-c name=value\"."));
            }
        }
    }
    Ok(settings)
}

fn refuse_replication(value: &str) -> Result<()> {
    match value.to_ascii_lowercase().as_str() {
        "false" | "off" | "no" | "0" => Ok(()),
        _ => Err(Error::unsupported("the replication protocol")),
    }
}

#[cfg(test)]
mod tests {
    use super::command_line_options;

    #[test]
    fn options_give_settings() {
        let settings = command_line_options(r"-c geqo=off -csearch_path=a\ b --work-mem=1MB")
            .expect("valid options");
        let text: Vec<(&str, &str)> = settings
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert_eq!(
            text,
            [("geqo", "off"), ("search_path", "a b"), ("work_mem", "1MB")]
        );
        assert!(command_line_options("-x").is_err());
    }
}
