//! Codes on their way, and the session key of each person in each app.

use std::{collections::HashMap, time::Duration};

use teahouse_wechat::{AppId, Errcode};

use crate::{chance::Chance, clock::minute, refusal::Refusal};

/// How long a code may wait for its exchange.
const CODE_LIFE: Duration = Duration::from_secs(300);
/// Logins of one person in a minute.
const EXCHANGES_PER_MINUTE: u32 = 100;
/// The length of a login code.
const LOGIN_CODE_CHARACTERS: usize = 32;
/// The length of a phone code.
const PHONE_CODE_CHARACTERS: usize = 64;

/// What a code is for; one is not the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CodeKind {
    Login,
    Phone,
}

/// Codes and keys.
#[derive(Default)]
pub(crate) struct Logins {
    codes: HashMap<String, Code>,
    keys: HashMap<(AppId, String), Keys>,
    /// Exchanges of a person in an app: the minute, and how many in it.
    exchanges: HashMap<(AppId, String), (u64, u32)>,
}

struct Code {
    kind: CodeKind,
    app: AppId,
    person: String,
    made_at: Duration,
    is_used: bool,
}

struct Keys {
    current: String,
    previous: Option<String>,
}

impl Logins {
    pub(crate) fn issue(
        &mut self,
        kind: CodeKind,
        app: &AppId,
        person: &str,
        now: Duration,
        chance: &mut Chance,
    ) -> String {
        let length = match kind {
            CodeKind::Login => LOGIN_CODE_CHARACTERS,
            CodeKind::Phone => PHONE_CODE_CHARACTERS,
        };
        let text = chance.word(length);
        let code = Code { kind, app: app.clone(), person: person.to_owned(), made_at: now, is_used: false };
        self.codes.insert(text.clone(), code);
        text
    }

    /// Who a login code is for. It stays unused until [`Logins::use_up`].
    pub(crate) fn person_of(&self, text: &str, app: &AppId, now: Duration) -> Result<String, Refusal> {
        let code = self.living(CodeKind::Login, text, now)?;
        if code.app != *app {
            return Err(Errcode::InvalidCode.into());
        }
        if code.is_used {
            return Err(Errcode::CodeUsed.into());
        }
        Ok(code.person.clone())
    }

    pub(crate) fn use_up(&mut self, text: &str) {
        if let Some(code) = self.codes.get_mut(text) {
            code.is_used = true;
        }
    }

    /// Who a phone code is for, which it says once. A used one answers as an unknown one.
    pub(crate) fn redeem_phone(&mut self, text: &str, app: &AppId, now: Duration) -> Result<String, Refusal> {
        let code = self.living(CodeKind::Phone, text, now)?;
        if code.app != *app {
            return Err(Errcode::InvalidAppId.into());
        }
        if code.is_used {
            return Err(Errcode::InvalidCode.into());
        }
        let person = code.person.clone();
        self.use_up(text);
        Ok(person)
    }

    /// Counts one exchange of the person, or refuses it.
    pub(crate) fn count_exchange(&mut self, app: &AppId, person: &str, now: Duration) -> Result<(), Refusal> {
        let counter = self.exchanges.entry((app.clone(), person.to_owned())).or_default();
        if counter.0 != minute(now) {
            *counter = (minute(now), 0);
        }
        if counter.1 >= EXCHANGES_PER_MINUTE {
            return Err(Errcode::TooFrequent.into());
        }
        counter.1 += 1;
        Ok(())
    }

    /// The person's present key, made at their first login.
    pub(crate) fn key(&mut self, app: &AppId, person: &str, chance: &mut Chance) -> String {
        let keys = self
            .keys
            .entry((app.clone(), person.to_owned()))
            .or_insert_with(|| Keys { current: chance.session_key(), previous: None });
        keys.current.clone()
    }

    /// The person's present key, if they ever logged in.
    pub(crate) fn find_key(&self, app: &AppId, person: &str) -> Option<&str> {
        self.keys.get(&(app.clone(), person.to_owned())).map(|keys| keys.current.as_str())
    }

    /// The key before the present one; a made-up one where there was none.
    pub(crate) fn stale_key(&self, app: &AppId, person: &str, chance: &mut Chance) -> String {
        let keys = self.keys.get(&(app.clone(), person.to_owned()));
        keys.and_then(|keys| keys.previous.clone()).unwrap_or_else(|| chance.session_key())
    }

    /// Replaces the person's key, as WeChat does when it likes.
    pub(crate) fn rotate(&mut self, app: &AppId, person: &str, chance: &mut Chance) -> String {
        let fresh = chance.session_key();
        let at = (app.clone(), person.to_owned());
        let previous = self.keys.remove(&at).map(|keys| keys.current);
        self.keys.insert(at, Keys { current: fresh.clone(), previous });
        fresh
    }

    fn living(&self, kind: CodeKind, text: &str, now: Duration) -> Result<&Code, Refusal> {
        let code = self.codes.get(text).filter(|code| code.kind == kind);
        let living = code.filter(|code| now.saturating_sub(code.made_at) < CODE_LIFE);
        living.ok_or(Errcode::InvalidCode.into())
    }
}
