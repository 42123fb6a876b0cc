//! What one version asks beyond another.

use super::{Ask, Hooks, Manifest, Rooms, Sentence, Terms, consent};

/// What a new version asks that was not agreed to before. Each part is shown to the admin as a difference.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Difference {
    /// Capabilities that are new, or wanted with more than before.
    pub capabilities: Vec<TermsChange>,
    /// Hooks that are new, or see more than before.
    pub hooks: Vec<HookChange>,
    /// Capabilities that are no longer asked for: their grants can go.
    pub dropped: Vec<Terms>,
}

/// A capability that is new or grew.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct TermsChange {
    /// What is asked for now.
    pub asked: Ask,
    /// What was asked for or granted before; nothing when it is new.
    pub before: Option<Terms>,
}

/// A hook that is new or sees more.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct HookChange {
    /// `filter`, `gate` or `bot`.
    pub hook: &'static str,
    /// What it does now.
    pub sentence: Sentence,
}

impl Difference {
    pub(super) fn between(before: &Manifest, now: &Manifest) -> Self {
        let terms: Vec<_> = before.capabilities.iter().map(|ask| ask.terms.clone()).collect();
        let mut difference = Self::from_granted(&terms, now);
        difference.hooks = hooks(&before.hooks, &now.hooks);
        difference
    }

    /// What `now` asks beyond what was `granted`; its hooks are not compared.
    #[must_use]
    pub fn from_granted(granted: &[Terms], now: &Manifest) -> Self {
        let same = |asked: &Terms| granted.iter().find(|terms| terms.name() == asked.name());
        let grown = |ask: &&Ask| !same(&ask.terms).is_some_and(|before| before.covers(&ask.terms));
        let change = |ask: &Ask| TermsChange { asked: ask.clone(), before: same(&ask.terms).cloned() };
        let kept = |terms: &&Terms| now.ask(terms.name()).is_none();
        Self {
            capabilities: now.capabilities.iter().filter(grown).map(change).collect(),
            hooks: Vec::new(),
            dropped: granted.iter().filter(kept).cloned().collect(),
        }
    }

    /// Whether nothing new is asked for: then no new consent is needed.
    #[must_use]
    pub fn asks_nothing_new(&self) -> bool {
        self.capabilities.is_empty() && self.hooks.is_empty()
    }
}

fn hooks(before: &Hooks, now: &Hooks) -> Vec<HookChange> {
    let wider = |before: Rooms, now: Rooms| before == Rooms::Chosen && now == Rooms::All;
    let filter = now.filter.as_ref().is_some_and(|now| {
        before.filter.as_ref().is_none_or(|before| {
            !now.kinds.is_subset(&before.kinds)
                || now.edits && !before.edits
                || wider(before.rooms, now.rooms)
        })
    });
    let gate = now.gate.as_ref().is_some_and(|now| {
        before.gate.as_ref().is_none_or(|before| {
            !now.names.is_subset(&before.names)
                || now.joins && !before.joins
                || wider(before.rooms, now.rooms)
        })
    });
    let bot = now.bot.as_ref().is_some_and(|now| {
        before.bot.as_ref().is_none_or(|before| {
            !now.events.is_subset(&before.events)
                || now.bots && !before.bots
                || wider(before.rooms, now.rooms)
        })
    });
    let alone = |hooks: Hooks| consent::hooks(&hooks).into_iter().next();
    let none = Hooks { filter: None, gate: None, bot: None };
    let candidates = [
        ("filter", filter, Hooks { filter: now.filter.clone(), ..none.clone() }),
        ("gate", gate, Hooks { gate: now.gate.clone(), ..none.clone() }),
        ("bot", bot, Hooks { bot: now.bot.clone(), ..none }),
    ];
    candidates
        .into_iter()
        .filter(|(_, grown, _)| *grown)
        .filter_map(|(hook, _, hooks)| Some(HookChange { hook, sentence: alone(hooks)? }))
        .collect()
}
