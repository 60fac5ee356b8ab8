use proptest::prelude::*;

use super::*;

fn normalize(text: &str) -> Option<String> {
    let mut name = String::new();
    Names::default().normalize(text, &mut name).then_some(name)
}

#[test]
fn writes_a_name_in_one_way() {
    for (text, expected) in [
        ("john smith", "John Smith"),
        ("JOHN SMITH", "John Smith"),
        ("  John \t  Smith\u{A0} ", "John Smith"),
        ("jOHN sMITH", "John Smith"),
        ("John Smith", "John Smith"),
        ("Smith, John", "John Smith"),
        ("SMITH, JOHN A.", "John A Smith"),
        ("smith,,", "Smith"),
        (",smith", "Smith"),
        ("john.smith", "John Smith"),
        ("john_smith", "John Smith"),
        ("*John* Smith!", "John Smith"),
        ("John Smith 2", "John Smith"),
        ("J.R.R. Tolkien", "J R R Tolkien"),
        ("J. Smith", "J Smith"),
        ("JP Smith", "JP Smith"),
        ("Mr. John Smith", "John Smith"),
        ("MR JOHN SMITH", "John Smith"),
        ("Dr John Smith", "John Smith"),
        ("Prof. Dr. med. Anna Müller", "Anna Müller"),
        ("Herr Dr. Hans Müller", "Hans Müller"),
        ("Mme. Dupont", "Dupont"),
        ("Sra. García", "García"),
        ("Mr. and Mrs. Smith", "Smith"),
        ("Mr & Mrs Smith", "Smith"),
        ("Smith, Dr. John", "John Smith"),
        ("John Smith, PhD", "John Smith"),
        ("John Smith Ph.D.", "John Smith"),
        ("John Smith, M.D., Ph.D.", "John Smith"),
        ("John Smith Esq.", "John Smith"),
        ("JOHN SMITH JR", "John Smith Jr"),
        ("John Smith, Jr.", "John Smith Jr"),
        ("Smith, John, Jr.", "John Smith Jr"),
        ("Smith Jr., John", "John Smith Jr"),
        ("john smith iii", "John Smith III"),
        ("John Smith 3rd", "John Smith III"),
        ("John Smith Snr MBE", "John Smith Sr"),
        ("o'brien", "O'Brien"),
        ("O’BRIEN", "O'Brien"),
        ("d'angelo", "D'Angelo"),
        ("o'neil-mccarthy", "O'Neil-McCarthy"),
        ("mcdonald", "McDonald"),
        ("Mcdonald", "McDonald"),
        ("MCDONALD", "McDonald"),
        ("MACDONALD", "MacDonald"),
        ("Macdonald", "Macdonald"),
        ("machado", "Machado"),
        ("mackey", "Mackey"),
        ("jean-luc picard", "Jean-Luc Picard"),
        ("anna--maria o'", "Anna-Maria O"),
        ("JEAN–LUC", "Jean-Luc"),
        ("jan VAN DER BERG", "Jan van der Berg"),
        ("VAN DER BERG", "van der Berg"),
        ("van gogh", "van Gogh"),
        ("Vincent Van Gogh", "Vincent van Gogh"),
        ("Van Morrison", "Van Morrison"),
        ("Ludwig Van", "Ludwig Van"),
        ("MARIA DE LA CRUZ", "Maria de la Cruz"),
        ("DE LA CRUZ", "de la Cruz"),
        ("la toya jackson", "La Toya Jackson"),
        ("gerard 't hooft", "Gerard 't Hooft"),
        ("DeShawn Jackson", "DeShawn Jackson"),
        ("Robert \"Bob\" Smith", "Robert Smith"),
        ("Robert (Bob) Smith", "Robert Smith"),
        ("Robert (Bob Smith", "Robert Bob Smith"),
        ("ÉLODIE LEFÈVRE", "Élodie Lefèvre"),
        ("E\u{301}lodie", "Élodie"),
        ("STRAßER", "Straßer"),
        ("ｊｏｈｎ", "John"),
        ("ΓΙΩΡΓΟΣ", "Γιωργος"),
        ("ИВАН ИВАНОВ", "Иван Иванов"),
        ("山田 太郎", "山田 太郎"),
        ("Ma", "Ma"),
        ("Null", "Null"),
        ("Md Rahman", "Md Rahman"),
        ("Junior", "Junior"),
    ] {
        assert_eq!(normalize(text).as_deref(), Some(expected), "{text}");
    }
}

#[test]
fn what_holds_no_name_is_none() {
    for text in [
        "", " ", "-", "---", "...", ",", "''", "123", "N/A", "Mr.", "Dr", "Unknown", "()",
    ] {
        assert_eq!(normalize(text), None, "{text}");
    }
}

fn repeats(text: &str) -> Result<(), TestCaseError> {
    if let Some(name) = normalize(text) {
        let again = normalize(&name);
        prop_assert_eq!(again.as_deref(), Some(name.as_str()), "{}", text);
    }
    Ok(())
}

proptest! {
    #[test]
    fn never_panics_and_repeats(text in "\\PC{0,40}") {
        repeats(&text)?;
    }

    #[test]
    fn names_repeat(
        text in "((van|Van|VAN|de|la|LA|mr|and|Jr|PhD|sr|'t|II|3rd|O'Brien|mcdonald|MACKAY|SMITH|john|J[.]|dr[.])[ ,.-]{1,2}){0,5}"
    ) {
        repeats(&text)?;
    }
}
