//! Errors and warnings as messages.

use pgwire::messages::response::{ErrorResponse, NoticeResponse};

use crate::error::Error;

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

/// A warning or a note.
pub(super) fn notice_response(notice: &Error) -> NoticeResponse {
    let severity = match notice.is_warning() {
        true => "WARNING",
        false => "NOTICE",
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
    if let Some(context) = error.context() {
        fields.push((b'W', without_zeros(context)));
    }
    if let Some(place) = error.column() {
        fields.push((b's', place.schema.clone()));
        fields.push((b't', place.relation.clone()));
        fields.push((b'c', place.column.clone()));
    }
    if let Some(place) = error.constraint() {
        fields.push((b's', place.schema.clone()));
        fields.push((b't', place.relation.clone()));
        fields.push((b'n', place.constraint.clone()));
    }
    if let Some(place) = error.domain() {
        fields.push((b's', place.schema.clone()));
        fields.push((b'd', place.domain.clone()));
        fields.extend(place.constraint.iter().map(|name| (b'n', name.clone())));
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
    use crate::error::{ColumnPlace, SqlState};

    #[test]
    fn every_field_that_is_known_is_sent() {
        let error = Error::new(SqlState::SYNTAX_ERROR, "bad\0 text")
            .with_detail("Why.")
            .with_hint("What to do.")
            .with_position(7)
            .with_context("COPY t, line 1")
            .with_column(ColumnPlace {
                schema: "public".to_owned(),
                relation: "t".to_owned(),
                column: "x".to_owned(),
            });
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
                ('W', "COPY t, line 1"),
                ('s', "public"),
                ('t', "t"),
                ('c', "x"),
            ]
        );
    }

    #[test]
    fn a_notice_is_as_loud_as_in_postgres() {
        let severity = |sqlstate| {
            let notice = notice_response(&Error::new(sqlstate, "x"));
            notice.fields[0].1.clone()
        };
        // DROP TABLE IF EXISTS missing; BEGIN within a transaction.
        assert_eq!(severity(SqlState::UNDEFINED_TABLE), "NOTICE");
        assert_eq!(severity(SqlState::ACTIVE_SQL_TRANSACTION), "WARNING");
        assert_eq!(severity(SqlState::WARNING), "WARNING");
    }
}
