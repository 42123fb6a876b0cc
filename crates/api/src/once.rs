//! `Idempotency-Key`: whoever asks again for what was made already gets the first answer again.

use std::future::Future;

use poem::http::StatusCode;
use teahouse_accounts::{Accounts, Answer as Kept, Begun, Claim, RequestHash, Session};
use teahouse_protocol::ErrorCode;
use tracing::Instrument;

use crate::answer::Answer;
use crate::door::Caller;
use crate::problem::Problem;
use crate::shapes::IdempotencyKey;

/// A request that makes something, and how to know it again.
pub(crate) struct Once<'a> {
    accounts: &'a Accounts,
    caller: &'a Session,
    key: Option<IdempotencyKey>,
    request: RequestHash,
}

impl<'a> Once<'a> {
    /// A POST of `body` to `path`, under `key` where the caller gave one.
    pub(crate) fn new(
        accounts: &'a Accounts,
        caller: &'a Caller,
        key: Option<IdempotencyKey>,
        path: &str,
        body: &[u8],
    ) -> Self {
        Self { accounts, caller: caller.session(), key, request: RequestHash::of("POST", path, body) }
    }

    /// The answer that was given before, or else the one that `make` gives.
    pub(crate) async fn answer<T: 'static, S: 'static>(
        self,
        make: impl Future<Output = Result<Answer<T, S>, Problem>> + Send + 'static,
    ) -> Result<Answer<T, S>, Problem> {
        let Some(key) = self.key else { return make.await };
        let claim = match self.accounts.begin_request(self.caller, &key.value, self.request).await? {
            Begun::Answered(kept) => return again(kept),
            Begun::New(claim) => claim,
        };
        // On a task of its own: a client that hangs up, and asks again, must find what became of the first request.
        let work = settle(self.accounts.clone(), claim, make).in_current_span();
        tokio::spawn(work).await.map_err(|panic| Problem::caused_by(ErrorCode::Internal, panic))?
    }
}

async fn settle<T, S>(
    accounts: Accounts,
    claim: Claim,
    make: impl Future<Output = Result<Answer<T, S>, Problem>>,
) -> Result<Answer<T, S>, Problem> {
    let answer = make.await;
    let settled = match &answer {
        Ok(good) => {
            let kept = Kept { status: good.status().as_u16(), body: good.json().to_owned() };
            accounts.answer_request(claim, &kept).await
        }
        // Nothing was made: asking again may go better.
        Err(_) => accounts.abandon_request(claim).await,
    };
    if let Err(error) = settled {
        tracing::warn!(cause = %error, "the answer to an idempotency key is not kept");
    }
    answer
}

fn again<T, S>(kept: Kept) -> Result<Answer<T, S>, Problem> {
    let status = StatusCode::from_u16(kept.status);
    let status = status.map_err(|error| Problem::caused_by(ErrorCode::Internal, error))?;
    Ok(Answer::kept(status, kept.body))
}
