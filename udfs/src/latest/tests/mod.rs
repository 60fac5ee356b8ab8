//! Survivorship functions against plain definitions, however the input is split and shuffled.

mod aggregate;
mod buffer;
mod oracles;
mod properties;
mod sql;
mod values;
