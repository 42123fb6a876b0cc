//! Sign-in with WeChat: a login code becomes a person, and what the phone says of that person is believed only where
//! WeChat signed or encrypted it.

mod evidence;
mod merge;
mod person;
mod refusal;

use teahouse_protocol::{FieldError, UserProfile};
use teahouse_store::entity::user;
use teahouse_store::identities;
use teahouse_store::users::{self, ProfileUpdate};
use teahouse_wechat::{App, AppId, Login, LoginCode, OpenId, SessionKey};

use crate::newcomer::{Provider, new_user};
use crate::{Accounts, Device, Error, NewSession, Session};

use evidence::{ANONYMOUS, Evidence, Proven};

pub use merge::USERS_MERGED;

/// What a mini-program sends to sign in, as it sent it.
#[derive(Clone, Default)]
pub struct WechatSignIn {
    /// The mini-program; the first one configured where absent.
    pub app_id: Option<String>,
    /// What `wx.login` gave.
    pub code: String,
    /// What `wx.getUserInfo` or `wx.getUserProfile` gave, as far as there is any.
    pub data: WechatData,
}

/// What a phone has of its user's data, as it sent it.
#[derive(Clone, Default)]
pub struct WechatData {
    /// The JSON text that is signed.
    pub raw_data: Option<String>,
    /// Its signature.
    pub signature: Option<String>,
    /// The encrypted JSON text, in base64.
    pub encrypted_data: Option<String>,
    /// Its initialisation vector, in base64.
    pub iv: Option<String>,
}

/// A person whose login code WeChat has exchanged, and whose data holds.
struct Arrival<'a> {
    app: &'a App,
    login: Login,
    proven: Proven,
    /// Who they are made if nobody knows them.
    newcomer: user::Model,
}

impl Accounts {
    /// Signs a person in by a login code of one of the configured mini-programs. A new person is made on first sight;
    /// one who is known by a unionid, in whichever app, is the same user.
    ///
    /// WeChat's name and picture fill in what is missing, and never replace what the user has. A name that may not be
    /// taken is left out.
    ///
    /// # Errors
    /// [`Error::WechatAppUnknown`], [`Error::WechatCodeInvalid`], [`Error::WechatCodeUsed`],
    /// [`Error::WechatUserBlocked`], [`Error::WechatSignatureMismatch`], [`Error::WechatDataInvalid`],
    /// [`Error::WechatSessionLost`] (the data was made under another session key than the code's),
    /// [`Error::WechatUnavailable`], [`Error::WechatMisconfigured`], [`Error::InvalidField`], [`Error::Banned`],
    /// [`Error::RateLimited`].
    pub async fn sign_in_wechat(&self, request: WechatSignIn, device: &Device) -> Result<NewSession, Error> {
        self.0.sign_in_limit.check(device.address())?;
        let app = self.wechat_app(request.app_id.as_deref())?;
        // Before the exchange, which uses the code up.
        let evidence = Evidence::new(request.data)?;
        let code = LoginCode::parse(request.code).map_err(|error| FieldError::new("code", error))?;
        let login = self.0.wechat.code_to_session(app, &code).await.map_err(refusal::of_login)?;
        let proven = self.check(&evidence, app, &login.openid, &login.session_key)?;
        let newcomer = new_user(ANONYMOUS.to_owned(), None, Provider::Wechat, self.now());
        let mut person = Arrival { app, login, proven, newcomer };
        // Before the transaction, which must not wait for it.
        person.proven.name = self.name_to_take(&person).await?;
        self.welcome(&person, device).await
    }

    /// Takes the caller's name and picture over from what their phone has, under the session key of their last login.
    /// Here they replace what the user has: it is what was asked for. WeChat's anonymous name is left out.
    ///
    /// # Errors
    /// [`Error::WechatSessionLost`] when we hold no such key any more, or WeChat has given the phone another: the
    /// client calls `wx.login` and signs in again. [`Error::WechatDataInvalid`], [`Error::InvalidField`];
    /// [`Error::NameRejected`], and nothing changes.
    pub async fn update_me_from_wechat(
        &self,
        caller: &Session,
        data: WechatData,
    ) -> Result<UserProfile, Error> {
        let evidence = Evidence::new(data)?;
        let id = caller.identity_id().ok_or(Error::WechatSessionLost)?;
        let identity = identities::find(self.0.db.conn(), id).await?.ok_or(Error::WechatSessionLost)?;
        let sealed = identity.session_key_sealed.as_deref().ok_or(Error::WechatSessionLost)?;
        let key = self.0.master_key.open(id, sealed).ok_or(Error::WechatSessionLost)?;
        let app = self.wechat_app(Some(&identity.app_id)).map_err(|_| Error::WechatSessionLost)?;
        let openid = OpenId::parse(identity.subject).map_err(|_| Error::WechatSessionLost)?;
        let proven = self.check(&evidence, app, &openid, &key)?;
        let user = users::find(self.0.db.conn(), caller.user_id()).await?.ok_or(Error::UserNotFound)?;
        let name = match proven.name {
            Some(name) if name.as_str() != user.name => Some(self.ask_for_name(&user, name).await?),
            same_or_none => same_or_none,
        };
        let update = ProfileUpdate {
            name: name.map(teahouse_protocol::DisplayName::into_string),
            avatar: proven.avatar.map(|avatar| Some(avatar.as_str().to_owned())),
        };
        self.change_profile(caller.user_id(), update).await
    }

    /// The app of this id, or the first one.
    pub(crate) fn wechat_app(&self, id: Option<&str>) -> Result<&App, Error> {
        let app = match id {
            Some(id) => AppId::parse(id).ok().and_then(|id| self.0.wechat.find_app(&id)),
            None => self.0.wechat.apps().first(),
        };
        app.ok_or(Error::WechatAppUnknown)
    }

    /// What the evidence proves under `key`.
    ///
    /// # Errors
    /// [`Error::WechatSessionLost`] where it was made under another key, whether or not we ever had that: the phone signs
    /// in again, and makes it anew.
    fn check(
        &self,
        evidence: &Evidence,
        app: &App,
        openid: &OpenId,
        key: &SessionKey,
    ) -> Result<Proven, Error> {
        evidence.check(&app.id, openid, key, self.now(), self.0.watermark_max_age).map_err(|error| {
            let is_lost = evidence.is_of_another_key(&app.id, openid, key);
            if is_lost { Error::WechatSessionLost } else { error }
        })
    }
}
