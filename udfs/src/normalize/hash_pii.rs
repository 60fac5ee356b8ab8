//! `hash_pii(text, key)`: a keyed hash, by which rows join without plain text.

use datafusion::error::Result;
use datafusion::logical_expr::ColumnarValue;
use datafusion_macros::user_doc;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::FunctionError;
use crate::arguments::{Call, Form, Function, Kind, Strings};

/// The least bytes that a key must have: below, keys can be tried one after the other.
const SHORTEST_KEY: usize = 16;

#[user_doc(
    doc_section(label = "Normalising Functions"),
    description = r"The HMAC-SHA-256 (RFC 2104, FIPS 180-4) of a text under a key, as 64 hexadecimal digits: equal texts give equal hashes under one key, so that rows can be joined and counted without plain text, and without the key nobody can try out which e-mail address gives a hash, as can be done with a plain `sha256`.

The text is hashed byte by byte as it is: normalise it first. The empty text has a hash, too. The key must have at least 16 bytes (22023); give it as a parameter or from a secret, not in the text of a view.",
    syntax_example = "hash_pii(text, key)",
    sql_example = r#"```sql
> SELECT left(hash_pii('ada@example.org', 'correct horse battery'), 16) AS hash;
+------------------+
| hash             |
+------------------+
| 80e4035489a9b27a |
+------------------+
```"#,
    argument(name = "text", description = "What must not be seen."),
    argument(name = "key", description = "The secret, of 16 bytes or more."),
    related_udf(name = "normalize_email")
)]
struct HashPii;

pub(crate) static FUNCTION: Function = Function {
    form: Form {
        name: "hash_pii",
        parameters: &[Kind::Text, Kind::Text],
        counts: &[2],
    },
    invoke,
    documentation: || HashPii.doc(),
    ..Function::IMMUTABLE
};

fn invoke(call: &Call<'_>) -> Result<ColumnarValue> {
    let keys = call.text(1)?;
    if let Strings::Constant(Some(key)) = keys {
        let keyed = keyed(key)?;
        return call.text_to_text(|text, answer| {
            write_hash(keyed.clone(), text, answer);
            Ok(true)
        });
    }
    let texts = call.text(0)?;
    call.rows_to_text(|row, answer| {
        let (Some(text), Some(key)) = (texts.get(row), keys.get(row)) else {
            return Ok(false);
        };
        write_hash(keyed(key)?, text, answer);
        Ok(true)
    })
}

fn keyed(key: &str) -> Result<Hmac<Sha256>, FunctionError> {
    if key.len() < SHORTEST_KEY {
        return Err(FunctionError::invalid_argument(format!(
            "hash_pii: the key has fewer than {SHORTEST_KEY} bytes"
        ))
        .with_hint("Take a random key, such as openssl rand -hex 32 gives."));
    }
    Hmac::new_from_slice(key.as_bytes())
        .map_err(|error| FunctionError::invalid_argument(format!("hash_pii: {error}")))
}

fn write_hash(mut keyed: Hmac<Sha256>, text: &str, answer: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    keyed.update(text.as_bytes());
    for byte in keyed.finalize().into_bytes() {
        answer.push(char::from(DIGITS[usize::from(byte >> 4)]));
        answer.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Test case 2 of RFC 4231.
    #[test]
    fn equals_rfc_2104() {
        let mut hash = String::new();
        let mac = Hmac::<Sha256>::new_from_slice(b"Jefe").unwrap();
        write_hash(mac, "what do ya want for nothing?", &mut hash);
        assert_eq!(
            hash,
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
        );
    }
}
