//! Who may connect: what the configuration says of it, and reading it again while the server runs.

use std::sync::Arc;

use super::show;
use crate::config::hba::Rules;
use crate::config::{Config, Configuration, Secret};
use crate::error::{Error, Result, SqlState};
use crate::instance::Instance;
use crate::wire::{Authentication, CertificateFiles, Encryption, Limits};

/// What the configuration says of who may connect, when it is good.
pub struct Access {
    password: Option<Secret>,
    rules: Option<Rules>,
    encryption: Option<Encryption>,
}

impl Access {
    /// Reads all that the configuration names, and keeps others from listening where nobody would have
    /// to show anything.
    ///
    /// # Errors
    /// 28000 where others could connect without a proof; F0000 for files that are not good, and settings
    /// that do not go together.
    pub fn read(configuration: &Configuration) -> Result<Self> {
        let server = &configuration.server;
        check_connections(server)?;
        let (rules, encryption) = files(server)?;
        let password = configuration.password()?;
        if password.is_some() && server.user.is_empty() {
            return Err(Error::new(
                SqlState::INVALID_PARAMETER_VALUE,
                "user is empty, but there is a password",
            )
            .with_hint("Set user to the role that may connect."));
        }
        let access = Self {
            password,
            rules,
            encryption,
        };
        if !server.listen.ip().is_loopback() {
            access.check_open(server)?;
        }
        for rule in access.rules.iter().flat_map(Rules::all) {
            if let Some(obstacle) = rule.obstacle(access.encryption.is_some()) {
                let (file, line) = (server.hba_file.display(), rule.line);
                show::note(format_args!("warning: {file}: line {line}: {obstacle}"));
            }
        }
        Ok(access)
    }

    /// That others who can connect have something to show.
    ///
    /// # Errors
    /// 28000 where they have nothing.
    fn check_open(&self, server: &Config) -> Result<()> {
        let address = server.listen;
        match &self.rules {
            Some(rules) => {
                for rule in rules.all().iter().filter(|rule| rule.trusts_others()) {
                    let (file, line) = (server.hba_file.display(), rule.line);
                    show::note(format_args!(
                        "warning: {file}: line {line}: other machines may connect without a proof"
                    ));
                }
            }
            None if self.password.is_none() => {
                let message = format!(
                    "refusing to listen on {address}, where others can connect, without authentication"
                );
                return Err(Error::new(SqlState::INVALID_AUTHORIZATION, message)
                    .with_hint("Set a password (TRIBUTARY_PASSWORD, or password in tributary.toml), write rules in a file and set hba_file to it, or listen on 127.0.0.1."));
            }
            None => {}
        }
        if self.encryption.is_none() {
            show::note(format_args!(
                "warning: connections to {} are not encrypted: keep them within a network you trust",
                address.ip()
            ));
        }
        Ok(())
    }

    /// What clients must show, which an instance then reads again when it is asked to.
    ///
    /// # Errors
    /// Those of the disk; XX000 where the machine has no random numbers.
    pub fn serve(self, instance: &Arc<Instance>) -> Result<Arc<Authentication>> {
        let authentication = Authentication::salted(&instance.secret()?)?;
        let user = &instance.configuration.server.user;
        let authentication = Arc::new(match &self.password {
            Some(password) => authentication.with_password(user, password.reveal()),
            None => authentication,
        });
        authentication.renew(self.rules, self.encryption);
        let (configuration, served) = (
            Arc::clone(&instance.configuration),
            Arc::clone(&authentication),
        );
        instance.reloading.by(move || {
            let (rules, encryption) = files(&configuration.server)?;
            served.renew(rules, encryption);
            Ok(())
        });
        Ok(authentication)
    }
}

/// The limits of connections.
pub fn limits(server: &Config) -> Limits {
    Limits {
        max_connections: server.max_connections,
        reserved_connections: server.superuser_reserved_connections,
        startup_timeout: std::time::Duration::from_millis(server.authentication_timeout.0),
        ..Limits::default()
    }
}

fn check_connections(server: &Config) -> Result<()> {
    let (reserved, all) = (
        server.superuser_reserved_connections,
        server.max_connections,
    );
    if reserved >= all {
        let message = format!(
            "superuser_reserved_connections ({reserved}) must be less than max_connections ({all})"
        );
        return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, message));
    }
    if server.authentication_timeout.0 == 0 {
        let message = "authentication_timeout is 0, so that nobody could connect";
        return Err(Error::new(SqlState::INVALID_PARAMETER_VALUE, message));
    }
    Ok(())
}

/// The rules, and the server's certificate with those of clients, as their files are now.
///
/// # Errors
/// F0000 for files that are not good, and settings that do not go together.
fn files(server: &Config) -> Result<(Option<Rules>, Option<Encryption>)> {
    let wrong = |message: String| Error::new(SqlState::CONFIG_FILE_ERROR, message);
    let rules = match server.hba_file.as_os_str().is_empty() {
        true if server.ident_file.as_os_str().is_empty() => None,
        true => {
            return Err(wrong("ident_file is set, but hba_file is not".to_owned())
                .with_hint("Set hba_file to the rules that name its maps."));
        }
        false => Some(Rules::load(&server.hba_file, &server.ident_file)?),
    };
    let encryption = match (
        server.tls_certificate.as_os_str().is_empty(),
        server.tls_key.as_os_str().is_empty(),
    ) {
        (true, true) => {
            let of_clients = [
                ("ssl_ca_file", &server.ssl_ca_file),
                ("ssl_crl_file", &server.ssl_crl_file),
            ];
            let set = of_clients
                .into_iter()
                .find(|(_, file)| !file.as_os_str().is_empty());
            if let Some((setting, _)) = set {
                return Err(wrong(format!("{setting} is set, but tls_certificate is not"))
                    .with_hint("Clients show certificates over TLS alone: set tls_certificate and tls_key."));
            }
            None
        }
        (false, false) => Some(Encryption::load(&CertificateFiles {
            certificate: &server.tls_certificate,
            key: &server.tls_key,
            authorities: &server.ssl_ca_file,
            revoked: &server.ssl_crl_file,
        })?),
        (is_missing, _) => {
            let (set, missing) = match is_missing {
                true => ("tls_key", "tls_certificate"),
                false => ("tls_certificate", "tls_key"),
            };
            return Err(wrong(format!("{set} is set, but {missing} is not"))
                .with_hint("Set both, or neither for connections that are not encrypted."));
        }
    };
    Ok((rules, encryption))
}
