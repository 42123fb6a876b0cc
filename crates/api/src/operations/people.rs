//! Profiles.

use poem_openapi::OpenApi;
use poem_openapi::param::Path;
use teahouse_accounts::Accounts;
use teahouse_chat::Chat;
use teahouse_protocol::{UserId, UserProfile};

use super::Tag;
use crate::answer::Reply;
use crate::body::OptionalBody;
use crate::door::Caller;
use crate::problem::{BODY, PARAMETERS, Refused, SIGNED_IN, refusals};
use crate::shapes::UpdateMe;

refusals! {
    GetMe: SIGNED_IN;
    UpdateProfile: SIGNED_IN, BODY, &[Rejected];
    GetUser: SIGNED_IN, PARAMETERS, &[UserNotFound];
}

pub(crate) struct PeopleOperations {
    pub(crate) accounts: Accounts,
    pub(crate) chat: Chat,
}

#[OpenApi(prefix_path = "/v1", tag = "Tag::People")]
impl PeopleOperations {
    /// Get my profile
    ///
    /// Who the token stands for.
    #[oai(path = "/me", method = "get", operation_id = "getMe")]
    async fn me(&self, caller: Caller) -> Result<Reply<UserProfile>, Refused<GetMe>> {
        Ok(Reply::new(&self.accounts.me(caller.session()).await?))
    }

    /// Change my profile
    ///
    /// What is left out stays. Messages sent before keep the name they were sent under.
    #[oai(path = "/me", method = "patch", operation_id = "updateMe")]
    async fn update_me(
        &self,
        caller: Caller,
        body: OptionalBody<UpdateMe>,
    ) -> Result<Reply<UserProfile>, Refused<UpdateProfile>> {
        Ok(Reply::new(&self.chat.update_me(caller.session(), body.0.into()).await?))
    }

    /// Get somebody's profile
    ///
    /// What everybody sees of a user.
    #[oai(path = "/users/:user", method = "get", operation_id = "getUser")]
    async fn user(&self, caller: Caller, user: Path<UserId>) -> Result<Reply<UserProfile>, Refused<GetUser>> {
        Ok(Reply::new(&self.accounts.profile(caller.session(), user.0).await?))
    }
}
