//! What an admin agrees to, in plain sentences.

use std::collections::BTreeSet;

use super::{
    Act, Ask, BotHook, CapabilityName, EventKind, FilterHook, GateHook, Hooks, HostPattern, Method, Rooms,
    Subject, Terms,
};
use crate::{Text, words::Word};

/// How much a sentence should catch the eye.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// As other text.
    Ordinary,
    /// Red: what people said, acts on people, or a way out of the house.
    Red,
}

/// One sentence of the consent screen.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Sentence {
    /// The sentence.
    #[serde(flatten)]
    pub text: Text,
    /// How it is shown.
    pub severity: Severity,
}

impl Sentence {
    fn new(severity: Severity, en: impl Into<String>, zh: impl Into<String>) -> Self {
        Self { text: Text::new(en, zh), severity }
    }
}

impl Ask {
    /// What is asked for in one plain sentence; `plugin` is the plugin's name. The author's reason stands apart.
    #[must_use]
    pub fn sentence(&self, plugin: &str) -> Sentence {
        self.terms.sentence(plugin)
    }
}

impl CapabilityName {
    /// How a request for it is shown.
    #[must_use]
    pub fn severity(self) -> Severity {
        match self {
            Self::History | Self::Moderation | Self::Http => Severity::Red,
            Self::Kv | Self::Directory | Self::Messages | Self::Timers => Severity::Ordinary,
        }
    }
}

impl Terms {
    /// What is granted in one plain sentence; `plugin` is the plugin's name.
    #[must_use]
    pub fn sentence(&self, plugin: &str) -> Sentence {
        let (en, zh) = match self {
            Self::Kv { quota_kib } => {
                let size = size(*quota_kib);
                (
                    format!("May keep data of its own, up to {size}"),
                    format!("可以保存自己的数据，最多 {size}"),
                )
            }
            Self::Directory {} => (
                "May see the rooms where it is installed, and their members".to_owned(),
                "可以查看已安装它的房间及其成员".to_owned(),
            ),
            Self::Messages { per_minute } => (
                format!("May send messages as «{plugin}», up to {per_minute} a minute in a room"),
                format!("可以以「{plugin}」的名义发送消息，每个房间每分钟最多 {per_minute} 条"),
            ),
            Self::History {} => (
                "May read everything that was said before in the rooms where it is installed".to_owned(),
                "可以读取已安装它的房间里的全部历史消息".to_owned(),
            ),
            Self::Moderation { acts } => moderating(acts),
            Self::Timers { max } => (
                format!("May wake itself up later, with up to {max} timers"),
                format!("可以设置定时器，最多 {max} 个"),
            ),
            Self::Http { hosts, methods } => talking(hosts, methods),
        };
        Sentence::new(self.name().severity(), en, zh)
    }
}

fn moderating(acts: &BTreeSet<Act>) -> (String, String) {
    let list = |word: fn(Act) -> &'static str, between| {
        acts.iter().copied().map(word).collect::<Vec<_>>().join(between)
    };
    (
        format!("May act as a moderator: {}", list(act_en, ", ")),
        format!("可以行使管理权限：{}", list(act_zh, "、")),
    )
}

fn talking(hosts: &BTreeSet<HostPattern>, methods: &BTreeSet<Method>) -> (String, String) {
    let plain = hosts.iter().any(|host| !host.is_encrypted());
    let (loud_en, loud_zh) =
        if plain { (", partly without encryption", "，部分不加密") } else { ("", "") };
    let hosts: Vec<_> = hosts.iter().map(shown).collect();
    let methods: Vec<_> = methods.iter().map(|method| method.as_str()).collect();
    let methods = methods.join(", ");
    (
        format!("May talk to {} ({methods}){loud_en}", hosts.join(", ")),
        format!("可以访问 {}（{methods}）{loud_zh}", hosts.join("、")),
    )
}

fn size(kib: u32) -> String {
    if kib.is_multiple_of(1024) { format!("{} MiB", kib / 1024) } else { format!("{kib} KiB") }
}

/// A host as people know it: the scheme only when it is plain.
fn shown(host: &HostPattern) -> String {
    let text = host.to_string();
    text.strip_prefix("https://").map(str::to_owned).unwrap_or(text)
}

fn act_en(act: Act) -> &'static str {
    match act {
        Act::Flag => "put messages up for review",
        Act::Remove => "remove messages of others",
        Act::Release => "let held messages through",
        Act::Mute => "mute members",
    }
}

fn act_zh(act: Act) -> &'static str {
    match act {
        Act::Flag => "将消息提交复核",
        Act::Remove => "删除他人的消息",
        Act::Release => "放行被扣留的消息",
        Act::Mute => "禁言成员",
    }
}

pub(super) fn hooks(hooks: &Hooks) -> Vec<Sentence> {
    let filter = hooks.filter.as_ref().map(filter);
    let gate = hooks.gate.as_ref().map(gate);
    filter.into_iter().chain(gate).chain(hooks.bot.as_ref().map(bot)).collect()
}

fn where_en(rooms: Rooms) -> &'static str {
    match rooms {
        Rooms::All => "in all rooms",
        Rooms::Chosen => "in the rooms that you choose",
    }
}

fn where_zh(rooms: Rooms) -> &'static str {
    match rooms {
        Rooms::All => "在所有房间里",
        Rooms::Chosen => "在您选择的房间里",
    }
}

fn filter(hook: &FilterHook) -> Sentence {
    let (what_en, what_zh) = if hook.edits {
        ("each message and each edit", "每条消息和每次编辑")
    } else {
        ("each message", "每条消息")
    };
    let all = hook.kinds.len() == crate::MessageKind::ALL.len();
    let kinds: Vec<_> = hook.kinds.iter().map(|kind| kind.as_str()).collect();
    let kinds = if all { String::new() } else { format!(" ({})", kinds.join(", ")) };
    Sentence::new(
        Severity::Ordinary,
        format!(
            "Looks at {what_en}{kinds} before it is delivered, {}; may refuse, change or hold it",
            where_en(hook.rooms)
        ),
        format!("{}查看送达之前的{what_zh}{kinds}，可以拒绝、修改或扣留", where_zh(hook.rooms)),
    )
}

fn gate(hook: &GateHook) -> Sentence {
    let mut en: Vec<_> = hook.names.iter().copied().map(|subject| subject_words(subject).0).collect();
    let mut zh: Vec<_> = hook.names.iter().copied().map(|subject| subject_words(subject).1).collect();
    if hook.joins {
        en.push("people who enter rooms");
        zh.push("加入房间的人");
    }
    Sentence::new(
        Severity::Ordinary,
        format!("Looks at {}, {}; may refuse them", en.join(", "), where_en(hook.rooms)),
        format!("{}审查{}，可以拒绝", where_zh(hook.rooms), zh.join("、")),
    )
}

fn subject_words(subject: Subject) -> (&'static str, &'static str) {
    match subject {
        Subject::UserName => ("names of users", "用户昵称"),
        Subject::RoomName => ("names of rooms", "房间名称"),
        Subject::Announcement => ("announcements", "公告"),
    }
}

fn bot(hook: &BotHook) -> Sentence {
    let reads = hook.events.iter().any(|event| matches!(event, EventKind::Posted | EventKind::Edited));
    let place_en = where_en(hook.rooms);
    let place_zh = where_zh(hook.rooms);
    if reads {
        Sentence::new(
            Severity::Red,
            format!("Reads each message as it is posted, {place_en}"),
            format!("{place_zh}读取每条新消息"),
        )
    } else {
        let events: Vec<_> = hook.events.iter().map(|event| event.as_str()).collect();
        let events = events.join(", ");
        Sentence::new(
            Severity::Ordinary,
            format!("Is told of these events {place_en}: {events}"),
            format!("{place_zh}接收以下事件：{events}"),
        )
    }
}
