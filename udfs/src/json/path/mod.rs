//! `jsonpath`, the path language of SQL/JSON (ISO/IEC 9075-2:2016, 6.34), as PostgreSQL has it.

mod arithmetic;
mod datetime;
mod evaluate;
mod item;
mod lexer;
mod parser;
mod predicate;
mod show;
mod syntax;

pub(super) use evaluate::{Evaluation, PathError};
pub(super) use item::Item;
pub(super) use parser::parse;
