//! Who comes in at `/ws`, and what everybody else is told.

use serde_json::json;
use teahouse_gateway::GatewayConfig;
use tokio_tungstenite::tungstenite::Error;

use crate::house::{Guests, House};

#[tokio::test]
async fn a_session_may_be_shown_in_every_place() {
    let house = House::open(Guests::Refused).await;
    let ann = house.person("小安").await;
    let token = ann.token.as_str();
    let bearer = format!("Bearer {token}");
    let session = ann.session.id().to_string();
    let wafer = [("x-wx-skey", token), ("x-wx-id", &session), ("sec-websocket-protocol", "teahouse.v1")];
    let query = format!("/ws?token={token}");
    let places: [(&str, &[(&'static str, &str)]); 3] =
        [("/ws", &[("authorization", &bearer)]), (&query, &[]), ("/ws", &wafer)];
    for (path, headers) in places {
        let hello = house.connect(path, headers).await.json().await;
        assert_eq!(hello["type"], "hello", "{hello}");
        assert_eq!(hello["user"]["id"], ann.user.id.to_string());
        assert_eq!(hello["session"], session);
    }
}

#[tokio::test]
async fn people_talk_and_the_speaker_gets_an_ack_in_place_of_the_message() {
    let house = House::open(Guests::Welcome).await;
    let (mut ann, mut bob) = (house.native("小安").await, house.native("小博").await);
    ann.send(&json!({"type": "msg", "id": "1", "content": "两杯茶"})).await;
    let ack = ann.json().await;
    assert_eq!((&ack["type"], &ack["id"]), (&"ack".into(), &"1".into()));
    let heard = bob.json().await;
    assert_eq!(heard["content"], "两杯茶");
    assert_eq!((&heard["seq"], &heard["sender"]["name"]), (&ack["seq"], &"小安".into()));
    bob.send(&json!({"type": "msg", "content": "好"})).await;
    assert_eq!(ann.json().await["content"], "好");
}

#[tokio::test]
async fn a_forged_token_is_told_and_closed_even_where_guests_are_welcome() {
    let house = House::open(Guests::Welcome).await;
    for path in ["/ws?token=forged", "/?token=forged", "/ws?token=undefined"] {
        let mut client = house.connect(path, &[]).await;
        let told = client.json().await;
        assert_eq!((&told["type"], &told["code"]), (&"error".into(), &"session_expired".into()), "{path}");
        if path.starts_with("/?") {
            assert_eq!(client.json().await["system"], true, "a person sees it too");
        }
        assert_eq!(client.closed().await, 4001);
    }
}

#[tokio::test]
async fn who_shows_nothing_is_a_guest_or_has_to_sign_in() {
    let house = House::open(Guests::Welcome).await;
    let hello = house.connect("/ws", &[]).await.json().await;
    assert_eq!(hello["user"]["is_guest"], true);
    let house = House::open(Guests::Refused).await;
    let mut client = house.connect("/ws", &[]).await;
    assert_eq!(client.json().await["code"], "session_required");
    assert_eq!(client.closed().await, 4001);
}

#[tokio::test]
async fn one_stranger_too_many_is_refused_by_http() {
    let config = GatewayConfig { strangers_per_minute: 2, ..GatewayConfig::default() };
    let house = House::with(Guests::Refused, config).await;
    for _ in 0..2 {
        house.connect("/ws?token=forged", &[]).await;
    }
    let Err(refused) = house.try_connect("/ws?token=forged", &[]).await else { panic!("let in") };
    let Error::Http(response) = *refused else { panic!("{refused}") };
    assert_eq!(response.status(), 429);
    let ann = house.person("小安").await;
    let hello = house.connect(&format!("/ws?token={}", ann.token.as_str()), &[]).await.json().await;
    assert_eq!(hello["type"], "hello", "who has a session is no stranger");
}

#[tokio::test]
async fn a_session_that_ends_closes_its_sockets() {
    let house = House::open(Guests::Refused).await;
    let ann = house.person("小安").await;
    let mut client = house.connect(&format!("/ws?token={}", ann.token.as_str()), &[]).await;
    client.json().await;
    let session = house.accounts.authenticate(ann.token.as_str()).await.unwrap();
    house.accounts.logout(&session).await.unwrap();
    assert_eq!(client.json().await["code"], "session_expired");
    assert_eq!(client.closed().await, 4001);
}

#[tokio::test]
async fn an_offered_protocol_is_answered() {
    let house = House::open(Guests::Welcome).await;
    for (offered, chosen) in [("protocol1", "protocol1"), ("a, teahouse.v1", "teahouse.v1")] {
        let (_, response) = house.try_connect("/ws", &[("sec-websocket-protocol", offered)]).await.unwrap();
        assert_eq!(response.headers()["sec-websocket-protocol"], chosen);
    }
}

#[tokio::test]
async fn ordinary_requests_are_answered_as_such() {
    let house = House::open(Guests::Welcome).await;
    let page = reqwest::get(house.url("/")).await.unwrap();
    assert_eq!(page.text().await.unwrap(), "the page");
    let answer = reqwest::get(house.url("/ws")).await.unwrap();
    assert_eq!(answer.status(), 426);
    assert_eq!(answer.headers()["content-type"], "application/problem+json");
    let answer = reqwest::Client::new().post(house.url("/ws")).send().await.unwrap();
    assert_eq!(answer.status(), 405);
}

/// Whoever connects and disconnects in a loop is told when to come again; others at the same address are not held back.
#[tokio::test]
async fn a_session_opens_so_many_sockets_a_minute() {
    let config = GatewayConfig { session_openings_per_minute: 3, ..GatewayConfig::default() };
    let house = House::with(Guests::Refused, config).await;
    let (ann, bob) = (house.person("小安").await, house.person("小博").await);
    let url = format!("/ws?token={}", ann.token.as_str());
    for _ in 0..3 {
        assert_eq!(house.connect(&url, &[]).await.json().await["type"], "hello");
    }
    let mut refused = house.connect(&url, &[]).await;
    let told = refused.json().await;
    assert_eq!((&told["type"], &told["code"]), (&"error".into(), &"rate_limited".into()));
    assert!(told["retry_after_ms"].as_u64().is_some_and(|wait| (1..=20_000).contains(&wait)), "{told}");
    assert_eq!(refused.closed().await, 4029);
    let others = format!("/ws?token={}", bob.token.as_str());
    assert_eq!(house.connect(&others, &[]).await.json().await["type"], "hello");
}

#[tokio::test]
async fn an_address_opens_so_many_sockets_a_minute() {
    let config = GatewayConfig { address_openings_per_minute: 2, ..GatewayConfig::default() };
    let house = House::with(Guests::Refused, config).await;
    let mut told = Vec::new();
    for name in ["一", "二", "三"] {
        let person = house.person(name).await;
        let mut client = house.connect(&format!("/ws?token={}", person.token.as_str()), &[]).await;
        told.push(client.json().await);
    }
    assert_eq!((&told[1]["type"], &told[2]["code"]), (&"hello".into(), &"rate_limited".into()));
}

/// The limit of one connection is no way around: a user's frames are counted over all of theirs.
#[tokio::test]
async fn frames_are_counted_by_user() {
    let config = GatewayConfig { user_frames_per_second: 1, user_frame_burst: 6, ..GatewayConfig::default() };
    let house = House::with(Guests::Refused, config).await;
    let ann = house.person("小安").await;
    let url = format!("/ws?token={}", ann.token.as_str());
    let mut sockets = Vec::new();
    for _ in 0..3 {
        let mut socket = house.connect(&url, &[]).await;
        socket.json().await;
        sockets.push(socket);
    }
    let mut refused = 0;
    for _ in 0..5 {
        for socket in &mut sockets {
            socket.send(&json!({"type": "ping", "id": "p"})).await;
            let answer = socket.json().await;
            if answer["type"] == "error" {
                assert_eq!(answer["code"], "rate_limited", "{answer}");
                refused += 1;
            }
        }
    }
    assert!(refused >= 5, "{refused} of 15 are refused");
    let mut bob = house.native("小博").await;
    bob.send(&json!({"type": "ping", "id": "p"})).await;
    assert_eq!(bob.json().await["type"], "pong");
}
