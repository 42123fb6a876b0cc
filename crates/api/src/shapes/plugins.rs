//! Plugins, as those who run the house see them and decide about them.

mod from;

use std::collections::BTreeMap;

use poem_openapi::types::MaybeUndefined;
use poem_openapi::{Enum, Object};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use teahouse_protocol::{RoomId, Timestamp};

use super::text::{CapabilityWord, PackageDigest};

/// One sentence of what somebody agrees to.
#[derive(Debug, Serialize, Object)]
pub(crate) struct ConsentSentence {
    en: String,
    zh: String,
    /// Whether it is about what people said, acts on people, or is a way out of the house: shown in red.
    is_grave: bool,
}

/// Who stands behind a version.
#[derive(Clone, Copy, Debug, Serialize, PartialEq, Eq, Enum)]
#[serde(rename_all = "snake_case")]
#[oai(rename_all = "snake_case")]
pub(crate) enum SignerKind {
    /// Nobody.
    Unsigned,
    /// It came with the server.
    Bundled,
    /// Somebody whose key is not among the trusted ones.
    Unknown,
    /// The holder of a trusted key.
    Trusted,
}

/// Who stands behind a version.
#[derive(Debug, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct Signer {
    kind: SignerKind,
    /// The public key.
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<String>,
    /// Whose it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
}

/// A capability with its numbers; which of them are there depends on the capability.
#[derive(Debug, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct Capability {
    /// `kv`, `directory`, `messages`, `history`, `moderation`, `timers` or `http`.
    capability: String,
    /// Room in its store, in KiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    quota_kib: Option<u32>,
    /// Messages in one room a minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    per_minute: Option<u32>,
    /// Acts of a moderator.
    #[serde(skip_serializing_if = "Option::is_none")]
    acts: Option<Vec<String>>,
    /// Timers at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    max: Option<u32>,
    /// Where it may send requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    hosts: Option<Vec<String>>,
    /// By which methods.
    #[serde(skip_serializing_if = "Option::is_none")]
    methods: Option<Vec<String>>,
}

/// How a capability that is asked for stands.
#[derive(Clone, Copy, Debug, Serialize, PartialEq, Eq, Enum)]
#[serde(rename_all = "snake_case")]
#[oai(rename_all = "snake_case")]
pub(crate) enum ConsentStanding {
    /// Nobody was asked before.
    New,
    /// Less was granted, or asked for, than this.
    Grown,
    /// It is granted.
    Granted,
    /// It was asked for before, and is not granted.
    Declined,
}

/// One capability that a version asks for.
#[derive(Debug, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct ConsentItem {
    asked: Capability,
    /// Whether the plugin works without it.
    is_optional: bool,
    /// The author's reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    sentence: ConsentSentence,
    standing: ConsentStanding,
    /// What was granted before, where it is less.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<Capability>,
}

/// What a version asks for, beside what was agreed to.
#[derive(Debug, Serialize, Object)]
pub(crate) struct Consent {
    plugin: String,
    name: String,
    version: String,
    digest: String,
    signer: Signer,
    /// What its hooks see and do.
    hooks: Vec<ConsentSentence>,
    /// Those that the version in use does not have, or not so wide.
    new_hooks: Vec<ConsentSentence>,
    items: Vec<ConsentItem>,
    /// What the version in use asks for and this one does not.
    dropped: Vec<Capability>,
    /// Whether there is nothing left to agree to.
    is_agreed: bool,
}

/// A package that was taken in. Nothing of it runs yet.
#[derive(Debug, Serialize, Object)]
pub(crate) struct InstalledPlugin {
    plugin: String,
    name: String,
    version: String,
    digest: String,
    signer: Signer,
    /// Whether no version of this plugin was here before.
    is_first: bool,
    /// Whether it is the version in use.
    is_current: bool,
    /// Whether it must be configured before it can be enabled.
    needs_settings: bool,
    consent: Consent,
}

/// A version that is kept.
#[derive(Debug, Serialize, Object)]
pub(crate) struct PluginVersion {
    version: String,
    digest: String,
    signer: Signer,
    installed_at: Timestamp,
    installed_by: String,
    is_current: bool,
}

/// A capability that is granted.
#[derive(Debug, Serialize, Object)]
pub(crate) struct PluginGrant {
    granted: Capability,
    sentence: ConsentSentence,
    granted_by: String,
    granted_at: Timestamp,
    /// To which package it was granted first.
    digest: String,
}

/// In which rooms a plugin works.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, PartialEq, Eq, Enum)]
#[serde(rename_all = "snake_case")]
#[oai(rename_all = "snake_case")]
pub(crate) enum PluginRooms {
    /// In every room.
    All,
    /// In those that were chosen.
    Chosen,
}

/// What becomes of a message when the plugin that looks at it fails.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, PartialEq, Eq, Enum)]
#[serde(rename_all = "snake_case")]
#[oai(rename_all = "snake_case")]
pub(crate) enum PluginOnError {
    /// It passes.
    Allow,
    /// It passes, and is put up for review.
    Flag,
    /// A moderator decides.
    Hold,
    /// It is refused.
    Reject,
}

/// How a plugin's instances are kept.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, PartialEq, Eq, Enum)]
#[serde(rename_all = "snake_case")]
#[oai(rename_all = "snake_case")]
pub(crate) enum PluginIsolation {
    /// An instance answers many calls.
    Warm,
    /// Each call has an instance of its own.
    Call,
}

/// What was decided where the manifest only proposes; what is left out is as the manifest proposes.
#[derive(Clone, Debug, Default, Serialize, Deserialize, Object)]
#[serde(default, deny_unknown_fields)]
#[oai(skip_serializing_if_is_none, deny_unknown_fields)]
pub(crate) struct PluginPolicy {
    /// Its place among the filters: 0 first, 1000 last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(validator(maximum(value = "1000")))]
    filter_priority: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    filter_on_error: Option<PluginOnError>,
    /// Its place among those that look at names and joins.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[oai(validator(maximum(value = "1000")))]
    gate_priority: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    gate_on_error: Option<PluginOnError>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rooms: Option<PluginRooms>,
    /// Memory of one instance, in MiB: at most 64.
    #[serde(skip_serializing_if = "Option::is_none")]
    memory_mib: Option<u32>,
    /// How long a filter may compute: at most 50.
    #[serde(skip_serializing_if = "Option::is_none")]
    filter_running_ms: Option<u32>,
    /// How long a bot may compute: at most 2000.
    #[serde(skip_serializing_if = "Option::is_none")]
    bot_running_ms: Option<u32>,
    /// How long a call of a bot may take with all its waiting: at most 30000.
    #[serde(skip_serializing_if = "Option::is_none")]
    bot_wall_ms: Option<u32>,
    /// How long a call of a filter or gate may take with all its waiting: at most 200.
    #[serde(skip_serializing_if = "Option::is_none")]
    filter_wall_ms: Option<u32>,
    /// What a filter or gate may hand the host in one call, its reply included: 64 to 8192.
    #[serde(skip_serializing_if = "Option::is_none")]
    filter_data_kib: Option<u32>,
    /// What a bot may hand the host in one call: 64 to 8192.
    #[serde(skip_serializing_if = "Option::is_none")]
    bot_data_kib: Option<u32>,
    /// What it may keep, in place of what was agreed to: at most 65536.
    #[serde(skip_serializing_if = "Option::is_none")]
    kv_quota_kib: Option<u32>,
    /// How often a minute its bot uses its store, and its filters write in it: at most 1000.
    #[serde(skip_serializing_if = "Option::is_none")]
    kv_per_minute: Option<u32>,
    /// How many messages a minute a room sees of it, in place of what was agreed to: at most 600.
    #[serde(skip_serializing_if = "Option::is_none")]
    messages_per_minute: Option<u32>,
    /// How many timers it may have, in place of what was agreed to: at most 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    timers: Option<u32>,
    /// How many requests a minute it makes: at most 60.
    #[serde(skip_serializing_if = "Option::is_none")]
    http_per_minute: Option<u32>,
    /// How long a request may take: at most 10000.
    #[serde(skip_serializing_if = "Option::is_none")]
    http_timeout_ms: Option<u32>,
    /// What may come back of a request: at most 4096.
    #[serde(skip_serializing_if = "Option::is_none")]
    http_response_kib: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    isolation: Option<PluginIsolation>,
    /// Whether a new version that asks for nothing new takes over by itself.
    #[oai(default)]
    automatic_upgrade: bool,
}

/// A plugin.
#[derive(Debug, Serialize, Object)]
#[oai(skip_serializing_if_is_none)]
pub(crate) struct Plugin {
    id: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    is_enabled: bool,
    /// Whether the version in use was agreed to.
    is_agreed: bool,
    version: String,
    digest: String,
    component_digest: String,
    signer: Signer,
    /// `filter`, `gate`, `bot`.
    hooks: Vec<String>,
    works_in: PluginRooms,
    /// The rooms that were chosen.
    rooms: Vec<RoomId>,
    policy: PluginPolicy,
    grants: Vec<PluginGrant>,
    /// What is asked for and not granted.
    not_granted: Vec<String>,
    /// The newest first.
    versions: Vec<PluginVersion>,
    installed_at: Timestamp,
    updated_at: Timestamp,
}

/// The plugins, all of them.
#[derive(Debug, Serialize, Object)]
pub(crate) struct PluginList {
    items: Vec<Plugin>,
}

/// What a plugin is set to. Secrets go in and never out.
#[derive(Debug, Serialize, Object)]
pub(crate) struct PluginSettings {
    /// With the defaults of what was not set.
    values: Value,
    /// The schema, a subset of JSON Schema.
    schema: Value,
    /// Which secrets there are, and whether each is set.
    secrets: BTreeMap<String, bool>,
}

/// Settings to save. They are tried first: what the plugin does not take is not saved.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(deny_unknown_fields)]
pub(crate) struct ConfigurePlugin {
    pub(crate) values: Value,
    /// Secrets to set, by name; null deletes one; those not named stay.
    #[serde(default)]
    #[oai(default)]
    pub(crate) secrets: BTreeMap<String, Option<String>>,
}

/// What is agreed to.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(deny_unknown_fields)]
pub(crate) struct GrantPlugin {
    /// The package that was looked at: what it asks for is agreed to, and nothing else.
    pub(crate) digest: PackageDigest,
    /// These; left out: all that it can't do without.
    #[serde(default)]
    #[oai(nullable)]
    pub(crate) capabilities: MaybeUndefined<Vec<CapabilityWord>>,
}

/// Which version takes over.
#[derive(Debug, Deserialize, Object)]
#[serde(deny_unknown_fields)]
#[oai(deny_unknown_fields)]
pub(crate) struct UpgradePlugin {
    /// Its package.
    pub(crate) digest: PackageDigest,
}

/// A version took over.
#[derive(Debug, Serialize, Object)]
pub(crate) struct UpgradedPlugin {
    from: String,
    to: String,
    digest: String,
}
