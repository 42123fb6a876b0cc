//! From what the floors below say to what the document describes.

use teahouse_plugin_package::{Isolation, OnError, Rooms, Sentence, Severity, Terms};
use teahouse_plugins as plugins;
use teahouse_plugins::lifecycle::{self, SignerView, Standing};

use super::{
    Capability, Consent, ConsentItem, ConsentSentence, ConsentStanding, InstalledPlugin, Plugin, PluginGrant,
    PluginIsolation, PluginList, PluginOnError, PluginPolicy, PluginRooms, PluginSettings, PluginVersion,
    Signer, SignerKind, UpgradedPlugin,
};

impl From<&Sentence> for ConsentSentence {
    fn from(sentence: &Sentence) -> Self {
        Self {
            en: sentence.text.en.clone(),
            zh: sentence.text.zh.clone(),
            is_grave: sentence.severity == Severity::Red,
        }
    }
}

impl From<SignerView> for Signer {
    fn from(signer: SignerView) -> Self {
        let (kind, key, name) = match signer {
            SignerView::Unsigned => (SignerKind::Unsigned, None, None),
            SignerView::Bundled => (SignerKind::Bundled, None, None),
            SignerView::Unknown { key } => (SignerKind::Unknown, Some(key), None),
            SignerView::Trusted { key, name } => (SignerKind::Trusted, Some(key), Some(name)),
        };
        Self { kind, key, name }
    }
}

impl From<&Terms> for Capability {
    fn from(terms: &Terms) -> Self {
        let bare = Self {
            capability: terms.name().to_string(),
            quota_kib: None,
            per_minute: None,
            acts: None,
            max: None,
            hosts: None,
            methods: None,
        };
        match terms {
            Terms::Kv { quota_kib } => Self { quota_kib: Some(*quota_kib), ..bare },
            Terms::Messages { per_minute } => Self { per_minute: Some(*per_minute), ..bare },
            Terms::Timers { max } => Self { max: Some(*max), ..bare },
            Terms::Moderation { acts } => Self { acts: Some(words(acts)), ..bare },
            Terms::Http { hosts, methods } => {
                Self { hosts: Some(words(hosts)), methods: Some(words(methods)), ..bare }
            }
            Terms::Directory {} | Terms::History {} => bare,
        }
    }
}

fn words<T: ToString>(all: impl IntoIterator<Item = T>) -> Vec<String> {
    all.into_iter().map(|one| one.to_string()).collect()
}

impl From<lifecycle::ConsentItem> for ConsentItem {
    fn from(item: lifecycle::ConsentItem) -> Self {
        let (standing, before) = match &item.standing {
            Standing::New => (ConsentStanding::New, None),
            Standing::Grown { before } => (ConsentStanding::Grown, Some(before.into())),
            Standing::Granted => (ConsentStanding::Granted, None),
            Standing::Declined => (ConsentStanding::Declined, None),
        };
        Self {
            asked: (&item.ask.terms).into(),
            is_optional: item.ask.optional,
            sentence: (&item.sentence).into(),
            why: item.ask.why,
            standing,
            before,
        }
    }
}

impl From<lifecycle::Consent> for Consent {
    fn from(consent: lifecycle::Consent) -> Self {
        Self {
            plugin: consent.plugin.to_string(),
            name: consent.name,
            version: consent.version,
            digest: consent.digest.to_string(),
            signer: consent.signer.into(),
            hooks: consent.hooks.iter().map(Into::into).collect(),
            new_hooks: consent.new_hooks.iter().map(|hook| (&hook.sentence).into()).collect(),
            items: consent.items.into_iter().map(Into::into).collect(),
            dropped: consent.dropped.iter().map(Into::into).collect(),
            is_agreed: consent.agreed,
        }
    }
}

impl From<lifecycle::Installed> for InstalledPlugin {
    fn from(installed: lifecycle::Installed) -> Self {
        Self {
            plugin: installed.plugin.to_string(),
            name: installed.name,
            version: installed.version,
            digest: installed.digest.to_string(),
            signer: installed.signer.into(),
            is_first: installed.is_first,
            is_current: installed.is_current,
            needs_settings: installed.needs_settings,
            consent: installed.consent.into(),
        }
    }
}

impl From<lifecycle::PluginView> for Plugin {
    fn from(view: lifecycle::PluginView) -> Self {
        Self {
            id: view.id.to_string(),
            name: view.name,
            description: view.description,
            is_enabled: view.enabled,
            is_agreed: view.agreed,
            version: view.version,
            digest: view.digest.to_string(),
            component_digest: view.component_digest.to_string(),
            signer: view.signer.into(),
            hooks: words(view.hooks),
            works_in: view.works_in.into(),
            rooms: view.rooms,
            policy: view.policy.into(),
            grants: view.grants.into_iter().map(Into::into).collect(),
            not_granted: words(view.not_granted),
            versions: view.versions.into_iter().map(Into::into).collect(),
            installed_at: view.installed_at,
            updated_at: view.updated_at,
        }
    }
}

impl From<Vec<lifecycle::PluginView>> for PluginList {
    fn from(views: Vec<lifecycle::PluginView>) -> Self {
        Self { items: views.into_iter().map(Into::into).collect() }
    }
}

impl From<lifecycle::GrantView> for PluginGrant {
    fn from(grant: lifecycle::GrantView) -> Self {
        Self {
            granted: (&grant.terms).into(),
            sentence: (&grant.sentence).into(),
            granted_by: grant.by,
            granted_at: grant.at,
            digest: grant.digest,
        }
    }
}

impl From<lifecycle::VersionView> for PluginVersion {
    fn from(version: lifecycle::VersionView) -> Self {
        Self {
            version: version.version,
            digest: version.digest.to_string(),
            signer: version.signer.into(),
            installed_at: version.installed_at,
            installed_by: version.installed_by,
            is_current: version.is_current,
        }
    }
}

impl From<lifecycle::SettingsView> for PluginSettings {
    fn from(settings: lifecycle::SettingsView) -> Self {
        Self {
            values: settings.values,
            // It was read as a schema when it was installed.
            schema: serde_json::from_str(&settings.schema).unwrap_or_default(),
            secrets: settings.secrets.into_iter().collect(),
        }
    }
}

impl From<lifecycle::Upgraded> for UpgradedPlugin {
    fn from(upgraded: lifecycle::Upgraded) -> Self {
        Self { from: upgraded.from, to: upgraded.to, digest: upgraded.digest.to_string() }
    }
}

/// The same words in the package's crate and in the document.
macro_rules! same_words {
    ($ours:ident = $theirs:ident { $($variant:ident),+ }) => {
        impl From<$theirs> for $ours {
            fn from(word: $theirs) -> Self {
                match word { $($theirs::$variant => Self::$variant),+ }
            }
        }

        impl From<$ours> for $theirs {
            fn from(word: $ours) -> Self {
                match word { $($ours::$variant => Self::$variant),+ }
            }
        }
    };
}

same_words!(PluginRooms = Rooms { All, Chosen });
same_words!(PluginOnError = OnError { Allow, Flag, Hold, Reject });
same_words!(PluginIsolation = Isolation { Warm, Call });

impl From<plugins::Policy> for PluginPolicy {
    fn from(policy: plugins::Policy) -> Self {
        Self {
            filter_priority: policy.filter.priority,
            filter_on_error: policy.filter.on_error.map(Into::into),
            gate_priority: policy.gate.priority,
            gate_on_error: policy.gate.on_error.map(Into::into),
            rooms: policy.rooms.map(Into::into),
            memory_mib: policy.limits.memory_mib,
            filter_running_ms: policy.limits.filter_running_ms,
            bot_running_ms: policy.limits.bot_running_ms,
            bot_wall_ms: policy.limits.bot_wall_ms,
            filter_wall_ms: policy.limits.filter_wall_ms,
            filter_data_kib: policy.limits.filter_data_kib,
            bot_data_kib: policy.limits.bot_data_kib,
            kv_quota_kib: policy.limits.kv_quota_kib,
            kv_per_minute: policy.limits.kv_per_minute,
            messages_per_minute: policy.limits.messages_per_minute,
            timers: policy.limits.timers,
            http_per_minute: policy.limits.http_per_minute,
            http_timeout_ms: policy.limits.http_timeout_ms,
            http_response_kib: policy.limits.http_response_kib,
            isolation: policy.limits.isolation.map(Into::into),
            automatic_upgrade: policy.automatic_upgrade,
        }
    }
}

impl From<PluginPolicy> for plugins::Policy {
    fn from(policy: PluginPolicy) -> Self {
        let on_error = |word: Option<PluginOnError>| word.map(Into::into);
        Self {
            filter: plugins::HookPolicy {
                priority: policy.filter_priority,
                on_error: on_error(policy.filter_on_error),
            },
            gate: plugins::HookPolicy {
                priority: policy.gate_priority,
                on_error: on_error(policy.gate_on_error),
            },
            rooms: policy.rooms.map(Into::into),
            limits: plugins::LimitPolicy {
                memory_mib: policy.memory_mib,
                filter_running_ms: policy.filter_running_ms,
                bot_running_ms: policy.bot_running_ms,
                bot_wall_ms: policy.bot_wall_ms,
                filter_wall_ms: policy.filter_wall_ms,
                filter_data_kib: policy.filter_data_kib,
                bot_data_kib: policy.bot_data_kib,
                kv_quota_kib: policy.kv_quota_kib,
                kv_per_minute: policy.kv_per_minute,
                messages_per_minute: policy.messages_per_minute,
                timers: policy.timers,
                http_per_minute: policy.http_per_minute,
                http_timeout_ms: policy.http_timeout_ms,
                http_response_kib: policy.http_response_kib,
                isolation: policy.isolation.map(Into::into),
            },
            automatic_upgrade: policy.automatic_upgrade,
        }
    }
}
