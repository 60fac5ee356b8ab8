//! Tells numbers that states give to persons from others, by their check characters.

/// Most of the numbers of persons are written without a slip.
const NEARLY_ALL: f64 = 0.8;

/// Whether a number, in capital letters and without marks, has the right check.
type Holds = fn(&str) -> bool;

/// Numbers of one country.
struct Numbering {
    /// How many distinct numbers prove it: fewer where another number hardly ever has the right check.
    least: usize,
    holds: Holds,
}

const NUMBERINGS: [Numbering; 7] = [
    Numbering {
        least: 2,
        holds: is_chinese,
    },
    Numbering {
        least: 3,
        holds: is_spanish,
    },
    Numbering {
        least: 2,
        holds: is_italian,
    },
    Numbering {
        least: 3,
        holds: is_french,
    },
    Numbering {
        least: 3,
        holds: is_brazilian,
    },
    Numbering {
        least: 4,
        holds: is_indian,
    },
    Numbering {
        least: 4,
        holds: is_dutch,
    },
];

/// Whether nearly all of these values are numbers of persons of one country.
pub(super) fn are_national_numbers(values: &[&str]) -> bool {
    let mut right = [0; NUMBERINGS.len()];
    for value in values {
        let Some(number) = without_marks(value) else {
            continue;
        };
        for (right, numbering) in right.iter_mut().zip(&NUMBERINGS) {
            *right += usize::from((numbering.holds)(&number));
        }
    }
    let mut counted = right.iter().zip(&NUMBERINGS);
    counted.any(|(right, numbering)| {
        *right >= numbering.least && *right as f64 > NEARLY_ALL * values.len() as f64
    })
}

/// In capital letters, without blanks and marks; `None` for what is no such number in any country.
fn without_marks(value: &str) -> Option<String> {
    let is_mark = |letter: char| matches!(letter, ' ' | '.' | '-' | '/');
    let letters = value.chars().filter(|letter| !is_mark(*letter));
    let fits = (8..=18).contains(&letters.clone().count())
        && letters.clone().all(|letter| letter.is_ascii_alphanumeric());
    fits.then(|| letters.map(|letter| letter.to_ascii_uppercase()).collect())
}

/// Its digits, if there are no other characters, with zeros before them that programs drop from numbers.
fn digits<const COUNT: usize>(number: &str, dropped: usize) -> Option<[u32; COUNT]> {
    let missing = COUNT.checked_sub(number.len())?;
    let mut digits = [0; COUNT];
    for (digit, letter) in digits.iter_mut().skip(missing).zip(number.chars()) {
        *digit = letter.to_digit(10)?;
    }
    (missing <= dropped).then_some(digits)
}

/// Citizens of China: place and day of birth, a number, and a check of ISO 7064, MOD 11-2.
fn is_chinese(number: &str) -> bool {
    let Some((body, check)) = number.split_at_checked(17) else {
        return false;
    };
    let check = match check {
        "X" => Some([10]),
        check => digits::<1>(check, 0),
    };
    digits::<17>(body, 0)
        .zip(check)
        .is_some_and(|(body, [check])| {
            let century = body[6] * 10 + body[7];
            let (month, day) = (body[10] * 10 + body[11], body[12] * 10 + body[13]);
            let born = (18..=20).contains(&century)
                && (1..=12).contains(&month)
                && (1..=31).contains(&day);
            let sum = body.iter().fold(0, |sum, digit| (sum + digit) * 2 % 11);
            born && (sum + check) % 11 == 1
        })
}

/// Citizens of Spain and foreigners there (DNI, NIE): the letter follows from the digits.
fn is_spanish(number: &str) -> bool {
    const LETTERS: &[u8; 23] = b"TRWAGMYFPDXBNJZSQVHLCKE";
    let Some((body, letter)) = number.split_at_checked(number.len().saturating_sub(1)) else {
        return false;
    };
    let of_foreigner = ["X", "Y", "Z"].iter().zip(["0", "1", "2"]);
    let mut of_foreigner = of_foreigner.filter_map(|(first, digit)| {
        let rest = body.strip_prefix(first).filter(|rest| rest.len() == 7)?;
        Some(format!("{digit}{rest}"))
    });
    let body = of_foreigner.next().unwrap_or_else(|| body.to_owned());
    digits::<8>(&body, 1).is_some_and(|digits| {
        let number = digits.iter().fold(0, |number, digit| number * 10 + digit);
        letter.as_bytes() == [LETTERS[(number % 23) as usize]]
    })
}

/// The Italian codice fiscale: letters of the names, day of birth, place, and a letter that follows.
fn is_italian(number: &str) -> bool {
    /// What a digit, or the letter of the alphabet at its place, counts in an odd place.
    const ODD: [u32; 26] = [
        1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24,
        23,
    ];
    // Where two persons would have the same, letters stand for some of the digits.
    let is_right = |(at, letter): (usize, u8)| match at {
        0..6 | 8 | 11 | 15 => letter.is_ascii_uppercase(),
        _ => letter.is_ascii_digit() || b"LMNPQRSTUV".contains(&letter),
    };
    let place = |letter: u8| match letter {
        b'0'..=b'9' => letter - b'0',
        letter => letter.wrapping_sub(b'A') % 26,
    };
    if number.len() != 16 || !number.bytes().enumerate().all(is_right) {
        return false;
    }
    let counted = number.bytes().take(15).enumerate().map(|(at, letter)| {
        let place = place(letter);
        if at % 2 == 0 {
            ODD[usize::from(place)]
        } else {
            u32::from(place)
        }
    });
    let check = number.bytes().last().map(|letter| u32::from(place(letter)));
    check == Some(counted.sum::<u32>() % 26)
}

/// The French number of social security (NIR): the key is what is missing to a multiple of 97.
fn is_french(number: &str) -> bool {
    // Corsica has had departments of its own since 1976.
    let number = match number.get(5..7) {
        Some("2A") => number.replacen("2A", "19", 1),
        Some("2B") => number.replacen("2B", "18", 1),
        _ => number.to_owned(),
    };
    digits::<15>(&number, 0).is_some_and(|digits| {
        let read = |digits: &[u32]| {
            let digits = digits.iter().map(|digit| u64::from(*digit));
            digits.fold(0, |number, digit| number * 10 + digit)
        };
        let (body, key) = digits.split_at(13);
        matches!(digits[0], 1..=4 | 7 | 8) && read(key) == 97 - read(body) % 97
    })
}

/// Taxpayers of Brazil (CPF): two digits follow from those before them.
fn is_brazilian(number: &str) -> bool {
    digits::<11>(number, 2).is_some_and(|digits| {
        let follows = |count: usize| {
            let weighted = digits[..count].iter().zip((2..=count as u32 + 1).rev());
            let sum: u32 = weighted.map(|(digit, weight)| digit * weight).sum();
            sum * 10 % 11 % 10 == digits[count]
        };
        digits.iter().any(|digit| *digit != digits[0]) && follows(9) && follows(10)
    })
}

/// Residents of India (Aadhaar): the last digit is that of Verhoeff, by the symmetries of a pentagon.
fn is_indian(number: &str) -> bool {
    const TURNS: [u32; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
    /// One symmetry after another: below five are rotations, the others reflections.
    fn after(first: u32, second: u32) -> u32 {
        match (first < 5, second < 5) {
            (true, true) => (first + second) % 5,
            (true, false) => (first + second) % 5 + 5,
            (false, true) => (first - second) % 5 + 5,
            (false, false) => (first + 5 - second) % 5,
        }
    }
    digits::<12>(number, 0).is_some_and(|digits| {
        let turned = digits.iter().rev().enumerate().map(|(at, digit)| {
            let turn = |digit: u32, _| TURNS[digit as usize];
            (0..at % 8).fold(*digit, turn)
        });
        digits[0] > 1 && turned.fold(0, after) == 0
    })
}

/// Residents of the Netherlands (BSN): the weighted sum is a multiple of eleven.
fn is_dutch(number: &str) -> bool {
    digits::<9>(number, 1).is_some_and(|digits| {
        let weighted = digits[..8].iter().zip((2..=9_u32).rev());
        let sum: u32 = weighted.map(|(digit, weight)| digit * weight).sum();
        sum > 0 && sum % 11 == digits[8]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_hold_and_slips_are_seen() {
        let known: [(Holds, &[&str]); 7] = [
            (is_chinese, &["11010519491231002X", "440524188001010014"]),
            (is_spanish, &["12345678-Z", "x1234567l", "Y1234567X"]),
            (is_italian, &["RSSMRA85T10A562S", "MRT MTT 91D08 F205J"]),
            (
                is_french,
                &["1 85 05 78 006 084 91", "2 55 08 14 168 025 38"],
            ),
            (is_brazilian, &["529.982.247-25", "111.444.777-35"]),
            (is_indian, &["2341 2341 2346", "9999 4105 7058"]),
            (is_dutch, &["111222333", "123456782"]),
        ];
        for (holds, numbers) in known {
            for written in numbers {
                let number = without_marks(written).unwrap();
                assert!(holds(&number), "{written}");
                // Another digit anywhere is seen.
                for (at, digit) in number.match_indices(|letter: char| letter.is_ascii_digit()) {
                    let other = if digit == "1" { "2" } else { "1" };
                    let slip = [&number[..at], other, &number[at + 1..]].concat();
                    assert!(!holds(&slip), "{slip}");
                }
            }
        }
        for numbering in &NUMBERINGS {
            for nothing in [
                "",
                "é",
                "00000000000",
                "000000000",
                "99999999999",
                "ABCDEFGH",
            ] {
                assert!(!(numbering.holds)(nothing), "{nothing}");
            }
        }
    }
}
