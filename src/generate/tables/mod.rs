//! What the generated people are called and where they live: small tables, written from general
//! knowledge of how frequent names are and which names went out of fashion when.

pub mod given_names;
pub mod nicknames;
pub mod places;
pub mod surnames;
