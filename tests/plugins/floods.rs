//! What one guest can do to the filters and bots of everybody: nothing. They edit from hundreds of sockets at once, send cards
//! that are as large as may be, and make room after room, with the plugins that come with the server at work.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::{Value, json};
use teahouse_tests::{Keeper, PATIENCE, Settings, Socket, TestServer, server_test};

use super::crowd::{Crowd, bearable, p99};
use super::house::runs;

const WORDS: &str = "cn.teahouse.sensitive-words";
const WELCOME: &str = "cn.teahouse.welcome-bot";
/// What the word filter masks.
const RUDE: &str = "asshole";
/// Sockets of one guest.
const SOCKETS: usize = 150;
/// How long the crowd is listened to.
const WINDOW: Duration = Duration::from_millis(500);
/// A flood is made anew so often, to be without effect once: the machine has other things to do, too.
const ATTEMPTS: usize = 8;

fn bundled(settings: Settings) -> Settings {
    settings.set("plugins.bundled", true)
}

fn bundled_and_limited(settings: Settings) -> Settings {
    bundled(settings).limited_as_by_default().alone()
}

/// A guest edits one message from hundreds of sockets at once, again and again, while fifty people talk. Their words come
/// as quickly as in quiet, and the filter goes on: nothing passes it, and it is left alone by nobody.
#[server_test(bundled_and_limited)]
async fn a_guest_with_many_sockets_outruns_no_filter(server: TestServer) {
    let keeper = with(&server, WORDS).await;
    let mut crowd = Crowd::gather(&server).await;
    let guest = server.guest("guest").await;
    guest.join(crowd.room()).await;
    let message = guest.say(crowd.room(), "to be edited").await["id"].clone();
    let mut sockets: Vec<Socket> =
        join_all((0..SOCKETS).map(|_| guest.try_connect())).await.into_iter().flatten().collect();
    crowd.alone(WINDOW).await;
    let mut quiet = crowd.alone(WINDOW).await;
    let mut slow = Vec::new();
    for attempt in 0.. {
        let from = crowd.now();
        join_all(sockets.iter_mut().enumerate().map(|(number, socket)| {
            let content = format!("{RUDE} {attempt} {number}");
            let frame = json!({ "type": "edit", "message": message, "id": format!("e{attempt}"), "content": content });
            // Who has more connections than one may is closed: that is none of this test's matter.
            async move { socket.try_text(&frame.to_string()).await.is_ok() }
        }))
        .await;
        crowd.alone(WINDOW).await;
        let flooded = p99(&crowd.latencies(from..crowd.now()).await);
        if flooded <= bearable(&quiet) {
            break;
        }
        slow.push((flooded, p99(&quiet)));
        assert!(slow.len() < ATTEMPTS, "while flooded, and in quiet: {slow:?}");
        quiet.extend(crowd.alone(WINDOW).await);
    }
    works(&keeper, WORDS).await;
    masks(&server, crowd.room()).await;
    let owner = crowd.owner().clone();
    let room = crowd.room().to_owned();
    crowd.part().await;
    let history = owner.history(&room).await;
    assert!(history.iter().all(|message| !is_rude(message)), "something passed unmasked");
}

/// Cards whose every text is full of bad words: what comes of each is masked or refused, and none of them counts.
#[server_test(bundled)]
async fn a_card_as_large_as_may_be_outgrows_no_filter(server: TestServer) {
    let keeper = with(&server, WORDS).await;
    // On a machine that has no time for it, it fails on so much text; then nothing passes either.
    keeper.put(&format!("/plugins/{WORDS}/policy"), json!({ "filter_on_error": "hold" })).await.expect(200);
    let room = server.person("owner").await.public_room("cards").await;
    let guest = server.guest("guest").await;
    guest.join(&room).await;
    let full = |chars: usize| format!("{RUDE} ").repeat(chars / (RUDE.len() + 1));
    let button =
        |number: usize| json!({ "id": number.to_string(), "label": full(1_600), "value": full(900) });
    for number in 0..8 {
        let card = json!({
            "title": full(3_900), "text": full(3_900 - number),
            "buttons": (0..10).map(button).collect::<Vec<_>>(),
        });
        let sent = guest
            .post(&format!("/v1/rooms/{room}/messages"), json!({ "kind": "card", "content": card }))
            .await;
        assert!(sent.status >= 400 || !is_rude(&sent.json()), "{sent}");
    }
    let history = guest.history(&room).await;
    assert!(history.iter().all(|message| !is_rude(message)), "a card passed unmasked");
    works(&keeper, WORDS).await;
    masks(&server, &room).await;
}

/// A guest comes into a hundred rooms as fast as they can. Somebody else is greeted in theirs all the same.
#[server_test(bundled)]
async fn a_guest_in_a_hundred_rooms_keeps_the_bot_from_nobody(server: TestServer) {
    let keeper = with(&server, WELCOME).await;
    let (host, guest) = (server.person("host").await, server.guest("guest").await);
    for number in 0..100 {
        let made = json!({ "name": format!("room {number}"), "kind": "group", "visibility": "public" });
        let made = host.post("/v1/rooms", made).await;
        // As many as one may have are enough.
        if made.status != 201 {
            break;
        }
        guest.join(made.json()["id"].as_str().expect("an id")).await;
    }
    let (ann, bob) = (server.person("ann").await, server.person("bob").await);
    let room = ann.public_room("tea").await;
    let mut ears = ann.connect().await;
    ears.join(&room).await;
    bob.join(&room).await;
    let greeted = |event: &Value| event["sender"]["is_bot"] == true && event.to_string().contains("bob");
    ears.find("bob's greeting", greeted).await;
    works(&keeper, WELCOME).await;
}

/// The plugin at work.
async fn with(server: &TestServer, plugin: &str) -> Keeper {
    runs(server, 0, plugin, "").await;
    server.keeper().await
}

/// It runs, in no quarantine.
async fn works(keeper: &Keeper, plugin: &str) {
    let health = keeper.get(&format!("/plugins/{plugin}/health")).await.expect(200);
    assert_eq!(health["condition"], "running", "{health}");
}

/// What is rude comes masked or not at all, once the flood is over.
async fn masks(server: &TestServer, room: &str) {
    let polite = server.person("polite").await;
    polite.join(room).await;
    let began = Instant::now();
    loop {
        let sent = polite
            .post(&format!("/v1/rooms/{room}/messages"), json!({ "content": format!("What an {RUDE}!") }))
            .await;
        if sent.status != 503 {
            assert!(!is_rude(&sent.json()), "{sent}");
            return;
        }
        assert!(began.elapsed() < PATIENCE, "the flood does not end");
    }
}

/// Whether people see it. A button's `value` is for the bot alone, and stays as it is.
fn is_rude(message: &Value) -> bool {
    let mut content = message["content"].clone();
    for button in content.get_mut("buttons").and_then(Value::as_array_mut).into_iter().flatten() {
        button["value"].take();
    }
    content.to_string().contains(RUDE)
}
