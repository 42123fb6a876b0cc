//! What another version of a filter would have said to what people said: nothing is sent, stored or told.

mod spectator;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use teahouse_plugin_host::wit::{self, Verdict};
use teahouse_plugin_host::{CallTerms, Compile, Host, Loaded};
use teahouse_plugin_package::{Manifest, Package, PluginId, Terms};
use teahouse_protocol::{Content, Kind, MessageId, Role, RoomId, Timestamp, UserId, UserProfile};
use teahouse_store::entity::message;
use teahouse_store::{
    Db, PageSize, members, messages, plugin_grants, plugin_rooms, plugin_versions, plugins, users,
};

use crate::lifecycle::{effective_grants, effective_settings};
use crate::registry::{Beside, Kinds, RoomSet};
use crate::{Error, PluginsConfig, Policy, chain, convert};
use spectator::Spectator;

/// Messages read in one go.
const PAGE: u16 = 500;
/// Changes that a report names. More are counted.
const MOST_NAMED: usize = 1_000;

/// Runs versions over what was said. Needs no server, and may run beside one.
pub struct Replay {
    /// The database.
    pub db: Db,
    /// The sandbox.
    pub host: Host,
    /// How components are compiled.
    pub compile: Compile,
    /// The section `plugins`.
    pub config: PluginsConfig,
}

/// What is to be tried.
pub struct Candidate {
    /// The version.
    pub package: Package,
    /// Its settings; `None`: those of the installed version.
    pub settings: Option<serde_json::Value>,
}

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Messages looked at.
    pub done: u64,
    /// Of so many.
    pub of: u64,
}

/// What a version says of a message, in short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// `allow`, `reject`, `replace`, `flag`, `hold`, `shadow`, `error`, or how it failed.
    pub verdict: String,
    /// The plugin's own word; empty: none.
    pub code: String,
}

/// A message of which the candidate says something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Which.
    pub message: MessageId,
    /// Where.
    pub room: RoomId,
    /// Whose.
    pub sender: UserId,
    /// When it was sent.
    pub at: Timestamp,
    /// What it says now.
    pub text: String,
    /// What the installed version says.
    pub before: Said,
    /// What the candidate says.
    pub after: Said,
}

/// What would change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReplayReport {
    /// Messages looked at, recalled ones and those of other kinds and rooms left out.
    pub looked_at: u64,
    /// Messages of which the candidate says something else.
    pub changed: u64,
    /// The first thousand of them, oldest first.
    pub changes: Vec<Change>,
    /// How often the installed version says what. Empty: none is installed, and all counts as allowed.
    pub before: BTreeMap<String, u64>,
    /// How often the candidate says what.
    pub after: BTreeMap<String, u64>,
    /// All calls of the candidate together.
    pub took: Duration,
}

/// What is installed under the candidate's id.
struct Installed {
    package: Package,
    settings: String,
    policy: Policy,
    rooms: RoomSet,
    terms: Vec<Terms>,
}

/// A version that is called, and the house that it believes itself in.
struct OnTrial {
    loaded: Arc<Loaded>,
    stage: Arc<Spectator>,
}

/// What is held against each other.
struct Versions {
    /// What the candidate looks at.
    kinds: Kinds,
    rooms: RoomSet,
    tried: OnTrial,
    /// Nothing: all counts as allowed.
    present: Option<OnTrial>,
}

impl Replay {
    /// Runs `candidate` over what was said since `since`, and beside it the installed version. `tell` hears how far it
    /// is after each page of messages.
    ///
    /// # Errors
    /// [`Error::NotRunning`] when the candidate has no filter or does not load; [`Error::Store`].
    pub async fn run(
        &self,
        candidate: &Candidate,
        since: Timestamp,
        mut tell: impl FnMut(Progress),
    ) -> Result<ReplayReport, Error> {
        let manifest = candidate.package.manifest();
        let kinds = kinds(manifest)?;
        let installed = self.installed(&manifest.id).await?;
        let tried = self.load_candidate(candidate, installed.as_ref()).await?;
        let present = match &installed {
            Some(installed) if installed.package.manifest().hooks.filter.is_some() => {
                Some(self.load_installed(installed).await?)
            }
            _ => None,
        };
        let rooms = installed.map_or(RoomSet::All, |installed| installed.rooms);
        let versions = Versions { kinds, rooms, tried, present };
        let mut report = ReplayReport::default();
        let of = messages::count_since(self.db.conn(), since).await?;
        let (mut after, mut done) = (messages::first_id_at(since), 0);
        loop {
            let page = messages::page_by_id(self.db.conn(), after, PageSize::capped(PAGE)).await?;
            let Some(last) = page.last() else { return Ok(report) };
            after = last.id;
            done += page.len() as u64;
            let cast = self.cast(&page).await?;
            for row in page.iter().filter(|row| versions.look_at(row)) {
                if let Some(told) = cast.tell(row) {
                    versions.judge(row, told, &mut report).await;
                }
            }
            tell(Progress { done, of: of.max(done) });
        }
    }

    async fn installed(&self, id: &PluginId) -> Result<Option<Installed>, Error> {
        let conn = self.db.conn();
        let Some(row) = plugins::find(conn, id.as_str()).await? else { return Ok(None) };
        let Some(version) = plugin_versions::find(conn, &row.digest).await? else { return Ok(None) };
        let package =
            Package::read(&version.package).map_err(|error| Error::NotRunning(error.to_string()))?;
        let policy = Policy::from_stored(&row.policy);
        let rooms = match policy.rooms(package.manifest()) {
            teahouse_plugin_package::Rooms::All => RoomSet::All,
            teahouse_plugin_package::Rooms::Chosen => {
                RoomSet::Chosen(plugin_rooms::of_plugin(conn, id.as_str()).await?.into_iter().collect())
            }
        };
        let terms = effective_grants(package.manifest(), &plugin_grants::of_plugin(conn, id.as_str()).await?);
        Ok(Some(Installed { settings: row.settings, package, policy, rooms, terms }))
    }

    async fn load_candidate(
        &self,
        candidate: &Candidate,
        installed: Option<&Installed>,
    ) -> Result<OnTrial, Error> {
        let package = &candidate.package;
        let stored = installed.map_or("{}", |installed| installed.settings.as_str());
        let settings = match &candidate.settings {
            Some(settings) => package.schema().complete(settings),
            None => effective_settings(package.schema(), stored),
        };
        // What it asks for is what it would be granted: nothing of it reaches out of the replay.
        let terms: Vec<Terms> = package.manifest().asks().iter().map(|ask| ask.terms.clone()).collect();
        let policy = installed.map(|installed| installed.policy.clone()).unwrap_or_default();
        self.load(package, settings.to_string(), &terms, &policy).await
    }

    async fn load_installed(&self, installed: &Installed) -> Result<OnTrial, Error> {
        let settings = effective_settings(installed.package.schema(), &installed.settings).to_string();
        self.load(&installed.package, settings, &installed.terms, &installed.policy).await
    }

    async fn load(
        &self,
        package: &Package,
        settings: String,
        terms: &[Terms],
        policy: &Policy,
    ) -> Result<OnTrial, Error> {
        let quota_kib = terms.iter().find_map(|terms| match terms {
            Terms::Kv { quota_kib } => usize::try_from(*quota_kib).ok(),
            _ => None,
        });
        let quota_bytes = quota_kib.unwrap_or(0).saturating_mul(1024);
        let stage = Spectator::new(self.db.clone(), package.manifest().id.shared(), quota_bytes);
        let stage = Arc::new(stage);
        let services = Arc::clone(&stage) as Arc<dyn teahouse_plugin_host::Services>;
        let beside = Beside {
            host: &self.host,
            compile: &self.compile,
            config: &self.config,
            package,
            settings,
            terms,
            policy,
        };
        let loaded = beside.load(services).await?;
        Ok(OnTrial { loaded, stage })
    }

    async fn cast(&self, page: &[message::Model]) -> Result<Cast, Error> {
        let mut senders: Vec<UserId> = page.iter().map(|row| UserId::from_uuid(row.sender_id)).collect();
        senders.sort_unstable();
        senders.dedup();
        let rows = users::find_many(self.db.conn(), &senders).await?;
        let people = rows.into_iter().map(|row| {
            let profile = UserProfile {
                id: UserId::from_uuid(row.id),
                name: row.name,
                avatar: row.avatar,
                is_bot: row.is_bot,
                is_guest: row.is_guest,
                is_deactivated: row.deactivated_at_ms.is_some(),
                joined_at: Timestamp::from_millis(row.created_at_ms),
            };
            (profile.id, profile)
        });
        let people = people.collect();
        let mut roles = HashMap::new();
        for row in page {
            let place = (RoomId::from_uuid(row.room_id), UserId::from_uuid(row.sender_id));
            if let std::collections::hash_map::Entry::Vacant(entry) = roles.entry(place) {
                let member = members::find(self.db.conn(), place.0, place.1).await?;
                entry.insert(member.as_ref().map_or(Role::Member, members::role));
            }
        }
        Ok(Cast { people, roles })
    }
}

impl Versions {
    fn look_at(&self, row: &message::Model) -> bool {
        row.recalled_at_ms.is_none()
            && Kind::from_number(row.kind).is_some_and(|kind| self.kinds.contains(kind))
            && self.rooms.contains(RoomId::from_uuid(row.room_id))
    }

    /// Has both say what they think of a message.
    async fn judge(&self, row: &message::Model, told: wit::Message, report: &mut ReplayReport) {
        let (after, took) = self.tried.said(&told, row.sent_at_ms).await;
        let before = match &self.present {
            Some(present) => {
                let (before, _) = present.said(&told, row.sent_at_ms).await;
                *report.before.entry(before.verdict.clone()).or_default() += 1;
                before
            }
            None => word("allow", ""),
        };
        report.note(row, told.text, before, after, took);
    }
}

impl OnTrial {
    /// What it says of a message that was sent at `at_ms`, and how long it took to say so.
    async fn said(&self, message: &wit::Message, at_ms: i64) -> (Said, Duration) {
        self.stage.set_now(at_ms);
        match self.loaded.check(message, &CallTerms::default()).await {
            Ok(called) => {
                let said = match &called.reply {
                    Ok(Verdict::Replace(new)) if new.text == message.text && new.content.is_none() => {
                        word("allow", chain::code(&Verdict::Replace(new.clone())))
                    }
                    Ok(verdict) => word(chain::word(verdict), chain::code(verdict)),
                    Err(_) => word("error", ""),
                };
                (said, called.cost.took)
            }
            Err(failure) => (word(failure.kind.name(), ""), failure.cost.took),
        }
    }
}

/// Who said what is replayed.
struct Cast {
    people: HashMap<UserId, UserProfile>,
    roles: HashMap<(RoomId, UserId), Role>,
}

impl Cast {
    fn tell(&self, row: &message::Model) -> Option<wit::Message> {
        let kind = Kind::from_number(row.kind)?;
        let (room, sender) = (RoomId::from_uuid(row.room_id), UserId::from_uuid(row.sender_id));
        let profile = self.people.get(&sender)?;
        let role = self.roles.get(&(room, sender)).copied().unwrap_or(Role::Member);
        let (text, content) = convert::content(&Content::from_stored(kind, row.content.clone())?);
        Some(wit::Message {
            id: MessageId::from_uuid(row.id).to_string(),
            room: room.to_string(),
            // As a filter sees it: it has no place yet.
            seq: None,
            sender: convert::user(profile),
            role: convert::role(profile, role).to_owned(),
            kind: kind.as_str().to_owned(),
            text,
            content,
            reply_to: row.reply_to.map(|id| MessageId::from_uuid(id).to_string()),
            mentions: messages::mentions(row).iter().map(ToString::to_string).collect(),
            at: convert::instant(Timestamp::from_millis(row.sent_at_ms)),
            hops: u8::try_from(row.hops).unwrap_or(u8::MAX),
            extra: Vec::new(),
        })
    }
}

impl ReplayReport {
    fn note(&mut self, row: &message::Model, text: String, before: Said, after: Said, took: Duration) {
        self.looked_at += 1;
        self.took += took;
        *self.after.entry(after.verdict.clone()).or_default() += 1;
        if before == after {
            return;
        }
        self.changed += 1;
        if self.changes.len() < MOST_NAMED {
            self.changes.push(Change {
                message: MessageId::from_uuid(row.id),
                room: RoomId::from_uuid(row.room_id),
                sender: UserId::from_uuid(row.sender_id),
                at: Timestamp::from_millis(row.sent_at_ms),
                text,
                before,
                after,
            });
        }
    }
}

/// What a filter of this manifest looks at.
fn kinds(manifest: &Manifest) -> Result<Kinds, Error> {
    let filter = manifest.hooks.filter.as_ref();
    let filter = filter.ok_or_else(|| Error::NotRunning("it has no filter".to_owned()))?;
    if filter.kinds.is_empty() {
        return Ok(Kinds::ALL);
    }
    Ok(Kinds::of(filter.kinds.iter().filter_map(|kind| Kind::from_word(kind.as_str()))))
}

fn word(verdict: &str, code: &str) -> Said {
    Said { verdict: verdict.to_owned(), code: code.to_owned() }
}
