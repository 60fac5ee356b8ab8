//! What functions of PostgreSQL answer with that is a type of its own catalog: `current_database()` gives a
//! `name`, and is a text to expressions.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use crate::catalog::pg_catalog::function_answers;

/// Types that values here are not kept as, by their numbers.
const TOLD: [(u32, &str); 17] = [
    (18, "\"char\""),
    (19, "name"),
    (22, "int2vector"),
    (26, "oid"),
    (28, "xid"),
    (30, "oidvector"),
    (869, "inet"),
    (1002, "\"char\"[]"),
    (1003, "name[]"),
    (1028, "oid[]"),
    (1033, "aclitem"),
    (1034, "aclitem[]"),
    (2278, "void"),
    (2950, "uuid"),
    (2951, "uuid[]"),
    (3220, "pg_lsn"),
    (1043, "character varying"),
];

/// Functions that the standard calls without parentheses, which `pg_proc` does not list, and one that has
/// another name here.
const OTHERS: [(&str, &str); 4] = [
    ("current_catalog", "name"),
    ("current_role", "name"),
    ("user", "name"),
    ("uuid", "uuid"),
];

/// By name, where all functions of the name answer with it.
static ANSWERS: LazyLock<HashMap<&'static str, &'static str>> = LazyLock::new(|| {
    let mut answers: HashMap<&str, Option<&str>> = HashMap::new();
    for (name, number) in function_answers() {
        let told = TOLD.iter().find(|(known, _)| *known == number);
        let told = told.map(|(_, told)| *told);
        let known = answers.entry(name).or_insert(told);
        if *known != told {
            *known = None;
        }
    }
    let answers = answers.into_iter();
    let answers = answers.filter_map(|(name, told)| Some((name, told?)));
    answers.chain(OTHERS).collect()
});

/// The names of PostgreSQL's own functions.
static BUILT_IN: LazyLock<HashSet<&'static str>> =
    LazyLock::new(|| function_answers().map(|(name, _)| name).collect());

/// Whether PostgreSQL has a function of this name.
pub(super) fn is_built_in(name: &str) -> bool {
    BUILT_IN.contains(name)
}

/// The type that clients are told of for what a function answers, where it is not that of the values.
pub(super) fn answer(name: &str) -> Option<&'static str> {
    ANSWERS.get(name).copied()
}
