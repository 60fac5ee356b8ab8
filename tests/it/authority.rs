//! An authority of certificates of a test's own, by openssl.

use std::path::{Path, PathBuf};
use std::process::Command;

/// What `openssl ca` wants to be told.
const CONFIGURATION: &str = "\
[ca]
default_ca = own
[own]
database = FOLDER/NAME.index
new_certs_dir = FOLDER
certificate = FOLDER/NAME.crt
private_key = FOLDER/NAME.key
rand_serial = yes
default_md = sha256
default_days = 2
default_crl_days = 2
unique_subject = no
preserve = yes
policy = any
crl_extensions = crl
[any]
countryName = optional
organizationName = optional
organizationalUnitName = optional
commonName = optional
emailAddress = optional
[crl]
authorityKeyIdentifier = keyid:always
[client]
basicConstraints = CA:FALSE
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
extendedKeyUsage = clientAuth
[server]
basicConstraints = CA:FALSE
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
extendedKeyUsage = serverAuth
subjectAltName = IP:127.0.0.1,DNS:localhost
";

/// An authority.
pub struct Authority {
    folder: PathBuf,
    name: &'static str,
}

impl Authority {
    /// A new one, whose files are in a folder.
    pub fn new(folder: &Path, name: &'static str) -> Self {
        let authority = Self {
            folder: folder.to_owned(),
            name,
        };
        let text = CONFIGURATION
            .replace("FOLDER", &folder.display().to_string())
            .replace("NAME", name);
        std::fs::write(authority.file("cnf"), text).unwrap();
        std::fs::write(authority.file("index"), "").unwrap();
        openssl(
            Command::new("openssl")
                .args(["req", "-x509", "-newkey", "ec", "-nodes", "-days", "2"])
                .args(["-pkeyopt", "ec_paramgen_curve:prime256v1", "-utf8"])
                .args(["-subj", &format!("/O=Test/CN={name}")])
                .args(["-addext", "basicConstraints=critical,CA:TRUE"])
                .args(["-addext", "keyUsage=critical,keyCertSign,cRLSign"])
                .arg("-keyout")
                .arg(authority.file("key"))
                .arg("-out")
                .arg(authority.file("crt")),
        );
        authority
    }

    fn file(&self, kind: &str) -> PathBuf {
        self.folder.join(format!("{}.{kind}", self.name))
    }

    /// A certificate of a subject, and its key: `name.crt` and `name.key`.
    pub fn issue(&self, name: &str, subject: &str) -> (PathBuf, PathBuf) {
        self.issue_as(name, subject, "client", &[])
    }

    /// The certificate of a server on this machine.
    pub fn issue_server(&self, name: &str) -> (PathBuf, PathBuf) {
        self.issue_as(name, "/CN=localhost", "server", &[])
    }

    /// A certificate whose time is over.
    pub fn issue_expired(&self, name: &str, subject: &str) -> (PathBuf, PathBuf) {
        let time = [
            "-startdate",
            "20200101000000Z",
            "-enddate",
            "20200102000000Z",
        ];
        self.issue_as(name, subject, "client", &time)
    }

    fn issue_as(&self, name: &str, subject: &str, kind: &str, more: &[&str]) -> (PathBuf, PathBuf) {
        let file = |kind: &str| self.folder.join(format!("{name}.{kind}"));
        let (request, certificate, key) = (file("csr"), file("crt"), file("key"));
        openssl(
            Command::new("openssl")
                .args(["req", "-new", "-newkey", "ec", "-nodes", "-utf8"])
                .args(["-pkeyopt", "ec_paramgen_curve:prime256v1", "-subj", subject])
                .arg("-keyout")
                .arg(&key)
                .arg("-out")
                .arg(&request),
        );
        openssl(
            Command::new("openssl")
                .args(["ca", "-batch", "-notext", "-utf8", "-extensions", kind])
                .args(more)
                .arg("-config")
                .arg(self.file("cnf"))
                .arg("-in")
                .arg(&request)
                .arg("-out")
                .arg(&certificate),
        );
        (certificate, key)
    }

    /// Takes certificates back; the list that says so.
    pub fn revoke(&self, certificates: &[&Path]) -> PathBuf {
        for certificate in certificates {
            openssl(
                Command::new("openssl")
                    .args(["ca", "-batch", "-config"])
                    .arg(self.file("cnf"))
                    .arg("-revoke")
                    .arg(certificate),
            );
        }
        let list = self.file("crl");
        openssl(
            Command::new("openssl")
                .args(["ca", "-gencrl", "-config"])
                .arg(self.file("cnf"))
                .arg("-out")
                .arg(&list),
        );
        list
    }
}

fn openssl(command: &mut Command) {
    let made = command.output().unwrap();
    assert!(made.status.success(), "{command:?}: {made:?}");
}
