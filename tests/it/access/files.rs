//! The files of rules and certificates: how they are shown, read again, and refused.

use std::process::Command;

use super::{Both, How};
use crate::authority::Authority;
use crate::server::{rows, tributary};

#[tokio::test]
async fn views_show_the_files_as_postgres_does() {
    let both = Both::start().await;
    let (ours, theirs) = (both.ours.connect().await, both.theirs.connect().await);
    let rules = "SELECT * FROM pg_hba_file_rules ORDER BY line_number";
    let maps = "SELECT * FROM pg_ident_file_mappings ORDER BY line_number";
    for query in [rules, maps] {
        let found = rows(&ours, query).await;
        assert_eq!(found, rows(&theirs, query).await);
        assert!(found.len() > 2);
    }
    let broken = "host\nhost all\nhost all all\nhost all all 10.0.0.0/8\nhost all all 10.0.0.1\n\
                  host all all 10.0.0.0/40 trust\nhost all all 10.0.0.0 ::1 trust\n\
                  host all all x.y/8 trust\nhost all all all magic\nhost all all all cert\n\
                  hosts all all all trust\nhost,x all all all trust\nhost all all all trust,reject\n\
                  host all all all trust x\nhost all all all trust x=1\n\
                  host all all all trust clientcert=verify-ca\n\
                  hostssl all all all cert clientcert=verify-ca\n\
                  host @nothing all all trust\n\
                  host all all all,all trust\nhost all all 10.0.0.0 x,y trust\n\
                  host all all all trust # good\n";
    std::fs::write(both.files.join("pg_hba.conf"), broken).unwrap();
    std::fs::write(both.files.join("pg_ident.conf"), "a\na b\na b,c d\na b c\n").unwrap();
    for query in [rules, maps] {
        assert_eq!(rows(&ours, query).await, rows(&theirs, query).await);
    }
    std::fs::write(both.files.join("pg_hba.conf"), any_rules(500)).unwrap();
    let (ours, theirs) = (rows(&ours, rules).await, rows(&theirs, rules).await);
    for (ours, theirs) in ours.iter().zip(&theirs) {
        // Where a field is missing, the one behind it may be the name of a host.
        if !ours.contains("host names are not supported") {
            assert_eq!(ours, theirs);
        }
    }
    assert_eq!(ours.len(), theirs.len());
}

/// Lines of what rules are made of, in the order of fields more often than not.
fn any_rules(lines: usize) -> String {
    const FIELDS: [&[&str]; 6] = [
        &[
            "host",
            "hostssl",
            "hostnossl",
            "hosts",
            "\"host\"",
            "hostnogssenc",
            "host,host",
        ],
        &[
            "all",
            "sameuser",
            "\"all\"",
            "a,b",
            "\"x y\",z",
            "samerole",
            "a ,b",
            "replication",
        ],
        &[
            "all",
            "+g",
            "\"+g\"",
            "a\"\"",
            "\"a\"\"b\"",
            "+a,b",
            "\\\n c",
            "a, b",
        ],
        &[
            "all",
            "samehost",
            "10.0.0.0/8",
            "10.1.2.3/0",
            "::1/128",
            "fe80::1/10",
            "10.0.0.0/33",
            "300.0.0.0/8",
            "10.0.0.0/",
            "10.0.0.0 255.0.0.0",
            "::1 ffff::",
            "10.0.0.0 ffff::",
            "\"all\"/8",
            "10.0.0.0 \"255.255.0.0\"",
            "10.0.0.0",
            "all,all",
        ],
        &[
            "trust",
            "reject",
            "scram-sha-256",
            "cert",
            "magic",
            "\"trust\"",
            "trust,reject",
            "#trust",
        ],
        &[
            "",
            "",
            "",
            "clientcert=verify-ca",
            "clientcert=verify-full",
            "clientname=CN",
            "clientname=DN clientcert=verify-full",
            "x",
            "x=y",
            "\"x=y\"",
            "# why",
        ],
    ];
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = |below: usize| {
        // Marsaglia's xorshift.
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below as u64).unwrap()
    };
    let mut text = String::new();
    for _ in 0..lines {
        for field in FIELDS {
            if random(20) > 0 {
                text.push_str(field[random(field.len())]);
                text.push_str([" ", "\t", "  ", " , "][random(4)]);
            }
        }
        text.push('\n');
    }
    text
}

#[tokio::test]
async fn a_reload_changes_the_rules_for_those_who_come() {
    let both = Both::start().await;
    let client = both.ours.connect().await;
    let hba = both.files.join("pg_hba.conf");
    let reload = || async { rows(&client, "SELECT pg_reload_conf()").await.concat() };
    let ghost = How::of("ghost");
    let connect = || both.answer_of(both.ours.port, ghost);
    assert_eq!(connect().await, "28000 role \"ghost\" does not exist");
    std::fs::write(
        &hba,
        "host all tributary all trust\nhost all ghost all reject\n",
    )
    .unwrap();
    assert_eq!(reload().await, "t");
    assert!(
        connect()
            .await
            .starts_with("28000 pg_hba.conf rejects connection")
    );
    // A file that is not good changes nothing, and the log and the view tell.
    std::fs::write(&hba, "host all all all trust\nhost all all all md5\n").unwrap();
    assert_eq!(reload().await, "f");
    assert!(
        connect()
            .await
            .starts_with("28000 pg_hba.conf rejects connection")
    );
    let log = both.ours.log();
    assert!(
        log.contains("line 2: invalid authentication method \"md5\""),
        "{log}"
    );
    let error = "SELECT line_number, error FROM pg_hba_file_rules WHERE error IS NOT NULL";
    let told = "2|invalid authentication method \"md5\": not supported by this server";
    assert_eq!(rows(&client, error).await, [told]);
    // A signal reads it again, too.
    let loaded = "SELECT pg_conf_load_time()";
    let before = rows(&client, loaded).await;
    std::fs::write(&hba, "host all all all trust\n").unwrap();
    let hangup = Command::new("kill")
        .args(["-HUP", &both.ours.id().to_string()])
        .status();
    assert!(hangup.unwrap().success());
    while rows(&client, loaded).await == before {
        tokio::task::yield_now().await;
    }
    assert_eq!(connect().await, "28000 role \"ghost\" does not exist");
    // The certificates are read again as well.
    Authority::new(&both.files, "authority").issue_server("server");
    assert_eq!(reload().await, "t");
    let how = ghost.over_tls();
    assert_eq!(
        connect_over_tls(&both, how).await,
        "28000 role \"ghost\" does not exist"
    );
    std::fs::write(both.files.join("server.crt"), "nonsense").unwrap();
    assert_eq!(reload().await, "f");
    assert_eq!(
        connect_over_tls(&both, how).await,
        "28000 role \"ghost\" does not exist"
    );
    client
        .batch_execute("CREATE ROLE plain; SET ROLE plain")
        .await
        .unwrap();
    let denied = client
        .simple_query("SELECT pg_reload_conf()")
        .await
        .unwrap_err();
    assert_eq!(denied.code().unwrap().code(), "42501");
}

async fn connect_over_tls(both: &Both, how: How<'_>) -> String {
    both.answer_of(both.ours.port, how).await
}

#[test]
fn what_is_not_good_stops_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let authority = Authority::new(folder.path(), "authority");
    authority.issue_server("server");
    let list = authority.revoke(&[]);
    let path = |name: &str| folder.path().join(name).display().to_string();
    std::fs::write(path("good"), "host all all all scram-sha-256").unwrap();
    std::fs::write(path("bad"), "# One\nhost all all all md5").unwrap();
    std::fs::write(path("maps"), "a b").unwrap();
    std::fs::write(path("nonsense"), "nonsense").unwrap();
    let list = list.display().to_string();
    let (certificate, key) = (path("server.crt"), path("server.key"));
    let tls = ["--tls-certificate", &certificate, "--tls-key", &key];
    let with_tls = |more: &[&str]| -> Vec<String> {
        tls.iter().chain(more).map(|it| (*it).to_owned()).collect()
    };
    let alone =
        |flags: &[&str]| -> Vec<String> { flags.iter().map(|it| (*it).to_owned()).collect() };
    for (flags, message) in [
        (
            alone(&["--hba-file", &path("missing")]),
            "could not open configuration file",
        ),
        (
            alone(&["--hba-file", &path("bad")]),
            "line 2: invalid authentication method \"md5\"",
        ),
        (
            alone(&["--hba-file", &path("nonsense")]),
            "line 1: invalid connection type",
        ),
        (
            alone(&["--ident-file", &path("maps")]),
            "ident_file is set, but hba_file is not",
        ),
        (
            alone(&["--hba-file", &path("good"), "--ident-file", &path("maps")]),
            "line 1: missing entry at end of line",
        ),
        (
            alone(&["--ssl-ca-file", &path("authority.crt")]),
            "ssl_ca_file is set, but tls_certificate is not",
        ),
        (
            with_tls(&["--ssl-ca-file", &path("missing")]),
            "ssl_ca_file",
        ),
        (
            with_tls(&["--ssl-ca-file", &path("nonsense")]),
            "ssl_ca_file",
        ),
        (
            with_tls(&["--ssl-crl-file", &list]),
            "ssl_ca_file is not set",
        ),
        (
            with_tls(&[
                "--ssl-ca-file",
                &path("authority.crt"),
                "--ssl-crl-file",
                &path("nonsense"),
            ]),
            "ssl_crl_file",
        ),
        (
            alone(&["--max-connections", "3"]),
            "superuser_reserved_connections (3) must be less than max_connections (3)",
        ),
        (
            alone(&["--authentication-timeout", "0"]),
            "authentication_timeout is 0",
        ),
    ] {
        let mut serve = tributary();
        serve.args(["serve", "--listen", "127.0.0.1:0", "--data-dir"]);
        serve.arg(folder.path().join("data")).args(&flags);
        let output = serve.current_dir(folder.path()).output().unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{flags:?}");
        assert!(told.contains(message), "{flags:?}: {told}");
    }
}
