//! What a bot can do after the commit: loops with itself and others, floods, timers, other people's rooms, the network.

use std::time::Duration;

use teahouse_plugin_sdk::http::Request;
use teahouse_plugin_sdk::{
    Button, Draft, Error, Message, Outcome, Reaction, directory, history, kv, log, messages, moderation,
    timers,
};

use crate::{force, outcome, tell};

/// Attacks because of `message`.
pub(crate) fn attack(attack: &str, argument: &str, id: &str, message: &Message) -> Outcome {
    match attack {
        // The answer is asked for like the question: by itself, or by another of its kind.
        "echo" => tell(attack, &outcome(messages::send(&Draft::text(&message.room, &message.text)))),
        "edit" => {
            let sent = messages::send(&Draft::text(&message.room, "edit 0"))?;
            tell(attack, &outcome(messages::edit(&sent, &Draft::text(&message.room, "edit 1"))));
        }
        "react" => tell(attack, &outcome(messages::react(&message.id, "👍"))),
        "twice" => {
            let draft = Draft::text(&message.room, "once");
            let (first, second) = (messages::send_once(id, &draft)?, messages::send_once(id, &draft)?);
            tell(attack, if first == second { "one message" } else { "two messages" });
        }
        "flood" => flood(message),
        "markup" => markup(message),
        "timers" => set_timers(),
        "kv-keys" => set_keys(argument),
        "http" => tell(attack, &fetch(argument, None)),
        "until-denied" => until_denied(),
        "http-header" => tell(attack, &fetch("https://allowed.example/", Some(argument))),
        "room" => tell(attack, &outcome(directory::get_room(argument))),
        "history" => tell(attack, &outcome(history::before(argument, None, u32::MAX))),
        "message" => tell(attack, &outcome(history::get(argument))),
        "send-to" => tell(attack, &outcome(messages::send(&Draft::text(argument, "intruder")))),
        "recall" => tell(attack, &outcome(messages::recall(argument))),
        "remove" => tell(attack, &outcome(moderation::remove(argument, "mine"))),
        "release" => tell(attack, &outcome(moderation::release(argument))),
        "mute" => {
            let muted = moderation::mute(&message.room, &message.sender.id, Duration::from_secs(60), "mine");
            tell(attack, &outcome(muted));
        }
        attack => force::run(attack),
    }
    Ok(())
}

/// Answers whatever it is asked with a greeting, so that two of its kind never stop by themselves.
pub(crate) fn answer_to(message: &Message) -> Draft {
    Draft::reply(message, "and to you")
}

/// Messages that are no attack: only `hello` is answered, by the word that asks for the next answer.
pub(crate) fn answer(message: &Message) -> Outcome {
    if matches!(message.text.as_str(), "hello" | "and to you") {
        tell("answer", &outcome(messages::send(&answer_to(message))));
    }
    Ok(())
}

/// Each edit of its own message is a reason for the next.
pub(crate) fn edit_again(message: &Message) -> Outcome {
    if message.text.starts_with("edit ") {
        let draft = Draft::text(&message.room, format!("edit {}", message.hops + 1));
        tell("edit", &outcome(messages::edit(&message.id, &draft)));
    }
    Ok(())
}

/// Each reaction is a reason for another one.
pub(crate) fn react_again(reaction: &Reaction) -> Outcome {
    let next = if reaction.emoji == "👍" { "👎" } else { "👍" };
    tell("react", &outcome(messages::react(&reaction.message, next)));
    Ok(())
}

/// As many messages as it is let.
fn flood(message: &Message) {
    for n in 0..1_000_u32 {
        if let Err(error) = messages::send(&Draft::text(&message.room, format!("flood {n}"))) {
            tell("flood", &format!("{n} sent, then {error}"));
            return;
        }
    }
    tell("flood", "1000 sent");
}

/// Markup wherever a text is shown.
fn markup(message: &Message) {
    const EVIL: &str = "<script>alert(1)</script>";
    let draft = Draft::card(&message.room, EVIL, EVIL).row([Button::new("b", EVIL).value(EVIL)]);
    tell("markup", &outcome(messages::send(&draft)));
}

/// Timers that are due at once, and more than anybody needs.
fn set_timers() {
    let never = Duration::ZERO;
    tell("timer every 0", &outcome(timers::every("zero", never, never, "")));
    for n in 0..1_000_u32 {
        if let Err(error) = timers::once(&format!("t{n}"), Duration::from_secs(3600), "") {
            tell("timers", &format!("{n} set, then {error}"));
            return;
        }
    }
    tell("timers", "1000 set");
}

/// Uses its store until somebody takes it away.
fn until_denied() {
    log::info("until-denied: begins", &[]);
    loop {
        if let Err(denied @ Error::Denied(_)) = kv::get("anything") {
            return tell("until-denied", &denied.to_string());
        }
        // So that its time is over before its host calls are.
        for n in 0..2_000_000_u32 {
            std::hint::black_box(n);
        }
    }
}

/// Keys without number.
fn set_keys(prefix: &str) {
    for n in 0..1_000_000_u32 {
        match kv::set(&format!("{prefix}{n}"), b"x", None) {
            Ok(()) => {}
            Err(Error::RateLimited(_)) => return tell("kv-keys", &format!("{n} set, then too often")),
            Err(error) => return tell("kv-keys", &format!("{n} set, then {error}")),
        }
    }
    tell("kv-keys", "all set");
}

/// What a request to `url` meets. `header`: one that is not a plugin's to set.
fn fetch(url: &str, header: Option<&str>) -> String {
    let request = Request::get(url);
    let request = match header {
        Some(name) => request.header(name, "forged"),
        None => request,
    };
    match request.send() {
        Ok(response) => {
            log::info("body", &[("bytes", &response.body.len().to_string())]);
            format!("status {}", response.status)
        }
        Err(error) => error.to_string(),
    }
}
