//! Plugins: taking them in, agreeing to what they ask for, and deciding how they work.

use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};
use poem_openapi::types::MaybeUndefined;
use teahouse_plugins::lifecycle::{By, Choices, Data, Lifecycle};
use teahouse_protocol::RoomId;
use zeroize::Zeroizing;

use super::Tag;
use crate::answer::{Created, Done, Reply};
use crate::body::Body;
use crate::door::Admin;
use crate::problem::{ADMINISTERING, BODY, PARAMETERS, Refused, refusals};
use crate::shapes::{
    CapabilityWord, ConfigurePlugin, Consent, GrantPlugin, InstalledPlugin, PackageDigest, Plugin,
    PluginList, PluginName, PluginPolicy, PluginSettings, UpgradePlugin, UpgradedPlugin,
};
use crate::upload::Upload;

refusals! {
    ListPlugins: ADMINISTERING;
    InstallPlugin: ADMINISTERING, &[UnsupportedMediaType, BodyTooLarge, RequestTimeout, BadJson, PluginInvalid,
        PluginComponentRefused, PluginSettingsRefused, SignatureRequired, PluginKeyChanged, PluginChanged];
    GetPlugin: ADMINISTERING, PARAMETERS, &[PluginNotFound];
    UninstallPlugin: ADMINISTERING, PARAMETERS, &[PluginNotFound, PluginChanged];
    GetConsent: ADMINISTERING, PARAMETERS, &[PluginNotFound, PluginVersionNotFound];
    Grant: ADMINISTERING, PARAMETERS, BODY, &[PluginNotFound, PluginVersionNotFound, PluginNotAsked, PluginChanged];
    Revoke: ADMINISTERING, PARAMETERS, &[PluginNotFound, PluginNotAsked, PluginChanged];
    Switch: ADMINISTERING, PARAMETERS, &[PluginNotFound, ConsentRequired, SignatureRequired, PluginSettingsRefused,
        PluginComponentRefused, PluginChanged];
    Upgrade: ADMINISTERING, PARAMETERS, BODY, &[PluginNotFound, PluginVersionNotFound, ConsentRequired,
        SignatureRequired, PluginSettingsRefused, PluginComponentRefused, PluginChanged];
    Rollback: ADMINISTERING, PARAMETERS, &[PluginNotFound, PluginNoEarlierVersion, ConsentRequired, SignatureRequired,
        PluginSettingsRefused, PluginComponentRefused, PluginChanged];
    GetSettings: ADMINISTERING, PARAMETERS, &[PluginNotFound];
    Configure: ADMINISTERING, PARAMETERS, BODY, &[PluginNotFound, PluginSettingsRefused, PluginComponentRefused,
        PluginChanged];
    SetPolicy: ADMINISTERING, PARAMETERS, BODY, &[PluginNotFound, PluginPolicyRefused, PluginChanged];
    ChooseRoom: ADMINISTERING, PARAMETERS, &[PluginNotFound, RoomNotFound, PluginChanged];
}

pub(crate) struct PluginOperations {
    pub(crate) plugins: Lifecycle,
}

#[OpenApi(prefix_path = "/v1/admin", tag = "Tag::Plugins")]
impl PluginOperations {
    /// List plugins
    ///
    /// All that are installed, by id.
    #[oai(path = "/plugins", method = "get", operation_id = "listPlugins")]
    async fn list(&self, _admin: Admin) -> Result<Reply<PluginList>, Refused<ListPlugins>> {
        Ok(Reply::new(&self.plugins.list().await?.into()))
    }

    /// Install a plugin
    ///
    /// The body is a `.teaplugin` file. It is unpacked, checked, compiled and tried; nothing of it sees a message before
    /// somebody agreed to what it asks for and enabled it. For a plugin that is installed it is a new version, which
    /// waits to take over.
    #[oai(path = "/plugins", method = "post", operation_id = "installPlugin")]
    async fn install(
        &self,
        admin: Admin,
        package: Upload,
    ) -> Result<Created<InstalledPlugin>, Refused<InstallPlugin>> {
        let installed = self.plugins.install(package.0.to_vec(), &by(&admin)).await?;
        Ok(Created::new(&installed.into()))
    }

    /// Get a plugin
    ///
    /// What it is, what it may, how it works, and the versions that are kept.
    #[oai(path = "/plugins/:plugin", method = "get", operation_id = "getPlugin")]
    async fn plugin(
        &self,
        _admin: Admin,
        plugin: Path<PluginName>,
    ) -> Result<Reply<Plugin>, Refused<GetPlugin>> {
        Ok(Reply::new(&self.plugins.show(&plugin.0.value).await?.into()))
    }

    /// Uninstall a plugin
    ///
    /// Every version of it. What it stored goes too, unless it is kept for the case that the plugin comes back. Its bot
    /// leaves its rooms within seconds and is deactivated; what it said stays under its name. Installed again, the plugin
    /// of the same publisher takes the same user back.
    #[oai(path = "/plugins/:plugin", method = "delete", operation_id = "uninstallPlugin")]
    async fn uninstall(
        &self,
        admin: Admin,
        plugin: Path<PluginName>,
        /// Whether what it stored stays.
        #[oai(default)]
        keep_data: Query<bool>,
    ) -> Result<Done, Refused<UninstallPlugin>> {
        let data = if keep_data.0 { Data::Keep } else { Data::Delete };
        self.plugins.uninstall(&plugin.0.value, data, &by(&admin)).await?;
        Ok(Done)
    }

    /// See what a version asks for
    ///
    /// Beside what was agreed to, sentence by sentence.
    #[oai(path = "/plugins/:plugin/consent", method = "get", operation_id = "getPluginConsent")]
    async fn consent(
        &self,
        _admin: Admin,
        plugin: Path<PluginName>,
        /// The version's package; left out: the version in use.
        digest: Query<Option<PackageDigest>>,
    ) -> Result<Reply<Consent>, Refused<GetConsent>> {
        let digest = digest.0.as_ref().map(|digest| &digest.value);
        Ok(Reply::new(&self.plugins.consent(&plugin.0.value, digest).await?.into()))
    }

    /// Agree to what a version asks for
    ///
    /// What was granted before and is not named here stays. It is kept who agreed, when, and to which package.
    #[oai(path = "/plugins/:plugin/grants", method = "post", operation_id = "grantPlugin")]
    async fn grant(
        &self,
        admin: Admin,
        plugin: Path<PluginName>,
        body: Body<GrantPlugin>,
    ) -> Result<Reply<Plugin>, Refused<Grant>> {
        let (plugin, digest) = (&plugin.0.value, &body.value.digest.value);
        let choices = match body.value.capabilities {
            MaybeUndefined::Value(words) => Choices::of(words.into_iter().map(|word| word.value)),
            MaybeUndefined::Null | MaybeUndefined::Undefined => {
                Choices::required(&self.plugins.consent(plugin, Some(digest)).await?)
            }
        };
        self.plugins.grant(plugin, digest, &choices, &by(&admin)).await?;
        Ok(Reply::new(&self.plugins.show(plugin).await?.into()))
    }

    /// Take a capability back
    ///
    /// At once: what the plugin does at this moment is refused from here on.
    #[oai(path = "/plugins/:plugin/grants/:capability", method = "delete", operation_id = "revokeGrant")]
    async fn revoke(
        &self,
        admin: Admin,
        plugin: Path<PluginName>,
        capability: Path<CapabilityWord>,
    ) -> Result<Done, Refused<Revoke>> {
        self.plugins.revoke(&plugin.0.value, capability.0.value, &by(&admin)).await?;
        Ok(Done)
    }

    /// Enable a plugin
    ///
    /// It works from the next message on, in the rooms that were decided.
    #[oai(path = "/plugins/:plugin/enable", method = "post", operation_id = "enablePlugin")]
    async fn enable(&self, admin: Admin, plugin: Path<PluginName>) -> Result<Reply<Plugin>, Refused<Switch>> {
        self.plugins.enable(&plugin.0.value, &by(&admin)).await?;
        Ok(Reply::new(&self.plugins.show(&plugin.0.value).await?.into()))
    }

    /// Disable a plugin
    ///
    /// Its settings, grants and what it stored stay.
    #[oai(path = "/plugins/:plugin/disable", method = "post", operation_id = "disablePlugin")]
    async fn disable(
        &self,
        admin: Admin,
        plugin: Path<PluginName>,
    ) -> Result<Reply<Plugin>, Refused<Switch>> {
        self.plugins.disable(&plugin.0.value, &by(&admin)).await?;
        Ok(Reply::new(&self.plugins.show(&plugin.0.value).await?.into()))
    }

    /// Let a version take over
    ///
    /// It is tried first, and takes over between two messages; what is under way ends on the version before.
    #[oai(path = "/plugins/:plugin/upgrade", method = "post", operation_id = "upgradePlugin")]
    async fn upgrade(
        &self,
        admin: Admin,
        plugin: Path<PluginName>,
        body: Body<UpgradePlugin>,
    ) -> Result<Reply<UpgradedPlugin>, Refused<Upgrade>> {
        let digest = &body.value.digest.value;
        let upgraded = self.plugins.upgrade(&plugin.0.value, digest, None, &by(&admin)).await?;
        Ok(Reply::new(&upgraded.into()))
    }

    /// Go back to the version before
    ///
    /// What the newer one stored stays; what it was granted beyond the older is not used.
    #[oai(path = "/plugins/:plugin/rollback", method = "post", operation_id = "rollBackPlugin")]
    async fn rollback(
        &self,
        admin: Admin,
        plugin: Path<PluginName>,
    ) -> Result<Reply<UpgradedPlugin>, Refused<Rollback>> {
        Ok(Reply::new(&self.plugins.rollback(&plugin.0.value, &by(&admin)).await?.into()))
    }

    /// Try a quarantined plugin again
    ///
    /// It failed too often and is left out. What was wrong is in its log.
    #[oai(path = "/plugins/:plugin/retry", method = "post", operation_id = "retryPlugin")]
    async fn retry(&self, admin: Admin, plugin: Path<PluginName>) -> Result<Done, Refused<Switch>> {
        self.plugins.end_quarantine(&plugin.0.value, &by(&admin)).await?;
        Ok(Done)
    }

    /// Get a plugin's settings
    ///
    /// With the schema that a form is made of. Secrets are named and never shown.
    #[oai(path = "/plugins/:plugin/settings", method = "get", operation_id = "getPluginSettings")]
    async fn settings(
        &self,
        _admin: Admin,
        plugin: Path<PluginName>,
    ) -> Result<Reply<PluginSettings>, Refused<GetSettings>> {
        Ok(Reply::new(&self.plugins.settings(&plugin.0.value).await?.into()))
    }

    /// Save a plugin's settings
    ///
    /// All of them. The plugin itself is asked first; what it does not take is not saved.
    #[oai(path = "/plugins/:plugin/settings", method = "put", operation_id = "configurePlugin")]
    async fn configure(
        &self,
        admin: Admin,
        plugin: Path<PluginName>,
        body: Body<ConfigurePlugin>,
    ) -> Result<Reply<PluginSettings>, Refused<Configure>> {
        let ConfigurePlugin { values, secrets } = body.value;
        let secrets = secrets.into_iter().map(|(name, secret)| (name, secret.map(Zeroizing::new))).collect();
        self.plugins.configure(&plugin.0.value, &values, &secrets, &by(&admin)).await?;
        Ok(Reply::new(&self.plugins.settings(&plugin.0.value).await?.into()))
    }

    /// Decide how a plugin works
    ///
    /// Where the manifest only proposes: its place among others, what a failure means, rooms, limits.
    #[oai(path = "/plugins/:plugin/policy", method = "put", operation_id = "setPluginPolicy")]
    async fn set_policy(
        &self,
        admin: Admin,
        plugin: Path<PluginName>,
        body: Body<PluginPolicy>,
    ) -> Result<Reply<Plugin>, Refused<SetPolicy>> {
        self.plugins.set_policy(&plugin.0.value, &body.value.into(), &by(&admin)).await?;
        Ok(Reply::new(&self.plugins.show(&plugin.0.value).await?.into()))
    }

    /// Let a plugin work in a room
    ///
    /// Where it was decided that it works in chosen rooms alone.
    #[oai(path = "/plugins/:plugin/rooms/:room", method = "put", operation_id = "addPluginRoom")]
    async fn add_room(
        &self,
        admin: Admin,
        plugin: Path<PluginName>,
        room: Path<RoomId>,
    ) -> Result<Done, Refused<ChooseRoom>> {
        self.plugins.add_room(&plugin.0.value, room.0, &by(&admin)).await?;
        Ok(Done)
    }

    /// Let a plugin work in a room no more
    ///
    /// What it stored stays.
    #[oai(path = "/plugins/:plugin/rooms/:room", method = "delete", operation_id = "removePluginRoom")]
    async fn remove_room(
        &self,
        admin: Admin,
        plugin: Path<PluginName>,
        room: Path<RoomId>,
    ) -> Result<Done, Refused<ChooseRoom>> {
        self.plugins.remove_room(&plugin.0.value, room.0, &by(&admin)).await?;
        Ok(Done)
    }
}

fn by(admin: &Admin) -> By {
    By::api_key(admin.key().name())
}
