//! What the name of a column lets expect, in several languages.

use crate::normalize::unicode::unaccent;

/// What the name of a column lets expect.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Hint {
    None,
    Email,
    Phone,
    Date,
    Moment,
    Given,
    Family,
    /// Given and family name in one.
    FullName,
    /// As `nombre`, which stands beside `apellidos`, or alone.
    GivenOrFull,
    /// As `nom`, which stands beside `prenom`, or alone.
    FamilyOrFull,
    Name,
    Postcode,
    Street,
    City,
    Identifier,
    Organisation,
    Text,
    Quantity,
}

/// What may stand beside `nombre` and its like where these are the name of a person.
pub(super) const OF_PERSONS: [&str; 26] = [
    "",
    "de",
    "del",
    "della",
    "do",
    "da",
    "di",
    "du",
    "le",
    "el",
    "il",
    "o",
    "van",
    "la",
    "persona",
    "personne",
    "pessoa",
    "cliente",
    "client",
    "klant",
    "contacto",
    "contatto",
    "contato",
    "titular",
    "paciente",
    "asegurado",
];

/// What may be the first or the last besides a name.
const OF_EVENTS: [&str; 22] = [
    "seen",
    "login",
    "logon",
    "visit",
    "visited",
    "order",
    "ordered",
    "purchase",
    "activity",
    "active",
    "status",
    "page",
    "touch",
    "session",
    "source",
    "digits",
    "value",
    "price",
    "message",
    "contacted",
    "ip",
    "time",
];

impl Hint {
    pub(super) fn of(name: &str) -> Self {
        // Capitals within a name may begin words, as in `idCliente`, or may not, as in `DoB`.
        let apart = plain(&apart_at_capitals(name));
        let name = plain(name);
        let (whole, apart) = (words(&name), words(&apart));
        let has = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
        let all = || whole.iter().chain(&apart);
        let begins = |part: &str| all().any(|word| word.starts_with(part));
        let is = |parts: &[&str]| all().any(|word| parts.contains(word));
        if has(&["mail"]) || is(&["correo", "courriel"]) {
            Self::Email
        } else if has(&["phone", "mobile", "telefon", "telefoon", "telemovel", "fax"])
            || is(&[
                "tel",
                "cell",
                "msisdn",
                "movil",
                "mobil",
                "celular",
                "cellulare",
            ])
            || is(&["mobiel", "handy", "mobilnummer", "tfno", "tlf"])
        {
            Self::Phone
        } else if has(&[
            "created",
            "updated",
            "modified",
            "changed",
            "timestamp",
            "inserted",
        ]) || has(&[
            "modificacion",
            "modificacao",
            "modification",
            "actualizacion",
            "atualizacao",
        ]) || has(&[
            "erstellt",
            "geaendert",
            "aktualisiert",
            "aangemaakt",
            "gewijzigd",
        ]) || is(&["creacion", "criacao"])
        {
            Self::Moment
        } else if let Some(hint) = Self::of_clear(&whole).or_else(|| Self::of_clear(&apart)) {
            hint
        } else if has(&["geburtsname"]) || has(&["naissance"]) && is(&["nom"]) {
            Self::Family
        } else if has(&["birth", "geburt", "naissance"])
            || has(&["nacimiento", "nascimento", "nascita", "geboorte"])
            || is(&["dob", "date", "day", "fecha", "datum"])
        {
            Self::Date
        } else if is(&[
            "nombre", "nombres", "nome", "prenom", "prenoms", "vorname", "voornaam",
        ]) && is(&[
            "apellido",
            "apellidos",
            "apelido",
            "sobrenome",
            "cognome",
            "nom",
        ]) || is(&["vorname", "voornaam"]) && is(&["nachname", "achternaam", "name"])
            || is(&["nombre", "nome", "nom"]) && is(&["completo", "complet"])
        {
            Self::FullName
        } else if has(&["first"]) && !is(&OF_EVENTS)
            || has(&[
                "given",
                "forename",
                "vorname",
                "prenom",
                "christian",
                "voornaam",
            ])
            || is(&["fname", "nombres", "rufname", "roepnaam"])
            || is(&["nombre", "nome"]) && is(&["pila", "primer", "proprio"])
        {
            Self::Given
        } else if (begins("last") || has(&["lastn"])) && !is(&OF_EVENTS)
            || begins("family") && !is(&["product", "font", "model", "part"])
            || has(&["surname", "nachname"])
            || has(&[
                "apellido",
                "sobrenome",
                "cognome",
                "achternaam",
                "familienname",
            ])
            || is(&["lname", "apelido", "apelidos", "familienaam"])
            || is(&["nom"]) && is(&["famille", "usage"])
        {
            Self::Family
        } else if has(&["postcode", "postal", "zip", "plz", "postleitzahl"])
            || is(&["cep", "cp"])
            || apart.first() == Some(&"cap")
        {
            Self::Postcode
        } else if has(&["street", "address", "strasse", "addr"])
            || has(&[
                "adres",
                "direccion",
                "calle",
                "endereco",
                "indirizzo",
                "straat",
                "anschrift",
            ])
            || is(&["rue", "rua", "morada", "domicilio"])
        {
            Self::Street
        } else if names_city(&name)
            || has(&["town", "suburb", "locality", "village"])
            || has(&["ciudad", "municipio", "cidade", "wohnort", "woonplaats"])
            || is(&[
                "ort", "stadt", "ville", "commune", "comune", "gemeente", "gemeinde", "plaats",
            ])
            || is(&[
                "poblacion",
                "localidad",
                "localidade",
                "localita",
                "localite",
                "citta",
            ])
        {
            Self::City
        } else if has(&["company", "organi", "employer", "vendor"])
            || begins("firm")
            || has(&["empresa", "entreprise", "azienda", "bedrijf", "unternehmen"])
            || has(&[
                "razon_social",
                "raison_sociale",
                "ragione_sociale",
                "razao_social",
            ])
            || is(&["societe", "ditta"])
        {
            Self::Organisation
        } else if has(&[
            "ssn", "soc_sec", "passport", "isbn", "sku", "number", "code",
        ]) || begins("vat")
            || has(&[
                "numero",
                "nummer",
                "codigo",
                "codice",
                "passeport",
                "pasaporte",
                "ausweis",
            ])
            || has(&["securite_sociale", "seguridad_social", "burgerservice"])
            || is(&[
                "id", "nino", "ean", "upc", "gtin", "no", "nr", "tax", "key", "ref",
            ])
            || is(&[
                "dni", "nie", "nif", "cif", "cpf", "cnpj", "bsn", "nir", "siret", "siren",
            ])
            || is(&[
                "curp",
                "rfc",
                "cuil",
                "cuit",
                "cedula",
                "matricola",
                "matricula",
                "rut",
            ])
        {
            Self::Identifier
        } else if has(&[
            "title", "descri", "abstract", "author", "comment", "text", "note",
        ]) || has(&[
            "beschreibung",
            "bemerkung",
            "kommentar",
            "comentario",
            "beschrijving",
        ]) || has(&["opmerking", "observac", "remarque"])
            || is(&["notas"])
        {
            Self::Text
        } else if has(&["price", "amount", "quantity"])
            || has(&[
                "precio", "preis", "preco", "prezzo", "importe", "importo", "montant", "betrag",
            ])
            || is(&["weight", "height", "size", "age", "year"])
            || is(&[
                "prix", "prijs", "bedrag", "cantidad", "quantite", "quantita", "edad", "idade",
            ])
        {
            Self::Quantity
        } else if has(&["name"]) {
            Self::Name
        } else {
            let vague = Self::of_vague(&whole).or_else(|| Self::of_vague(&apart));
            vague.unwrap_or_else(|| Self::of_persons(&apart))
        }
    }

    /// Where one word is for the name of anything, and of a person it may be the whole or a part.
    fn of_persons(words: &[&str]) -> Self {
        let said = words.iter().filter(|word| !OF_PERSONS.contains(word));
        let mut rest = said.copied();
        let first = rest.next();
        match first {
            _ if rest.next().is_some() => Self::None,
            Some("nombre" | "nome" | "jmeno" | "meno" | "navn" | "namn" | "nimi") => {
                Self::GivenOrFull
            }
            Some("nom" | "naam" | "nume" | "nev") => Self::FamilyOrFull,
            _ => Self::None,
        }
    }
}

/// Whether this has the word `city`, which is also how `capacity`, `velocity` and `ethnicity` end.
fn names_city(name: &str) -> bool {
    let is_word = |(at, _): (usize, &str)| !name[..at].ends_with(['a', 'i', 'o']);
    name.match_indices("city").any(is_word)
}

/// In small letters without accents; umlauts as Germans write them without.
pub(super) fn plain(name: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    let mut buffer = [0; 4];
    for letter in name.chars() {
        match letter {
            'ä' | 'Ä' => plain.push_str("ae"),
            'ö' | 'Ö' => plain.push_str("oe"),
            'ü' | 'Ü' => plain.push_str("ue"),
            other => unaccent(other.encode_utf8(&mut buffer), &mut plain),
        }
    }
    plain.to_lowercase()
}

/// With a blank before capitals that follow small letters.
pub(super) fn apart_at_capitals(name: &str) -> String {
    let mut apart = String::with_capacity(name.len() + 8);
    let mut was_small = false;
    for letter in name.chars() {
        if was_small && letter.is_uppercase() {
            apart.push(' ');
        }
        was_small = letter.is_lowercase();
        apart.push(letter);
    }
    apart
}

/// The words of it, which what is neither letter nor digit divides.
pub(super) fn words(name: &str) -> Vec<&str> {
    name.split(|letter: char| !letter.is_alphanumeric())
        .collect()
}
