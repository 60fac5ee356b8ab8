//! From where clients connect that a rule is of.

use std::net::{IpAddr, UdpSocket};

/// The addresses of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Addresses {
    /// Any.
    All,
    /// Those of this machine.
    SameHost,
    /// Those that are the same as one, as far as a mask says.
    Range {
        /// The address.
        address: IpAddr,
        /// The bits of it that count.
        mask: IpAddr,
    },
}

impl Addresses {
    /// Those that begin with as many bits as a prefix says, which is all of them where it says
    /// nothing; none of a prefix that is longer than the address.
    pub(super) fn prefixed(address: IpAddr, bits: u32) -> Option<Self> {
        let shift = match address {
            IpAddr::V4(_) => 32_u32.checked_sub(bits)?,
            IpAddr::V6(_) => 128_u32.checked_sub(bits)?,
        };
        let mask = match address {
            IpAddr::V4(_) => IpAddr::V4(u32::MAX.checked_shl(shift).unwrap_or(0).into()),
            IpAddr::V6(_) => IpAddr::V6(u128::MAX.checked_shl(shift).unwrap_or(0).into()),
        };
        Some(Self::Range { address, mask })
    }

    /// Whether a client's address is one of them.
    pub(super) fn contain(self, client: IpAddr) -> bool {
        match (self, client) {
            (Self::All, _) => true,
            (Self::SameHost, client) => is_own(client),
            (
                Self::Range {
                    address: IpAddr::V4(address),
                    mask: IpAddr::V4(mask),
                },
                IpAddr::V4(client),
            ) => (address.to_bits() ^ client.to_bits()) & mask.to_bits() == 0,
            (
                Self::Range {
                    address: IpAddr::V6(address),
                    mask: IpAddr::V6(mask),
                },
                IpAddr::V6(client),
            ) => (address.to_bits() ^ client.to_bits()) & mask.to_bits() == 0,
            _ => false,
        }
    }

    /// Whether other machines are among them.
    pub(super) fn reach_others(self) -> bool {
        match self {
            Self::All => true,
            Self::SameHost => false,
            Self::Range { address, mask } => {
                let loopback = match address {
                    IpAddr::V4(_) => Self::prefixed(IpAddr::V4([127, 0, 0, 0].into()), 8),
                    IpAddr::V6(_) => Self::prefixed(IpAddr::V6(1.into()), 128),
                };
                let is_within = |outer: Self| match outer {
                    Self::Range { mask: wanted, .. } => {
                        outer.contain(address) && covers(mask, wanted)
                    }
                    _ => false,
                };
                !loopback.is_some_and(is_within)
            }
        }
    }
}

/// Whether a mask has all bits of another.
fn covers(mask: IpAddr, wanted: IpAddr) -> bool {
    match (mask, wanted) {
        (IpAddr::V4(mask), IpAddr::V4(wanted)) => {
            mask.to_bits() & wanted.to_bits() == wanted.to_bits()
        }
        (IpAddr::V6(mask), IpAddr::V6(wanted)) => {
            mask.to_bits() & wanted.to_bits() == wanted.to_bits()
        }
        _ => false,
    }
}

/// Whether an address is one of this machine's: what it sends to itself, it sends from there. Nothing
/// is sent to find out.
fn is_own(address: IpAddr) -> bool {
    let any: IpAddr = match address {
        IpAddr::V4(_) => IpAddr::V4(0.into()),
        IpAddr::V6(_) => IpAddr::V6(0.into()),
    };
    // The port does not matter, but for being one.
    let from = UdpSocket::bind((any, 0)).and_then(|socket| {
        socket.connect((address, 9))?;
        socket.local_addr()
    });
    from.is_ok_and(|from| from.ip() == address)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(address: &str, bits: u32) -> Addresses {
        Addresses::prefixed(address.parse().unwrap(), bits).unwrap()
    }

    #[test]
    fn a_prefix_says_how_much_is_the_same() {
        for (address, bits, client, wanted) in [
            ("192.168.12.10", 32, "192.168.12.10", true),
            ("192.168.12.10", 32, "192.168.12.11", false),
            ("192.168.12.10", 24, "192.168.12.77", true),
            ("10.0.0.0", 8, "11.0.0.0", false),
            ("10.0.0.0", 0, "11.0.0.0", true),
            ("10.0.0.0", 0, "::1", false),
            ("fe80::7a31:c1ff:0:0", 96, "fe80::7a31:c1ff:5:6", true),
            ("fe80::7a31:c1ff:0:0", 96, "fe80::7a31:c1fe:5:6", false),
            ("::", 0, "fe80::1", true),
        ] {
            let client = client.parse().unwrap();
            assert_eq!(
                range(address, bits).contain(client),
                wanted,
                "{address}/{bits}"
            );
        }
        assert!(Addresses::prefixed("10.0.0.1".parse().unwrap(), 33).is_none());
        assert!(Addresses::prefixed("::1".parse().unwrap(), 129).is_none());
    }

    #[test]
    fn this_machine_knows_its_own() {
        for (client, wanted) in [("127.0.0.1", true), ("192.0.2.1", false)] {
            let client = client.parse().unwrap();
            assert_eq!(Addresses::SameHost.contain(client), wanted, "{client}");
        }
    }

    #[test]
    fn others_are_told_from_this_machine() {
        assert!(!range("127.0.0.1", 32).reach_others());
        assert!(!range("127.0.0.0", 8).reach_others());
        assert!(!range("::1", 128).reach_others());
        assert!(range("127.0.0.0", 7).reach_others());
        assert!(range("0.0.0.0", 0).reach_others());
        assert!(range("::1", 64).reach_others());
        assert!(Addresses::All.reach_others());
    }
}
