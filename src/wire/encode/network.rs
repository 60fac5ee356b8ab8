//! `inet`: addresses, which are kept as texts.

use std::net::IpAddr;

use arrow::array::StringArray;
use bytes::{BufMut, BytesMut};

use super::Encode;
use crate::error::{Error, Result, SqlState};

/// How PostgreSQL numbers the families of addresses, whatever the machine does.
const IPV4: u8 = 2;
const IPV6: u8 = 3;

/// Addresses of hosts.
pub(super) struct Addresses<'a>(pub(super) &'a StringArray);

impl Encode for Addresses<'_> {
    fn text(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        out.put_slice(self.0.value(row).as_bytes());
        Ok(())
    }

    /// The family, the bits of the network, whether it is one (`cidr`), the length, and the address.
    fn binary(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        let text = self.0.value(row);
        let address = text.parse().map_err(|_| {
            let message = format!("invalid input syntax for type inet: \"{text}\"");
            Error::new(SqlState::INVALID_TEXT_REPRESENTATION, message)
        })?;
        match address {
            IpAddr::V4(address) => {
                out.put_slice(&[IPV4, 32, 0, 4]);
                out.put_slice(&address.octets());
            }
            IpAddr::V6(address) => {
                out.put_slice(&[IPV6, 128, 0, 16]);
                out.put_slice(&address.octets());
            }
        }
        Ok(())
    }
}
