//! The settings, as `config.schema.json` describes them.

use serde::Deserialize;

/// What is done with a message that has something. The order is that of strength.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Nothing.
    #[default]
    Allow,
    /// Deliver it, and put it up for review.
    Flag,
    /// Cover it; what can't be covered, such as the address behind a card, is held.
    Mask,
    /// Keep it until a moderator lets it through.
    Hold,
    /// Refuse it.
    Reject,
}

/// What an admin set.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Settings {
    /// Domains that are never looked at, and all below them.
    pub allow_domains: Vec<String>,
    /// Domains that are unwanted, and all below them, and what looks like one of them.
    pub deny_domains: Vec<String>,
    /// What is done with links to the unwanted, and with those that only look like allowed ones.
    pub denied: Action,
    /// With links to anywhere else.
    pub links: Action,
    /// With what QR codes of WeChat, QQ and Alipay lead to, and invitations into other networks.
    pub qr: Action,
    /// With accounts of WeChat.
    pub wechat: Action,
    /// With accounts and groups of QQ.
    pub qq: Action,
    /// With phone numbers.
    pub phones: Action,
    /// Whether names, announcements and words at the door are looked at.
    pub names: bool,
    /// Roles whose messages are not looked at.
    pub exempt_roles: Vec<String>,
    /// What covers a character.
    pub mark: String,
    /// Said to the sender in place of the plugin's own words; empty: those.
    pub reason: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            allow_domains: Vec::new(),
            deny_domains: Vec::new(),
            denied: Action::Reject,
            links: Action::Flag,
            qr: Action::Hold,
            wechat: Action::Mask,
            qq: Action::Mask,
            phones: Action::Mask,
            names: true,
            exempt_roles: vec!["owner".to_owned(), "admin".to_owned()],
            mark: "＊".to_owned(),
            reason: String::new(),
        }
    }
}
