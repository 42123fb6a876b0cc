use bot_house::{PaperHouse, Person, Said};
use teahouse_plugin_sdk::Problems;

use super::*;

fn checked(json: &str) -> Result<Settings, Problems> {
    serde_json::from_str::<Settings>(json)?.checked()
}

fn person(id: &str) -> Person {
    Person { id: id.to_owned(), name: id.to_uppercase(), is_bot: false, is_guest: false }
}

fn call(who: &str, message: &str, args: &str) -> Event {
    let said = Said {
        message: message.to_owned(),
        room: "r1".to_owned(),
        person: person(who),
        text: format!("/poll {args}"),
        mentions: vec![],
        hops: 0,
    };
    Event::Called(Call { name: "poll".to_owned(), args: args.to_owned(), said, role: "member".to_owned() })
}

/// A room with the bot in it.
struct Table {
    house: PaperHouse,
    bot: Polls,
}

impl Table {
    fn new(settings: &str) -> Self {
        Self { house: PaperHouse::new(), bot: Polls::new(checked(settings).expect("good settings")) }
    }

    fn with_poll(args: &str) -> Self {
        let table = Self::new("{}");
        table.does("e1", &call("ann", "c1", args));
        table
    }

    fn does(&self, id: &str, event: &Event) {
        self.bot.handle(&self.house, id, event).expect("handled");
    }

    /// Somebody presses a button of a card; what only they then see is answered.
    fn press(&self, who: &str, card: &Draft, row: usize, place: usize) -> String {
        let button = &card.rows[row][place];
        let press = Press {
            message: "m".to_owned(),
            room: "r1".to_owned(),
            person: person(who),
            button: button.id.clone(),
            value: button.value.clone(),
        };
        let id = format!("press-{who}-{}-{}", button.id, self.house.messages().len());
        self.does(&id, &Event::Pressed(press));
        self.house.last_whisper(who).map(|draft| draft.text).unwrap_or_default()
    }

    fn ring(&self) {
        for (name, payload) in self.house.due() {
            self.does(&format!("ring-{name}"), &Event::Rang(Rang { name, payload }));
        }
    }

    /// The poll's card as it is now.
    fn card(&self) -> Draft {
        let messages = self.house.messages();
        let card = messages.iter().find(|m| {
            m.draft.title.as_deref().is_some_and(|t| t.starts_with("📊")) && m.draft.only_for.is_none()
        });
        card.expect("a card").draft.clone()
    }
}

#[test]
fn a_poll_is_a_card_with_a_button_for_each_option() {
    let table = Table::with_poll("去哪吃？火锅 | 寿司 | 烧烤 | 面 [10m]");
    let card = table.card();
    assert_eq!(card.title.as_deref(), Some("📊 去哪吃？"));
    assert_eq!(card.rows.iter().map(Vec::len).collect::<Vec<_>>(), [3, 1]);
    assert_eq!(card.rows[0][1].label, "寿司");
    assert!(card.text.contains("open for 10 min"), "{}", card.text);
    assert!(table.house.last_whisper("ann").is_some(), "its maker is told how to end it");
}

#[test]
fn votes_are_counted_once_a_person_and_may_change() {
    let table = Table::with_poll("Tea? yes | no [10m]");
    let card = table.card();
    assert!(table.press("bob", &card, 0, 0).contains("已投「yes」"));
    assert!(table.press("bob", &card, 0, 0).contains("already"));
    assert!(table.press("bob", &card, 0, 1).contains("已改投「no」"));
    table.house.advance(SHOW_LATER);
    table.ring();
    let text = table.card().text;
    assert!(text.contains("1. yes\n    □□□□□□□□□□ 0% · 0 票"), "{text}");
    assert!(text.contains("2. no\n    ■■■■■■■■■■ 100% · 1 票\n    BOB"), "{text}");
}

#[test]
fn an_anonymous_poll_shows_no_names_and_stores_none() {
    let table = Table::with_poll("Tea? yes | no [10m 匿名]");
    table.press("bob", &table.card(), 0, 0);
    assert!(!table.card().text.contains("BOB"));
    let stored = table.house.get("votes/c1").expect("read").expect("votes");
    assert!(!stored.windows(3).any(|bytes| bytes == b"BOB"));
}

#[test]
fn a_rush_of_votes_is_shown_a_few_times_and_then_in_full() {
    let table = Table::with_poll("Tea? yes | no [10m]");
    let card = table.card();
    for n in 0..100 {
        table.press(&format!("p{n}"), &card, 0, n % 2);
        table.house.advance(Duration::from_millis(100));
        table.ring();
    }
    table.house.advance(SHOW_LATER);
    table.ring();
    let sent = table.house.messages().into_iter().find(|message| message.edits > 0).expect("edited");
    assert!(sent.edits <= 5, "{} edits in 10 s and one after", sent.edits);
    assert!(sent.draft.text.contains("共 100 票"), "{}", sent.draft.text);
    assert!(table.house.timers().keys().all(|name| name.starts_with("close:")));
}

#[test]
fn it_closes_by_its_timer_and_says_the_result_once() {
    let table = Table::with_poll("Tea? yes | no [10m]");
    let card = table.card();
    table.press("bob", &card, 0, 0);
    table.house.advance(Duration::from_secs(600));
    table.ring();
    table.does("again", &Event::Rang(Rang { name: "close:c1".to_owned(), payload: "c1".to_owned() }));
    let said = table.house.said("r1");
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[1].contains("🏆 yes") && said[1].contains("1 of 1 votes (100%)"), "{}", said[1]);
    assert!(table.card().rows.is_empty() && table.card().text.contains("closed"));
    assert!(table.press("cat", &card, 0, 1).contains("over"));
    assert!(table.house.timers().is_empty());
}

#[test]
fn its_maker_closes_it_and_nobody_else() {
    let table = Table::with_poll("Tea? yes | no");
    table.does("e2", &call("bob", "c2", "close"));
    assert!(table.house.last_whisper("bob").is_some_and(|draft| draft.text.contains("no open poll")));
    table.does("e3", &call("ann", "c3", "close"));
    let last = table.house.said("r1").pop().expect("a result");
    assert!(last.contains("Nobody voted"), "{last}");
}

#[test]
fn a_button_that_only_the_maker_has_closes_it_too() {
    let table = Table::with_poll("Tea? yes | no");
    let own = table.house.last_whisper("ann").expect("a card of her own");
    assert!(table.press("bob", &own, 0, 0).contains("Only its maker"));
    assert_eq!(table.house.said("r1").len(), 1);
    table.house.runs("r1", "mod");
    table.press("mod", &own, 0, 0);
    assert_eq!(table.house.said("r1").len(), 2);
}

#[test]
fn a_tie_is_called_one() {
    let table = Table::with_poll("Tea? green | black | none");
    let card = table.card();
    table.press("bob", &card, 0, 0);
    table.press("cat", &card, 0, 1);
    table.does("e2", &call("ann", "c2", "结束"));
    assert!(table.house.said("r1")[1].contains("🤝 平局 A tie: green / black"));
}

#[test]
fn the_same_command_again_makes_one_poll() {
    let table = Table::new("{}");
    let event = call("ann", "c1", "Tea? yes | no");
    table.house.refuse_next("send", Refusal::Unavailable("restarting".to_owned()));
    assert!(table.bot.handle(&table.house, "e1", &event).is_err(), "tried again later");
    for _ in 0..3 {
        table.does("e1", &event);
    }
    assert_eq!(table.house.said("r1").len(), 1);
    let votes = table.card();
    assert!(table.press("bob", &votes, 0, 0).contains("counted"));
}

#[test]
fn a_card_that_may_not_be_sent_leaves_nothing_behind() {
    let table = Table::new("{}");
    table.house.refuse_next("send", Refusal::Invalid("rejected".to_owned()));
    table.does("e1", &call("ann", "c1", "Tea? yes | no"));
    assert!(table.house.last_whisper("ann").is_some_and(|draft| draft.text.contains("could not be sent")));
    assert!(table.house.timers().is_empty());
    assert!(!table.house.keys().contains(&"poll/c1".to_owned()));
}

#[test]
fn a_room_has_a_bounded_number_of_polls() {
    let table = Table::new(r#"{"open_per_room": 2}"#);
    for n in 1..=3 {
        table.does(&format!("e{n}"), &call("ann", &format!("c{n}"), "Tea? yes | no"));
    }
    assert_eq!(table.house.said("r1").len(), 2);
    assert!(table.house.last_whisper("ann").is_some_and(|draft| draft.text.contains("Too many")));
    table.does("e4", &call("ann", "c4", "close"));
    table.does("e5", &call("ann", "c5", "Tea? yes | no"));
    assert_eq!(table.house.said("r1").len(), 4, "two polls, a result, one more");
}

#[test]
fn too_many_timers_are_said_and_not_lost() {
    let table = Table::new("{}");
    table.house.refuse_next("set_timer", Refusal::Full);
    table.does("e1", &call("ann", "c1", "Tea? yes | no"));
    assert!(table.house.last_whisper("ann").is_some_and(|draft| draft.text.contains("Try again later")));
}

#[test]
fn rights_and_lengths_are_the_operators() {
    let table = Table::new(r#"{"who": "moderators"}"#);
    table.does("e1", &call("ann", "c1", "Tea? yes | no"));
    assert!(table.house.said("r1").is_empty());
    let table = Table::new(r#"{"max_days": 1}"#);
    table.does("e1", &call("ann", "c1", "Tea? yes | no [2d]"));
    assert!(table.house.last_whisper("ann").is_some_and(|draft| draft.text.contains("longer")));
}

#[test]
fn a_mistake_is_explained_to_its_writer_alone() {
    let table = Table::with_poll("Tea?");
    assert!(table.house.said("r1").is_empty());
    let told = table.house.last_whisper("ann").expect("an explanation");
    assert!(told.text.contains("2 to 10 options") && told.text.contains("Usage"), "{}", told.text);
}

#[test]
fn a_button_of_nobody_is_answered_kindly() {
    let table = Table::with_poll("Tea? yes | no");
    for value in ["", "c1", "c1 9", "c9 0", "c1 x"] {
        let press = Press {
            message: "m".to_owned(),
            room: "r1".to_owned(),
            person: person("bob"),
            button: "vote-0".to_owned(),
            value: value.to_owned(),
        };
        table.does(&format!("p-{value}"), &Event::Pressed(press));
    }
    assert!(table.card().text.contains("共 0 票"));
}

#[test]
fn settings_that_cannot_work_are_refused_beside_their_field() {
    let field = |json: &str| checked(json).expect_err("refused").as_slice()[0].field.clone();
    assert_eq!(field(r#"{"max_days": 0}"#), "max_days");
    assert_eq!(field(r#"{"default_minutes": 0}"#), "default_minutes");
    assert_eq!(field(r#"{"default_minutes": 100000}"#), "default_minutes");
    assert_eq!(field(r#"{"open_per_room": 0}"#), "open_per_room");
}
