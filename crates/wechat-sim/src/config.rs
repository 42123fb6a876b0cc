//! What a simulator starts with. Everything else is told to it while it runs.

use std::{collections::BTreeMap, net::IpAddr};

use serde::Deserialize;
use teahouse_wechat::{AppId, AppSecret, Malformed};

use crate::{push::cipher::PushKey, reach::Reach, state::words::Words};

/// The mini-program that exists unless the configuration says otherwise.
pub(crate) const DEVELOPMENT_APP: &str = "wxdev00000000000001";
/// Its secret. It guards nothing: whoever reaches the simulator can be anyone there.
pub(crate) const DEVELOPMENT_SECRET: &str = "simulated-secret-of-wxdev00000000000001";

/// What a simulator starts with.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Ids, codes, keys and tokens follow from it: the same seed and the same calls give the same answers, and the same
    /// people keep their openids over a restart.
    pub seed: u64,
    /// The mini-programs. The first is meant where the control API is not told which.
    pub apps: Vec<AppConfig>,
    /// The people that are there from the start.
    pub people: Vec<PersonConfig>,
    /// What the clock shows at the start, in Unix seconds; the real time if nothing is given.
    pub starts_at_s: Option<u64>,
    /// How long an access token lives in seconds; WeChat's live 7200.
    pub token_life_s: u32,
    /// Sends the answer to a login as `text/plain`, as WeChat has been seen to do.
    pub login_as_text: bool,
    /// How often each path may be called by an app. A path that is not named has no limit.
    pub limits: BTreeMap<String, Limit>,
    /// The content check's words, a line each: `word<TAB>suggest<TAB>label`.
    pub words: Words,
    /// The templates of subscription messages, of every app.
    pub templates: Vec<TemplateConfig>,
    /// How long a receiver of pushes has for its answer; WeChat's have 5000.
    pub push_timeout_ms: u32,
    /// Where it may push to and fetch from. Unless told: nowhere.
    #[serde(skip)]
    pub reach: Reach,
}

/// A mini-program of the simulator.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppConfig {
    /// Its id.
    pub app_id: AppId,
    /// Its secret.
    pub secret: AppSecret,
    /// The addresses that may fetch access tokens; empty: all.
    #[serde(default)]
    pub allowed_addresses: Vec<IpAddr>,
    /// Whether its secret is frozen.
    #[serde(default)]
    pub frozen: bool,
    /// Where its messages are pushed to; nowhere if nothing is given.
    #[serde(default)]
    pub push: Option<PushConfig>,
    /// The pages of its released version; empty: all that are named.
    #[serde(default)]
    pub pages: Vec<String>,
}

/// The message push settings of an app's console.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PushConfig {
    /// The receiver.
    pub url: String,
    /// What signatures are made with.
    pub token: String,
    /// What messages are encrypted with: 43 characters.
    pub encoding_aes_key: PushKey,
    /// Whether messages are encrypted.
    #[serde(default)]
    pub mode: PushMode,
    /// How messages are written.
    #[serde(default)]
    pub format: PushFormat,
}

/// Whether pushed messages are encrypted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PushMode {
    /// They are not.
    #[default]
    Plain,
    /// They are there in both forms.
    Compatible,
    /// They are.
    Secure,
}

/// How pushed messages are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PushFormat {
    /// JSON.
    #[default]
    Json,
    /// XML.
    Xml,
}

/// A template of subscription messages.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TemplateConfig {
    /// Its id.
    pub template_id: String,
    /// Its fields; what a value may be follows from the name's beginning (`thing1`, `time2`, …).
    pub fields: Vec<String>,
    /// Whether it was banned.
    #[serde(default)]
    pub banned: bool,
}

/// Someone with a phone.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonConfig {
    /// Their id in the control API.
    pub id: String,
    /// Their name.
    pub nickname: String,
    /// Their picture's address.
    #[serde(default)]
    pub avatar: String,
    /// Their number, without country code.
    #[serde(default)]
    pub phone: Option<String>,
    /// Whether the apps are bound to an open-platform account, so that they have a unionid.
    #[serde(default = "yes")]
    pub unionid: bool,
    /// Whether WeChat takes them for high-risk and refuses their logins.
    #[serde(default)]
    pub risk: bool,
}

/// How often a path may be called; 0 is no limit.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limit {
    /// In a minute of the simulator's clock.
    pub per_minute: u32,
    /// In a day (China's) of the simulator's clock.
    pub per_day: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            seed: 1,
            apps: AppConfig::development().into_iter().collect(),
            people: demo_people(),
            starts_at_s: None,
            token_life_s: 7200,
            login_as_text: false,
            limits: documented_limits(),
            words: Words::default(),
            templates: vec![demo_template()],
            push_timeout_ms: 5_000,
            reach: Reach::default(),
        }
    }
}

impl AppConfig {
    /// An app with nothing special about it.
    ///
    /// # Errors
    /// [`Malformed`] when `app_id` can't be an app's id.
    pub fn new(app_id: &str, secret: &str) -> Result<Self, Malformed> {
        let app_id = AppId::parse(app_id)?;
        Ok(Self {
            app_id,
            secret: AppSecret::new(secret),
            allowed_addresses: Vec::new(),
            frozen: false,
            push: None,
            pages: Vec::new(),
        })
    }

    fn development() -> Option<Self> {
        Self::new(DEVELOPMENT_APP, DEVELOPMENT_SECRET).ok()
    }
}

fn demo_people() -> Vec<PersonConfig> {
    let people = [
        ("xiaoming", "小明", "13800000001"),
        ("xiaohong", "小红", "13800000002"),
        ("laowang", "老王", "13800000003"),
        ("azhen", "阿珍", "13800000004"),
    ];
    let person = |(id, nickname, phone): (&str, &str, &str)| PersonConfig {
        id: id.to_owned(),
        nickname: nickname.to_owned(),
        avatar: String::new(),
        phone: Some(phone.to_owned()),
        unionid: true,
        risk: false,
    };
    people.map(person).into()
}

/// "Someone wrote to you": who, what, when.
fn demo_template() -> TemplateConfig {
    TemplateConfig {
        template_id: "new-message".to_owned(),
        fields: ["thing1", "thing2", "time3"].map(str::to_owned).into(),
        banned: false,
    }
}

/// The quotas that WeChat documents, or that are commonly given.
fn documented_limits() -> BTreeMap<String, Limit> {
    [
        ("/cgi-bin/token", 0, 2_000),
        ("/cgi-bin/stable_token", 10_000, 500_000),
        ("/wxa/msg_sec_check", 4_000, 2_000_000),
        ("/wxa/media_check_async", 2_000, 200_000),
        ("/cgi-bin/message/subscribe/send", 0, 10_000_000),
    ]
    .map(|(path, per_minute, per_day)| (path.to_owned(), Limit { per_minute, per_day }))
    .into()
}

fn yes() -> bool {
    true
}
