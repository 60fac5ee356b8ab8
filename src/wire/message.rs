//! The messages of the client, once a connection is established.

use std::sync::Arc;

use bytes::Bytes;

use super::client_encoding::Encoding;
use super::failure::protocol_violation;
use super::frame::Frame;
use super::reader::BodyReader;
use crate::error::Result;

/// What Describe and Close speak of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Statement(String),
    Portal(String),
}

/// A value's representation on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Text,
    Binary,
}

/// Gives a prepared statement its parameters and makes it a portal.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Bind {
    pub(super) portal: String,
    pub(super) statement: String,
    pub(super) parameter_formats: Vec<Format>,
    pub(super) parameters: Vec<Option<Bytes>>,
    pub(super) result_formats: Vec<Format>,
}

/// A message of the client.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ClientMessage {
    Query(String),
    Parse {
        statement: String,
        sql: String,
        types: Vec<u32>,
    },
    Bind(Bind),
    Describe(Target),
    Execute {
        portal: String,
        /// No limit where it is zero or less.
        max_rows: i32,
    },
    Close(Target),
    Flush,
    Sync,
    CopyData(Bytes),
    CopyDone,
    CopyFail(String),
    FunctionCall,
    Password,
    Terminate,
}

impl ClientMessage {
    /// Decodes a frame, whose texts are in an encoding, or UTF-8.
    ///
    /// # Errors
    /// 08P01 where the body is not what its type says, 22021 where its text is not UTF-8, 22P05 where it
    /// is none in the encoding.
    pub(super) fn decode(frame: Frame, encoding: Option<&Arc<Encoding>>) -> Result<Self> {
        let mut body = BodyReader::new(frame.body).in_encoding(encoding.cloned());
        let message = match frame.kind {
            b'Q' => Self::Query(body.string()?),
            b'P' => Self::Parse {
                statement: body.string()?,
                sql: body.string()?,
                types: type_oids(&mut body)?,
            },
            b'B' => Self::Bind(bind(&mut body)?),
            b'D' => Self::Describe(target(&mut body, "DESCRIBE")?),
            b'E' => Self::Execute {
                portal: body.string()?,
                max_rows: body.int32()?,
            },
            b'C' => Self::Close(target(&mut body, "CLOSE")?),
            b'H' => Self::Flush,
            b'S' => Self::Sync,
            b'd' => Self::CopyData(body.take_rest()),
            b'c' => Self::CopyDone,
            b'f' => Self::CopyFail(body.string()?),
            b'F' => {
                body.take_rest();
                Self::FunctionCall
            }
            b'p' => {
                body.take_rest();
                Self::Password
            }
            b'X' => Self::Terminate,
            other => {
                return Err(protocol_violation(format!(
                    "invalid frontend message type {other}"
                )));
            }
        };
        body.end()?;
        Ok(message)
    }
}

fn type_oids(body: &mut BodyReader) -> Result<Vec<u32>> {
    let count = body.count()?;
    (0..count)
        .map(|_| body.int32().map(i32::cast_unsigned))
        .collect()
}

fn bind(body: &mut BodyReader) -> Result<Bind> {
    let portal = body.string()?;
    let statement = body.string()?;
    let parameter_formats = formats(body)?;
    let count = body.count()?;
    let parameters = (0..count)
        .map(|place| {
            let format = match parameter_formats.as_slice() {
                [one] => Some(one),
                formats => formats.get(place),
            };
            match (body.value()?, format) {
                (Some(value), None | Some(Format::Text)) => body.text(value).map(Some),
                (value, _) => Ok(value),
            }
        })
        .collect::<Result<Vec<_>>>()?;
    let result_formats = formats(body)?;
    Ok(Bind {
        portal,
        statement,
        parameter_formats,
        parameters,
        result_formats,
    })
}

fn formats(body: &mut BodyReader) -> Result<Vec<Format>> {
    let count = body.count()?;
    (0..count)
        .map(|_| match body.int16()? {
            0 => Ok(Format::Text),
            1 => Ok(Format::Binary),
            other => Err(protocol_violation(format!(
                "unsupported format code: {other}"
            ))),
        })
        .collect()
}

fn target(body: &mut BodyReader, message: &str) -> Result<Target> {
    match body.byte()? {
        b'S' => Ok(Target::Statement(body.string()?)),
        b'P' => Ok(Target::Portal(body.string()?)),
        other => Err(protocol_violation(format!(
            "invalid {message} message subtype {other}"
        ))),
    }
}

/// Spreads the formats of a Bind message over `count` values: none is text for all, one is for all.
pub(super) fn spread_formats(formats: &[Format], count: usize) -> Option<Vec<Format>> {
    match formats {
        [] => Some(vec![Format::Text; count]),
        [format] => Some(vec![*format; count]),
        formats if formats.len() == count => Some(formats.to_vec()),
        _ => None,
    }
}
