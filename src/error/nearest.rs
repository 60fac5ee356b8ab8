//! What a typist most likely meant.

/// From how many characters on a beginning stands for the whole name.
const SHORTEST_BEGINNING: usize = 4;

/// The candidate a typist most likely meant, or none where nothing is near: one that a few slips
/// make of the name, or whose beginning the name is, as `memory` is of `memory_limit`.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name: Vec<char> = name.to_lowercase().chars().collect();
    let slips = |candidate: &str| {
        let candidate: Vec<char> = candidate.to_lowercase().chars().collect();
        let whole = distance(&name, &candidate);
        let whole = (whole <= candidate.len().div_ceil(3)).then_some(whole);
        let beginning = candidate
            .get(..name.len())
            .filter(|_| name.len() >= SHORTEST_BEGINNING)
            .map(|beginning| distance(&name, beginning))
            .filter(|slips| *slips <= name.len() / 3)
            // What is left out counts less than what is wrong.
            .map(|slips| slips + 1);
        whole.into_iter().chain(beginning).min()
    };
    candidates
        .into_iter()
        .filter_map(|candidate| Some((slips(candidate)?, candidate)))
        .min_by_key(|(slips, _)| *slips)
        .map(|(_, candidate)| candidate)
}

/// The optimal string alignment distance: how many characters must be put in, left out, changed or
/// swapped with their neighbour, which is one slip of a typist, to make the one text of the other.
fn distance(left: &[char], right: &[char]) -> usize {
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for (row, of_left) in left.iter().enumerate() {
        let mut next = vec![row + 1];
        for (column, of_right) in right.iter().enumerate() {
            let changed = last[column] + usize::from(of_left != of_right);
            let mut least = changed.min(last[column + 1] + 1).min(next[column] + 1);
            let is_swapped = row > 0
                && column > 0
                && *of_left == right[column - 1]
                && left[row - 1] == *of_right;
            if is_swapped {
                least = least.min(before_last[column - 1] + 1);
            }
            next.push(least);
        }
        before_last = std::mem::replace(&mut last, next);
    }
    last.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn between(left: &str, right: &str) -> usize {
        let chars = |text: &str| text.chars().collect::<Vec<_>>();
        distance(&chars(left), &chars(right))
    }

    #[test]
    fn a_swap_is_one_slip() {
        for (left, right, slips) in [
            ("", "", 0),
            ("", "abc", 3),
            ("memroy", "memory", 1),
            ("kitten", "sitting", 3),
            ("ca", "abc", 3),
            ("größe", "grösse", 2),
        ] {
            assert_eq!(between(left, right), slips, "{left} {right}");
            assert_eq!(between(right, left), slips, "{right} {left}");
        }
    }

    #[test]
    fn the_nearest_is_what_the_fewest_slips_make() {
        let names = ["user", "memory_limit", "max_connections", "jobs", "log"];
        for (wrong, right) in [
            ("memroy", Some("memory_limit")),
            ("usre", Some("user")),
            ("max_conections", Some("max_connections")),
            ("max", None),
            ("lgo", Some("log")),
            ("frobnicate", None),
        ] {
            assert_eq!(nearest(wrong, names), right, "{wrong}");
        }
    }
}
