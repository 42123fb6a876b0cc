//! Where someone signs in from.

use std::net::IpAddr;

use teahouse_protocol::tame_line;

/// The most characters kept of what a device says of itself.
const MAX_AGENT_CHARS: usize = 200;

/// The device that a sign-in comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Device {
    agent: Option<String>,
    address: Option<IpAddr>,
}

impl Device {
    /// `agent` is what the device says of itself (its `User-Agent`), cut to 200 characters and without control
    /// characters and those that turn text around; nothing where nothing of it can be seen. `address` is what sign-ins are counted by, and is not kept.
    #[must_use]
    pub fn new(agent: Option<&str>, address: Option<IpAddr>) -> Self {
        Self { agent: agent.and_then(|text| tame_line(text, MAX_AGENT_CHARS)), address }
    }

    /// What the device says of itself.
    #[must_use]
    pub fn agent(&self) -> Option<&str> {
        self.agent.as_deref()
    }

    /// Where it is.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        self.address
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_says_at_most_a_line() {
        let long = format!("Mozilla\0\u{202e}{}", "茶".repeat(300));
        let device = Device::new(Some(&long), None);
        assert_eq!(device.agent().unwrap().chars().count(), 200);
        assert!(device.agent().unwrap().starts_with("Mozilla茶"));
        assert_eq!(Device::new(Some(" \n\u{200b}"), None).agent(), None);
    }
}
