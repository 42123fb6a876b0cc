use bot_house::{PaperHouse, Person};
use teahouse_plugin_sdk::Problems;

use super::*;

const SHOP: &str = "# 发货, shipping\n48 小时内发货。\nWithin 48 hours.\n> 物流 Track -> 物流\n> 转人工 Talk to a person -> @person\n# 物流, track\n把订单号发来。";

fn checked(json: &str) -> Result<(Settings, Book), Problems> {
    serde_json::from_str::<Settings>(json)?.checked()
}

fn person(id: &str) -> Person {
    Person { id: id.to_owned(), name: id.to_uppercase(), is_bot: false, is_guest: false }
}

/// A room with the bot in it.
struct Shop {
    house: PaperHouse,
    bot: Counter,
}

impl Shop {
    fn new(more: &serde_json::Value) -> Self {
        let mut settings = serde_json::json!({ "answers": SHOP });
        settings.as_object_mut().expect("an object").extend(more.as_object().cloned().expect("an object"));
        let (settings, book) = checked(&settings.to_string()).expect("good settings");
        Self { house: PaperHouse::new(), bot: Counter::new(settings, book) }
    }

    fn open() -> Self {
        Self::new(&serde_json::json!({}))
    }

    fn said(who: &str, text: &str) -> Said {
        Said {
            message: format!("m-{who}"),
            room: "r1".to_owned(),
            person: person(who),
            text: text.to_owned(),
            mentions: vec![],
            hops: 0,
        }
    }

    fn hears(&self, id: &str, who: &str, text: &str) {
        self.does(id, &Event::Said(Self::said(who, text)));
    }

    fn calls(&self, id: &str, who: &str, args: &str) {
        let call = Call {
            name: "faq".to_owned(),
            args: args.to_owned(),
            said: Self::said(who, "/faq"),
            role: "member".to_owned(),
        };
        self.does(id, &Event::Called(call));
    }

    fn press(&self, id: &str, who: &str, message: &str, button: &Button) {
        let press = Press {
            message: message.to_owned(),
            room: "r1".to_owned(),
            person: person(who),
            button: button.id.clone(),
            value: button.value.clone(),
        };
        self.does(id, &Event::Pressed(press));
    }

    fn does(&self, id: &str, event: &Event) {
        self.bot.handle(&self.house, id, event).expect("handled");
    }

    fn whisper(&self, who: &str) -> Draft {
        self.house.last_whisper(who).expect("something for one person")
    }
}

#[test]
fn a_question_is_answered_with_a_card_once_for_an_event() {
    let shop = Shop::open();
    shop.hears("e1", "ann", "什么时候发货？");
    shop.hears("e1", "ann", "什么时候发货？");
    let messages = shop.house.messages();
    assert_eq!(messages.len(), 1);
    let card = &messages[0].draft;
    assert_eq!((card.title.as_deref(), card.text.as_str()), (Some("48 小时内发货。"), "Within 48 hours."));
    assert_eq!(card.reply_to.as_deref(), Some("m-ann"));
}

#[test]
fn the_same_answer_is_not_given_again_and_again() {
    let shop = Shop::open();
    shop.hears("e1", "ann", "发货");
    shop.hears("e2", "bob", "发货");
    shop.hears("e3", "bob", "物流");
    assert_eq!(shop.house.messages().len(), 2);
    shop.house.advance(Duration::from_secs(31));
    shop.hears("e4", "bob", "发货");
    assert_eq!(shop.house.messages().len(), 3);
}

#[test]
fn what_is_no_question_is_left_alone() {
    let shop = Shop::open();
    shop.hears("e1", "ann", "今天天气不错");
    shop.does("e2", &Event::Said(Said { hops: 1, ..Shop::said("ann", "发货") }));
    let bot = Person { is_bot: true, ..person("bot") };
    shop.does("e3", &Event::Said(Said { person: bot, ..Shop::said("bot", "发货") }));
    assert!(shop.house.messages().is_empty());

    let shop = Shop::new(&serde_json::json!({ "when": "question" }));
    shop.hears("e1", "ann", "已经发货了");
    assert!(shop.house.messages().is_empty());
    shop.hears("e2", "ann", "发货了吗");
    assert_eq!(shop.house.messages().len(), 1);

    let shop = Shop::new(&serde_json::json!({ "when": "command" }));
    shop.hears("e1", "ann", "发货了吗");
    assert!(shop.house.messages().is_empty());
}

#[test]
fn a_follow_up_is_for_who_pressed() {
    let shop = Shop::open();
    shop.hears("e1", "ann", "发货");
    let card = shop.house.last_public("r1");
    shop.press("e2", "bob", &card.id, &card.draft.rows[0][0]);
    assert_eq!(shop.whisper("bob").text, "把订单号发来。");
    shop.press("e3", "bob", &card.id, &Button::new("answer-0", "", "77"));
    assert!(shop.whisper("bob").text.contains("ask again"));
}

#[test]
fn the_command_lists_topics_and_finds_answers_for_one_person() {
    let shop = Shop::open();
    shop.calls("e1", "ann", "");
    let topics = shop.whisper("ann");
    let labels: Vec<_> = topics.rows.iter().flatten().map(|button| button.label.as_str()).collect();
    assert_eq!(labels, ["发货", "物流", "转人工 Talk to a person"]);
    shop.calls("e2", "ann", "track");
    assert_eq!(shop.whisper("ann").text, "把订单号发来。");
    shop.calls("e3", "ann", "天气");
    assert!(shop.whisper("ann").text.contains("no answer to “天气”"));
    assert!(shop.house.said("r1").is_empty());
}

#[test]
fn a_person_is_called_and_the_bot_keeps_quiet_for_who_called() {
    let shop = Shop::new(&serde_json::json!({ "people": ["zoe", "nobody"] }));
    shop.house.knows("zoe", "小佐");
    shop.hears("e1", "ann", "我要转人工");
    shop.hears("e1", "ann", "我要转人工");
    let call = shop.house.last_public("r1");
    assert!(call.draft.title.as_deref().is_some_and(|title| title.contains("ANN")));
    assert!(call.draft.text.contains("@小佐"), "{}", call.draft.text);
    assert!(shop.whisper("zoe").text.contains("ANN waits"));
    assert!(shop.house.flags().iter().all(|flag| *flag == ("m-ann".to_owned(), "wants-a-person".to_owned())));

    shop.hears("e2", "ann", "发货");
    assert_eq!(shop.house.said("r1").len(), 1, "quiet for ann");
    shop.hears("e3", "bob", "发货");
    assert_eq!(shop.house.said("r1").len(), 2, "not for bob");
    shop.house.advance(Duration::from_secs(31 * 60));
    shop.hears("e4", "ann", "发货");
    assert_eq!(shop.house.said("r1").len(), 3, "back after half an hour");
}

#[test]
fn a_room_may_be_quiet_as_a_whole() {
    let shop = Shop::new(&serde_json::json!({ "quiet_for": "room" }));
    shop.hears("e1", "ann", "talk to a person");
    shop.hears("e2", "bob", "发货");
    assert_eq!(shop.house.said("r1").len(), 1);
}

#[test]
fn one_person_takes_it_and_the_card_says_who() {
    let shop = Shop::new(&serde_json::json!({ "people": ["zoe"] }));
    shop.hears("e1", "ann", "转人工");
    let card = shop.house.last_public("r1");
    let take = &card.draft.rows[0][0];
    shop.press("e2", "bob", &card.id, take);
    assert!(shop.whisper("bob").text.contains("Only those"));
    shop.press("e3", "zoe", &card.id, take);
    let title = shop.house.last_public("r1").draft.title.expect("a title");
    assert!(title.contains("ZOE is talking to ANN"), "{title}");
    shop.house.runs("r1", "mod");
    shop.press("e4", "mod", &card.id, take);
    assert!(shop.whisper("mod").text.contains("Somebody else"));
}

#[test]
fn who_waits_may_have_the_bot_back() {
    let shop = Shop::open();
    shop.hears("e1", "ann", "转人工");
    shop.calls("e2", "ann", "");
    let resume = shop.whisper("ann").rows.last().expect("rows")[0].clone();
    assert_eq!(resume.id, RESUME);
    shop.press("e3", "ann", "m", &resume);
    shop.hears("e4", "ann", "发货");
    assert_eq!(shop.house.said("r1").len(), 2);
}

#[test]
fn a_second_call_rings_nobody() {
    let shop = Shop::open();
    shop.calls("e1", "ann", "转人工");
    shop.calls("e2", "ann", "转人工");
    assert_eq!(shop.house.said("r1").len(), 1);
    assert!(shop.whisper("ann").text.contains("One moment"));
}

#[test]
fn a_call_that_could_not_be_sent_is_made_again() {
    let shop = Shop::open();
    shop.house.refuse_next("send", Refusal::RateLimited(Duration::from_secs(1)));
    let event = Event::Said(Shop::said("ann", "转人工"));
    assert!(shop.bot.handle(&shop.house, "e1", &event).is_err());
    shop.does("e1", &event);
    assert_eq!(shop.house.said("r1").len(), 1);
}

#[test]
fn settings_that_cannot_work_are_refused_beside_their_field() {
    let problems = checked(r#"{"answers": "oops", "title": "", "quiet_minutes": 0}"#).expect_err("refused");
    let problems = problems.as_slice();
    let fields: Vec<_> = problems.iter().map(|problem| problem.field.as_str()).collect();
    assert_eq!(fields, ["title", "quiet_minutes", "answers"]);
    assert!(problems[2].text.contains("line 1"));
    assert!(checked("{}").is_ok(), "the defaults are good");
}
