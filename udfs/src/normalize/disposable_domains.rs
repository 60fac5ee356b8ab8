//! Domains of mailboxes that anybody opens for an hour, as data.
//!
//! Compiled from what the services themselves offer in their forms; complete lists do not exist,
//! since new domains appear daily.

/// In ascending order; subdomains of them are disposable too.
#[rustfmt::skip]
const DOMAINS: &[&str] = &[
    "0815.ru", "10minutemail.com", "10minutemail.net", "20minutemail.com", "33mail.com",
    "anonbox.net", "anonymbox.com", "burnermail.io", "byom.de", "crazymailing.com",
    "deadaddress.com", "discard.email", "discardmail.com", "discardmail.de", "dispostable.com",
    "dropmail.me", "einrot.com", "emailondeck.com", "emailsensei.com", "fakeinbox.com",
    "fakemail.net", "fakemailgenerator.com", "fleckens.hu", "getairmail.com", "getnada.com",
    "grr.la", "guerrillamail.biz", "guerrillamail.com", "guerrillamail.de", "guerrillamail.info",
    "guerrillamail.net", "guerrillamail.org", "guerrillamailblock.com", "harakirimail.com",
    "inboxbear.com", "inboxkitten.com", "incognitomail.org", "jetable.org", "jourrapide.com",
    "kurzepost.de", "mail-temp.com", "mailcatch.com", "maildrop.cc", "maileater.com",
    "mailexpire.com", "mailforspam.com", "mailinator.com", "mailinator.net", "mailmoat.com",
    "mailnesia.com", "mailnull.com", "mailsac.com", "mailtemp.info", "mintemail.com", "moakt.com",
    "mohmal.com", "muellmail.com", "mytemp.email", "mytrashmail.com", "nada.email",
    "objectmail.com", "pokemail.net", "proxymail.eu", "rcpt.at", "receivemail.com", "rhyta.com",
    "rmqkr.net", "sharklasers.com", "shortmail.net", "sogetthis.com", "spam4.me", "spambog.com",
    "spambog.de", "spambox.us", "spamex.com", "spamfree24.org", "spamgourmet.com", "spamhole.com",
    "spaml.de", "superrito.com", "teleworm.us", "temp-mail.io", "temp-mail.org", "tempail.com",
    "tempinbox.com", "tempmail.com", "tempmail.de", "tempmail.net", "tempmailo.com", "tempr.email",
    "throwawaymail.com", "tmail.ws", "tmpmail.net", "tmpmail.org", "trash-mail.com",
    "trash-mail.de", "trashmail.at", "trashmail.com", "trashmail.de", "trashmail.io",
    "trashmail.me", "trashmail.net", "trashmail.ws", "trbvm.com", "vipmail.pw", "wegwerfemail.de",
    "wegwerfmail.de", "wegwerfmail.net", "wegwerfmail.org", "yopmail.com", "yopmail.fr",
    "yopmail.net", "zoemail.org",
];

/// Whether mail to a domain, in small letters, goes to such a mailbox.
pub(super) fn is_disposable(domain: &str) -> bool {
    let mut rest = domain;
    loop {
        if DOMAINS.binary_search(&rest).is_ok() {
            return true;
        }
        match rest.split_once('.') {
            Some((_, parent)) => rest = parent,
            None => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn domains_are_found() {
        assert!(DOMAINS.is_sorted());
        for domain in DOMAINS {
            assert!(is_disposable(domain));
        }
        assert!(is_disposable("a.b.mailinator.com"));
        assert!(!is_disposable("notmailinator.com"));
        assert!(!is_disposable("com"));
    }
}
