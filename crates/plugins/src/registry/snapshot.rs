//! What runs on this node at one moment. Replaced whole, never changed.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use teahouse_accounts::Session;
use teahouse_plugin_host::{CallFailure, Hook, Loaded, LogLevel};
use teahouse_plugin_package::{BotHook, Command, EventKind, Manifest, MessageKind, OnError, Subject};
use teahouse_protocol::{Content, Kind, RoomId, UserId};

use super::audience::Audience;
use super::resident::Resident;
use super::rooms::RoomSet;
use super::watch::{Kinds, Watch};
use crate::chain::Speaker;
use crate::policy::Policy;

/// A plugin at work: one version with one set of settings.
#[derive(Clone)]
pub(crate) struct Running {
    pub(crate) speaker: Speaker,
    pub(crate) version: Arc<str>,
    /// Of the package.
    pub(crate) digest: String,
    pub(crate) generation: i64,
    pub(crate) manifest: Arc<Manifest>,
    pub(crate) policy: Policy,
    pub(crate) rooms: RoomSet,
    pub(crate) loaded: Arc<Loaded>,
    /// It does not load, and no earlier version runs: its policies for errors alone are at work.
    pub(crate) stands_in: bool,
    /// Whom it acts as, where it is a bot.
    pub(crate) bot: Option<Session>,
    /// What outlives this version.
    pub(crate) resident: Arc<Resident>,
}

/// A filter in its place.
pub(crate) struct FilterPlace {
    pub(crate) running: Arc<Running>,
    pub(crate) on_error: OnError,
    kinds: Kinds,
    edits: bool,
}

/// A gate in its place.
pub(crate) struct GatePlace {
    pub(crate) running: Arc<Running>,
    pub(crate) on_error: OnError,
}

/// All that runs here.
#[derive(Default)]
pub(crate) struct Snapshot {
    pub(crate) plugins: BTreeMap<Arc<str>, Arc<Running>>,
    /// By priority, then by id.
    pub(crate) filters: Vec<FilterPlace>,
    pub(crate) gates: Vec<GatePlace>,
    pub(crate) bots: Vec<Arc<Running>>,
    pub(crate) watch: Watch,
    /// What the bots hear of.
    pub(crate) audience: Audience,
    /// By name; where two plugins have one of the same name in a room, the first by id has it there.
    commands: HashMap<String, Vec<(Arc<Running>, usize)>>,
}

impl FilterPlace {
    pub(crate) fn looks_at(&self, room: RoomId, kind: Kind, is_edit: bool) -> bool {
        self.kinds.contains(kind) && (self.edits || !is_edit) && self.running.rooms.contains(room)
    }
}

impl GatePlace {
    /// The names of users belong to no room.
    pub(crate) fn looks_at_name(&self, subject: Subject, room: Option<RoomId>) -> bool {
        let hook = self.running.manifest.hooks.gate.as_ref();
        hook.is_some_and(|hook| hook.names.contains(&subject))
            && room.is_none_or(|room| self.running.rooms.contains(room))
    }

    pub(crate) fn looks_at_join(&self, room: RoomId) -> bool {
        let hook = self.running.manifest.hooks.gate.as_ref();
        hook.is_some_and(|hook| hook.joins) && self.running.rooms.contains(room)
    }
}

impl Running {
    pub(crate) fn id(&self) -> &Arc<str> {
        &self.speaker.id
    }

    pub(crate) fn bot_hook(&self) -> Option<&BotHook> {
        self.manifest.hooks.bot.as_ref()
    }

    pub(crate) fn bot_user(&self) -> Option<UserId> {
        self.bot.as_ref().map(Session::user_id)
    }

    pub(crate) fn hears(&self, kind: EventKind) -> bool {
        self.bot.is_some() && self.bot_hook().is_some_and(|hook| hook.events.contains(&kind))
    }

    /// Where its log is read, so are its failures.
    pub(crate) fn note_failure(&self, hook: Hook, failure: &CallFailure) {
        let text = match &failure.backtrace {
            Some(backtrace) => format!("{failure} at {}", backtrace.replace('\n', " < ")),
            None => failure.to_string(),
        };
        self.note(hook, LogLevel::Error, &text);
    }

    /// And what it answers as an error.
    pub(crate) fn note_error(&self, hook: Hook, text: &str) {
        self.note(hook, LogLevel::Warn, &format!("answered with an error: {text}"));
    }

    fn note(&self, hook: Hook, level: LogLevel, text: &str) {
        let at_ms = u64::try_from(self.resident.house.clock_now().millis()).unwrap_or(0);
        self.resident.telemetry.log.note(at_ms, level, hook, text);
    }

    pub(crate) fn command(&self, nth: usize) -> Option<&Command> {
        self.manifest.commands.get(nth)
    }
}

impl Snapshot {
    pub(crate) fn new(plugins: BTreeMap<Arc<str>, Arc<Running>>) -> Self {
        let mut snapshot = Self { plugins, ..Self::default() };
        // BTreeMap: ties of priority go by the id, because sorting is stable.
        let all: Vec<Arc<Running>> = snapshot.plugins.values().cloned().collect();
        for running in all {
            snapshot.place(&running);
        }
        snapshot.filters.sort_by_key(|place| place.running.policy.filter_priority(&place.running.manifest));
        snapshot.gates.sort_by_key(|place| place.running.policy.gate_priority(&place.running.manifest));
        snapshot
    }

    fn place(&mut self, running: &Arc<Running>) {
        let (hooks, policy) = (&running.manifest.hooks, &running.policy);
        let is_asked = |on_error: OnError| !running.stands_in || on_error != OnError::Allow;
        let on_error = policy.filter_on_error(&running.manifest);
        if let Some(hook) = hooks.filter.as_ref().filter(|_| is_asked(on_error)) {
            let kinds = kinds(&hook.kinds);
            self.watch.add(&running.rooms, kinds, hook.edits);
            self.filters.push(FilterPlace {
                running: Arc::clone(running),
                on_error,
                kinds,
                edits: hook.edits,
            });
        }
        let on_error = policy.gate_on_error(&running.manifest);
        if hooks.gate.is_some() && is_asked(on_error) {
            self.gates.push(GatePlace { running: Arc::clone(running), on_error });
        }
        if hooks.bot.is_some() && running.bot.is_some() {
            self.bots.push(Arc::clone(running));
            self.audience.add(&running.rooms, hooks.bot.iter().flat_map(|hook| hook.events.iter().copied()));
            for (nth, command) in running.manifest.commands.iter().enumerate() {
                self.commands.entry(command.name.clone()).or_default().push((Arc::clone(running), nth));
            }
        }
    }

    /// Whether a bot hears of a message in `room` that says `content`: of every message, or of the command that it is.
    pub(crate) fn hears_message(&self, room: RoomId, content: &Content) -> bool {
        if self.audience.hears(room, EventKind::Posted) {
            return true;
        }
        let Content::Text(text) = content else { return false };
        self.audience.hears(room, EventKind::Command)
            && Command::split(text).is_some_and(|(name, _)| self.find_command(room, &name).is_some())
    }

    /// The plugin `id`.
    pub(crate) fn find(&self, id: &str) -> Option<&Arc<Running>> {
        self.plugins.get(id)
    }

    /// The plugin that acts as `user`.
    pub(crate) fn find_bot(&self, user: UserId) -> Option<&Arc<Running>> {
        self.bots.iter().find(|running| running.bot_user() == Some(user))
    }

    /// The command of this name in `room`, and whose it is.
    pub(crate) fn find_command(&self, room: RoomId, name: &str) -> Option<(&Arc<Running>, &Command)> {
        let (running, nth) =
            self.commands.get(name)?.iter().find(|(running, _)| running.rooms.contains(room))?;
        Some((running, running.command(*nth)?))
    }

    /// All commands of `room`, by name.
    pub(crate) fn commands_in(&self, room: RoomId) -> Vec<(&Arc<Running>, &Command)> {
        let mut commands: Vec<_> =
            self.commands.keys().filter_map(|name| self.find_command(room, name)).collect();
        commands.sort_by(|(_, one), (_, other)| one.name.cmp(&other.name));
        commands
    }
}

fn kinds(kinds: &std::collections::BTreeSet<MessageKind>) -> Kinds {
    if kinds.is_empty() {
        return Kinds::ALL;
    }
    Kinds::of(kinds.iter().filter_map(|kind| Kind::from_word(kind.as_str())))
}
