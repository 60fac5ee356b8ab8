//! How many sockets there may be, and how many of them one address may have: whoever opens all that it
//! can get leaves some to the others.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Sockets of one address beyond the sessions: clients that are being greeted, refused, or come to
/// cancel.
const EXTRA: usize = 100;
/// Sockets beyond what one address may have.
const EXTRA_FOR_OTHERS: usize = 200;

/// The sockets of a server.
pub(super) struct Sockets {
    places: Arc<Semaphore>,
    of_one: usize,
    taken: Mutex<HashMap<IpAddr, usize>>,
}

impl Sockets {
    /// Those of a server of so many sessions, which may all be of one address.
    pub(super) fn new(max_connections: usize) -> Arc<Self> {
        let of_one = max_connections.saturating_add(EXTRA);
        let places = of_one
            .saturating_add(max_connections)
            .saturating_add(EXTRA_FOR_OTHERS);
        Arc::new(Self {
            places: Arc::new(Semaphore::new(places.min(Semaphore::MAX_PERMITS))),
            of_one,
            taken: Mutex::default(),
        })
    }

    /// A place for a client; none where there is none, or its address has all that it may.
    pub(super) fn take(self: &Arc<Self>, client: IpAddr) -> Option<Place> {
        let permit = Arc::clone(&self.places).try_acquire_owned().ok()?;
        let network = network(client);
        let mut taken = self.taken.lock();
        let of_network = taken.entry(network).or_default();
        if *of_network >= self.of_one {
            return None;
        }
        *of_network += 1;
        Some(Place {
            sockets: Arc::clone(self),
            network,
            _permit: permit,
        })
    }
}

/// A client's place, which it has until this is dropped.
pub(super) struct Place {
    sockets: Arc<Sockets>,
    network: IpAddr,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.sockets.taken.lock();
        if let Some(of_network) = taken.get_mut(&self.network) {
            *of_network = of_network.saturating_sub(1);
            if *of_network == 0 {
                taken.remove(&self.network);
            }
        }
    }
}

/// What is taken for one client: an address, or the 64 bits of one of IPv6 that a network has, whose
/// rest anybody within may choose.
pub(super) fn network(client: IpAddr) -> IpAddr {
    match client.to_canonical() {
        IpAddr::V6(address) => {
            let network = address.to_bits() & (u128::MAX << 64);
            IpAddr::V6(Ipv6Addr::from_bits(network))
        }
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_address_leaves_places_to_others() {
        let sockets = Sockets::new(2);
        let one: IpAddr = "192.0.2.1".parse().unwrap();
        let mut places: Vec<Place> = std::iter::from_fn(|| sockets.take(one)).collect();
        assert_eq!(places.len(), 2 + EXTRA);
        let other = sockets.take("192.0.2.2".parse().unwrap());
        assert!(other.is_some());
        places.pop();
        assert!(sockets.take(one).is_some());
        drop((places, other));
        assert!(sockets.taken.lock().is_empty());
        assert_eq!(
            sockets.places.available_permits(),
            4 + EXTRA + EXTRA_FOR_OTHERS
        );
    }

    #[test]
    fn a_network_of_ipv6_is_one_client() {
        let of = |text: &str| network(text.parse().unwrap());
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1"));
        assert_ne!(of("2001:db8:0:1::1"), of("2001:db8:0:2::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
    }
}
