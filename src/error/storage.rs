//! Failures of disks and object stores, as errors of ours.
//!
//! `object_store` tells the request, with its URL, how often it was tried, and the whole answer of
//! the server. A URL can hold a secret, and an answer is a page of XML: what is told here is who did
//! not answer, or the code and message of the answer.

use std::error::Error as StdError;
use std::io;

use datafusion::error::DataFusionError;
use object_store::client::{HttpError, HttpErrorKind};
use url::Url;

use super::engine::from_dyn;
use super::{Error, SqlState, lower_first};

/// Where machines of Amazon, Azure and Google ask for the credentials they may use.
const METADATA_HOSTS: [&str; 2] = ["169.254.169.254", "metadata.google.internal"];

/// What to do about a server that does not answer.
const REACH: &str = "Check that the server can be reached.";

/// How DataFusion begins where a query spills more than it may.
const SPILLED_TOO_MUCH: &str = "The used disk space during the spilling process";

/// No more of a server's answer is told than this.
const MAX_ANSWER: usize = 300;

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        use io::ErrorKind;
        // What reads through another reader hands that one's errors on inside of its own.
        if error.get_ref().is_some_and(is_known) {
            let kind = error.kind();
            return match error.into_inner() {
                Some(inner) => from_dyn(inner),
                None => Self::from(io::Error::from(kind)),
            };
        }
        let sqlstate = match error.kind() {
            ErrorKind::NotFound => SqlState::UNDEFINED_FILE,
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                SqlState::INSUFFICIENT_PRIVILEGE
            }
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => SqlState::DISK_FULL,
            ErrorKind::UnexpectedEof | ErrorKind::InvalidData => SqlState::DATA_CORRUPTED,
            _ => SqlState::IO_ERROR,
        };
        let text = error.to_string();
        if let Some(error) = spilled_too_much(&text) {
            return error;
        }
        // The number says nothing that the words before it do not.
        let text = text.split(" (os error ").next().unwrap_or(&text);
        of_disk(sqlstate, text)
    }
}

/// The failure of a query that spills more than it may, as PostgreSQL says it of its
/// `temp_file_limit`. DataFusion names a setting of its own, which is not one of this server.
pub(super) fn spilled_too_much(text: &str) -> Option<Error> {
    let detail = &text[text.find(SPILLED_TOO_MUCH)?..];
    let detail = detail.split(" Please try").next().unwrap_or(detail);
    let error = Error::new(
        SqlState::CONFIGURATION_LIMIT_EXCEEDED,
        "spilled data exceeds spill_limit",
    )
    .with_detail(detail)
    .with_hint("Raise spill_limit, or memory_limit so that less is spilled.");
    Some(error)
}

/// The failure of a disk.
fn of_disk(sqlstate: SqlState, message: &str) -> Error {
    let error = Error::new(sqlstate, lower_first(message));
    match sqlstate {
        SqlState::DISK_FULL => {
            error.with_hint("Free space on the disk, or put data_dir or warehouse on a larger one.")
        }
        _ => error,
    }
}

fn is_known(error: &(dyn StdError + Send + Sync + 'static)) -> bool {
    error.is::<Error>() || error.is::<DataFusionError>() || error.is::<object_store::Error>()
}

impl From<object_store::Error> for Error {
    fn from(error: object_store::Error) -> Self {
        Self::from(&error)
    }
}

impl From<&object_store::Error> for Error {
    fn from(error: &object_store::Error) -> Self {
        use object_store::Error as Store;
        if let Some(own) = find::<Self>(error) {
            return own.clone();
        }
        if asks_for_credentials(error) {
            return Self::new(
                SqlState::INSUFFICIENT_PRIVILEGE,
                "no credentials for the object store were given, and this machine is lent none",
            )
            .with_hint(
                "Set them in the environment or as options, or read without them by the option \
                 skip_signature 'true'.",
            );
        }
        if let Some(http) = find::<HttpError>(error) {
            return transport(error, http);
        }
        let (status, answer) = answer(error).unzip();
        match error {
            Store::NotFound { path, .. } => missing(format!("\"{path}\" does not exist"), answer),
            _ if status == Some(404) => missing("the bucket does not exist".to_owned(), answer),
            _ if matches!(status, Some(401 | 403)) => refused(&answer.unwrap_or_default()),
            Store::Precondition { .. } | Store::NotModified { .. } => changed(),
            Store::NotSupported { .. } | Store::NotImplemented { .. } => Self::new(
                SqlState::FEATURE_NOT_SUPPORTED,
                lower_first(&root(error).to_string()),
            )
            .with_hint(
                "The format needs a store that sends parts of a file: copy the file to one.",
            ),
            _ => match (find::<io::Error>(error), answer) {
                (Some(disk), _) => {
                    let text = error.to_string();
                    let text = text.trim_start_matches("Generic LocalFileSystem error: ");
                    let sqlstate = Self::from(io::Error::from(disk.kind())).sqlstate();
                    of_disk(sqlstate, text)
                }
                (None, Some(answer)) => Self::new(
                    SqlState::IO_ERROR,
                    format!("the object store answered: {answer}"),
                ),
                (None, None) => {
                    Self::new(SqlState::IO_ERROR, lower_first(&root(error).to_string()))
                }
            },
        }
    }
}

/// A request that got no answer, or not the whole of one.
fn transport(error: &object_store::Error, http: &HttpError) -> Error {
    let server = request_url(error).map_or_else(|| "the server".to_owned(), |url| host_of(&url));
    let cause = root(http);
    let told = |message| Error::new(SqlState::IO_ERROR, message).with_hint(REACH);
    match http.kind() {
        HttpErrorKind::Connect => told(format!("cannot connect to {server}: {cause}")),
        HttpErrorKind::Timeout => told(format!("{server} did not answer in time")),
        _ => broken(&server, cause),
    }
}

/// Without credentials, `object_store` asks the machine for some.
fn asks_for_credentials(error: &object_store::Error) -> bool {
    request_url(error).is_some_and(|url| {
        url.host_str()
            .is_some_and(|host| METADATA_HOSTS.contains(&host))
            || url.path().starts_with("/latest/api/token")
    })
}

/// The URL of the request that failed.
fn request_url(error: &(dyn StdError + 'static)) -> Option<Url> {
    chain(error).find_map(|cause| url_in(&cause.to_string()))
}

/// Of `Error performing GET http://... in 3ms`.
fn url_in(text: &str) -> Option<Url> {
    let (_, request) = text.split_once("Error performing ")?;
    Url::parse(request.split(' ').nth(1)?).ok()
}

fn answer(error: &(dyn StdError + 'static)) -> Option<(u16, String)> {
    chain(error).find_map(|cause| answer_in(&cause.to_string()))
}

/// The status of a server's answer, and that with the code and message of its body.
fn answer_in(text: &str) -> Option<(u16, String)> {
    if text.contains("Received redirect without LOCATION") {
        return Some((
            301,
            "a redirect to nowhere, as of a wrong region".to_owned(),
        ));
    }
    let (_, rest) = [
        "Server returned non-2xx status code: ",
        "Server returned error response: ",
    ]
    .iter()
    .find_map(|start| text.split_once(start))?;
    let (status, body) = rest.split_once(": ").unwrap_or((rest, ""));
    let status = status.trim();
    let told: Vec<&str> = ["Code", "Message"]
        .iter()
        .filter_map(|tag| between(body, &format!("<{tag}>"), &format!("</{tag}>")))
        .collect();
    let told = match serde_json::from_str::<serde_json::Value>(body) {
        Ok(json) => json["error"]["message"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
        Err(_) => told.join(": "),
    };
    let line = told.lines().next().unwrap_or_default();
    let told: String = line
        .trim_end_matches('.')
        .chars()
        .take(MAX_ANSWER)
        .collect();
    let number = status.split(' ').next()?.parse().ok()?;
    Some(match told.as_str() {
        "" => (number, status.to_owned()),
        told => (number, format!("{status}: {told}")),
    })
}

/// An error of a store of which another crate kept the text alone.
pub(super) fn from_text(text: &str) -> Option<Error> {
    if !["Object Store error: ", "Error performing "]
        .iter()
        .any(|sign| text.contains(sign))
    {
        return None;
    }
    if let Some((_, path)) = text.split_once("Object at location ")
        && let Some((path, _)) = path.split_once(" not found")
    {
        let name = path.rsplit('/').next().unwrap_or(path);
        let message = format!("the file \"{name}\" is no longer there");
        let detail = "VACUUM deletes files of old versions, and other programs may delete any.";
        return Some(missing(message, None).with_detail(detail));
    }
    let (status, answer) = answer_in(text).unzip();
    Some(match (status, answer) {
        (Some(404), answer) => missing("the file does not exist".to_owned(), answer),
        (Some(401 | 403), Some(answer)) => refused(&answer),
        (Some(412), _) => changed(),
        (_, Some(answer)) => Error::new(
            SqlState::IO_ERROR,
            format!("the object store answered: {answer}"),
        ),
        (_, None) => {
            let cause = text.rsplit(" - ").next().unwrap_or_default();
            let cause = cause.trim_start_matches("HTTP error: ");
            match url_in(text) {
                Some(url) => broken(&host_of(&url), cause),
                None => Error::new(SqlState::IO_ERROR, lower_first(cause)),
            }
        }
    })
}

fn missing(message: String, answer: Option<String>) -> Error {
    let error = Error::new(SqlState::UNDEFINED_FILE, message);
    match answer {
        Some(answer) => error.with_detail(format!("The server answered: {answer}.")),
        None => error,
    }
}

fn refused(answer: &str) -> Error {
    Error::new(
        SqlState::INSUFFICIENT_PRIVILEGE,
        format!("the object store refuses access: {answer}"),
    )
    .with_hint("Check the credentials, and what they are allowed to do.")
}

fn changed() -> Error {
    Error::new(
        SqlState::SERIALIZATION_FAILURE,
        "the file was changed while it was read",
    )
    .with_hint("Run the statement again.")
}

fn broken(server: &str, cause: impl std::fmt::Display) -> Error {
    Error::new(
        SqlState::IO_ERROR,
        format!("the connection to {server} broke: {cause}"),
    )
    .with_hint(REACH)
}

fn host_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

fn between<'a>(text: &'a str, start: &str, end: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(start)?;
    Some(rest.split_once(end)?.0)
}

fn chain<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn StdError + 'static)| {
        (*error).source()
    })
}

fn find<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    chain(error).find_map(|cause| cause.downcast_ref())
}

fn root<'a>(error: &'a (dyn StdError + 'static)) -> &'a (dyn StdError + 'static) {
    chain(error).last().unwrap_or(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_gone_is_named_without_its_folder() {
        let text = "Parquet error: Failed to fetch metadata for file a/b/part-1.parquet: Object Store error: Object at location /a/b/part-1.parquet not found: No such file or directory (os error 2)";
        let error = from_text(text).unwrap();
        assert_eq!(error.sqlstate(), SqlState::UNDEFINED_FILE);
        assert_eq!(
            error.message(),
            "the file \"part-1.parquet\" is no longer there"
        );
    }
}
