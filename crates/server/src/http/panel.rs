//! The panel's place: a page that says what will be there, and that a one-time link is good.

use poem::http::StatusCode;
use poem::web::{Html, Query};
use poem::{EndpointExt as _, FromRequest as _, IntoResponse as _, Request, Response, Route, endpoint, get};
use serde::Deserialize;
use teahouse_accounts::{Accounts, Error};

/// What stands below `/admin`.
pub(super) fn routes(accounts: Accounts) -> Route {
    let setup = endpoint::make(move |request| {
        let accounts = accounts.clone();
        async move { set_up(&accounts, request).await }
    });
    Route::new()
        .at("/", get(endpoint::make_sync(|_| placeholder())))
        .at("/setup", get(setup.map_to_response()))
}

#[derive(Deserialize)]
struct Link {
    #[serde(default)]
    token: String,
}

/// `/admin/setup`. Looking at a link does not use it up.
async fn set_up(accounts: &Accounts, request: Request) -> poem::Result<Response> {
    let Query(link) = Query::<Link>::from_request_without_body(&request).await?;
    match accounts.check_setup_link(&link.token).await {
        Ok(admin) => Ok(welcome(&admin.login).into_response()),
        Err(Error::SetupLinkInvalid) => Ok(bad_link().with_status(StatusCode::NOT_FOUND).into_response()),
        Err(error) => Err(poem::Error::new(error, StatusCode::SERVICE_UNAVAILABLE)),
    }
}

fn placeholder() -> Html<String> {
    page(
        "管理后台 · Admin panel",
        "<p lang=\"zh\">管理后台还没有建成。以后可以在这里管理房间、成员、举报和插件。</p>\
         <p lang=\"en\">The panel is not built yet. Rooms, members, reports and plugins will be managed here.</p>\
         <p lang=\"en\">Until then: <code>teahouse --help</code>, and the <a href=\"/docs\">REST interface</a>.</p>",
    )
}

fn welcome(login: &str) -> Html<String> {
    let login = escaped(login);
    page(
        "设置管理员 · Administrator set-up",
        &format!(
            "<p lang=\"zh\">链接有效，管理员为 <strong>{login}</strong>。设置密码的页面将随管理后台一起提供，链接在使用前不会失效。</p>\
             <p lang=\"en\">This link is good, for the administrator <strong>{login}</strong>. The page to set a password \
             comes with the panel; looking at the link has not used it up.</p>"
        ),
    )
}

fn bad_link() -> Html<String> {
    page(
        "链接无效 · This link is no good",
        "<p lang=\"zh\">链接错误、已过期或已被使用。请在服务器上运行 <code>teahouse admin link</code> 生成新的链接。</p>\
         <p lang=\"en\">It is wrong, too old, or was used. <code>teahouse admin link</code> on the server makes a new one.</p>",
    )
}

fn page(title: &str, body: &str) -> Html<String> {
    Html(format!(
        "<!doctype html><html lang=\"zh\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>{title}</title></head>\
         <body><main><h1>{title}</h1>{body}</main></body></html>\n"
    ))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_can_not_become_markup() {
        assert!(welcome("<b>&\"").0.contains("&lt;b&gt;&amp;&quot;"));
    }
}
