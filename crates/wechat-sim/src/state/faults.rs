//! Misbehaviour on demand: a queue from which each call takes the first fault that is meant for it.

use std::{collections::VecDeque, time::Duration};

use serde::{Deserialize, Serialize};

use crate::ask::{Ask, Call};

/// The faults that are still to happen.
#[derive(Default)]
pub(crate) struct Faults(VecDeque<Fault>);

/// How the next calls of a path behave. A delay goes before everything else; of the rest the first that is set counts.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fault {
    pub(crate) path: String,
    /// WeChat's refusal of this number.
    #[serde(default)]
    pub(crate) errcode: Option<i64>,
    /// This status, with a page that isn't WeChat's.
    #[serde(default)]
    pub(crate) http_status: Option<u16>,
    #[serde(default)]
    pub(crate) delay_ms: u64,
    /// The connection breaks without an answer.
    #[serde(default)]
    pub(crate) drop: bool,
    /// Status 200, and a page that isn't WeChat's.
    #[serde(default)]
    pub(crate) garbage: bool,
    /// Does what the call does before spoiling its answer: a code is used up though nobody learns for whom.
    #[serde(default)]
    pub(crate) processed: bool,
    #[serde(default = "once")]
    pub(crate) times: u32,
    #[serde(default, rename = "match")]
    pub(crate) only: Only,
}

/// Which calls of the path are meant; all where nothing is said.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Only {
    appid: Option<String>,
    openid: Option<String>,
}

/// What becomes of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    None,
    Errcode(i64),
    Status(u16),
    Drop,
    Garbage,
}

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.0.push_back(fault);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn all(&self) -> Vec<Fault> {
        self.0.iter().cloned().collect()
    }

    /// The first fault that is meant for this call, one time less.
    pub(crate) fn take(&mut self, ask: &Ask, app: Option<&str>) -> Option<Fault> {
        let openid = ask.mention(&["openid", "touser"]);
        let place = self.0.iter().position(|fault| fault.is_meant_for(ask.call, app, openid.as_deref()))?;
        let fault = self.0.get_mut(place)?;
        fault.times -= 1;
        let taken = fault.clone();
        if taken.times == 0 {
            self.0.remove(place);
        }
        Some(taken)
    }
}

impl Fault {
    pub(crate) fn delay(&self) -> Duration {
        Duration::from_millis(self.delay_ms)
    }

    pub(crate) fn effect(&self) -> Effect {
        match self {
            Self { errcode: Some(number), .. } => Effect::Errcode(*number),
            Self { http_status: Some(status), .. } => Effect::Status(*status),
            Self { drop: true, .. } => Effect::Drop,
            Self { garbage: true, .. } => Effect::Garbage,
            _ => Effect::None,
        }
    }

    fn is_meant_for(&self, call: Call, app: Option<&str>, openid: Option<&str>) -> bool {
        let fits =
            |wanted: &Option<String>, found: Option<&str>| wanted.is_none() || wanted.as_deref() == found;
        self.path == call.path() && fits(&self.only.appid, app) && fits(&self.only.openid, openid)
    }
}

fn once() -> u32 {
    1
}
