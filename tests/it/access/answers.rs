//! What who connects is answered.

use super::{Both, How, PLAIN};
use crate::server::rows;

#[tokio::test]
async fn rules_and_certificates_are_as_in_postgres() {
    let both = Both::start().await;
    let encrypted = How {
        is_encrypted: true,
        ..PLAIN
    };
    let certified = |user, certificate| How {
        user,
        certificate,
        ..encrypted
    };
    let password = |user, password| How {
        user,
        password,
        ..PLAIN
    };
    let told = |what: &str, user: &str, database: &str, encryption: &str| {
        let client = format!("host \"127.0.0.1\", user \"{user}\", database \"{database}\"");
        format!("28000 {what} {client}, {encryption}")
    };
    let no_entry = |user: &str, database: &str, encryption: &str| {
        told("no pg_hba.conf entry for", user, database, encryption)
    };
    let rejected = |user: &str, database: &str, encryption: &str| {
        told(
            "pg_hba.conf rejects connection for",
            user,
            database,
            encryption,
        )
    };
    let missing = |database: &str| format!("3D000 database \"{database}\" does not exist");
    let failed = |state: &str, what: &str, user: &str| {
        format!("{state} {what} authentication failed for user \"{user}\"")
    };
    let needs = "28000 connection requires a valid client certificate".to_owned();
    let cases = [
        // The certificate is the user's.
        (certified("jane", "jane"), "jane".to_owned()),
        (
            certified("jane", "doe"),
            failed("28000", "certificate", "jane"),
        ),
        (
            certified("jane", "nameless"),
            failed("28000", "certificate", "jane"),
        ),
        (certified("jane", ""), needs.clone()),
        (certified("Jane Doe", "doe"), "Jane Doe".to_owned()),
        // By a map.
        (certified("mapped", "jane"), "mapped".to_owned()),
        (certified("mapped", "mail"), "mapped".to_owned()),
        (
            certified("mapped", "doe"),
            failed("28000", "certificate", "mapped"),
        ),
        (certified("/odd", "odd"), "/odd".to_owned()),
        (
            certified("/odd", "jane"),
            failed("28000", "certificate", "/odd"),
        ),
        // Beside a password, or trust.
        (
            How {
                password: "pencil",
                ..certified("full", "full")
            },
            "full".to_owned(),
        ),
        (
            How {
                password: "pencil",
                ..certified("full", "jane")
            },
            failed("28P01", "password", "full"),
        ),
        (
            How {
                password: "pen",
                ..certified("full", "full")
            },
            failed("28P01", "password", "full"),
        ),
        (
            How {
                password: "pencil",
                ..certified("full", "")
            },
            needs.clone(),
        ),
        (
            How {
                password: "pencil",
                ..password("full", "pencil")
            },
            no_entry("full", "tributary", "no encryption"),
        ),
        (
            How {
                password: "pencil",
                ..certified("any", "jane")
            },
            "any".to_owned(),
        ),
        (
            How {
                password: "pencil",
                ..certified("any", "")
            },
            needs.clone(),
        ),
        (
            certified("named", "jane"),
            failed("28000", "\"trust\"", "named"),
        ),
        // Not for the first rule of another channel.
        (PLAIN, rejected("jane", "tributary", "no encryption")),
        (
            How {
                user: "gone",
                ..encrypted
            },
            no_entry("gone", "tributary", "SSL encryption"),
        ),
        (
            How {
                user: "nobody",
                ..PLAIN
            },
            no_entry("nobody", "tributary", "no encryption"),
        ),
        (
            How {
                user: "gone",
                database: "elsewhere",
                ..encrypted
            },
            missing("elsewhere"),
        ),
        (
            How {
                user: "gone",
                database: "crew",
                ..encrypted
            },
            rejected("gone", "crew", "SSL encryption"),
        ),
        // By groups, and a verifier that was stored as it is.
        (password("member", "pencil"), "member".to_owned()),
        (
            How {
                password: "pencil",
                ..certified("member", "doe")
            },
            "member".to_owned(),
        ),
        (
            password("member", "pen"),
            failed("28P01", "password", "member"),
        ),
        (
            password("crew", "pencil"),
            failed("28P01", "password", "crew"),
        ),
        (
            How {
                user: "tribute",
                ..PLAIN
            },
            no_entry("tribute", "tributary", "no encryption"),
        ),
        (
            How {
                user: "tribute",
                database: "tribute",
                ..PLAIN
            },
            missing("tribute"),
        ),
        // Roles that cannot.
        (
            How {
                user: "ghost",
                ..PLAIN
            },
            "28000 role \"ghost\" does not exist".to_owned(),
        ),
        (
            How {
                user: "sleeper",
                ..PLAIN
            },
            "28000 role \"sleeper\" is not permitted to log in".to_owned(),
        ),
        (
            How {
                user: "busy",
                ..PLAIN
            },
            "53300 too many connections for role \"busy\"".to_owned(),
        ),
        (
            password("late", "pencil"),
            failed("28P01", "password", "late"),
        ),
        (
            password("bare", "pencil"),
            failed("28P01", "password", "bare"),
        ),
        (
            password("unknown", "pencil"),
            failed("28P01", "password", "unknown"),
        ),
        // What is no good in the handshake.
        (
            certified("jane", "strange"),
            "received fatal alert: UnknownCA".to_owned(),
        ),
        (
            certified("jane", "expired"),
            "received fatal alert: CertificateExpired".to_owned(),
        ),
        (
            certified("jane", "revoked"),
            "received fatal alert: CertificateRevoked".to_owned(),
        ),
    ];
    let mut wrong = Vec::new();
    for (how, wanted) in &cases {
        let theirs = both.answer_of(both.theirs.port, *how).await;
        let ours = both.answer_of(both.ours.port, *how).await;
        if ours != theirs || ours != *wanted {
            wrong.push(format!(
                "{how:?}\n  ours   {ours}\n  theirs {theirs}\n  wanted {wanted}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // No password that was tried, and no verifier, is in the log.
    let log = both.ours.log();
    assert!(!log.contains("pencil") && !log.contains("SCRAM"), "{log}");

    let shown = "SELECT ssl, version, cipher, bits, client_dn, client_serial, issuer_dn
                 FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    for how in [
        certified("mapped", "mail"),
        certified("/odd", "odd"),
        encrypted_trust(),
    ] {
        let ours = both.connect(both.ours.port, how).await.unwrap();
        let theirs = both.connect(both.theirs.port, how).await.unwrap();
        assert_eq!(
            rows(&ours, shown).await,
            rows(&theirs, shown).await,
            "{how:?}"
        );
        // Others see nothing of it.
        let count = "SELECT count(*) FROM pg_stat_ssl";
        assert_eq!(
            rows(&ours, count).await,
            rows(&theirs, count).await,
            "{how:?}"
        );
        let denied = ours
            .simple_query("TABLE pg_hba_file_rules")
            .await
            .unwrap_err();
        let denied_there = theirs
            .simple_query("TABLE pg_hba_file_rules")
            .await
            .unwrap_err();
        let told = |error: tokio_postgres::Error| {
            error
                .as_db_error()
                .map(|it| (it.code().code().to_owned(), it.message().to_owned()))
        };
        assert_eq!(told(denied), told(denied_there));
    }
}

/// Over TLS without a certificate.
fn encrypted_trust() -> How<'static> {
    How {
        user: "member",
        password: "pencil",
        is_encrypted: true,
        ..PLAIN
    }
}
