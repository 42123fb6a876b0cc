//! `GET /ws`, and the tutorials' upgrades at `/`: from a request to a conversation.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use poem::http::{StatusCode, header};
use poem::{Endpoint, IntoResponse, Request, Response};
use teahouse_accounts::{Accounts, Device, Session as Caller, Token};
use teahouse_chat::{Chat, Dialect};
use teahouse_protocol::{CloseCode, ErrorCode, SessionId};

use super::credentials::{self, Credentials};
use super::guests::{Guests, Origin, Stay};
use super::handshake::{asks_for_socket, refuse};
use super::member;
use super::replaced::Replaced;
use super::stranger::{self, Farewell, Stranger};
use super::{Handshake, accept};
use crate::listener::{Addresses, Life, Occupied, Place, counted, problem};
use crate::pace::Pace;
use crate::session::Rules;
use crate::{Encoder, GatewayConfig, GatewayMetrics};

/// What the gateway is made of.
pub struct GatewayParts {
    /// Who someone is.
    pub accounts: Accounts,
    /// What they talk in. It must encode with an [`Encoder`] that has the same metrics.
    pub chat: Chat,
    /// What is counted.
    pub metrics: Arc<GatewayMetrics>,
    /// The settings.
    pub config: GatewayConfig,
}

/// The doors for sockets. Clones are the same.
#[derive(Clone)]
pub struct Gateway(Arc<Inner>);

pub(super) struct Inner {
    pub(super) accounts: Accounts,
    pub(super) chat: Chat,
    pub(super) encoder: Arc<Encoder>,
    pub(super) rules: Arc<Rules>,
    pub(super) replaced: Replaced,
    /// Those who are let in only to be told that they are not, by address.
    strangers: Pace<IpAddr>,
    /// Sockets that are asked for, by address.
    openings: Pace<IpAddr>,
    /// Sockets that are opened, by session.
    openings_of_session: Pace<SessionId>,
    guests: Guests<Token>,
    /// Sockets alone: HTTP connections are the listener's.
    addresses: Arc<Addresses>,
}

/// The endpoint of `GET /ws`.
pub struct Socket(Arc<Inner>);

/// The endpoint of `/`: the tutorials' sockets, and a page for everybody else.
pub struct TutorialDoor<E> {
    gateway: Arc<Inner>,
    page: E,
}

/// Which address a socket was asked for at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Door {
    Ws,
    Root,
}

impl Gateway {
    /// The doors of one server.
    #[must_use]
    pub fn new(parts: GatewayParts) -> Self {
        Self(Arc::new(Inner {
            accounts: parts.accounts,
            chat: parts.chat,
            encoder: Arc::new(Encoder::new(parts.metrics.clone())),
            strangers: Pace::per_minute(parts.config.strangers_per_minute),
            openings: Pace::per_minute(parts.config.address_openings_per_minute),
            openings_of_session: Pace::per_minute(parts.config.session_openings_per_minute),
            guests: Guests::new(parts.config.guest_return()),
            addresses: Addresses::new(parts.config.connections_per_address),
            rules: Arc::new(Rules::new(parts.config, parts.metrics)),
            replaced: Replaced::default(),
        }))
    }

    /// What answers at `/ws`. Only [`serve`](crate::serve) can hand the stream on: under another server every upgrade
    /// is a 500.
    #[must_use]
    pub fn socket(&self) -> Socket {
        Socket(self.0.clone())
    }

    /// What answers at `/`: requests for a socket as the tutorials make them; all others go to `page`.
    #[must_use]
    pub fn tutorial_door<E: Endpoint>(&self, page: E) -> TutorialDoor<E> {
        TutorialDoor { gateway: self.0.clone(), page }
    }
}

impl Endpoint for Socket {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        Ok(upgrade(&self.0, &request, Door::Ws).await)
    }
}

impl<E: Endpoint> Endpoint for TutorialDoor<E> {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        if asks_for_socket(request.headers()) {
            return Ok(upgrade(&self.gateway, &request, Door::Root).await);
        }
        self.page.call(request).await.map(IntoResponse::into_response)
    }
}

async fn upgrade(gateway: &Arc<Inner>, request: &Request, door: Door) -> Response {
    let handshake = match Handshake::read(request) {
        Ok(handshake) => handshake,
        Err(why) => return refuse(why),
    };
    let dialect = dialect(request, &handshake, door);
    let address = address(request);
    let place = match address.map(|address| gateway.addresses.enter(address)) {
        None => None,
        Some(Place::Free(place)) => place,
        Some(Place::Crowded(place)) => return tell_crowd(gateway, request, handshake, dialect, place),
        Some(Place::Full) => {
            return problem(StatusCode::TOO_MANY_REQUESTS, ErrorCode::TooManyConnections, None);
        }
    };
    match admit(gateway, request, address, dialect).await {
        Ok((caller, stay)) => {
            let gateway = gateway.clone();
            accept(request, handshake, move |upgraded| {
                held((place, stay), member::life(&gateway, caller, dialect, upgraded))
            })
        }
        Err(Stranger::Unserved { status, code }) => problem(status, code, None),
        Err(Stranger::Told(_)) if by_address(&gateway.strangers, address).is_err() => {
            problem(StatusCode::TOO_MANY_REQUESTS, ErrorCode::RateLimited, None)
        }
        Err(Stranger::Told(farewell)) => {
            let gateway = gateway.clone();
            accept(request, handshake, move |upgraded| {
                held((place, None), stranger::life(&gateway, farewell, dialect, upgraded))
            })
        }
    }
}

/// One socket too many from its address: let in, because its client can't see a refused upgrade, told, and closed.
fn tell_crowd(
    gateway: &Arc<Inner>,
    request: &Request,
    handshake: Handshake,
    dialect: Dialect,
    place: Occupied,
) -> Response {
    let farewell = Farewell::new(ErrorCode::TooManyConnections, CloseCode::TooSlow, "too many connections");
    let gateway = gateway.clone();
    accept(request, handshake, move |upgraded| {
        held((Some(place), None), stranger::life(&gateway, farewell, dialect, upgraded))
    })
}

/// A socket's life, during which it is counted, and its guest is here.
fn held(held: (Option<Occupied>, Option<Stay<Token>>), life: Life) -> Life {
    if matches!(held, (None, None)) {
        return life;
    }
    Box::pin(async move {
        life.await;
        drop(held);
    })
}

/// Which dialect is spoken at this door, by what the request shows.
fn dialect(request: &Request, handshake: &Handshake, door: Door) -> Dialect {
    match door {
        Door::Root if credentials::names_a_token(request) => Dialect::UniApp,
        Door::Root => Dialect::Wepy,
        Door::Ws if credentials::is_wafer(request) && !handshake.offers_teahouse() => Dialect::WaferRoom,
        Door::Ws => Dialect::Native,
    }
}

/// The caller, unless they or their address open sockets too often: each costs a handshake, a place among the
/// connections, and a word to whoever watches.
async fn admit(
    gateway: &Inner,
    request: &Request,
    address: Option<IpAddr>,
    dialect: Dialect,
) -> Result<(Caller, Option<Stay<Token>>), Stranger> {
    let too_often = |wait| Stranger::Told(Farewell::too_often(Some(wait), "too many new connections"));
    by_address(&gateway.openings, address).map_err(too_often)?;
    let (caller, stay) = authenticate(gateway, request, address, dialect).await?;
    gateway.openings_of_session.admit(&caller.id()).map_err(too_often)?;
    Ok((caller, stay))
}

fn by_address(pace: &Pace<IpAddr>, address: Option<IpAddr>) -> Result<(), Duration> {
    address.map_or(Ok(()), |address| pace.admit(&counted(address)))
}

/// The caller; where nothing is shown and guests are allowed, a guest.
async fn authenticate(
    gateway: &Inner,
    request: &Request,
    address: Option<IpAddr>,
    dialect: Dialect,
) -> Result<(Caller, Option<Stay<Token>>), Stranger> {
    let accounts = &gateway.accounts;
    let caller = match Credentials::read(request) {
        Credentials::Token(token) => accounts.authenticate(&token).await.map(|caller| (caller, None)),
        Credentials::Wafer { id, skey } => {
            accounts.authenticate_wafer(id.as_deref(), &skey).await.map(|caller| (caller, None))
        }
        Credentials::None => guest(gateway, request, address, dialect).await,
    };
    let (caller, stay) = caller.map_err(|error| Stranger::from(&error))?;
    Ok((caller.speaking(credentials::locale(request)), stay))
}

/// A guest; by the tutorials' doors, whose clients can keep no token, one that went from the same place, if one did.
async fn guest(
    gateway: &Inner,
    request: &Request,
    address: Option<IpAddr>,
    dialect: Dialect,
) -> Result<(Caller, Option<Stay<Token>>), teahouse_accounts::Error> {
    let agent = request.header(header::USER_AGENT);
    let origin = match (dialect, address) {
        // By this door a guest may come into other rooms, which are not for whoever comes from there next.
        (Dialect::Native, _) | (_, None) => None,
        (dialect, Some(address)) => Some(Origin::new(address, agent, dialect)),
    };
    let accounts = &gateway.accounts;
    if let Some(origin) = &origin
        && let Some(token) = gateway.guests.take(origin)
    {
        match accounts.authenticate(token.as_str()).await {
            Ok(caller) => return Ok((caller, Some(gateway.guests.stay(origin.clone(), token)))),
            Err(teahouse_accounts::Error::SessionExpired) => {}
            Err(error) => {
                // Banned, or not to be told now: the same guest is asked for again next time, and no other is made.
                drop(gateway.guests.stay(origin.clone(), token));
                return Err(error);
            }
        }
    }
    let guest = accounts.sign_in_guest(None, &Device::new(agent, address)).await?;
    let stay = origin.map(|origin| gateway.guests.stay(origin, guest.token));
    Ok((guest.session, stay))
}

fn address(request: &Request) -> Option<IpAddr> {
    request.remote_addr().as_socket_addr().map(std::net::SocketAddr::ip)
}
