//! What bodies look like: requests as they are read, answers as they are written.

mod administration;
mod messages;
mod moderation;
mod people;
mod plugin_reports;
mod plugins;
mod rooms;
mod text;

pub(crate) use administration::{ApiKeyPage, BanUser, CreateApiKey, NewApiKey, UserRecord};
pub(crate) use messages::{EditMessage, EventPage, HeldMessage, MessagePage, ReadUpTo, SendMessage};
pub(crate) use moderation::{
    CommandList, HeldPage, HeldStage, JoinRequestPage, MyHeldList, PressButton, Pressed, RefuseHeld,
    ReviewPage,
};
pub(crate) use people::{DeviceList, GuestSignIn, MintToken, Session, UpdateMe, WechatSignIn};
pub(crate) use plugin_reports::{PluginHealth, PluginLog, PluginLogLevel, PluginVerdictPage};
pub(crate) use plugins::{
    ConfigurePlugin, Consent, GrantPlugin, InstalledPlugin, Plugin, PluginList, PluginPolicy, PluginSettings,
    UpgradePlugin, UpgradedPlugin,
};
pub(crate) use rooms::{
    AskToJoin, BanPage, CreateRoom, Invitation, InvitationPage, Member, MemberPage, OpenDirect,
    PublicRoomPage, PutMember, ReactorPage, Room, RoomPage, UpdateRoom,
};
pub(crate) use text::{CapabilityWord, Emoji, IdempotencyKey, PackageDigest, PluginName, PutEmoji};

#[cfg(test)]
mod tests;
