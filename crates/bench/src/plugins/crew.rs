//! Which filters a server has.

use serde::{Serialize, Serializer};

/// The filters of one server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Crew {
    /// So many that let everything through.
    Noops(u16),
    /// The bundled `sensitive-words` with a long list.
    Words,
}

impl Crew {
    /// What the others are compared with.
    pub(super) const NOBODY: Self = Self::Noops(0);

    /// How many filters look at a message.
    pub(super) fn filters(self) -> usize {
        match self {
            Self::Noops(count) => count.into(),
            Self::Words => 1,
        }
    }

    /// For the printed table.
    pub(super) fn title(self) -> String {
        match self {
            Self::Noops(1) => "1 filter".to_owned(),
            Self::Noops(count) => format!("{count} filters"),
            Self::Words => "sensitive-words".to_owned(),
        }
    }

    /// For a folder's name.
    pub(super) fn name(self) -> String {
        self.title().replace(' ', "-")
    }
}

impl Serialize for Crew {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.title())
    }
}
