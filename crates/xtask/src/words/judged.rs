//! What somebody judged of each text that was hit.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

/// A judgement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judgement {
    /// An insult, a threat or an advertisement.
    Real,
    /// Nobody meant harm.
    Innocent,
}

impl Judgement {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Real => "real",
            Self::Innocent => "innocent",
        }
    }
}

/// The judgements, by the digest of their texts.
pub(super) struct Judged(BTreeMap<String, Judgement>);

impl Judged {
    pub(super) fn read(file: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
        Self::parse(&text).with_context(|| format!("in {}", file.display()))
    }

    /// Lines of digest, judgement and words, parted by tabs; `#` begins a comment.
    fn parse(text: &str) -> Result<Self> {
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        let judged = lines.map(|line| {
            let mut fields = line.split('\t');
            let digest = fields.next().unwrap_or_default().to_owned();
            let judgement = match fields.next() {
                Some("real") => Judgement::Real,
                Some("innocent") => Judgement::Innocent,
                _ => bail!("neither real nor innocent: {line}"),
            };
            Ok((digest, judgement))
        });
        Ok(Self(judged.collect::<Result<_>>()?))
    }

    pub(super) fn of(&self, digest: &str) -> Option<Judgement> {
        self.0.get(digest).copied()
    }

    /// The digests of all that is real.
    pub(super) fn real(&self) -> impl Iterator<Item = &str> {
        let real = self.0.iter().filter(|(_, judgement)| **judgement == Judgement::Real);
        real.map(|(digest, _)| digest.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn judgements_are_read() {
        let judged = Judged::parse("# a comment\n\n12ab\treal\t傻逼\n34cd\tinnocent\t捅死你\n").unwrap();
        assert_eq!(judged.of("12ab"), Some(Judgement::Real));
        assert_eq!(judged.of("34cd"), Some(Judgement::Innocent));
        assert_eq!(judged.of("56ef"), None);
        assert_eq!(judged.real().collect::<Vec<_>>(), ["12ab"]);
        assert!(Judged::parse("12ab\tmaybe").is_err());
    }
}
