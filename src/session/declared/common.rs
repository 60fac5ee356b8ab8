//! The type of what has the values of several expressions, as PostgreSQL finds it: that of the first, unless
//! a later one takes its values, and these not the other way round.

use tributary_udfs::postgres::{CharacterKind, CharacterLength};

/// What a branch gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Branch {
    /// What takes the type that stands beside it: a text in quotes, a parameter, NULL.
    Open,
    /// Values that clients are told of by a type of this name; by their own where there is none.
    Of(Option<String>),
}

/// The type of all branches: the one that clients are told of, if it is not that of the values.
pub(super) fn common(branches: impl Iterator<Item = Branch>) -> Option<String> {
    let mut found: Option<Option<String>> = None;
    let mut is_open = false;
    for branch in branches {
        match branch {
            Branch::Open => is_open = true,
            Branch::Of(told) => {
                found = Some(match found {
                    None => told,
                    Some(before) => of_two(before, told),
                });
            }
        }
    }
    let told = found.flatten()?;
    // What was open has any length.
    Some(if is_open { of_any_length(&told) } else { told })
}

fn of_two(first: Option<String>, second: Option<String>) -> Option<String> {
    if first == second {
        return first;
    }
    let Some(first) = first else {
        // An integer is taken for the number of an object, whichever comes first; and text is preferred.
        return second.filter(|name| name == "oid");
    };
    let kind = |name: &str| CharacterLength::from_sql(name).map(|length| length.kind);
    match (kind(&first), second.as_deref().and_then(kind)) {
        (Some(CharacterKind::Varying | CharacterKind::Fixed), Some(CharacterKind::Name)) => second,
        _ => Some(of_any_length(&first)),
    }
}

/// A type without the length that it gives.
pub(super) fn of_any_length(told: &str) -> String {
    match CharacterLength::from_sql(told) {
        Some(length) => length.of_any_length().sql(),
        None => told.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each type as PostgreSQL 15 tells it of `coalesce` of columns, in this order, of the others.
    #[test]
    fn types_of_several_branches_are_those_of_postgresql() {
        let of = |name: &str| match name {
            "text" | "integer" | "bigint" => Branch::Of(None),
            "open" => Branch::Open,
            name => Branch::Of(Some(name.to_owned())),
        };
        let cases: [(&[&str], Option<&str>); 16] = [
            (&["name", "text"], Some("name")),
            (&["text", "name"], None),
            (&["character varying(5)", "name"], Some("name")),
            (&["name", "character varying(5)"], Some("name")),
            (&["character(3)", "character varying(5)"], Some("bpchar")),
            (
                &["character varying(5)", "character(3)"],
                Some("character varying"),
            ),
            (&["name", "character(3)"], Some("name")),
            (&["character(3)", "name"], Some("name")),
            (&["character varying(5)", "open"], Some("character varying")),
            (
                &["character varying(5)", "character varying(5)"],
                Some("character varying(5)"),
            ),
            (
                &["character varying(5)", "character varying"],
                Some("character varying"),
            ),
            (&["\"char\"", "open"], Some("\"char\"")),
            (&["integer", "oid"], Some("oid")),
            (&["oid", "bigint"], Some("oid")),
            (&["character varying(5)", "text"], Some("character varying")),
            (&["open", "open"], None),
        ];
        for (branches, expected) in cases {
            let found = common(branches.iter().map(|name| of(name)));
            assert_eq!(found.as_deref(), expected, "{branches:?}");
        }
    }
}
