//! Becoming somebody, and staying it.

use poem_openapi::OpenApi;
use poem_openapi::param::Path;
use teahouse_accounts::Accounts;
use teahouse_protocol::SessionId;

use super::Tag;
use crate::answer::{Done, Reply};
use crate::body::{Body, OptionalBody};
use crate::door::{ApiKey, Caller, Visitor};
use crate::problem::{BODY, PARAMETERS, Refused, SIGNED_IN, refusals};
use crate::shapes::{DeviceList, GuestSignIn, MintToken, Session, WechatSignIn};

refusals! {
    SignInWithWechat: BODY, &[
        RateLimited, Banned, WechatCodeInvalid, WechatCodeUsed, WechatUserBlocked, WechatAppUnknown,
        WechatSignatureMismatch, WechatDataInvalid, WechatSessionLost, WechatUnavailable, WechatMisconfigured,
    ];
    SignInAsGuest: BODY, &[RateLimited, GuestsNotAllowed, Rejected];
    MintForUser: BODY, &[RateLimited, ApiKeyInvalid, NotAllowed, Banned];
    RefreshSession: SIGNED_IN;
    LogOut: SIGNED_IN;
    ListSessions: SIGNED_IN;
    EndSession: SIGNED_IN, PARAMETERS, &[SessionNotFound];
}

pub(crate) struct SignInOperations {
    pub(crate) accounts: Accounts,
}

#[OpenApi(prefix_path = "/v1", tag = "Tag::SignIn")]
impl SignInOperations {
    /// Sign in with WeChat
    ///
    /// Takes the code of `wx.login`, and what `wx.getUserInfo` gave, where it did. A new person is made on first
    /// sight. With `wechat_session_lost` the phone's WeChat session and the server's differ: call `wx.login` again. A
    /// nickname that a plugin refuses is left out, and the person keeps the name they have; a new one is called 微信用户.
    #[oai(path = "/auth/wechat", method = "post", operation_id = "signInWithWechat")]
    async fn wechat(
        &self,
        visitor: Visitor,
        body: Body<WechatSignIn>,
    ) -> Result<Reply<Session>, Refused<SignInWithWechat>> {
        let session = self.accounts.sign_in_wechat(body.value.into(), &visitor.0).await?;
        Ok(Reply::new(&session.into()))
    }

    /// Come as a guest
    ///
    /// Makes a person without an account, where the server allows it. With `rejected` a plugin refused the name, and
    /// nobody was made: choose another.
    #[oai(path = "/auth/guest", method = "post", operation_id = "signInAsGuest")]
    async fn guest(
        &self,
        visitor: Visitor,
        body: OptionalBody<GuestSignIn>,
    ) -> Result<Reply<Session>, Refused<SignInAsGuest>> {
        let session = self.accounts.sign_in_guest(body.0.name, &visitor.0).await?;
        Ok(Reply::new(&session.into()))
    }

    /// Sign in a user of a business server
    ///
    /// For a business server with an API key, which hands the token to its own user. The same `external_id` is the
    /// same user; a name or a picture that is given is taken over. A name that a plugin refuses is left out: the user
    /// keeps the one they have, and a new one is called 用户 and a number; the answer says what they are called.
    #[oai(path = "/auth/tokens", method = "post", operation_id = "mintToken")]
    async fn tokens(
        &self,
        key: ApiKey,
        visitor: Visitor,
        body: Body<MintToken>,
    ) -> Result<Reply<Session>, Refused<MintForUser>> {
        let session = self.accounts.mint(&key.0, body.value.into(), &visitor.0).await?;
        Ok(Reply::new(&session.into()))
    }

    /// Get a new token
    ///
    /// The old token ends, the session goes on: its sockets stay open.
    #[oai(path = "/auth/refresh", method = "post", operation_id = "refreshSession")]
    async fn refresh(&self, caller: Caller) -> Result<Reply<Session>, Refused<RefreshSession>> {
        let session = self.accounts.refresh(caller.session()).await?;
        Ok(Reply::new(&session.into()))
    }

    /// Log out
    ///
    /// Ends the session that the token stands for; its sockets close with 4001.
    #[oai(path = "/auth/logout", method = "post", operation_id = "logOut")]
    async fn logout(&self, caller: Caller) -> Result<Done, Refused<LogOut>> {
        self.accounts.logout(caller.session()).await?;
        Ok(Done)
    }

    /// List my sessions
    ///
    /// The devices that I am signed in on.
    #[oai(path = "/sessions", method = "get", operation_id = "listSessions")]
    async fn sessions(&self, caller: Caller) -> Result<Reply<DeviceList>, Refused<ListSessions>> {
        let sessions = self.accounts.sessions(caller.session()).await?;
        Ok(Reply::new(&DeviceList::new(sessions)))
    }

    /// End one of my sessions
    ///
    /// Signs a device out; its sockets close with 4001.
    #[oai(path = "/sessions/:session", method = "delete", operation_id = "endSession")]
    async fn end_session(
        &self,
        caller: Caller,
        session: Path<SessionId>,
    ) -> Result<Done, Refused<EndSession>> {
        self.accounts.end_session(caller.session(), session.0).await?;
        Ok(Done)
    }
}
