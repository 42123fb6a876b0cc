//! Why a change was not made, and what can be done about it.

use teahouse_plugin_package::{PackageError, Problem, Problems};
use teahouse_protocol::ErrorCode;

use super::{Consent, TrialError};

/// Why a change was not made. Nothing of it was.
#[derive(Debug, thiserror::Error)]
pub enum LifecycleError {
    /// There is no plugin of this id.
    #[error("the plugin {0} is not installed")]
    NotInstalled(String),
    /// It has no version of this digest.
    #[error("no version with the digest {0} is kept here")]
    NoSuchVersion(String),
    /// Nothing stands before the version in use.
    #[error("no earlier version is kept here")]
    NoEarlierVersion,
    /// The package can't be read.
    #[error("the package is not right: {0}")]
    Package(#[from] PackageError),
    /// Nobody signed the package, and this server asks for a signature.
    #[error("the package is not signed, and this server installs signed ones alone")]
    Unsigned,
    /// Somebody signed it whom this server does not trust.
    #[error("the package is signed by {0}, which is not among the trusted keys")]
    UntrustedKey(String),
    /// The plugin that is known by this id is another publisher's.
    #[error("{plugin} is known as signed by {known}; this package is signed by {offered}")]
    KeyChanged {
        /// The plugin.
        plugin: String,
        /// Who signed what is installed.
        known: String,
        /// Who signed what was offered.
        offered: String,
    },
    /// The component can't be run, or not as its manifest says.
    #[error("the plugin can't be run: {0}")]
    Component(String),
    /// Settings don't fit, by the schema or by the plugin's own word.
    #[error("the settings are not right:\n{0}")]
    Settings(Problems),
    /// More is asked for than was agreed to.
    #[error("{} {} asks for what nobody has agreed to yet", .0.name, .0.version)]
    ConsentRequired(Box<Consent>),
    /// A choice that the consent did not offer.
    #[error("{capability} is not asked for, or not with so much")]
    NotAsked {
        /// The capability.
        capability: String,
    },
    /// A decision outside what can be decided.
    #[error("the decision is not possible:\n{0}")]
    Policy(Problems),
    /// No such room.
    #[error("no such room")]
    RoomNotFound,
    /// Another changed the plugin at the same moment.
    #[error("the plugin was changed by somebody else at the same moment")]
    Changed,
    /// Trying the plugin failed on our side.
    #[error("the plugin could not be tried: {0}")]
    Trial(String),
    /// A secret could not be kept.
    #[error("the secrets could not be encrypted")]
    Seal,
    /// The database.
    #[error("something went wrong on our side")]
    Store(#[from] teahouse_store::Error),
}

impl LifecycleError {
    /// The stable word for this.
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::NotInstalled(_) => ErrorCode::PluginNotFound,
            Self::NoSuchVersion(_) => ErrorCode::PluginVersionNotFound,
            Self::NoEarlierVersion => ErrorCode::PluginNoEarlierVersion,
            Self::Package(_) => ErrorCode::PluginInvalid,
            Self::Unsigned | Self::UntrustedKey(_) => ErrorCode::SignatureRequired,
            Self::KeyChanged { .. } => ErrorCode::PluginKeyChanged,
            Self::Component(_) => ErrorCode::PluginComponentRefused,
            Self::Settings(_) => ErrorCode::PluginSettingsRefused,
            Self::ConsentRequired(_) => ErrorCode::ConsentRequired,
            Self::NotAsked { .. } => ErrorCode::PluginNotAsked,
            Self::Policy(_) => ErrorCode::PluginPolicyRefused,
            Self::RoomNotFound => ErrorCode::RoomNotFound,
            Self::Changed => ErrorCode::PluginChanged,
            Self::Store(error) => error.code(),
            Self::Trial(_) | Self::Seal => ErrorCode::Internal,
        }
    }

    /// What can be done about it, in English and in Chinese.
    #[must_use]
    pub const fn advice(&self) -> (&'static str, &'static str) {
        match self {
            Self::NotInstalled(_) => ("Look at the list of plugins.", "请查看插件列表。"),
            Self::NoSuchVersion(_) => ("Install that version's package first.", "请先安装该版本的插件包。"),
            Self::NoEarlierVersion => (
                "Install the earlier version's package, then upgrade to it.",
                "请先安装旧版本的插件包，再切换到它。",
            ),
            Self::Package(_) => (
                "Have its author run `teahouse plugin check`, or fetch the file again.",
                "请让作者运行 `teahouse plugin check`，或重新下载文件。",
            ),
            Self::Unsigned => (
                "Get a signed package, or set plugins.require_signature to false if you trust whoever gave it to you.",
                "请获取已签名的插件包；如果信任来源，也可将 plugins.require_signature 设为 false。",
            ),
            Self::UntrustedKey(_) => (
                "If you trust this publisher, add the key to plugins.trusted_keys.",
                "如果信任该发布者，请把此公钥加入 plugins.trusted_keys。",
            ),
            Self::KeyChanged { .. } => (
                "It may be another's plugin under the same name. If its publisher really has a new key, uninstall the \
                 plugin with its data first.",
                "这可能是他人冒用同名的插件。如果发布者确实更换了密钥，请先卸载插件并删除其数据。",
            ),
            Self::Component(_) => (
                "Nothing was changed. Its author can see the same with `teahouse plugin check` and `test`.",
                "未做任何更改。作者可用 `teahouse plugin check` 和 `test` 重现此问题。",
            ),
            Self::Settings(_) => {
                ("Correct the named fields; nothing was saved.", "请更正所列字段；未保存任何内容。")
            }
            Self::ConsentRequired(_) => (
                "Read what it asks for, agree with `grant`, and try again.",
                "请查看它所请求的权限，用 `grant` 同意后重试。",
            ),
            Self::NotAsked { .. } => {
                ("Agree to what the plugin asks for, or to less.", "只能同意插件所请求的权限，或更少。")
            }
            Self::Policy(_) => ("Correct the named values.", "请更正所列数值。"),
            Self::RoomNotFound => ("Look at the list of rooms.", "请查看房间列表。"),
            Self::Changed => ("Look again, and repeat it.", "请刷新后重试。"),
            Self::Trial(_) | Self::Seal | Self::Store(_) => {
                ("Try again later; the server's log says more.", "请稍后重试；详情见服务器日志。")
            }
        }
    }

    /// What is wrong with which field, where that is known.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        match self {
            Self::Settings(problems)
            | Self::Policy(problems)
            | Self::Package(PackageError::Invalid { problems, .. }) => problems.as_slice(),
            _ => &[],
        }
    }
}

impl From<sea_orm::DbErr> for LifecycleError {
    fn from(error: sea_orm::DbErr) -> Self {
        Self::Store(error.into())
    }
}

impl From<TrialError> for LifecycleError {
    fn from(error: TrialError) -> Self {
        match error {
            TrialError::Component(text) => Self::Component(text),
            TrialError::Settings(problems) => Self::Settings(problems),
            TrialError::OurSide(text) => Self::Trial(text),
        }
    }
}
