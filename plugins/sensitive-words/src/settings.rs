//! The settings, as `config.schema.json` describes them.

use guard_text::Fold;
use serde::Deserialize;

use crate::dictionary::{Builder, Dictionary};
use crate::list::Action;

/// The lists that come with the plugin, and the field of the settings that rules each.
const LISTS: [(&str, &str); 4] = [
    ("abuse", include_str!("../words/abuse.txt")),
    ("adult", include_str!("../words/adult.txt")),
    ("fraud", include_str!("../words/fraud.txt")),
    ("gambling", include_str!("../words/gambling.txt")),
];
/// Problems shown at once beside a field.
const PROBLEMS: usize = 5;

/// What an admin set.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Settings {
    /// What is done with each of the plugin's own categories.
    pub abuse: OwnList,
    /// Likewise.
    pub adult: OwnList,
    /// Likewise.
    pub fraud: OwnList,
    /// Likewise.
    pub gambling: OwnList,
    /// The operator's list.
    pub words: String,
    /// What is done with the operator's words that say nothing themselves.
    pub action: Usual,
    /// How many signs may stand between two letters of a word.
    pub skip: u8,
    /// What covers a letter.
    pub mark: String,
    /// Whether names, announcements and words at the door are looked at.
    pub names: bool,
    /// Roles whose messages are not looked at.
    pub exempt_roles: Vec<String>,
    /// Said to the sender in place of the plugin's own words; empty: those.
    pub reason: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            abuse: OwnList::AsListed,
            adult: OwnList::AsListed,
            fraud: OwnList::AsListed,
            gambling: OwnList::AsListed,
            words: String::new(),
            action: Usual::Mask,
            skip: 2,
            mark: "＊".to_owned(),
            names: true,
            exempt_roles: Vec::new(),
            reason: String::new(),
        }
    }
}

/// What is done with a list that comes with the plugin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OwnList {
    /// What the list says.
    #[default]
    AsListed,
    /// It isn't used.
    Off,
    /// The same for all its words.
    Flag,
    /// Likewise.
    Mask,
    /// Likewise.
    Hold,
    /// Likewise.
    Reject,
}

/// What is done with a word that says nothing itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Usual {
    /// See [`Action::Flag`].
    Flag,
    /// See [`Action::Mask`].
    Mask,
    /// See [`Action::Hold`].
    Hold,
    /// See [`Action::Reject`].
    Reject,
}

impl Settings {
    /// Reads the lists that are in use.
    ///
    /// # Errors
    /// What is wrong with the operator's list, for the admin.
    pub fn dictionary(&self, fold: &Fold) -> Result<Dictionary, String> {
        let mut builder = Builder::new(fold);
        for (name, list) in LISTS {
            let ruled = match name {
                "abuse" => self.abuse,
                "adult" => self.adult,
                "fraud" => self.fraud,
                _ => self.gambling,
            };
            let Some(all) = ruled.action() else { continue };
            builder.add(list, Action::Mask, all).map_err(|problems| problems.join("; "))?;
        }
        builder.add(&self.words, self.action.into(), None).map_err(|mut problems| {
            let more = problems.len().saturating_sub(PROBLEMS);
            problems.truncate(PROBLEMS);
            let rest = if more > 0 { format!(" (+{more})") } else { String::new() };
            problems.join("; ") + &rest
        })?;
        Ok(builder.build())
    }
}

impl OwnList {
    /// None: not used. Within: what overrides the list, if anything.
    const fn action(self) -> Option<Option<Action>> {
        match self {
            Self::AsListed => Some(None),
            Self::Off => None,
            Self::Flag => Some(Some(Action::Flag)),
            Self::Mask => Some(Some(Action::Mask)),
            Self::Hold => Some(Some(Action::Hold)),
            Self::Reject => Some(Some(Action::Reject)),
        }
    }
}

impl From<Usual> for Action {
    fn from(usual: Usual) -> Self {
        match usual {
            Usual::Flag => Self::Flag,
            Usual::Mask => Self::Mask,
            Usual::Hold => Self::Hold,
            Usual::Reject => Self::Reject,
        }
    }
}
