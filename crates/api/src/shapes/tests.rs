//! serde writes and reads; poem-openapi describes. These keep the two in step: what serde writes, the described type
//! reads, and would write alike.

use poem_openapi::types::{ParseFromJSON, ToJSON};
use proptest::prelude::*;
use serde::Serialize;
use teahouse_protocol::{
    AudioContent, Button, ButtonStyle, CardContent, ClientId, Content, Edited, FileContent, ImageContent,
    LinkContent, LocationContent, MemberChange, MemberEvent, Message, MessageId, Reaction, ReactionSummary,
    Recalled, Role, RoomEvent, RoomId, Sender, Seq, ServerEvent, Timestamp, UserId, UserProfile,
    VideoContent, Visibility,
};
use uuid::Uuid;

use super::messages::LoggedEvent;

fn in_step<T: Serialize + ParseFromJSON + ToJSON>(value: &T) -> Result<(), TestCaseError> {
    let written = serde_json::to_value(value).unwrap();
    prop_assert_eq!(ToJSON::to_json(value), Some(written.clone()));
    let read = T::parse_from_json(Some(written.clone()));
    prop_assert!(read.is_ok(), "{}: {:?}", written, read.err().map(|error| error.into_message()));
    prop_assert_eq!(serde_json::to_value(read.ok()).unwrap(), written);
    Ok(())
}

fn uuid() -> impl Strategy<Value = Uuid> {
    any::<u128>().prop_map(Uuid::from_u128)
}

fn user() -> impl Strategy<Value = UserId> {
    uuid().prop_map(UserId::from_uuid)
}

fn time() -> impl Strategy<Value = Timestamp> {
    (0_i64..253_402_300_799_000).prop_map(Timestamp::from_millis)
}

fn seq() -> impl Strategy<Value = Seq> {
    (0..=Seq::MAX.get()).prop_map(|value| Seq::new(value).unwrap())
}

fn maybe_text() -> impl Strategy<Value = Option<String>> {
    proptest::option::of(".{0,20}")
}

fn maybe_number() -> impl Strategy<Value = Option<u32>> {
    any::<Option<u32>>()
}

fn maybe_media() -> impl Strategy<Value = Option<Uuid>> {
    proptest::option::of(uuid())
}

fn content() -> impl Strategy<Value = Content> {
    let image = (maybe_text(), maybe_media(), maybe_number(), maybe_number(), maybe_text()).prop_map(
        |(url, media, width, height, alt)| Content::Image(ImageContent { url, media, width, height, alt }),
    );
    let audio = (maybe_text(), maybe_media(), maybe_number())
        .prop_map(|(url, media, duration_ms)| Content::Audio(AudioContent { url, media, duration_ms }));
    let video = (maybe_text(), maybe_media(), maybe_number(), maybe_text()).prop_map(
        |(url, media, duration_ms, cover_url)| {
            Content::Video(VideoContent { url, media, duration_ms, cover_url })
        },
    );
    let file = (maybe_text(), maybe_media(), ".{1,20}", proptest::option::of(0..1_u64 << 53)).prop_map(
        |(url, media, name, size_bytes)| Content::File(FileContent { url, media, name, size_bytes }),
    );
    let link = (".{1,20}", maybe_text(), maybe_text(), maybe_text()).prop_map(
        |(url, title, description, image_url)| {
            Content::Link(LinkContent { url, title, description, image_url })
        },
    );
    let place = (-90.0..=90.0_f64, -180.0..=180.0_f64, maybe_text(), maybe_text()).prop_map(
        |(latitude, longitude, name, address)| {
            Content::Location(LocationContent { latitude, longitude, name, address })
        },
    );
    let style = proptest::option::of(prop_oneof![
        Just(ButtonStyle::Primary),
        Just(ButtonStyle::Default),
        Just(ButtonStyle::Danger)
    ]);
    let button = (".{1,9}", ".{1,9}", style, maybe_text(), any::<Option<u8>>())
        .prop_map(|(id, label, style, value, row)| Button { id, label, style, value, row });
    let buttons = proptest::option::of(proptest::collection::vec(button, 0..3));
    let card =
        (".{1,20}", maybe_text(), maybe_text(), buttons).prop_map(|(title, text, image_url, buttons)| {
            Content::Card(CardContent { title, text, image_url, buttons })
        });
    prop_oneof![".{0,40}".prop_map(Content::Text), image, audio, video, file, link, place, card]
}

fn sender() -> impl Strategy<Value = Sender> {
    (user(), ".{1,32}", maybe_text(), any::<bool>()).prop_map(|(id, name, avatar, is_bot)| Sender {
        is_guest: !is_bot,
        id,
        name,
        avatar,
        is_bot,
    })
}

fn message() -> impl Strategy<Value = Message> {
    let ids = (uuid(), proptest::option::of("[a-z0-9-]{1,64}"), uuid(), seq(), maybe_media());
    let people = || proptest::collection::vec(user(), 0..3);
    let reactions = proptest::collection::vec((".{1,4}", any::<u32>(), any::<bool>()), 0..3);
    let times = (time(), proptest::option::of(time()), proptest::option::of(time()));
    (ids, sender(), proptest::option::of(content()), people(), reactions, times).prop_map(
        |((id, client_id, room, seq, reply_to), sender, content, mentions, reactions, times)| Message {
            id: MessageId::from_uuid(id),
            client_id: client_id.map(|id| ClientId::new(&id).unwrap()),
            room: RoomId::from_uuid(room),
            seq,
            sender,
            kind: content.as_ref().map(Content::kind).unwrap_or_default(),
            text: content.as_ref().map(Content::plain_text),
            content,
            reply_to: reply_to.map(MessageId::from_uuid),
            mentions,
            reactions: reactions
                .into_iter()
                .map(|(emoji, count, mine)| ReactionSummary { emoji, count, mine })
                .collect(),
            at: times.0,
            edited_at: times.1,
            recalled_at: times.2,
            cut: seq.get() % 2 == 0,
            replaced: None,
        },
    )
}

fn role() -> impl Strategy<Value = Option<Role>> {
    prop_oneof![Just(None), Just(Some(Role::Member)), Just(Some(Role::Admin)), Just(Some(Role::Owner))]
}

fn member_change() -> impl Strategy<Value = MemberChange> {
    use MemberChange as C;
    prop_oneof![
        Just(C::Joined),
        Just(C::Left),
        Just(C::Kicked),
        Just(C::Banned),
        Just(C::Unbanned),
        Just(C::Muted),
        Just(C::Unmuted),
        Just(C::Role),
    ]
}

fn event() -> impl Strategy<Value = ServerEvent> {
    let place =
        || (uuid().prop_map(RoomId::from_uuid), seq(), uuid().prop_map(MessageId::from_uuid), user(), time());
    let edited =
        (place(), proptest::option::of(content()), maybe_text(), proptest::collection::vec(user(), 0..3))
            .prop_map(|((room, seq, message, by, at), content, text, mentions)| {
                ServerEvent::Edited(Edited { room, seq, message, by, content, text, mentions, at })
            });
    let recalled = place().prop_map(|(room, seq, message, by, at)| {
        ServerEvent::Recalled(Recalled { room, seq, message, by, at })
    });
    let reaction = (place(), ".{1,4}", any::<bool>(), proptest::option::of(any::<u32>())).prop_map(
        |((room, seq, message, user, at), emoji, removed, count)| {
            ServerEvent::Reaction(Reaction { room, seq, message, user, emoji, removed, count, at })
        },
    );
    let member = (place(), sender(), member_change(), role(), proptest::option::of(time())).prop_map(
        |((room, seq, _, by, at), user, change, role, muted_until)| {
            ServerEvent::Member(MemberEvent { room, seq, user, change, by, role, muted_until, at })
        },
    );
    let visibility = prop_oneof![Just(None), Just(Some(Visibility::Public)), Just(Some(Visibility::Private))];
    let reactions = (
        proptest::option::of(proptest::collection::vec(".{1,4}", 0..3)),
        proptest::option::of(any::<bool>()),
    );
    let room = (place(), maybe_text(), maybe_text(), visibility, reactions, any::<bool>()).prop_map(
        |((room, seq, _, by, at), name, announcement, visibility, reactions, deleted)| {
            let (allowed_reactions, readers_may_react) = reactions;
            ServerEvent::Room(RoomEvent {
                room,
                seq,
                by,
                name,
                announcement,
                visibility,
                allowed_reactions,
                readers_may_react,
                deleted,
                at,
            })
        },
    );
    prop_oneof![message().prop_map(ServerEvent::Msg), edited, recalled, reaction, member, room]
}

proptest! {
    #[test]
    fn ids_and_numbers(user in user(), seq in seq(), at in time()) {
        in_step(&user)?;
        in_step(&seq)?;
        in_step(&at)?;
    }

    #[test]
    fn profiles(id in user(), name in ".{1,32}", avatar in maybe_text(), is_bot: bool, joined_at in time()) {
        in_step(&UserProfile { id, name, avatar, is_bot, is_guest: !is_bot, is_deactivated: is_bot, joined_at })?;
    }

    #[test]
    fn messages(message in message()) {
        in_step(&message)?;
    }

    /// The frame that the socket sends is what the union describes.
    #[test]
    fn events(event in event()) {
        in_step(&LoggedEvent(event))?;
    }
}

/// A content is read by its kind, and described as any of the kinds: the schema can't be told apart where two kinds
/// have the same fields, so that only what is written is compared.
#[test]
fn a_content_is_described_as_it_is_written() {
    proptest!(|(content in content())| {
        let written = serde_json::to_value(&content).unwrap();
        prop_assert_eq!(ToJSON::to_json(&content), Some(written.clone()));
        let read = Content::parse_from_json(Some(written)).ok();
        prop_assert_eq!(read.and_then(|read| ToJSON::to_json(&read)), Some(serde_json::to_value(&content).unwrap()));
    });
}
