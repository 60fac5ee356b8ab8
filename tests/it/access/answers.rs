//! What who connects is answered.

use super::{Both, How};
use crate::server::rows;

/// What a client is answered.
impl How<'_> {
    fn hears(self, answer: &str) -> (Self, String) {
        (self, answer.to_owned())
    }

    fn enters(self) -> (Self, String) {
        self.hears(self.user)
    }

    fn needs_a_certificate(self) -> (Self, String) {
        self.hears("28000 connection requires a valid client certificate")
    }

    /// By the way that the rule names.
    fn fails(self, way: &str) -> (Self, String) {
        let state = if way == "password" { "28P01" } else { "28000" };
        let user = self.user;
        let answer = format!("{state} {way} authentication failed for user \"{user}\"");
        (self, answer)
    }

    fn has_no_entry(self) -> (Self, String) {
        self.refused("no pg_hba.conf entry for")
    }

    fn meets_reject(self) -> (Self, String) {
        self.refused("pg_hba.conf rejects connection for")
    }

    fn refused(self, what: &str) -> (Self, String) {
        let (user, database) = (self.user, self.database);
        let encryption = match self.is_encrypted {
            true => "SSL encryption",
            false => "no encryption",
        };
        let client = format!("host \"127.0.0.1\", user \"{user}\", database \"{database}\"");
        (self, format!("28000 {what} {client}, {encryption}"))
    }

    fn finds_no_database(self) -> (Self, String) {
        let database = self.database;
        let answer = format!("3D000 database \"{database}\" does not exist");
        (self, answer)
    }
}

#[tokio::test]
async fn rules_and_certificates_are_as_in_postgres() {
    let both = Both::start().await;
    let of = How::of;
    let cases = [
        // The certificate is the user's.
        of("jane").showing("jane").enters(),
        of("jane").showing("doe").fails("certificate"),
        of("jane").showing("nameless").fails("certificate"),
        of("jane").over_tls().needs_a_certificate(),
        of("Jane Doe").showing("doe").enters(),
        // By a map.
        of("mapped").showing("jane").enters(),
        of("mapped").showing("mail").enters(),
        of("mapped").showing("doe").fails("certificate"),
        of("/odd").showing("odd").enters(),
        of("/odd").showing("jane").fails("certificate"),
        // Beside a password, or trust.
        of("full").showing("full").with("pencil").enters(),
        of("full").showing("jane").with("pencil").fails("password"),
        of("full").showing("full").with("pen").fails("password"),
        of("full").over_tls().with("pencil").needs_a_certificate(),
        of("full").with("pencil").has_no_entry(),
        of("any").showing("jane").with("pencil").enters(),
        of("any").over_tls().with("pencil").needs_a_certificate(),
        of("named").showing("jane").fails("\"trust\""),
        // Not for the first rule of another channel.
        of("jane").meets_reject(),
        of("gone").over_tls().has_no_entry(),
        of("nobody").has_no_entry(),
        of("gone").over_tls().to("elsewhere").finds_no_database(),
        of("gone").over_tls().to("crew").meets_reject(),
        // By groups, and a verifier that was stored as it is.
        of("member").with("pencil").enters(),
        of("member").showing("doe").with("pencil").enters(),
        of("member").with("pen").fails("password"),
        of("crew").with("pencil").fails("password"),
        of("tribute").has_no_entry(),
        of("tribute").to("tribute").finds_no_database(),
        // Roles that cannot.
        of("ghost").hears("28000 role \"ghost\" does not exist"),
        of("sleeper").hears("28000 role \"sleeper\" is not permitted to log in"),
        of("busy").hears("53300 too many connections for role \"busy\""),
        of("late").with("pencil").fails("password"),
        of("bare").with("pencil").fails("password"),
        of("unknown").with("pencil").fails("password"),
        // What is no good in the handshake.
        of("jane")
            .showing("strange")
            .hears("received fatal alert: UnknownCA"),
        of("jane")
            .showing("expired")
            .hears("received fatal alert: CertificateExpired"),
        of("jane")
            .showing("revoked")
            .hears("received fatal alert: CertificateRevoked"),
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
        of("mapped").showing("mail"),
        of("/odd").showing("odd"),
        of("member").with("pencil").over_tls(),
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
