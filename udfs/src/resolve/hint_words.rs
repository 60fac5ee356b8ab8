//! Words that columns are called by in further languages, without accents and with umlauts as Germans
//! write them without, as data.

use super::hint::Hint;

/// Words that mean one thing.
#[rustfmt::skip]
const CLEAR: [(Hint, &[&str]); 11] = [
    (Hint::Email, &["почта", "邮箱", "メール", "メールアドレス"]),
    (Hint::Phone, &[
        "телефон", "电话", "手机", "手机号", "電話", "電話番号", "携帯電話", "puhelin", "matkapuhelin",
        "komorka",
    ]),
    (Hint::Date, &[
        "urodzenia", "narozeni", "narodenia", "рождения", "生日", "出生日期", "生年月日", "szueletesi",
        "szueletes", "dogum", "nasterii", "fodselsdato", "foedselsdato", "foedelsedatum", "foedelsedag",
        "syntymaeaika",
    ]),
    (Hint::Postcode, &[
        "pocztowy", "psc", "postnummer", "postnr", "postinumero", "iranyitoszam", "irsz", "индекс",
        "邮编", "邮政编码", "郵便番号",
    ]),
    (Hint::FullName, &["姓名", "氏名", "фио"]),
    (Hint::Given, &[
        "imie", "imiona", "krestni", "foernamn", "fornamn", "fornavn", "etunimi", "keresztnev", "utonev",
        "prenume", "отчество", "名",
    ]),
    (Hint::Family, &[
        "nazwisko", "prijmeni", "priezvisko", "efternamn", "efternavn", "etternavn", "sukunimi",
        "vezeteknev", "soyad", "soyadi", "фамилия", "прізвище", "姓", "maiden",
    ]),
    (Hint::Street, &[
        "ulica", "ulice", "gade", "gata", "vej", "osoite", "katuosoite", "utca", "lakcim", "sokak",
        "cadde", "адрес", "улица", "地址", "住所",
    ]),
    (Hint::City, &[
        "miasto", "miejscowosc", "mesto", "obec", "postort", "poststed", "kaupunki", "varos", "sehir",
        "ilce", "oras", "localitate", "город", "城市", "市区町村",
    ]),
    (Hint::Organisation, &[
        "spolecnost", "yritys", "foeretag", "virksomhed", "sirket", "компания", "организация", "公司",
        "会社", "会社名",
    ]),
    (Hint::GivenOrFull, &["имя"]),
];

/// Words that stand beside others that say more.
#[rustfmt::skip]
const VAGUE: [(Hint, &[&str]); 3] = [
    (Hint::Identifier, &[
        "pesel", "nip", "regon", "rodne", "ico", "hetu", "henkiloetunnus", "adoszam", "kimlik", "tckn",
        "cnp", "инн", "снилс", "паспорт", "身份证", "身份证号", "duns", "lei", "iban", "account", "policy",
        "imei", "isrc", "issn", "doi", "mrn", "orcid", "konto", "compte", "cuenta",
    ]),
    (Hint::Text, &[
        "opis", "popis", "kuvaus", "beskrivelse", "beskrivning", "описание", "aciklama", "descriere",
        "leiras", "备注", "说明",
    ]),
    (Hint::Quantity, &[
        "cena", "pris", "hinta", "fiyat", "pret", "цена", "сумма", "价格", "金额", "料金", "kwota",
        "castka", "belopp", "umsatz", "revenue", "turnover", "salary", "income", "gehalt", "salaire",
        "sueldo", "saldo", "solde", "balance", "discount", "rating", "duration", "latitude", "longitude",
        "mileage", "odometer", "kilometerstand", "kilometrage", "kilometraje", "chilometraggio",
    ]),
];

impl Hint {
    /// What one of these words lets expect, whatever stands beside it.
    pub(super) fn of_clear(words: &[&str]) -> Option<Self> {
        found(&CLEAR, words)
    }

    /// What one of these words lets expect where nothing else does.
    pub(super) fn of_vague(words: &[&str]) -> Option<Self> {
        found(&VAGUE, words)
    }
}

fn found(table: &[(Hint, &[&str])], words: &[&str]) -> Option<Hint> {
    let mut known = table.iter();
    let known = known.find(|(_, known)| words.iter().any(|word| known.contains(word)));
    known.map(|(hint, _)| *hint)
}
