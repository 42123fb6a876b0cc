//! Where someone signs in from.

use std::net::IpAddr;

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
    /// characters; `address` is what sign-ins are counted by, and is not kept.
    #[must_use]
    pub fn new(agent: Option<&str>, address: Option<IpAddr>) -> Self {
        let agent: Option<String> = agent
            .map(|text| text.chars().filter(|char| !char.is_control()).take(MAX_AGENT_CHARS).collect())
            .filter(|text: &String| !text.trim().is_empty());
        Self { agent, address }
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
        let long = format!("Mozilla\r\n\0{}", "茶".repeat(300));
        let device = Device::new(Some(&long), None);
        assert_eq!(device.agent().unwrap().chars().count(), 200);
        assert!(device.agent().unwrap().starts_with("Mozilla茶"));
        assert_eq!(Device::new(Some(" \n"), None).agent(), None);
    }
}
