//! Where a client shows its session: tutorials and SDKs each know another place.

use std::fmt;

use percent_encoding::percent_decode_str;
use poem::Request;
use poem::http::header;
use teahouse_protocol::Locale;

const TOKEN: &str = "token";
const LANGUAGE: &str = "lang";
const WAFER_ID: &str = "x-wx-id";
const WAFER_SKEY: &str = "x-wx-skey";

/// What a client shows.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Credentials {
    /// Nothing.
    None,
    /// A session's token.
    Token(String),
    /// What the wafer SDKs keep: the older one both, the newer one only the second.
    Wafer { id: Option<String>, skey: String },
}

impl fmt::Debug for Credentials {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::None => "None",
            Self::Token(_) => "Token(***)",
            Self::Wafer { .. } => "Wafer(***)",
        })
    }
}

impl Credentials {
    /// The first of `Authorization: Bearer`, `?token=`, and `X-WX-Skey` as a header or in the query.
    pub(super) fn read(request: &Request) -> Self {
        if let Some(token) = bearer(request).or_else(|| query(request, TOKEN)) {
            return Self::Token(token);
        }
        match wafer(request, WAFER_SKEY) {
            Some(skey) => Self::Wafer { id: wafer(request, WAFER_ID), skey },
            None => Self::None,
        }
    }
}

/// What the client speaks: `?lang=`, for those that can't choose their headers, else what `Accept-Language` likes best.
pub(super) fn locale(request: &Request) -> Option<Locale> {
    let wish = || request.header(header::ACCEPT_LANGUAGE).and_then(Locale::preferred);
    query(request, LANGUAGE).as_deref().and_then(Locale::parse).or_else(wish)
}

/// Whether the client is one of the wafer SDKs', with a session or without.
pub(super) fn is_wafer(request: &Request) -> bool {
    wafer(request, WAFER_ID).is_some() || wafer(request, WAFER_SKEY).is_some()
}

/// Whether there is a `token` in the query, were it empty.
pub(super) fn names_a_token(request: &Request) -> bool {
    pairs(request).any(|(name, _)| name.eq_ignore_ascii_case(TOKEN))
}

fn bearer(request: &Request) -> Option<String> {
    let (scheme, token) = request.header(header::AUTHORIZATION)?.trim().split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty()).then(|| token.to_owned())
}

fn wafer(request: &Request, name: &str) -> Option<String> {
    let header = request.header(name).map(str::trim).filter(|value| !value.is_empty());
    header.map(str::to_owned).or_else(|| query(request, name))
}

/// A value of the query; empty is none. Its name is compared in any case, as the wafer server did.
///
/// A `+` is a plus and no space: the tutorial's client pastes its token into the address as it is.
fn query(request: &Request, name: &str) -> Option<String> {
    let (_, value) = pairs(request).find(|(key, _)| key.eq_ignore_ascii_case(name))?;
    let value = percent_decode_str(value).decode_utf8().ok()?;
    (!value.is_empty()).then(|| value.into_owned())
}

fn pairs(request: &Request) -> impl Iterator<Item = (&str, &str)> {
    let query = request.uri().query().unwrap_or_default();
    query.split('&').map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(uri: &str, headers: &[(&str, &str)]) -> Credentials {
        Credentials::read(&request(uri, headers))
    }

    fn request(uri: &str, headers: &[(&str, &str)]) -> Request {
        let builder = Request::builder().uri(uri.parse().unwrap());
        headers.iter().fold(builder, |builder, (name, value)| builder.header(*name, *value)).finish()
    }

    fn token(token: &str) -> Credentials {
        Credentials::Token(token.to_owned())
    }

    fn wafer(id: Option<&str>, skey: &str) -> Credentials {
        Credentials::Wafer { id: id.map(str::to_owned), skey: skey.to_owned() }
    }

    #[test]
    fn the_first_place_counts() {
        let everywhere = "/ws?token=q&X-WX-Skey=w";
        assert_eq!(read(everywhere, &[("authorization", "bearer h")]), token("h"));
        assert_eq!(read(everywhere, &[("x-wx-skey", "s")]), token("q"));
        assert_eq!(read("/ws?X-WX-Skey=w", &[("x-wx-skey", "s")]), wafer(None, "s"));
        assert_eq!(read("/ws?x-wx-skey=w&X-WX-ID=i", &[]), wafer(Some("i"), "w"));
        assert_eq!(read("/ws", &[("authorization", "Basic abc")]), Credentials::None);
        assert_eq!(read("/ws?token=", &[("authorization", "Bearer ")]), Credentials::None);
    }

    #[test]
    fn the_tutorials_token_is_read_as_it_was_pasted() {
        assert_eq!(read("/?token=a+b/c==", &[]), token("a+b/c=="));
        assert_eq!(read("/?token=a%2Bb", &[]), token("a+b"));
        assert_eq!(read("/?token=%ff", &[]), Credentials::None);
    }

    #[test]
    fn a_language_is_the_one_in_the_address_before_the_browser_s() {
        let wish = [("accept-language", "en-GB,en;q=0.9")];
        for (uri, headers, expected) in [
            ("/ws?lang=zh-CN", &wish[..], Some("zh-CN")),
            ("/ws?lang=", &wish, Some("en-GB")),
            ("/ws?lang=%3Cb%3E", &wish, Some("en-GB")),
            ("/ws", &[], None),
        ] {
            let locale = locale(&request(uri, headers));
            assert_eq!(locale.as_ref().map(Locale::as_str), expected, "{uri}");
        }
    }

    #[test]
    fn a_secret_is_not_printed() {
        assert_eq!(format!("{:?}", read("/?token=secret", &[])), "Token(***)");
    }
}
