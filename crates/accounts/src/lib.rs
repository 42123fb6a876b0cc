#![doc = include_str!("../README.md")]

mod accounts;
mod config;
mod device;
mod error;
mod event;

mod admin;
mod api_key;
mod ban;
mod bot;
mod by;
mod external;
mod guest;
mod idempotency;
mod naming;
mod newcomer;
mod profile;
mod sessions;
mod sweep;
mod user_record;
mod wafer;
mod wechat;

mod cache;
mod extend;
mod follow;
mod limit;
mod live;
mod person;
mod session;
mod token;
mod vault;
mod watch;

pub use accounts::{Accounts, AccountsParts};
pub use admin::{AdminProfile, SetupLink};
pub use api_key::{AdminKey, ApiKeyInfo, ApiKeyPage, BusinessKey, KeyScope, NewApiKey};
pub use ban::{Ban, BanReason};
pub use bot::{BOT_DEACTIVATED, BotUser, Publisher, deactivate_bot, reactivate_bot};
pub use by::By;
pub use config::{GuestsConfig, SecretsConfig, SessionsConfig};
pub use device::Device;
pub use error::Error;
pub use event::{AccountEvent, SessionEnd};
pub use external::{ExternalId, ExternalUser};
pub use idempotency::{Answer, Begun, Claim, IdempotencyKey, RequestHash};
pub use naming::{NameAnswer, NameAtSignIn, NameGate, NameRefusal};
pub use profile::{AvatarUrl, ProfileChange};
pub use session::{NewSession, Session};
pub use sessions::SessionInfo;
pub use sweep::Swept;
pub use token::Token;
pub use user_record::{IdentityInfo, UserRecord};
pub use vault::{MasterKey, MasterKeyError};
pub use wafer::{WaferSession, WaferSignIn};
pub use watch::BanWatch;
pub use wechat::{USERS_MERGED, WechatData, WechatSignIn};
