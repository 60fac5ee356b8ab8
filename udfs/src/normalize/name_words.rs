//! Words in the names of people that are not names, and words that keep a small letter.
//!
//! Compiled for this library from the forms of address in use in English, German, French, Spanish,
//! Italian, Portuguese and Dutch (for the particles: the Chicago Manual of Style, 8.7 to 8.14).

use std::sync::LazyLock;

use datafusion::common::HashSet;

/// Forms of address, without dots and in lower case. They are dropped in front of a name.
#[rustfmt::skip]
pub(super) static TITLES: LazyLock<HashSet<&str>> = LazyLock::new(|| HashSet::from_iter([
    "mr", "mister", "mrs", "ms", "miss", "mx", "master", "messrs", "dr", "doctor", "prof",
    "professor", "sir", "madam", "dame", "lord", "lady", "rev", "revd", "reverend", "hon",
    "honorable", "honourable", "rabbi", "imam", "capt", "captain", "col", "colonel", "cmdr",
    "gen", "lt", "maj", "sgt", "cpl", "pvt", "herr", "hr", "frau", "fr", "fraulein", "dipl",
    "ing", "mag", "med", "rer", "nat", "phil", "jur", "monsieur", "madame", "mademoiselle",
    "mme", "mlle", "maitre", "señor", "señora", "señorita", "sr", "sra", "srta", "doña", "sig",
    "signor", "signora", "signorina", "dott", "dottssa", "dhr", "mevr",
]));

/// Degrees and honours behind a name, without dots and in lower case. They are dropped.
///
/// Those that are family names too (`Ma`, `Ba`, `Do`, `Rn`) are not here.
#[rustfmt::skip]
pub(super) static DEGREES: LazyLock<HashSet<&str>> = LazyLock::new(|| HashSet::from_iter([
    "phd", "dphil", "md", "dds", "dmd", "dvm", "edd", "jd", "llb", "llm", "lld", "mba", "bsc",
    "msc", "meng", "beng", "mphil", "msw", "cpa", "cfa", "pmp", "esq", "esquire", "obe", "mbe",
    "cbe", "kbe", "dbe", "qc", "kc", "frcs", "faia",
]));

/// Generations behind a name, without dots and in lower case, and how they are written. They tell
/// father and son apart, and are kept.
#[rustfmt::skip]
pub(super) const GENERATIONS: &[(&str, &str)] = &[
    ("jr", "Jr"),
    ("jnr", "Jr"),
    ("sr", "Sr"),
    ("snr", "Sr"),
    ("ii", "II"),
    ("iii", "III"),
    ("iv", "IV"),
    ("2nd", "II"),
    ("3rd", "III"),
];

/// Words between the titles of several people.
#[rustfmt::skip]
pub(super) const CONJUNCTIONS: &[&str] = &["and", "und", "et", "y", "e"];

/// Particles that are written small wherever they stand before another word.
#[rustfmt::skip]
pub(super) static PARTICLES: LazyLock<HashSet<&str>> = LazyLock::new(|| HashSet::from_iter([
    "van", "von", "vom", "zu", "zum", "zur", "der", "den", "des", "de", "del", "du", "da", "das",
    "dos", "di", "dal", "af", "av", "ter", "ten", "op", "te", "'t", "'s",
]));

/// Particles that are given names too: written small behind another word, or before another
/// particle.
#[rustfmt::skip]
pub(super) static WEAK_PARTICLES: LazyLock<HashSet<&str>> = LazyLock::new(|| HashSet::from_iter([
    "la", "le", "las", "los", "les", "lo", "della", "degli", "dei", "bin", "ibn", "bint", "el",
    "al",
]));

/// Family names with a capital within. Many that begin alike have none (Machado, Mackey, Macy).
#[rustfmt::skip]
pub(super) static MAC_NAMES: LazyLock<HashSet<&str>> = LazyLock::new(|| HashSet::from_iter([
    "macalister", "macallister", "macarthur", "macaulay", "macbride", "maccallum", "macdonald",
    "macdonell", "macdougall", "macdowell", "macduff", "macewan", "macfarlane", "macgillivray",
    "macgowan", "macgregor", "macinnes", "macintosh", "macintyre", "maciver", "mackay",
    "mackenzie", "mackinnon", "maclachlan", "maclaren", "maclean", "maclennan", "macleod",
    "macmillan", "macnab", "macnamara", "macneil", "macneill", "macphail", "macpherson",
    "macqueen",
]));

/// What stands in a field that has no name.
#[rustfmt::skip]
pub(super) const PLACEHOLDERS: &[&str] = &["n/a", "n.a.", "unknown", "not provided", "anonymous", "(none)"];
