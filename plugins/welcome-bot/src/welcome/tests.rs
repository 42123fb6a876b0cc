use bot_house::{PaperHouse, Said};
use teahouse_plugin_sdk::Problems;

use super::*;

fn person(id: &str) -> Person {
    Person { id: id.to_owned(), name: id.to_uppercase(), is_bot: false, is_guest: false }
}

fn place(kind: &str) -> Place {
    Place { id: "r1".to_owned(), name: "茶馆".to_owned(), kind: kind.to_owned() }
}

fn join(who: &str) -> Event {
    Event::Joined(Joined { place: place("group"), person: person(who) })
}

fn settings(json: &str) -> Result<Settings, Problems> {
    serde_json::from_str::<Settings>(json)?.checked()
}

fn bot(json: &str) -> Welcome {
    Welcome::new(settings(json).expect("good settings"))
}

fn english() -> Welcome {
    bot(r#"{"greeting": "Hello {name}, this is {room}", "rules": "", "language": "en"}"#)
}

/// Rings every timer that is due.
fn ring(bot: &Welcome, house: &PaperHouse) {
    for (name, payload) in house.due() {
        bot.handle(house, &format!("ring-{name}"), &Event::Rang(Rang { name, payload })).expect("rung");
    }
}

#[test]
fn the_first_who_comes_is_greeted_at_once() {
    let house = PaperHouse::new();
    english().handle(&house, "e1", &join("ann")).expect("greeted");
    assert_eq!(house.said("r1"), ["Hello ANN, this is 茶馆"]);
}

#[test]
fn who_comes_again_is_not_greeted_again() {
    let (house, bot) = (PaperHouse::new(), english());
    bot.handle(&house, "e1", &join("ann")).expect("greeted");
    house.advance(Duration::from_secs(3_600));
    bot.handle(&house, "e2", &join("ann")).expect("known");
    assert_eq!(house.said("r1").len(), 1);
    house.advance(Duration::from_secs(91 * 86_400));
    bot.handle(&house, "e3", &join("ann")).expect("forgotten by now");
    assert_eq!(house.said("r1").len(), 2);
}

#[test]
fn the_same_event_again_says_nothing_twice_and_nothing_less() {
    let (house, bot) = (PaperHouse::new(), english());
    house.refuse_next("send", Refusal::Unavailable("restarting".to_owned()));
    assert!(bot.handle(&house, "e1", &join("ann")).is_err());
    bot.handle(&house, "e1", &join("ann")).expect("tried again");
    house.advance(Duration::from_secs(60));
    ring(&bot, &house);
    bot.handle(&house, "e1", &join("ann")).expect("delivered again");
    house.advance(Duration::from_secs(60));
    ring(&bot, &house);
    assert_eq!(house.said("r1"), ["Hello ANN, this is 茶馆"]);
}

/// The server went down between the bot's work and its note that the event is done.
#[test]
fn who_was_greeted_in_a_crowd_is_not_greeted_again_after_a_crash() {
    let (house, bot) = (PaperHouse::new(), english());
    for who in ["ann", "bob", "cat"] {
        bot.handle(&house, &format!("e-{who}"), &join(who)).expect("greeted or waiting");
    }
    house.advance(Duration::from_secs(60));
    ring(&bot, &house);
    house.advance(Duration::from_secs(60));
    bot.handle(&house, "e-cat", &join("cat")).expect("delivered again");
    ring(&bot, &house);
    assert_eq!(house.said("r1").len(), 2);
}

/// Somebody made a hundred rooms, and took all timers: those who come here are greeted all the same, if not together.
#[test]
fn without_a_timer_who_waits_is_greeted_at_once() {
    let (house, bot) = (PaperHouse::new(), english());
    bot.handle(&house, "e-ann", &join("ann")).expect("greeted");
    for who in ["bob", "cat"] {
        house.refuse_next("set_timer", Refusal::Full);
        bot.handle(&house, &format!("e-{who}"), &join(who)).expect("greeted all the same");
    }
    let hello = |name: &str| format!("Hello {name}, this is 茶馆");
    assert_eq!(house.said("r1"), [hello("ANN"), hello("BOB"), hello("CAT")]);
}

/// A rate that is used up is waited for, and nobody is forgotten or greeted twice for it.
#[test]
fn who_comes_too_fast_is_greeted_later() {
    let (house, bot) = (PaperHouse::new(), english());
    let wait = || Refusal::RateLimited(Duration::from_secs(1));
    for call in ["swap", "set", "send"] {
        house.refuse_next(call, wait());
        if let Err(refusal) = bot.handle(&house, "e-ann", &join("ann")) {
            assert_eq!(refusal, wait(), "the event is worth another try");
        }
    }
    bot.handle(&house, "e-ann", &join("ann")).expect("greeted");
    house.advance(Duration::from_secs(60));
    ring(&bot, &house);
    assert_eq!(house.said("r1"), ["Hello ANN, this is 茶馆"]);
}

#[test]
fn a_crowd_is_greeted_together() {
    let (house, bot) = (PaperHouse::new(), english());
    for who in ["ann", "bob", "cat", "dan"] {
        bot.handle(&house, &format!("e-{who}"), &join(who)).expect("greeted or waiting");
    }
    assert_eq!(house.said("r1"), ["Hello ANN, this is 茶馆"]);
    house.advance(Duration::from_secs(60));
    ring(&bot, &house);
    assert_eq!(house.said("r1")[1..], ["Hello BOB, CAT, DAN, this is 茶馆"]);
    ring(&bot, &house);
    assert_eq!(house.said("r1").len(), 2, "the list was crossed out");
}

#[test]
fn a_great_crowd_is_counted() {
    let (house, bot) = (PaperHouse::new(), english());
    for n in 0..400 {
        bot.handle(&house, &format!("e{n}"), &join(&format!("p{n}"))).expect("greeted or waiting");
    }
    house.advance(Duration::from_secs(60));
    ring(&bot, &house);
    let said = house.said("r1");
    assert_eq!(said.len(), 2);
    assert!(said[1].starts_with("Hello P1, P2, P3, P4, P5, P6, P7, P8 and 391 more"), "{}", said[1]);
}

#[test]
fn who_comes_while_the_crowd_is_greeted_is_not_forgotten() {
    let (house, bot) = (PaperHouse::new(), english());
    bot.handle(&house, "e1", &join("ann")).expect("greeted");
    bot.handle(&house, "e2", &join("bob")).expect("waiting");
    house.advance(Duration::from_secs(60));
    ring(&bot, &house);
    bot.handle(&house, "e3", &join("cat")).expect("waiting");
    house.advance(Duration::from_secs(60));
    ring(&bot, &house);
    assert_eq!(house.said("r1").len(), 3);
}

#[track_caller]
fn is_silent(settings: &str, joined: Joined) {
    let house = PaperHouse::new();
    bot(settings).handle(&house, "e1", &Event::Joined(joined)).expect("handled");
    assert!(house.messages().is_empty());
}

#[test]
fn it_keeps_quiet_where_nobody_wants_it() {
    is_silent("{}", Joined { place: place("direct"), person: person("ann") });
    is_silent("{}", Joined { place: place("channel"), person: person("ann") });
    is_silent("{}", Joined { place: place("group"), person: Person { is_bot: true, ..person("bot") } });
    is_silent(r#"{"lobby": false}"#, Joined { place: place("lobby"), person: person("ann") });
    is_silent(
        r#"{"guests": false}"#,
        Joined { place: place("lobby"), person: Person { is_guest: true, ..person("g") } },
    );
}

#[test]
fn the_greeting_leads_to_the_rules_and_they_to_thanks() {
    let (house, bot) = (PaperHouse::new(), bot("{}"));
    bot.handle(&house, "e1", &join("ann")).expect("greeted");
    let greeting = house.last_public("r1");
    assert!(
        greeting.draft.title.as_deref().is_some_and(|title| title.contains("ANN") && title.contains("茶馆"))
    );
    assert_eq!(greeting.draft.rows[0][0].id, RULES);

    let press = |button: &str| {
        let press = Press {
            message: greeting.id.clone(),
            room: "r1".to_owned(),
            person: person("bob"),
            button: button.to_owned(),
            value: String::new(),
        };
        bot.handle(&house, &format!("press-{button}"), &Event::Pressed(press)).expect("answered");
        house.last_whisper("bob").expect("an answer")
    };
    let rules = press(RULES);
    assert!(rules.text.contains("友善待人"));
    assert_eq!(rules.rows[0][0].label, "我知道了 Got it");
    assert!(press(GOT_IT).text.contains("Thank you"));
}

#[test]
fn rules_are_told_to_who_asks_alone() {
    let (house, bot) = (PaperHouse::new(), bot("{}"));
    let said = Said {
        message: "m".to_owned(),
        room: "r1".to_owned(),
        person: person("ann"),
        text: "/rules".to_owned(),
        mentions: vec![],
        hops: 0,
    };
    let call = Call { name: "rules".to_owned(), args: String::new(), said, role: "member".to_owned() };
    bot.handle(&house, "e1", &Event::Called(call)).expect("answered");
    assert!(house.said("r1").is_empty());
    assert!(house.last_whisper("ann").is_some());
}

/// The fields that are wrong.
fn fields(json: &str) -> Vec<String> {
    let problems = settings(json).expect_err("refused");
    problems.as_slice().iter().map(|problem| problem.field.clone()).collect()
}

#[test]
fn settings_that_cannot_work_are_refused_beside_their_field() {
    assert_eq!(fields(r#"{"greeting": " "}"#), ["greeting"]);
    assert_eq!(fields(r#"{"greeting": "Hi {user}"}"#), ["greeting"]);
    assert_eq!(fields(&serde_json::json!({ "rules": "长".repeat(2_001) }).to_string()), ["rules"]);
    assert_eq!(fields(r#"{"gap_s": "soon"}"#), [""]);
    assert!(settings("{}").is_ok());
}
