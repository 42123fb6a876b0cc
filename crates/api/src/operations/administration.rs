//! Running the server: keys for programs, and people who may not be here.

use poem_openapi::OpenApi;
use poem_openapi::param::{Path, Query};
use teahouse_accounts::{Accounts, By};
use teahouse_protocol::{ApiKeyId, UserId};

use super::Tag;
use crate::answer::{Created, Done, Reply};
use crate::body::{Body, OptionalBody};
use crate::door::Admin;
use crate::page::{Cursor, Limit};
use crate::problem::{ADMINISTERING, BODY, PARAMETERS, Refused, refusals};
use crate::shapes::{ApiKeyPage, BanUser, CreateApiKey, NewApiKey, UserRecord};

refusals! {
    ListApiKeys: ADMINISTERING, PARAMETERS;
    MakeApiKey: ADMINISTERING, BODY;
    RevokeApiKey: ADMINISTERING, PARAMETERS, &[NotFound];
    ShowUser: ADMINISTERING, PARAMETERS, &[UserNotFound];
    BanFromServer: ADMINISTERING, PARAMETERS, BODY, &[UserNotFound];
}

pub(crate) struct AdministrationOperations {
    pub(crate) accounts: Accounts,
}

#[OpenApi(prefix_path = "/v1/admin", tag = "Tag::Administration")]
impl AdministrationOperations {
    /// List API keys
    ///
    /// Revoked ones too, newest first. The keys themselves are not kept, and can't be shown again.
    #[oai(path = "/keys", method = "get", operation_id = "listApiKeys")]
    async fn keys(
        &self,
        _admin: Admin,
        /// What `next` of the page before said.
        cursor: Query<Option<Cursor>>,
        /// The most items.
        limit: Query<Limit>,
    ) -> Result<Reply<ApiKeyPage>, Refused<ListApiKeys>> {
        let before = cursor.0.map(|cursor| ApiKeyId::from_uuid(cursor.0));
        let page = self.accounts.page_api_keys(before, limit.0.get()).await?;
        Ok(Reply::new(&page.into()))
    }

    /// Make an API key
    ///
    /// For a business's server, which signs in its users with it, or for a program that administers. The answer alone
    /// shows it.
    #[oai(path = "/keys", method = "post", operation_id = "createApiKey")]
    async fn create_key(
        &self,
        admin: Admin,
        body: Body<CreateApiKey>,
    ) -> Result<Created<NewApiKey>, Refused<MakeApiKey>> {
        let CreateApiKey { name, scope } = body.value;
        let key = self.accounts.create_api_key(&by(&admin), &name, scope.into()).await?;
        Ok(Created::new(&key.into()))
    }

    /// Revoke an API key
    ///
    /// From its next use on it opens nothing, on any node. Sessions that were made with it stay. A key may revoke itself.
    #[oai(path = "/keys/:key", method = "delete", operation_id = "revokeApiKey")]
    async fn revoke_key(&self, admin: Admin, key: Path<ApiKeyId>) -> Result<Done, Refused<RevokeApiKey>> {
        self.accounts.revoke_api_key(&by(&admin), key.0).await?;
        Ok(Done)
    }

    /// Show a user
    ///
    /// Their profile, where they come from, where they are signed in, and the ban that is in force.
    #[oai(path = "/users/:user", method = "get", operation_id = "showUser")]
    async fn show(&self, _admin: Admin, user: Path<UserId>) -> Result<Reply<UserRecord>, Refused<ShowUser>> {
        Ok(Reply::new(&self.accounts.user_record(user.0).await?.into()))
    }

    /// Ban a user from the server
    ///
    /// They can't sign in, their requests are refused with `banned`, and their connections close with 1008: at once on
    /// this node, within about a second on others. A ban that is there is replaced.
    #[oai(path = "/users/:user/ban", method = "put", operation_id = "banUserFromServer")]
    async fn ban(
        &self,
        admin: Admin,
        user: Path<UserId>,
        body: OptionalBody<BanUser>,
    ) -> Result<Reply<UserRecord>, Refused<BanFromServer>> {
        let BanUser { until, reason } = body.0;
        let reason = reason.map(|reason| reason.value);
        self.accounts.ban(&by(&admin), user.0, until, reason).await?;
        Ok(Reply::new(&self.accounts.user_record(user.0).await?.into()))
    }

    /// Lift a user's ban from the server
    ///
    /// Sessions that have not expired meanwhile are good again.
    #[oai(path = "/users/:user/ban", method = "delete", operation_id = "unbanUserFromServer")]
    async fn unban(&self, admin: Admin, user: Path<UserId>) -> Result<Done, Refused<ShowUser>> {
        self.accounts.unban(&by(&admin), user.0).await?;
        Ok(Done)
    }
}

fn by(admin: &Admin) -> By {
    By::api_key(admin.key().name())
}
