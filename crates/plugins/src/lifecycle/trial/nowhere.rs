//! The house as a plugin on trial finds it: nothing is there yet, as nothing is granted to it.

use async_trait::async_trait;
use teahouse_plugin_host::wit::{
    Draft, Error, HttpRequest, HttpResponse, KeyPage, MemberPage, Message, Review, Room, Seq, User,
};
use teahouse_plugin_host::{CallContext, Services};

/// The host refuses whatever is not granted before it asks; this answers in case it ever does ask.
pub(super) struct Nowhere;

fn nothing<T>() -> Result<T, Error> {
    Err(Error::Unavailable("the plugin is only being tried".to_owned()))
}

#[async_trait]
impl Services for Nowhere {
    fn now_ms(&self) -> u64 {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        u64::try_from(now.as_millis()).unwrap_or(u64::MAX)
    }

    async fn kv_get(&self, _: &CallContext, _: String) -> Result<Option<Vec<u8>>, Error> {
        nothing()
    }

    async fn kv_set(&self, _: &CallContext, _: String, _: Vec<u8>, _: Option<u32>) -> Result<(), Error> {
        nothing()
    }

    async fn kv_delete(&self, _: &CallContext, _: String) -> Result<bool, Error> {
        nothing()
    }

    async fn kv_swap(
        &self,
        _: &CallContext,
        _: String,
        _: Option<Vec<u8>>,
        _: Vec<u8>,
        _: Option<u32>,
    ) -> Result<(), Error> {
        nothing()
    }

    async fn kv_increment(&self, _: &CallContext, _: String, _: i32, _: Option<u32>) -> Result<i32, Error> {
        nothing()
    }

    async fn kv_keys(&self, _: &CallContext, _: String, _: Option<String>, _: u32) -> Result<KeyPage, Error> {
        nothing()
    }

    async fn directory_get_room(&self, _: &CallContext, _: String) -> Result<Room, Error> {
        nothing()
    }

    async fn directory_get_user(&self, _: &CallContext, _: String) -> Result<User, Error> {
        nothing()
    }

    async fn directory_get_role(&self, _: &CallContext, _: String, _: String) -> Result<String, Error> {
        nothing()
    }

    async fn directory_list_members(
        &self,
        _: &CallContext,
        _: String,
        _: Option<String>,
        _: u32,
    ) -> Result<MemberPage, Error> {
        nothing()
    }

    async fn messages_send(&self, _: &CallContext, _: Draft, _: Option<String>) -> Result<String, Error> {
        nothing()
    }

    async fn messages_edit(&self, _: &CallContext, _: String, _: Draft) -> Result<(), Error> {
        nothing()
    }

    async fn messages_recall(&self, _: &CallContext, _: String) -> Result<(), Error> {
        nothing()
    }

    async fn messages_react(&self, _: &CallContext, _: String, _: String) -> Result<(), Error> {
        nothing()
    }

    async fn messages_typing(&self, _: &CallContext, _: String) -> Result<(), Error> {
        nothing()
    }

    async fn history_get(&self, _: &CallContext, _: String) -> Result<Message, Error> {
        nothing()
    }

    async fn history_before(
        &self,
        _: &CallContext,
        _: String,
        _: Option<Seq>,
        _: u32,
    ) -> Result<Vec<Message>, Error> {
        nothing()
    }

    async fn moderation_flag(&self, _: &CallContext, _: String, _: Review) -> Result<(), Error> {
        nothing()
    }

    async fn moderation_remove(&self, _: &CallContext, _: String, _: String) -> Result<(), Error> {
        nothing()
    }

    async fn moderation_release(&self, _: &CallContext, _: String) -> Result<(), Error> {
        nothing()
    }

    async fn moderation_mute(
        &self,
        _: &CallContext,
        _: String,
        _: String,
        _: u32,
        _: String,
    ) -> Result<(), Error> {
        nothing()
    }

    async fn timers_set(
        &self,
        _: &CallContext,
        _: String,
        _: u32,
        _: Option<u32>,
        _: String,
    ) -> Result<(), Error> {
        nothing()
    }

    async fn timers_cancel(&self, _: &CallContext, _: String) -> Result<bool, Error> {
        nothing()
    }

    async fn http_send(&self, _: &CallContext, _: HttpRequest) -> Result<HttpResponse, Error> {
        nothing()
    }
}
