//! What its bot half does by what people write.

use std::time::Duration;

use teahouse_plugin_sdk::{
    Draft, Failure, Message, Outcome, directory, history, http, kv, messages, moderation, timers,
};

use crate::say;

/// Does what `message` says.
pub(crate) fn carry_out(id: &str, message: &Message) -> Outcome {
    let (order, rest) = message.text.split_once(' ').unwrap_or((&message.text, ""));
    let room = &message.room;
    let told = match order {
        "echo" => rest.to_owned(),
        "twice" => {
            messages::send_once("the-same-key", &Draft::text(room, rest))?;
            messages::send_once("the-same-key", &Draft::text(room, rest))?;
            return Ok(());
        }
        // Two who hear each other would never end.
        "ping" => format!("ping {}", rest.parse::<u32>().unwrap_or(0) + 1),
        "swing" => return swing(id, message),
        "flood" => return flood(room, rest),
        "whisper" => {
            messages::send(&Draft::text(room, rest).only_for(&message.sender.id))?;
            return Ok(());
        }
        "hesitate" => match kv::increment(&format!("tries/{id}"), 1, None)? {
            1 => return Err(Failure::new("not at once")),
            _ => "at last".to_owned(),
        },
        "poison" => panic!("as told"),
        "get" => format!(
            "{:?}",
            kv::get(rest).map(|value| value.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
        ),
        "set" => format!("{:?}", kv::set(rest, b"set", None)),
        "fill" => fill(rest.parse().unwrap_or(0)),
        "keys" => format!("{:?}", kv::keys(rest, None, 100).map(|page| page.keys)),
        "room" => format!("{:?}", directory::get_room(rest).map(|room| room.name)),
        "who" => format!("{:?}", directory::get_user(rest).map(|user| user.name)),
        "role" => format!("{:?}", directory::get_role(room, &message.sender.id)),
        "members" => format!("{:?}", directory::list_members(rest, None, 100).map(|page| page.users.len())),
        "history" => format!("{:?}", history::before(rest, None, 100).map(|messages| messages.len())),
        "remind" => remind(room, rest),
        "fired" => format!("fired {}", kv::increment(&fired(rest), 0, None)?),
        "forget" => format!("{:?}", timers::cancel(rest)),
        "mute" => {
            format!("{:?}", moderation::mute(room, &message.sender.id, Duration::from_secs(60), "told to"))
        }
        "remove" => format!("{:?}", moderation::remove(&message.id, "told to")),
        "fetch" => format!("{:?}", http::Request::get(rest).send().map(|answer| answer.status)),
        "fetch-secretly" => format!(
            "{:?}",
            http::Request::get(rest)
                .secret("token")
                .send()
                .map(|answer| { (answer.status, String::from_utf8_lossy(&answer.body).into_owned()) })
        ),
        _ => return Ok(()),
    };
    say(id, room, &told)
}

/// Where it counts how often a timer fired.
pub(crate) fn fired(timer: &str) -> String {
    format!("fired/{timer}")
}

/// Edits a message of its own again and again: each edit is an event, of which it never hears itself.
pub(crate) fn swing(id: &str, message: &Message) -> Outcome {
    let first = messages::send_once("swing", &Draft::text(&message.room, "swinging"))?;
    messages::edit(&first, &Draft::text(&message.room, format!("swing {id}")))?;
    Ok(())
}

/// Says much at once, and then how much of it went through.
fn flood(room: &str, count: &str) -> Outcome {
    let count: u32 = count.parse().unwrap_or(0);
    let mut sent = 0;
    let mut refusal = String::new();
    for number in 0..count {
        match messages::send(&Draft::text(room, format!("flood {number}"))) {
            Ok(_) => sent += 1,
            Err(error) => refusal = format!("{error:?}"),
        }
    }
    kv::set("flooded", format!("{sent} {refusal}").as_bytes(), None)?;
    Ok(())
}

fn fill(kib: usize) -> String {
    let mut outcome = String::from("nothing");
    for number in 0..kib {
        match kv::set(&format!("fill/{number}"), &[0; 1024], None) {
            Ok(()) => outcome = format!("kept {}", number + 1),
            Err(error) => return format!("{outcome}, then {error:?}"),
        }
    }
    outcome
}

/// `NAME DELAY_MS [EVERY_MS]`
fn remind(room: &str, order: &str) -> String {
    let mut words = order.split(' ');
    let name = words.next().unwrap_or_default();
    let mut span = || words.next().and_then(|ms| ms.parse().ok()).map(Duration::from_millis);
    let delay = span().unwrap_or_default();
    let set = match span() {
        Some(every) => timers::every(name, delay, every, room),
        None => timers::once(name, delay, room),
    };
    format!("{set:?}")
}
