//! Templates of subscription messages, the sends that people granted, and what was sent.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::Value;
use teahouse_wechat::{AppId, Errcode};

use crate::{config::TemplateConfig, refusal::Refusal};

/// Templates, grants and messages.
pub(crate) struct Subscriptions {
    templates: Vec<TemplateConfig>,
    grants: HashMap<(AppId, String, String), u32>,
    sent: Vec<SentMessage>,
}

/// A message that was accepted.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct SentMessage {
    pub(crate) msgid: u64,
    pub(crate) app_id: AppId,
    pub(crate) touser: String,
    pub(crate) template_id: String,
    pub(crate) page: Option<String>,
    pub(crate) miniprogram_state: String,
    pub(crate) lang: String,
    pub(crate) data: Value,
}

impl Subscriptions {
    pub(crate) fn new(templates: Vec<TemplateConfig>) -> Self {
        Self { templates, grants: HashMap::new(), sent: Vec::new() }
    }

    pub(crate) fn template(&self, id: &str) -> Option<&TemplateConfig> {
        self.templates.iter().find(|template| template.template_id == id)
    }

    /// Adds a template, or takes the place of the one with its id.
    pub(crate) fn put_template(&mut self, template: TemplateConfig) {
        self.templates.retain(|known| known.template_id != template.template_id);
        self.templates.push(template);
    }

    /// The person accepted the template once more: one more send, without time limit.
    pub(crate) fn grant(&mut self, app: &AppId, openid: &str, template: &str) {
        *self.grant_of(app, openid, template) += 1;
    }

    pub(crate) fn require_grant(&mut self, app: &AppId, openid: &str, template: &str) -> Result<(), Refusal> {
        if *self.grant_of(app, openid, template) == 0 { Err(Errcode::NotSubscribed.into()) } else { Ok(()) }
    }

    /// Notes an accepted message, which uses up one grant.
    pub(crate) fn accept(&mut self, message: SentMessage) {
        let grant = self.grant_of(&message.app_id, &message.touser, &message.template_id);
        *grant = grant.saturating_sub(1);
        self.sent.push(message);
    }

    pub(crate) fn next_msgid(&self) -> u64 {
        // Above 2^53, so that a receiver which reads it as a float shows.
        9_007_199_254_740_993 + self.sent.len() as u64
    }

    /// The accepted messages, newest first.
    pub(crate) fn sent(&self) -> Vec<SentMessage> {
        self.sent.iter().rev().cloned().collect()
    }

    fn grant_of(&mut self, app: &AppId, openid: &str, template: &str) -> &mut u32 {
        self.grants.entry((app.clone(), openid.to_owned(), template.to_owned())).or_default()
    }
}
