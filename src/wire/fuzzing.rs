//! A door for the fuzz targets of `fuzz/wire`, which is there with the feature `fuzzing` alone: what
//! decodes the bytes of clients, as connections call it.

use std::io::Cursor;

use arrow::array::timezone::Tz;
use arrow::datatypes::DataType;
use bytes::{Buf, Bytes};
use futures::FutureExt;
use tokio::io::AsyncReadExt;

use super::frame::FrameReader;
use super::message::{ClientMessage, Format};
use super::parameters::{decode, decode_given};
use super::scram::{ChannelBinding, ClientFirst};
use super::startup_message::Startup;
use super::types::parameter_type;
use crate::error::Result;

/// The largest message that is read.
const MAX_MESSAGE_BYTES: usize = 1 << 20;

/// The types that parameters are decoded as: each of those that are known, arrays of them, a record and a
/// type that nobody knows.
const TYPES: [u32; 30] = [
    16, 17, 18, 20, 21, 23, 25, 26, 114, 700, 701, 1042, 1043, 1082, 1083, 1114, 1184, 1186, 1700,
    2950, 3802, 1000, 1005, 1007, 1009, 1115, 1182, 1231, 2249, 99_999,
];

/// Two pieces, one after the other, as a socket gives them.
fn reader(bytes: &[u8], cut: usize) -> FrameReader {
    let (first, rest) = bytes.split_at(cut.min(bytes.len()));
    let (first, rest) = (Cursor::new(first.to_vec()), Cursor::new(rest.to_vec()));
    let socket = AsyncReadExt::chain(first, rest);
    FrameReader::new(socket, MAX_MESSAGE_BYTES)
}

/// What the first packet of a connection says, or how it is wrong, where its bytes arrive in two pieces.
pub fn startup(bytes: &[u8], cut: usize) -> String {
    let packet = reader(bytes, cut).startup_packet().now_or_never();
    match packet {
        Some(Ok(mut packet)) => {
            let version = packet.get_u32();
            told(Startup::decode(version & 0xffff, packet).map(|startup| {
                let Startup {
                    user,
                    database,
                    settings,
                    minor,
                    ..
                } = startup;
                (user, database, settings, minor)
            }))
        }
        other => format!("{:?}", other.map(|packet| packet.err())),
    }
}

/// What the first message of SCRAM says, or how it is wrong.
pub fn client_first(bytes: &[u8]) {
    for channel in [
        ChannelBinding::NotOffered,
        ChannelBinding::NotChosen,
        ChannelBinding::Chosen(b"hash"),
    ] {
        // Whatever it is, it is no panic.
        let _ = ClientFirst::decode(bytes, channel);
    }
}

/// What the messages of an established connection say, or how they are wrong, where their bytes arrive in two
/// pieces.
pub fn messages(bytes: &[u8], cut: usize) -> Vec<String> {
    let mut reader = reader(bytes, cut);
    let mut all = Vec::new();
    loop {
        match reader.frame().now_or_never() {
            Some(Ok(frame)) => all.push(told(ClientMessage::decode(frame, None))),
            other => {
                all.push(format!("{:?}", other.map(|frame| frame.err())));
                return all;
            }
        }
    }
}

/// Decodes a parameter as one of the types and of the formats, by `choice`, into the value that a statement
/// wants, and into others.
///
/// Returns the most bytes that a value takes.
pub fn parameter(choice: u8, bytes: &[u8]) -> usize {
    let oid = TYPES[usize::from(choice >> 1) % TYPES.len()];
    let format = if choice & 1 == 0 {
        Format::Text
    } else {
        Format::Binary
    };
    let bytes = Bytes::copy_from_slice(bytes);
    let zone: Option<Tz> = "Europe/Berlin".parse().ok();
    let natural = parameter_type(oid).ok().flatten();
    let targets = natural
        .into_iter()
        .chain([DataType::Utf8, DataType::Decimal128(10, 2)]);
    let values = targets.flat_map(|target| {
        let given = decode_given(Some(&bytes), oid, format, &target, zone);
        let cast = decode(Some(&bytes), oid, format, &target, None);
        [given, cast]
    });
    values
        .flatten()
        .map(|value| value.size())
        .max()
        .unwrap_or(0)
}

fn told(decoded: Result<impl std::fmt::Debug>) -> String {
    match decoded {
        Ok(decoded) => format!("{decoded:?}"),
        Err(error) => error.sqlstate().0.to_owned(),
    }
}
