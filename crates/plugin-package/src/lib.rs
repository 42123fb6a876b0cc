#![doc = include_str!("../README.md")]

mod api;
mod digest;
mod id;
mod text;
mod words;

mod locale;
mod manifest;
mod schema;

mod package;
mod signature;

pub use api::{Api, HOST_API, InvalidApi};
pub use digest::{Digest, InvalidDigest};
pub use id::{InvalidPluginId, PluginId};
pub use locale::{CommandText, Label, Locale};
pub use manifest::{
    Act, Arguments, Ask, BotHook, CapabilityName, Command, CommandOption, CommandRole, Difference, EventKind,
    FilterHook, GateHook, HookChange, Hooks, HostPattern, InvalidHost, Isolation, Limits, Manifest,
    MessageKind, Method, OnError, OptionKind, Rooms, Sentence, Severity, Subject, Terms, TermsChange,
};
pub use package::{Allowance, Package, PackageError};
pub use schema::{Field, Format, Schema, Shape, TextShape};
pub use signature::{InvalidKey, PublicKey, SecretKey, Signer, TrustedKey};
pub use text::{Problem, Problems, Text};
pub use words::{UnknownWord, Word};
