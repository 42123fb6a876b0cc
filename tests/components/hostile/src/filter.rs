//! What a filter can do before a message is stored: force, replies that lie, and calls that are not for filters.

use std::time::Duration;

use teahouse_plugin_sdk::http::Request;
use teahouse_plugin_sdk::{
    Draft, Failure, Message, Outcome, Replacement, Review, Verdict, directory, history, kv, log, messages,
    moderation, timers,
};

use crate::{force, outcome, tell};

/// Somebody who never spoke here.
const NOBODY: &str = "018f0000-0000-7000-8000-00000000dead";

/// Attacks with `message` in hand.
pub(crate) fn attack(attack: &str, argument: &str, message: &Message) -> Outcome<Verdict> {
    match attack {
        "error" => return Err(Failure::new("<b>no</b>\nERROR forged")),
        "huge-reply" => return Ok(Verdict::reject("spam", "x".repeat(8 << 20))),
        "large-reply" => return Ok(Verdict::reject("spam", "x".repeat(700 << 10))),
        "markup" => {
            return Ok(Verdict::reject("spam", "<script>alert(1)</script><img src=x onerror=alert(1)>"));
        }
        "bad-code" => return Ok(Verdict::reject("No Such\nCode", "no")),
        "hold" => return Ok(Verdict::flag(Review::new("hold", "<i>held</i>").held())),
        "shadow" => return Ok(Verdict::shadow(Review::new("shadow", "shadowed"))),
        "severity" => return Ok(Verdict::flag(Review::new("severe", "very").severity(255))),
        "replace" => return Ok(Verdict::replace(argument, "replaced")),
        "smuggle" => return Ok(smuggle(argument)),
        "log-inject" => inject(),
        "denied" => ask_for_everything(message),
        "denied-flood" => ask_again_and_again(message),
        "kv-escape" => climb(),
        "kv-big" => tell(attack, &outcome(kv::set("big", &vec![0; 256 << 10], None))),
        "kv-fill" => fill(argument),
        "room" => tell(attack, &outcome(directory::get_room(argument))),
        "members" => tell(attack, &outcome(directory::list_members(argument, None, u32::MAX))),
        attack => force::run(attack),
    }
    Ok(Verdict::Allow)
}

/// A replacement that is more than text: another's mention, a link that is none, a kind that its sender did not choose.
fn smuggle(content: &str) -> Verdict {
    let link = "{\"url\":\"javascript:alert(1)\",\"title\":\"free tea\"}";
    let content = if content.is_empty() { link } else { content };
    Verdict::from(Replacement::new(format!("@everyone @{NOBODY}")).content(content))
}

fn inject() {
    log::info("first\n2026-01-01T00:00:00Z ERROR server: forged", &[("a\nb", "c\u{1b}[2Jd")]);
    log::warn("\u{202e}desrever\u{2066}\u{200b}", &[]);
}

/// Every function that a filter must not have.
fn ask_for_everything(message: &Message) {
    let draft = Draft::text(&message.room, "from a filter");
    tell("messages.send", &outcome(messages::send(&draft)));
    tell("messages.typing", &outcome(messages::typing(&message.room)));
    tell("history.before", &outcome(history::before(&message.room, None, 10)));
    tell("moderation.remove", &outcome(moderation::remove(&message.id, "mine")));
    tell("timers.once", &outcome(timers::once("t", Duration::from_secs(60), "")));
    tell("http.send", &outcome(Request::get("https://allowed.example/").send()));
}

/// As often as a call may ask at all, less the line that says so.
fn ask_again_and_again(message: &Message) {
    let denied = (0..198).filter(|_| messages::typing(&message.room).is_err()).count();
    tell("denied-flood", &format!("{denied} denied"));
}

/// Keys that look like ways out of one's own store.
fn climb() {
    for key in ["../other", "/etc/passwd", "org.example.other/secret", "a\0b", "%", "_", ""] {
        tell(
            &format!("get {key:?}"),
            &match kv::get(key) {
                Ok(found) => format!("{} bytes", found.map_or(0, |value| value.len())),
                Err(error) => error.to_string(),
            },
        );
    }
}

/// `count` values of 24 KiB, until the quota says no.
fn fill(count: &str) {
    let count: u32 = count.parse().unwrap_or(10);
    for n in 0..count {
        if let Err(error) = kv::set(&format!("fill/{n}"), &[7; 24 << 10], None) {
            return tell("kv-fill", &error.to_string());
        }
    }
    tell("kv-fill", "done");
}
