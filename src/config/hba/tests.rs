//! Rules, and who they are of.

use std::net::IpAddr;
use std::path::Path;

use super::*;

fn load(text: &str) -> Result<Rules> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pg_hba.conf");
    std::fs::write(&file, text).unwrap();
    Rules::load(&file, Path::new(""))
}

/// The line that decides about a client, of the groups `staff` and `sales` a member where it is `jane`.
fn line(rules: &Rules, user: &str, database: &str, address: &str, is_encrypted: bool) -> usize {
    let address: IpAddr = address.parse().unwrap();
    let found = rules.find(&Attempt {
        user,
        database,
        address,
        is_encrypted,
        is_member: &|group| user == "jane" && ["jane", "staff", "sales"].contains(&group),
    });
    found.map_or(0, |rule| rule.line)
}

#[test]
fn the_first_rule_that_is_of_a_client_decides() {
    let rules = load(
        "host all bob 10.0.0.0/8 reject\n\
         hostssl all +staff 10.0.0.0/8 cert\n\
         hostnossl sales jane 0.0.0.0/0 scram-sha-256\n\
         host \"all\" all all trust\n\
         host samerole all 127.0.0.1 255.255.255.255 trust\n\
         host sameuser \"+odd\",ann all scram-sha-256\n\
         host replication all all trust\n\
         host shop,\"other shop\" all ::1/128 trust\n\
         hostnogssenc last all all trust\n",
    );
    let rules = rules.unwrap();
    for (user, database, address, is_encrypted, wanted) in [
        ("bob", "shop", "10.1.2.3", true, 1),
        ("bob", "shop", "11.1.2.3", true, 0),
        ("jane", "shop", "10.1.2.3", true, 2),
        ("jane", "shop", "10.1.2.3", false, 0),
        ("jane", "sales", "10.1.2.3", false, 3),
        ("eve", "all", "192.0.2.1", false, 4),
        ("jane", "staff", "127.0.0.1", false, 5),
        ("eve", "staff", "127.0.0.1", false, 0),
        ("+odd", "+odd", "::1", false, 6),
        ("ann", "ann", "::1", false, 6),
        ("ann", "eve", "::1", false, 0),
        ("eve", "replication", "::1", false, 0),
        ("eve", "other shop", "::1", false, 8),
        ("eve", "shop", "::2", false, 0),
        ("eve", "last", "::2", false, 9),
    ] {
        let found = line(&rules, user, database, address, is_encrypted);
        assert_eq!(found, wanted, "{user} {database} {address} {is_encrypted}");
    }
}

#[test]
fn a_line_that_is_none_is_told_by_its_number() {
    for (text, wanted) in [
        (
            "local all all peer",
            "local connections are not supported by this server",
        ),
        (
            "hosts all all all trust",
            "invalid connection type \"hosts\"",
        ),
        (
            "host,hostssl all all all trust",
            "multiple values specified for connection type",
        ),
        ("host", "end-of-line before database specification"),
        ("host all", "end-of-line before role specification"),
        (
            "host all all",
            "end-of-line before IP address specification",
        ),
        (
            "host all all all",
            "end-of-line before authentication method",
        ),
        (
            "host all all 10.0.0.0",
            "end-of-line before netmask specification",
        ),
        (
            "host all all 10.0.0.0/33 trust",
            "invalid CIDR mask in address \"10.0.0.0/33\"",
        ),
        (
            "host all all 10.0.0.0/+8 trust",
            "invalid CIDR mask in address \"10.0.0.0/+8\"",
        ),
        (
            "host all all 10.0.0.0 255.0.0.0.0 trust",
            "invalid IP mask \"255.0.0.0.0\": Name or service not known",
        ),
        (
            "host all all ::1 255.0.0.0 trust",
            "IP address and mask do not match",
        ),
        (
            "host all all a.example/8 trust",
            "specifying both host name and CIDR mask is invalid: \"a.example/8\"",
        ),
        (
            "host all all .example.com trust",
            "host names are not supported as addresses: \".example.com\"",
        ),
        (
            "host all all samenet trust",
            "samenet is not supported by this server",
        ),
        (
            "host all all 10.0.0.0/8,11.0.0.0/8 trust",
            "multiple values specified for host address",
        ),
        (
            "host all all all trust,reject",
            "multiple values specified for authentication type",
        ),
        (
            "host all all all md5",
            "invalid authentication method \"md5\": not supported by this server",
        ),
        (
            "host all all all ldap ldapserver=x",
            "invalid authentication method \"ldap\": not supported by this server",
        ),
        (
            "host all all all magic",
            "invalid authentication method \"magic\"",
        ),
        (
            "host all all all cert",
            "cert authentication is only supported on hostssl connections",
        ),
        (
            "host all all all trust clientcert=verify-ca",
            "clientcert can only be configured for \"hostssl\" rows",
        ),
        (
            "hostssl all all all trust clientcert=1",
            "invalid value for clientcert: \"1\"",
        ),
        (
            "hostssl all all all cert clientcert=verify-ca",
            "clientcert can only be set to \"verify-full\" when using \"cert\" authentication",
        ),
        (
            "hostssl all all all cert clientname=UID",
            "invalid value for clientname: \"UID\"",
        ),
        (
            "host all all all trust map=x",
            "authentication option \"map\" is only valid for authentication method cert",
        ),
        (
            "host all all all trust magic",
            "authentication option not in name=value format: magic",
        ),
        (
            "host all all all trust magic=1",
            "unrecognized authentication option name: \"magic\"",
        ),
    ] {
        let error = load(&format!("# Rules\n{text}")).err().unwrap();
        assert_eq!(error.sqlstate(), SqlState::CONFIG_FILE_ERROR, "{text}");
        let told = error.message().split_once("pg_hba.conf: ").unwrap().1;
        assert_eq!(told, format!("line 2: {wanted}"), "{text}");
    }
}

#[test]
fn one_bad_line_spoils_the_file() {
    let error = load("host all all all trust\nhost\nhost all\nhost all all all md5");
    let error = error.err().unwrap();
    assert!(error.message().contains("line 2: "), "{error}");
    let detail = "And line 3: end-of-line before role specification; line 4: invalid authentication method \"md5\": not supported by this server.";
    assert_eq!(error.detail(), Some(detail));
    let error = load("# Nothing\n").err().unwrap();
    assert!(error.message().ends_with("contains no entries"), "{error}");
}

#[test]
fn lines_are_shown_as_they_are_now() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pg_hba.conf");
    let text = "host a,\"b c\" +d 10.1.2.3/8 scram-sha-256\nhost x\n\
                hostssl all all ::1/128 cert map=m clientname=DN\n";
    std::fs::write(&file, text).unwrap();
    let lines = shown(&file, false).unwrap();
    let first = lines[0].rule.as_ref().unwrap();
    assert_eq!(first.databases, ["a", "b c"]);
    assert_eq!(first.users, ["+d"]);
    assert_eq!(first.address, "10.1.2.3");
    assert_eq!(first.netmask.as_deref(), Some("255.0.0.0"));
    assert_eq!(lines[1].line, 2);
    assert!(lines[1].rule.is_none() && lines[1].error.is_some());
    let last = lines[2].rule.as_ref().unwrap();
    assert_eq!(last.options, ["map=m", "clientcert=verify-full"]);
    assert_eq!(
        last.netmask.as_deref(),
        Some("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")
    );
    let error = lines[2].error.as_deref();
    assert_eq!(
        error,
        Some("hostssl record cannot match because SSL is disabled")
    );
}

proptest::proptest! {
    #[test]
    fn any_text_is_read_or_refused(
        words in proptest::collection::vec(
            proptest::sample::select(vec![
                "host ", "hostssl ", "all ", "all", "\"", ",", "#", "\\", "\n", "\\\n", "10.0.0.0/8 ", "::1 ",
                "trust ", "cert ", "clientcert=verify-full", "=", "+", "@", "\u{e9}", "\t",
            ]),
            0..40,
        )
    ) {
        let _ = load(&words.concat());
    }
}
