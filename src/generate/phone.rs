//! Telephone numbers as people and forms write them.

use super::country::Code;
use super::random::Random;

/// How a system tends to hold telephone numbers.
#[derive(Clone, Copy)]
pub enum Style {
    /// As sales staff type them: with the country in front, spaced.
    International,
    /// As customers type them: as they would dial.
    National,
    /// Whichever.
    Mixed,
}

/// A number (the national significant number) in a style.
pub fn write(country: Code, number: &str, style: Style, random: &mut Random) -> String {
    let international = match style {
        Style::International => !random.chance(150),
        Style::National => random.chance(100),
        Style::Mixed => random.chance(500),
    };
    if international {
        international_form(country, number, random)
    } else {
        national_form(country, number, random)
    }
}

fn international_form(country: Code, number: &str, random: &mut Random) -> String {
    let dial = country.facts().dial;
    match random.below(4) {
        0 => format!("+{dial}{number}"),
        1 if country == Code::Us => format!("1-{}", grouped(number, &[3, 3, 4], '-')),
        1 => format!("00{dial}{number}"),
        2 if country != Code::Us => {
            format!("+{dial} (0) {}", grouped(number, groups(country), ' '))
        }
        _ => format!("+{dial} {}", grouped(number, groups(country), ' ')),
    }
}

fn national_form(country: Code, number: &str, random: &mut Random) -> String {
    if country == Code::Us {
        let separator = random.pick(&['-', '.', ' ']);
        let (area, rest) = number.split_at_checked(3).unwrap_or((number, ""));
        return match random.below(3) {
            0 => format!("({area}) {}", grouped(rest, &[3, 4], '-')),
            1 => number.to_owned(),
            _ => grouped(number, &[3, 3, 4], separator),
        };
    }
    let dialled = format!("0{number}");
    match random.below(3) {
        0 => dialled,
        1 => grouped(&dialled, national_groups(country), ' '),
        _ => grouped(
            &dialled,
            national_groups(country),
            if country == Code::Fr { '.' } else { '-' },
        ),
    }
}

const fn groups(country: Code) -> &'static [usize] {
    match country {
        Code::Us => &[3, 3, 4],
        Code::Uk => &[4, 6],
        Code::De => &[3, 4, 4],
        Code::Fr => &[1, 2, 2, 2, 2],
        Code::Au => &[3, 3, 3],
    }
}

const fn national_groups(country: Code) -> &'static [usize] {
    match country {
        Code::Us => &[3, 3, 4],
        Code::Uk => &[5, 6],
        Code::De => &[4, 8],
        Code::Fr => &[2, 2, 2, 2, 2],
        Code::Au => &[4, 3, 3],
    }
}

/// The digits in groups of these lengths; what is left over follows the last.
fn grouped(digits: &str, lengths: &[usize], separator: char) -> String {
    let mut written = String::with_capacity(digits.len() + lengths.len());
    let mut rest = digits;
    for &length in lengths {
        if rest.is_empty() {
            break;
        }
        if !written.is_empty() {
            written.push(separator);
        }
        let (group, tail) = rest.split_at_checked(length).unwrap_or((rest, ""));
        written.push_str(group);
        rest = tail;
    }
    written.push_str(rest);
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_survive_grouping() {
        assert_eq!(grouped("4155552671", &[3, 3, 4], '-'), "415-555-2671");
        assert_eq!(grouped("41555", &[3, 3, 4], ' '), "415 55");
        assert_eq!(grouped("12345678", &[1, 2], '.'), "1.2345678");
    }
}
