//! Errors and warnings as messages.

use pgwire::messages::response::{ErrorResponse, NoticeResponse};

use crate::error::{Error, SqlState};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Severity {
    /// The statement failed.
    Error,
    /// The connection ends.
    Fatal,
}

/// An error, as the client is told of it.
pub(super) fn error_response(error: &Error, severity: Severity) -> ErrorResponse {
    let severity = match severity {
        Severity::Error => "ERROR",
        Severity::Fatal => "FATAL",
    };
    ErrorResponse::new(fields(error, severity))
}

/// A warning or a note, by the class of its SQLSTATE.
pub(super) fn notice_response(notice: &Error) -> NoticeResponse {
    let severity = if notice.sqlstate() == SqlState::NOTICE {
        "NOTICE"
    } else {
        "WARNING"
    };
    NoticeResponse::new(fields(notice, severity))
}

fn fields(error: &Error, severity: &str) -> Vec<(u8, String)> {
    let mut fields = vec![
        (b'S', severity.to_owned()),
        (b'V', severity.to_owned()),
        (b'C', error.sqlstate().0.to_owned()),
        (b'M', without_zeros(error.message())),
    ];
    if let Some(detail) = error.detail() {
        fields.push((b'D', without_zeros(detail)));
    }
    if let Some(hint) = error.hint() {
        fields.push((b'H', without_zeros(hint)));
    }
    if let Some(position) = error.position() {
        fields.push((b'P', position.to_string()));
    }
    fields
}

/// A zero byte would end the field early.
pub(super) fn without_zeros(text: &str) -> String {
    text.replace('\0', "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_that_is_known_is_sent() {
        let error = Error::new(SqlState::SYNTAX_ERROR, "bad\0 text")
            .with_detail("Why.")
            .with_hint("What to do.")
            .with_position(7);
        let fields = error_response(&error, Severity::Error).fields;
        let text: Vec<(char, &str)> = fields
            .iter()
            .map(|(code, value)| (char::from(*code), value.as_str()))
            .collect();
        assert_eq!(
            text,
            [
                ('S', "ERROR"),
                ('V', "ERROR"),
                ('C', "42601"),
                ('M', "bad text"),
                ('D', "Why."),
                ('H', "What to do."),
                ('P', "7"),
            ]
        );
    }
}
