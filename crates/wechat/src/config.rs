//! The configuration section `wechat`.

use std::{fmt, num::NonZeroU32, time::Duration};

use reqwest::Url;
use serde::{Deserialize, Serialize, Serializer};

use crate::{
    app::{App, AppId, AppSecret},
    malformed::Malformed,
};

/// How WeChat's server API is reached, and for which mini-programs. Serialised, its secrets are masked.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where the API is. The simulator's address takes this place in development.
    pub api_base: ApiBase,
    /// The longest that one operation may take in milliseconds, its retries and a token refresh included.
    pub timeout_ms: NonZeroU32,
    /// How old the watermark of `encryptedData` may be in seconds. Twice a login code's life by default, since both are
    /// made at sign-in.
    pub watermark_max_age_s: u32,
    /// The mini-programs whose people may sign in; the first is meant where a client names none.
    pub apps: Vec<AppConfig>,
}

/// One mini-program in the configuration.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppConfig {
    /// Its id, as the mini-program console shows it.
    pub app_id: AppId,
    /// Its secret. Serialised, it is masked.
    #[serde(serialize_with = "masked")]
    pub secret: AppSecret,
}

/// The address that WeChat's paths are appended to: http or https, without query or fragment.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ApiBase(String);

impl Config {
    /// The mini-programs, in the configuration's order.
    pub fn apps(&self) -> impl Iterator<Item = App> + '_ {
        self.apps.iter().map(AppConfig::app)
    }

    /// The longest that one operation may take.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        Duration::from_millis(self.timeout_ms.get().into())
    }

    /// How old a watermark may be.
    #[must_use]
    pub fn watermark_max_age(&self) -> Duration {
        Duration::from_secs(self.watermark_max_age_s.into())
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            api_base: ApiBase("https://api.weixin.qq.com".to_owned()),
            // A phone waits up to 60 s for an answer, but a person doesn't.
            timeout_ms: NonZeroU32::new(5_000).unwrap_or(NonZeroU32::MAX),
            watermark_max_age_s: 600,
            apps: Vec::new(),
        }
    }
}

impl AppConfig {
    /// The app with its secret.
    #[must_use]
    pub fn app(&self) -> App {
        App { id: self.app_id.clone(), secret: self.secret.clone() }
    }
}

impl ApiBase {
    /// Takes `text` as the address; a slash at its end is dropped.
    ///
    /// # Errors
    /// [`Malformed`] unless it is an absolute http or https URL without credentials, query and fragment.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let malformed = Malformed {
            what: "an API address",
            rule: "http://… or https://…, without user, query and fragment",
        };
        let url = Url::parse(text).map_err(|_| malformed.clone())?;
        let plain = matches!(url.scheme(), "http" | "https")
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        if plain { Ok(Self(url.as_str().trim_end_matches('/').to_owned())) } else { Err(malformed) }
    }

    /// Whether it is reached over TLS.
    pub(crate) fn is_encrypted(&self) -> bool {
        self.0.starts_with("https:")
    }

    /// The address without a slash at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ApiBase {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl fmt::Debug for ApiBase {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "ApiBase({})", self.0)
    }
}

impl TryFrom<String> for ApiBase {
    type Error = Malformed;

    fn try_from(text: String) -> Result<Self, Malformed> {
        Self::parse(&text)
    }
}

impl From<ApiBase> for String {
    fn from(base: ApiBase) -> Self {
        base.0
    }
}

fn masked<S: Serializer>(_: &AppSecret, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str("***")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_section_is_the_default() {
        let config: Config = serde_json::from_str("{}").unwrap();
        assert_eq!(config.api_base.as_str(), "https://api.weixin.qq.com");
        assert_eq!(config.timeout(), Duration::from_secs(5));
        assert_eq!(config.apps().count(), 0);
    }

    #[test]
    fn several_apps_are_read_and_their_secrets_never_printed() {
        let text = r#"{"apps": [{"app_id": "wx1", "secret": "hush"}, {"app_id": "wx2", "secret": "hush"}]}"#;
        let config: Config = serde_json::from_str(text).unwrap();
        assert_eq!(config.apps().map(|app| app.id.to_string()).collect::<Vec<_>>(), ["wx1", "wx2"]);
        assert_eq!(config.apps().next().unwrap().secret.expose(), "hush");
        assert!(!format!("{config:?}").contains("hush"));
        assert!(!serde_json::to_string(&config).unwrap().contains("hush"));
    }

    #[test]
    fn unknown_keys_and_bad_addresses_are_refused() {
        for bad in [
            r#"{"api_bse": "https://example.org"}"#,
            r#"{"apps": [{"app_id": "wx1", "secret": "s", "name": "x"}]}"#,
            r#"{"apps": [{"app_id": "wx 1", "secret": "s"}]}"#,
            r#"{"api_base": "ftp://example.org"}"#,
            r#"{"api_base": "example.org"}"#,
            r#"{"api_base": "https://example.org/?a=b"}"#,
            r#"{"timeout_ms": 0}"#,
        ] {
            assert!(serde_json::from_str::<Config>(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_base_may_have_a_path_and_loses_its_last_slash() {
        assert_eq!(
            ApiBase::parse("http://127.0.0.1:8080/wechat-sim/").unwrap().as_str(),
            "http://127.0.0.1:8080/wechat-sim"
        );
        assert_eq!(
            ApiBase::parse("https://api.weixin.qq.com/").unwrap().as_str(),
            "https://api.weixin.qq.com"
        );
    }
}
