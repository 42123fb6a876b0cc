//! Access tokens: of the older call, each of which supersedes the last, and of the stable one.

use std::{collections::HashMap, time::Duration};

use teahouse_wechat::{AppId, Errcode};

use crate::{chance::Chance, clock::day, refusal::Refusal};

/// A superseded token works this long; a stable one is renewed when it has less than this left.
const OVERLAP: Duration = Duration::from_secs(300);
/// Forced refreshes closer together than this don't refresh.
const FORCED_PAUSE: Duration = Duration::from_secs(30);
/// Forced refreshes in a day.
const FORCED_PER_DAY: u32 = 20;
/// The length of a token.
const TOKEN_CHARACTERS: usize = 136;

/// The two calls that give tokens. Theirs live side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum TokenKind {
    Plain,
    Stable,
}

/// All tokens ever given.
pub(crate) struct Tokens {
    life: Duration,
    tokens: HashMap<String, Token>,
    current: HashMap<(AppId, TokenKind), String>,
    forced: HashMap<AppId, Forced>,
}

/// A token as its holder gets it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Given {
    pub(crate) text: String,
    pub(crate) remaining: Duration,
}

struct Token {
    app: AppId,
    expires_at: Duration,
    /// From here on it is "not latest".
    superseded_from: Option<Duration>,
}

struct Forced {
    at: Duration,
    day: u64,
    count: u32,
}

impl Tokens {
    pub(crate) fn new(life: Duration) -> Self {
        Self { life, tokens: HashMap::new(), current: HashMap::new(), forced: HashMap::new() }
    }

    /// `/cgi-bin/token`: always a new one.
    pub(crate) fn plain(&mut self, app: &AppId, now: Duration, chance: &mut Chance) -> Given {
        self.issue(app, TokenKind::Plain, now, now + OVERLAP, chance)
    }

    /// `/cgi-bin/stable_token` in normal mode: the present one, unless it is about to end.
    pub(crate) fn stable(&mut self, app: &AppId, now: Duration, chance: &mut Chance) -> Given {
        match self.reusable(app, now) {
            Some(given) => given,
            None => self.issue(app, TokenKind::Stable, now, now + OVERLAP, chance),
        }
    }

    /// `/cgi-bin/stable_token` by force: the one before dies at once.
    pub(crate) fn forced(
        &mut self,
        app: &AppId,
        now: Duration,
        chance: &mut Chance,
    ) -> Result<Given, Refusal> {
        let today = day(now);
        let last = self.forced.get(app);
        if last.is_some_and(|last| now.saturating_sub(last.at) < FORCED_PAUSE) {
            return Ok(self.stable(app, now, chance));
        }
        let count = last.filter(|last| last.day == today).map_or(0, |last| last.count);
        if count >= FORCED_PER_DAY {
            return Err(Errcode::DailyQuotaReached.into());
        }
        self.forced.insert(app.clone(), Forced { at: now, day: today, count: count + 1 });
        Ok(self.issue(app, TokenKind::Stable, now, now, chance))
    }

    /// Whose token this is.
    pub(crate) fn owner(&self, text: &str, now: Duration) -> Result<AppId, Refusal> {
        let is_wellformed =
            text.len() == TOKEN_CHARACTERS && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !is_wellformed {
            return Err(Errcode::InvalidAccessToken.into());
        }
        let token = self.tokens.get(text).ok_or(Errcode::InvalidCredential)?;
        if token.superseded_from.is_some_and(|from| from <= now) {
            return Err(Errcode::InvalidCredential.into());
        }
        if token.expires_at <= now {
            return Err(Errcode::AccessTokenExpired.into());
        }
        Ok(token.app.clone())
    }

    fn reusable(&self, app: &AppId, now: Duration) -> Option<Given> {
        let text = self.current.get(&(app.clone(), TokenKind::Stable))?;
        let remaining = self.tokens.get(text)?.expires_at.checked_sub(now)?;
        // Where tokens live shorter than WeChat's, for a test's sake, the window shrinks with them.
        let window = OVERLAP.min(self.life / 2);
        (remaining >= window).then(|| Given { text: text.clone(), remaining })
    }

    fn issue(
        &mut self,
        app: &AppId,
        kind: TokenKind,
        now: Duration,
        predecessor_ends: Duration,
        chance: &mut Chance,
    ) -> Given {
        let text = chance.word(TOKEN_CHARACTERS);
        let before = self.current.insert((app.clone(), kind), text.clone());
        if let Some(before) = before.and_then(|before| self.tokens.get_mut(&before)) {
            before.superseded_from = Some(predecessor_ends);
            if kind == TokenKind::Stable && before.expires_at > now {
                // Old and new work side by side for the whole overlap, even where the old one had less left.
                before.expires_at = before.expires_at.max(predecessor_ends);
            }
        }
        let token = Token { app: app.clone(), expires_at: now + self.life, superseded_from: None };
        self.tokens.insert(text.clone(), token);
        Given { text, remaining: self.life }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tokens, an app, and a time that the test moves.
    struct Office {
        tokens: Tokens,
        chance: Chance,
        app: AppId,
        now: Duration,
    }

    impl Office {
        fn open() -> Self {
            Self {
                tokens: Tokens::new(Duration::from_secs(7200)),
                chance: Chance::new(1),
                app: AppId::parse("wx1").unwrap(),
                now: Duration::from_secs(1_700_000_000),
            }
        }

        fn plain(&mut self) -> String {
            self.tokens.plain(&self.app, self.now, &mut self.chance).text
        }

        fn stable(&mut self) -> Given {
            self.tokens.stable(&self.app, self.now, &mut self.chance)
        }

        fn forced(&mut self) -> Result<String, Refusal> {
            self.tokens.forced(&self.app, self.now, &mut self.chance).map(|given| given.text)
        }

        fn pass(&mut self, seconds: u64) {
            self.now += Duration::from_secs(seconds);
        }

        #[track_caller]
        fn says(&self, token: &str, expected: Option<Errcode>) {
            assert_eq!(self.tokens.owner(token, self.now).err().map(|refusal| refusal.code), expected);
        }
    }

    #[test]
    fn the_older_call_always_gives_a_new_token_and_the_last_one_works_five_minutes_more() {
        let mut office = Office::open();
        let first = office.plain();
        let second = office.plain();
        assert_ne!(first, second);
        office.pass(299);
        office.says(&first, None);
        office.pass(1);
        office.says(&first, Some(Errcode::InvalidCredential));
        office.says(&second, None);
        office.pass(6900);
        office.says(&second, Some(Errcode::AccessTokenExpired));
    }

    #[test]
    fn the_stable_call_gives_the_same_token_until_its_last_five_minutes() {
        let mut office = Office::open();
        let first = office.stable();
        office.pass(6900);
        assert_eq!(office.stable(), Given { text: first.text.clone(), remaining: Duration::from_secs(300) });
        office.pass(1);
        let second = office.stable();
        assert_ne!(second.text, first.text);
        office.pass(299);
        office.says(&first.text, None);
        office.pass(1);
        office.says(&first.text, Some(Errcode::InvalidCredential));
        office.says(&second.text, None);
    }

    #[test]
    fn a_forced_refresh_ends_the_token_before_it_at_once_but_not_twice_in_thirty_seconds() {
        let mut office = Office::open();
        let first = office.stable().text;
        let second = office.forced().unwrap();
        office.says(&first, Some(Errcode::InvalidCredential));
        office.pass(29);
        assert_eq!(office.forced().unwrap(), second);
        office.pass(1);
        assert_ne!(office.forced().unwrap(), second);
    }

    #[test]
    fn twenty_forced_refreshes_a_day_and_not_one_more() {
        let mut office = Office::open();
        for _ in 0..20 {
            office.forced().unwrap();
            office.pass(30);
        }
        assert_eq!(office.forced().unwrap_err().code, Errcode::DailyQuotaReached);
        office.pass(86_400);
        assert!(office.forced().is_ok());
    }

    #[test]
    fn tokens_of_the_two_calls_do_not_end_each_other() {
        let mut office = Office::open();
        let plain = office.plain();
        let stable = office.stable().text;
        office.plain();
        office.forced().unwrap();
        office.says(&plain, None);
        office.says(&stable, Some(Errcode::InvalidCredential));
    }

    #[test]
    fn malformed_and_unknown_tokens_are_told_apart() {
        let mut office = Office::open();
        office.says("short", Some(Errcode::InvalidAccessToken));
        let unknown = office.chance.word(TOKEN_CHARACTERS);
        office.says(&unknown, Some(Errcode::InvalidCredential));
    }
}
