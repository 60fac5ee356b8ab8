//! Similar texts have many tokens in common: this finds those that have enough.
//!
//! A token is whatever the measure counts: an n-gram, or the second "a" from the end. For each two
//! sizes (numbers of tokens) the measure tells how many both have to share. Where there are few
//! pairs, all are looked at; else a hash table has, for each combination of a few of a record's
//! rarest tokens, the records that have it ([`combination`]). How many tokens are combined is
//! chosen by sampling: more make rarer keys, and more of them. A bitmap ([`signature`]) turns most
//! candidates away, the measure decides about the others.

mod characters;
mod class;
mod combination;
mod graded;
mod index;
mod measure;
mod memory;
mod plan;
mod planning;
mod records;
mod shared;
mod signature;
mod stamps;
mod table;
mod visit;

pub(crate) use characters::{Characters, Code, Codes, LONGEST_COUNTED};
pub(crate) use combination::hash;
pub(crate) use index::{OverlapIndex, tables_size};
pub(crate) use measure::{Measure, Pair, Side};
pub(crate) use records::{Records, TEXTS_BETWEEN_CHECKS, Token, UNKNOWN};
pub(crate) use signature::{Signature, assign_bits};
