//! Names of months and weekdays in English, German, French and Spanish, written out and as
//! abbreviated in the Unicode CLDR.

/// Each month with its names in lower case; accents are taken off before a name is looked up.
#[rustfmt::skip]
const MONTHS: &[(u32, &[&str])] = &[
    (1, &["jan", "january", "januar", "janner", "jaenner", "janv", "janvier", "ene", "enero"]),
    (2, &["feb", "february", "februar", "feber", "fev", "fevr", "fevrier", "febrero"]),
    (3, &["mar", "march", "marz", "maerz", "mrz", "mars", "marzo"]),
    (4, &["apr", "april", "avr", "avril", "abr", "abril"]),
    (5, &["may", "mai", "mayo"]),
    (6, &["jun", "june", "juni", "juin", "junio"]),
    (7, &["jul", "july", "juli", "juil", "juillet", "julio"]),
    (8, &["aug", "august", "aout", "ago", "agosto"]),
    (9, &["sep", "sept", "september", "septembre", "septiembre", "setiembre", "set"]),
    (10, &["oct", "october", "okt", "oktober", "octobre", "octubre"]),
    (11, &["nov", "november", "novembre", "noviembre"]),
    (12, &["dec", "december", "dez", "dezember", "decembre", "dic", "diciembre"]),
];

/// Names of weekdays, without accents and in lower case.
#[rustfmt::skip]
const WEEKDAYS: &[&str] = &[
    "mon", "monday", "tue", "tues", "tuesday", "wed", "wednesday", "thu", "thur", "thurs",
    "thursday", "fri", "friday", "sat", "saturday", "sun", "sunday", "mo", "montag", "di",
    "dienstag", "mi", "mittwoch", "do", "donnerstag", "fr", "freitag", "sa", "samstag",
    "sonnabend", "so", "sonntag", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi",
    "dimanche", "lunes", "martes", "miercoles", "jueves", "viernes", "sabado", "domingo",
];

/// The number of the month of this name, in any case, with or without accents.
pub(super) fn month(name: &str) -> Option<u32> {
    let name = plain(name);
    let found = MONTHS
        .iter()
        .find(|(_, names)| names.contains(&name.as_str()));
    found.map(|(month, _)| *month)
}

/// Whether this is the name of a weekday.
pub(super) fn is_weekday(name: &str) -> bool {
    WEEKDAYS.contains(&plain(name).as_str())
}

/// Lower case without the accents that these four languages have in such names.
fn plain(name: &str) -> String {
    let letters = name
        .chars()
        .flat_map(char::to_lowercase)
        .map(|letter| match letter {
            'ä' | 'à' | 'á' | 'â' => 'a',
            'é' | 'è' | 'ê' => 'e',
            'û' | 'ú' | 'ü' => 'u',
            other => other,
        });
    // A decomposed accent follows its letter.
    letters
        .filter(|letter| !matches!(letter, '\u{300}'..='\u{36F}'))
        .collect()
}
