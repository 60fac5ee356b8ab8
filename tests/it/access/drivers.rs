//! Drivers and psql, with certificates.

use std::path::Path;
use std::process::Command;

use super::Both;
use crate::clients;

#[tokio::test]
async fn clients_connect_with_certificates() {
    let both = Both::start().await;
    let folder = both.files.display().to_string();
    // Java reads keys in a form of its own.
    for name in ["jane", "doe"] {
        let file = |kind: &str| both.files.join(format!("{name}.{kind}"));
        let made = Command::new("openssl")
            .args(["pkcs8", "-topk8", "-outform", "DER", "-nocrypt", "-in"])
            .arg(file("key"))
            .arg("-out")
            .arg(file("pk8"))
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
    }
    let told = |port| clients::run("certificates_client.py", port, &[&folder]);
    let (ours, theirs) = (told(both.ours.port), told(both.theirs.port));
    assert_eq!(ours, theirs);
    let connected = ours.iter().filter(|line| line.ends_with(": 'jane True'"));
    assert_eq!(connected.count(), 5, "{ours:#?}");
    for (options, wanted) in [
        ("user=jane sslcert=jane.crt sslkey=jane.key", "jane"),
        (
            "user=jane sslcert=doe.crt sslkey=doe.key",
            "FATAL:  certificate authentication failed for user \"jane\"",
        ),
        (
            "user=jane sslcert=strange.crt sslkey=strange.key",
            "tlsv1 alert unknown ca",
        ),
        (
            "user=jane sslcert=none",
            "FATAL:  connection requires a valid client certificate",
        ),
    ] {
        let options = options
            .replace("sslcert=", &format!("sslcert={folder}/"))
            .replace("sslkey=", &format!("sslkey={folder}/"));
        let [ours, theirs] =
            [both.ours.port, both.theirs.port].map(|port| psql(port, &options, &both.files));
        assert_eq!(ours, theirs, "{options}");
        assert!(ours.contains(wanted), "{options}: {ours}");
    }
}

/// What psql prints when it connects so and knows the server by its certificate, without the port.
fn psql(port: u16, how: &str, files: &Path) -> String {
    let root = files.join("authority.crt").display().to_string();
    let connection = format!(
        "host=127.0.0.1 port={port} dbname=tributary sslmode=verify-full sslrootcert={root} {how}"
    );
    let output = Command::new("psql")
        .args(["-X", "-At", &connection, "-c", "SELECT current_user"])
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    String::from_utf8_lossy(&said).replace(&port.to_string(), "PORT")
}
