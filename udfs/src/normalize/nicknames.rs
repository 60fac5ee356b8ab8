//! English nicknames and the formal names they stand for, as data.
//!
//! Compiled for this library from the customary hypocorisms of English, as listed in E. G.
//! Withycombe, The Oxford Dictionary of English Christian Names, and in the nickname tables that
//! genealogists share. A nickname of two names is here only where one of them is usual.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use super::unicode::trim;

/// Each formal name with its nicknames, in lower case.
#[rustfmt::skip]
const NICKNAMES: &[(&str, &[&str])] = &[
    ("Abigail", &["abby", "abbie", "gail"]),
    ("Abraham", &["abe"]),
    ("Alexandra", &["sandra", "lexi"]),
    ("Alfred", &["alf", "alfie", "fred"]),
    ("Amanda", &["mandy"]),
    ("Andrew", &["andy", "drew"]),
    ("Anthony", &["tony"]),
    ("Arthur", &["art", "artie"]),
    ("Barbara", &["barb", "babs", "barbie"]),
    ("Benjamin", &["ben", "benny", "benji"]),
    ("Bernard", &["bernie"]),
    ("Bradley", &["brad"]),
    ("Calvin", &["cal"]),
    ("Catherine", &["cathy"]),
    ("Charles", &["charlie", "chuck", "chas"]),
    ("Christina", &["tina", "chrissy"]),
    ("Christopher", &["topher"]),
    ("Clifford", &["cliff"]),
    ("Cynthia", &["cindy"]),
    ("Daniel", &["dan", "danny"]),
    ("David", &["dave", "davy", "davey"]),
    ("Deborah", &["deb", "debbie", "debby"]),
    ("Dennis", &["denny"]),
    ("Donald", &["don", "donnie", "donny"]),
    ("Dorothy", &["dot", "dottie", "dolly"]),
    ("Douglas", &["doug"]),
    ("Edward", &["ed", "eddie", "ted", "teddy", "ned"]),
    ("Eleanor", &["ellie", "nell"]),
    ("Elizabeth", &["liz", "lizzie", "lizzy", "beth", "betty", "bess", "bessie", "eliza", "libby", "lisbeth"]),
    ("Eugene", &["gene"]),
    ("Florence", &["flo", "flossie"]),
    ("Frances", &["fran", "francie"]),
    ("Francis", &["frank"]),
    ("Frederick", &["freddie", "freddy"]),
    ("Gabriel", &["gabe"]),
    ("Geoffrey", &["geoff"]),
    ("Gerald", &["jerry", "gerry"]),
    ("Gregory", &["greg", "gregg"]),
    ("Harold", &["hal"]),
    ("Henry", &["hank"]),
    ("Herbert", &["herb", "herbie"]),
    ("Isabella", &["izzy", "bella"]),
    ("Jacob", &["jake"]),
    ("Jacqueline", &["jacqui"]),
    ("James", &["jim", "jimmy", "jimmie", "jamie"]),
    ("Janet", &["jan"]),
    ("Jeffrey", &["jeff"]),
    ("Jennifer", &["jen", "jenny", "jenn", "jennie"]),
    ("Jessica", &["jess", "jessie"]),
    ("John", &["jack", "johnny", "johnnie"]),
    ("Jonathan", &["jon", "jonny"]),
    ("Joseph", &["joe", "joey"]),
    ("Joshua", &["josh"]),
    ("Judith", &["judy", "judi"]),
    ("Katherine", &["kate", "katie", "kathy", "kay", "kitty", "kat"]),
    ("Kenneth", &["ken", "kenny"]),
    ("Kimberly", &["kim", "kimmy"]),
    ("Lawrence", &["larry", "lawrie"]),
    ("Leonard", &["len", "lenny"]),
    ("Lillian", &["lil", "lilly"]),
    ("Louis", &["lou", "louie"]),
    ("Margaret", &["maggie", "meg", "peggy", "peg", "marge", "margie", "madge", "greta", "daisy"]),
    ("Martin", &["marty"]),
    ("Mary", &["molly", "polly", "mamie"]),
    ("Matthew", &["matt", "matty"]),
    ("Megan", &["meggie"]),
    ("Melissa", &["missy"]),
    ("Michael", &["mike", "mikey", "mick", "mickey", "micky"]),
    ("Mildred", &["millie"]),
    ("Nancy", &["nan"]),
    ("Nathaniel", &["nate"]),
    ("Nicholas", &["nick", "nicky"]),
    ("Pamela", &["pam"]),
    ("Patricia", &["patty", "patti", "trish", "tricia"]),
    ("Patrick", &["paddy"]),
    ("Peter", &["pete"]),
    ("Philip", &["phil"]),
    ("Rachel", &["rach"]),
    ("Raymond", &["ray"]),
    ("Rebecca", &["becky", "becca"]),
    ("Richard", &["rick", "ricky", "dick", "rich", "richie"]),
    ("Robert", &["bob", "bobby", "rob", "robbie", "bobbie"]),
    ("Ronald", &["ron", "ronnie", "ronny"]),
    ("Russell", &["russ"]),
    ("Samuel", &["sammy"]),
    ("Sarah", &["sally", "sadie"]),
    ("Stanley", &["stan"]),
    ("Stephanie", &["steph", "stephie"]),
    ("Stephen", &["steve", "stevie"]),
    ("Susan", &["sue", "susie", "suzie", "suzy"]),
    ("Theodore", &["theo"]),
    ("Theresa", &["terri", "tess"]),
    ("Thomas", &["tom", "tommy", "thom"]),
    ("Timothy", &["tim", "timmy"]),
    ("Valerie", &["val"]),
    ("Veronica", &["ronni"]),
    ("Victoria", &["vicky", "vicki", "vickie"]),
    ("Vincent", &["vince", "vinny", "vinnie"]),
    ("Virginia", &["ginny", "ginger"]),
    ("Walter", &["walt", "wally"]),
    ("William", &["bill", "billy", "will", "willie", "willy", "liam"]),
    ("Zachary", &["zach", "zack", "zac"]),
];

/// From nickname to formal name.
static ROOTS: LazyLock<HashMap<&'static str, &'static str>> = LazyLock::new(|| {
    let mut roots = HashMap::new();
    for (formal, nicknames) in NICKNAMES {
        for nickname in *nicknames {
            roots.insert(*nickname, *formal);
        }
    }
    roots
});

/// Nicknames and formal names, in small letters.
static KNOWN: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let formal = NICKNAMES.iter().map(|(formal, _)| formal.to_lowercase());
    let nicknames = ROOTS.keys().map(|nickname| (*nickname).to_owned());
    formal.chain(nicknames).collect()
});

/// Whether this is an English given name that is known here, whole or short.
pub(crate) fn is_given_name(name: &str) -> bool {
    KNOWN.contains(name.to_lowercase().as_str())
}

/// The formal name of a nickname, or the name itself.
pub(crate) fn root(name: &str) -> &str {
    let name = trim(name);
    match ROOTS.get(name.to_lowercase().as_str()) {
        Some(formal) => formal,
        None => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn given_names_are_known_whole_and_short() {
        for name in ["William", "BILL", "susan", "Sue"] {
            assert!(is_given_name(name), "{name}");
        }
        for name in ["", "Smith", "William Smith"] {
            assert!(!is_given_name(name), "{name}");
        }
    }

    #[test]
    fn nicknames_lead_to_one_formal_name() {
        for (name, expected) in [
            ("Bill", "William"),
            (" BOB ", "Robert"),
            ("peggy", "Margaret"),
            ("Robert", "Robert"),
            ("Chris", "Chris"),
            ("", ""),
        ] {
            assert_eq!(root(name), expected);
        }
    }

    /// A formal name that were a nickname too would not be its own root.
    #[test]
    fn roots_are_their_own_roots() {
        let mut seen = HashSet::new();
        for (formal, nicknames) in NICKNAMES {
            assert_eq!(root(formal), *formal);
            for nickname in *nicknames {
                assert!(seen.insert(nickname), "{nickname} is listed twice");
                assert_eq!(*nickname, nickname.to_lowercase());
            }
        }
    }
}
