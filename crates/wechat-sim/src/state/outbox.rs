//! What was pushed, how it was answered, and what still has to go out.

use std::{collections::VecDeque, time::Duration};

use serde::Serialize;
use teahouse_wechat::AppId;

use crate::{
    calls::MediaErrand,
    push::{Message, Parcel, Tamper},
};

/// Deliveries that are kept; older ones are forgotten.
const DELIVERIES: usize = 10_000;

/// Pushes, and errands that end in one.
pub(crate) struct Outbox {
    pub(crate) timeout: Duration,
    errands: Vec<Errand>,
    next: u64,
    deliveries: VecDeque<Delivery>,
}

/// Something to do once the lock is released.
#[derive(Debug, Clone)]
pub(crate) enum Errand {
    Push(Push),
    Media(MediaErrand),
}

/// A message on its way to an app's URL.
#[derive(Debug, Clone)]
pub(crate) struct Push {
    pub(crate) app: AppId,
    pub(crate) openid: String,
    pub(crate) message: Message,
    pub(crate) tamper: Option<Tamper>,
}

/// A push and what came of it.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Delivery {
    pub(crate) number: u64,
    pub(crate) app_id: AppId,
    pub(crate) parcel: Parcel,
    /// The tries so far, at most three.
    pub(crate) tries: Vec<Try>,
    /// Whether the receiver accepted it; null while it is tried.
    pub(crate) accepted: Option<bool>,
}

/// One try.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Try {
    /// The status; null where no answer came in time.
    pub(crate) status: Option<u16>,
    /// The answer's text, opened if it was encrypted.
    pub(crate) answer: String,
}

impl Outbox {
    pub(crate) fn new(timeout: Duration) -> Self {
        Self { timeout, errands: Vec::new(), next: 0, deliveries: VecDeque::new() }
    }

    pub(crate) fn add(&mut self, errand: Errand) {
        self.errands.push(errand);
    }

    /// The errands of the call that just ended.
    pub(crate) fn take(&mut self) -> Vec<Errand> {
        std::mem::take(&mut self.errands)
    }

    /// Notes a push before its first try, and returns its number.
    pub(crate) fn open(&mut self, app: &AppId, parcel: Parcel) -> u64 {
        let number = self.next;
        self.next += 1;
        if self.deliveries.len() == DELIVERIES {
            self.deliveries.pop_front();
        }
        let app_id = app.clone();
        self.deliveries.push_back(Delivery { number, app_id, parcel, tries: Vec::new(), accepted: None });
        number
    }

    pub(crate) fn note(&mut self, number: u64, attempt: Try) {
        if let Some(delivery) = self.find(number) {
            delivery.tries.push(attempt);
        }
    }

    pub(crate) fn close(&mut self, number: u64, accepted: bool) -> Option<Delivery> {
        let delivery = self.find(number)?;
        delivery.accepted = Some(accepted);
        Some(delivery.clone())
    }

    /// The deliveries, newest first.
    pub(crate) fn all(&self) -> Vec<Delivery> {
        self.deliveries.iter().rev().cloned().collect()
    }

    fn find(&mut self, number: u64) -> Option<&mut Delivery> {
        self.deliveries.iter_mut().rev().find(|delivery| delivery.number == number)
    }
}
