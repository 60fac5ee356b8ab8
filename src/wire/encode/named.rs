//! `regproc` and `regtype`: numbers of what PostgreSQL has from the start, shown as its names.

use bytes::{BufMut, BytesMut};

use super::Encode;
use super::integer::Oid;
use crate::catalog::pg_catalog::{function_text, type_name};
use crate::error::Result;

/// Numbers of functions.
pub(super) struct Functions<'a>(pub(super) Oid<'a>);

/// Numbers of types.
pub(super) struct Types<'a>(pub(super) Oid<'a>);

impl Encode for Functions<'_> {
    fn text(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        out.put_slice(function_text(self.0.number(row)).as_bytes());
        Ok(())
    }

    fn binary(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        self.0.binary(row, out)
    }
}

impl Encode for Types<'_> {
    fn text(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        let number = u32::try_from(self.0.number(row)).unwrap_or_default();
        out.put_slice(type_name(number).as_bytes());
        Ok(())
    }

    fn binary(&self, row: usize, out: &mut BytesMut) -> Result<()> {
        self.0.binary(row, out)
    }
}
