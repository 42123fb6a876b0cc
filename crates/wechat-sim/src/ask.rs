//! A call as it came in, and which of WeChat's it is.

use std::{collections::BTreeMap, net::IpAddr};

use poem::{Addr, Request, http::Method};
use serde_json::Value;
use teahouse_wechat::Errcode;

use crate::refusal::Refusal;

/// The largest body that is read; a text check has 10 KiB at most.
const BODY_BYTES: usize = 1024 * 1024;

/// The calls that the simulator knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    CodeToSession,
    CheckSession,
    ResetSessionKey,
    Token,
    StableToken,
    PhoneNumber,
    TextCheck,
    MediaCheck,
    SubscribeSend,
}

impl Call {
    const ALL: [Self; 9] = [
        Self::CodeToSession,
        Self::CheckSession,
        Self::ResetSessionKey,
        Self::Token,
        Self::StableToken,
        Self::PhoneNumber,
        Self::TextCheck,
        Self::MediaCheck,
        Self::SubscribeSend,
    ];

    pub(crate) fn of_path(path: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|call| call.path() == path)
    }

    pub(crate) fn path(self) -> &'static str {
        match self {
            Self::CodeToSession => "/sns/jscode2session",
            Self::CheckSession => "/wxa/checksession",
            Self::ResetSessionKey => "/wxa/resetusersessionkey",
            Self::Token => "/cgi-bin/token",
            Self::StableToken => "/cgi-bin/stable_token",
            Self::PhoneNumber => "/wxa/business/getuserphonenumber",
            Self::TextCheck => "/wxa/msg_sec_check",
            Self::MediaCheck => "/wxa/media_check_async",
            Self::SubscribeSend => "/cgi-bin/message/subscribe/send",
        }
    }

    fn method(self) -> Method {
        match self {
            Self::CodeToSession | Self::CheckSession | Self::ResetSessionKey | Self::Token => Method::GET,
            Self::StableToken
            | Self::PhoneNumber
            | Self::TextCheck
            | Self::MediaCheck
            | Self::SubscribeSend => Method::POST,
        }
    }
}

/// One call.
#[derive(Debug)]
pub(crate) struct Ask {
    pub(crate) call: Call,
    pub(crate) method: Method,
    pub(crate) query: BTreeMap<String, String>,
    pub(crate) body: Vec<u8>,
    pub(crate) address: Option<IpAddr>,
}

impl Ask {
    pub(crate) async fn read(call: Call, mut request: Request) -> poem::Result<Self> {
        let query = request.params().unwrap_or_default();
        let address = match &request.remote_addr().0 {
            Addr::SocketAddr(address) => Some(address.ip()),
            _ => None,
        };
        let body = request.take_body().into_bytes_limit(BODY_BYTES).await?.to_vec();
        Ok(Self { call, method: request.method().clone(), query, body, address })
    }

    /// The value of a query parameter; an empty one counts as missing.
    pub(crate) fn find(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    pub(crate) fn require(&self, name: &str, otherwise: Errcode) -> Result<&str, Refusal> {
        self.find(name).ok_or(Refusal::of(otherwise))
    }

    /// Refuses a GET where WeChat wants a POST, and the reverse.
    pub(crate) fn require_method(&self) -> Result<(), Refusal> {
        if self.method == self.call.method() {
            return Ok(());
        }
        Err(match self.call.method() {
            Method::POST => Refusal::of(Errcode::PostRequired),
            _ => Refusal::because(Errcode::from(43_001), "require GET method"),
        })
    }

    /// The body as a JSON object.
    pub(crate) fn require_json(&self) -> Result<Value, Refusal> {
        if self.body.is_empty() {
            return Err(Refusal::of(Errcode::EmptyBody));
        }
        match serde_json::from_slice(&self.body) {
            Ok(body @ Value::Object(_)) => Ok(body),
            _ => Err(Refusal::of(Errcode::MalformedData)),
        }
    }

    /// A text of the query or of the body, for the journal and the matching of faults.
    pub(crate) fn mention(&self, names: &[&str]) -> Option<String> {
        let in_query = names.iter().find_map(|name| self.find(name)).map(str::to_owned);
        in_query.or_else(|| {
            let body: Value = serde_json::from_slice(&self.body).ok()?;
            names.iter().find_map(|name| body.get(*name)?.as_str().map(str::to_owned))
        })
    }
}
