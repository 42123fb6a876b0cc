//! Everything that this crate answers, under one roof.

use std::collections::HashMap;
use std::sync::Arc;

use poem::endpoint::BoxEndpoint;
use poem::http::{HeaderValue, Method, header};
use poem::{Endpoint, EndpointExt, Response, Route, get};
use poem_openapi::OpenApi;
use poem_openapi::registry::{MetaApi, Registry};
use teahouse_accounts::Accounts;
use teahouse_chat::Chat;
use teahouse_plugins::Plugins;

use crate::asset::Asset;
use crate::document::{Document, describe};
use crate::door::Door;
use crate::framing::framed;
use crate::limits::{ApiLimits, Limiters, Strangers};
use crate::operations::{
    AdministrationOperations, InvitationOperations, MemberOperations, MessageOperations, OrderOperations,
    PeopleOperations, PluginOperations, PluginReports, RoomOperations, SignInOperations,
};
use crate::signposts::Signposted;
use crate::{tutorial, wafer};

/// What the routes are made of.
pub struct ApiParts {
    /// Who someone is.
    pub accounts: Accounts,
    /// The conversation.
    pub chat: Chat,
    /// Plugins at work.
    pub plugins: Plugins,
    /// How often and how much.
    pub limits: ApiLimits,
    /// How often without a session. Whoever serves more that asks nobody who they are counts that by a clone.
    pub strangers: Strangers,
}

type Operations = (
    SignInOperations,
    PeopleOperations,
    RoomOperations,
    MemberOperations,
    InvitationOperations,
    MessageOperations,
    OrderOperations,
    PluginOperations,
    PluginReports,
    AdministrationOperations,
);

/// What the interactive page may do: run what is in it, and call this server. Nothing comes from elsewhere.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; \
                           img-src data:; connect-src 'self'; base-uri 'none'; form-action 'self'; \
                           frame-ancestors 'none'";

/// The REST surface, its document, and the endpoints of the tutorials' clients. Whatever else is asked for is answered
/// by a problem document, so that this may stand as a server's last route.
pub fn routes(parts: ApiParts) -> impl Endpoint<Output = Response> {
    let ApiParts { accounts, chat, plugins, limits, strangers } = parts;
    let service = describe(operations(accounts.clone(), chat.clone(), plugins));
    let document = Document::of(&describe(Described));
    let door = Arc::new(Door { accounts: accounts.clone(), limiters: Limiters::new(limits), strangers });
    let routes = Route::new()
        .at("/openapi.json", get(text(document.json, "application/json")))
        .at("/openapi.yaml", get(text(document.yaml, "application/yaml")))
        .at("/docs", get(page(document.page)))
        .at("/api/historyMessages", tutorial::History(chat))
        .at("/wafer/login", wafer::Login(accounts))
        .at("/wafer/user", wafer::User)
        .nest_no_strip("/v1", Signposted::new::<Operations>(service));
    framed(routes.data(door))
}

/// The OpenAPI document as it is served.
#[must_use]
pub fn openapi_json() -> String {
    Document::of(&describe(Described)).json
}

/// The operations without anybody behind them: enough for their document.
struct Described;

impl OpenApi for Described {
    fn meta() -> Vec<MetaApi> {
        Operations::meta()
    }

    fn register(registry: &mut Registry) {
        Operations::register(registry);
    }

    fn add_routes(self, _: &mut HashMap<String, HashMap<Method, BoxEndpoint<'static>>>) {}
}

fn operations(accounts: Accounts, chat: Chat, plugins: Plugins) -> Operations {
    (
        SignInOperations { accounts: accounts.clone() },
        PeopleOperations { accounts: accounts.clone(), chat: chat.clone() },
        RoomOperations { accounts: accounts.clone(), chat: chat.clone() },
        MemberOperations { chat: chat.clone() },
        InvitationOperations { chat: chat.clone() },
        MessageOperations { accounts: accounts.clone(), chat: chat.clone() },
        OrderOperations { chat },
        PluginOperations { plugins: plugins.lifecycle().clone() },
        PluginReports { plugins },
        AdministrationOperations { accounts },
    )
}

fn text(content: String, content_type: &str) -> Asset {
    // A page of another origin may read what any client may fetch.
    let anybody = HeaderValue::from_static("*");
    Asset::new(content_type, content).with_header(header::ACCESS_CONTROL_ALLOW_ORIGIN, anybody)
}

fn page(html: String) -> Asset {
    let policy = HeaderValue::from_static(PAGE_POLICY);
    Asset::new("text/html; charset=utf-8", html).with_header(header::CONTENT_SECURITY_POLICY, policy)
}
