//! Who may do what: each act by each role in each kind of room, as one table.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use teahouse_accounts::Session;
use teahouse_chat::{Error, PutMember, RoomChange, Window};
use teahouse_protocol::{Clock, ErrorCode, MessageId, Role, RoomId, RoomKind, RoomName, Seq, Visibility};

use crate::world::{World, draft, first_page, on_both, thumb};

/// Whose word it is.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Who {
    Stranger,
    Member,
    Muted,
    Admin,
    Owner,
}

/// Where.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    PublicGroup,
    PrivateGroup,
    PublicChannel,
    PrivateChannel,
    Direct,
    Lobby,
}

/// The columns of the table.
const COLUMNS: [(Place, Who); 14] = [
    (Place::PublicGroup, Who::Stranger),
    (Place::PublicGroup, Who::Member),
    (Place::PublicGroup, Who::Muted),
    (Place::PublicGroup, Who::Admin),
    (Place::PublicGroup, Who::Owner),
    (Place::PrivateGroup, Who::Stranger),
    (Place::PublicChannel, Who::Stranger),
    (Place::PublicChannel, Who::Member),
    (Place::PrivateChannel, Who::Muted),
    (Place::PublicChannel, Who::Admin),
    (Place::PrivateChannel, Who::Owner),
    (Place::Direct, Who::Stranger),
    (Place::Direct, Who::Member),
    (Place::Lobby, Who::Member),
];

/// `+` done · `?` the room or the message is not there · `-` no member · `x` not allowed · `m` muted · `c` in conflict
/// with how things are · `b` banned · ` ` makes no sense there.
const TABLE: [(&str, &str); 26] = [
    //                        public group   private  channel          direct lobby
    //                        S M m A O      S        S M m A O        S M    M
    ("see the room", "+ + + + +      ?        + + + + +        ? +    +"),
    ("read the history", "+ + + + +      ?        + + + + +        ? +    +"),
    ("read the log", "+ + + + +      ?        + + + + +        ? +    +"),
    ("listen", "+ + + + +      ?        + + + + +        ? +    +"),
    ("see a message", "+ + + + +      ?        + + + + +        ? +    +"),
    ("list members", "- + + + +      ?        - + + + +        ? +    +"),
    ("become a member", "+ + + + +      ?        + + + + +        ? +    +"),
    ("send", "- + m + +      ?        - x m + +        ? +    +"),
    ("send by socket", "- + m + +      ?        - x m + +        ? +    +"),
    ("type", "- + m + +               - x m + +          +    +"),
    ("react", "- + m + +      ?        - x m + +        ? +    +"),
    ("edit another's", "- x x x x      ?        - x x x x        ? x    x"),
    ("recall another's", "- x x + +      ?        - x x + +        ? x    x"),
    ("move the cursor", "- + + + +      ?        - + + + +        ? +    +"),
    ("leave", "- + + + c      ?        - + + + c        ? c    c"),
    ("invite", "- + + + +      ?        - x x + +        ? x    +"),
    ("invite an admin", "- x x x +      ?        - x x x +        ? x    x"),
    ("mute a member", "- x x + +      ?        - x x + +        ? x    x"),
    ("mute an admin", "- x x x +      ?        - x x x +                 "),
    ("make an admin", "- x x x +      ?        - x x x +        ? x    x"),
    ("kick a member", "- x x + +      ?        - x x + +        ? x    x"),
    ("kick the owner", "- x x x x      ?        - x x x x                 "),
    ("ban anybody", "- x x + +      ?        - x x + +        ? x    x"),
    ("list and lift bans", "- x x + +      ?        - x x + +        ? x    x"),
    ("rename", "- x x + +      ?        - x x + +        ? x    x"),
    ("publish or end it", "- x x x +      ?        - x x x +        ? x    x"),
];

/// Acts that, where they are allowed, leave a room that other acts can't be tried in.
const CHANGES: [&str; 14] = [
    "become a member",
    "edit another's",
    "recall another's",
    "leave",
    "invite",
    "invite an admin",
    "mute a member",
    "mute an admin",
    "make an admin",
    "kick a member",
    "kick the owner",
    "ban anybody",
    "rename",
    "publish or end it",
];

/// A room with somebody of every role in it, and who acts.
struct Scene {
    caller: Session,
    room: RoomId,
    owner: Session,
    /// Another admin than the one who may be acting.
    admin: Session,
    /// A simple member, who said something.
    member: Session,
    said: MessageId,
    /// Somebody who is not in the room.
    outsider: Session,
}

struct Cast {
    stranger: Session,
    member: Session,
    muted: Session,
    admin: Session,
    owner: Session,
    other_admin: Session,
    talker: Session,
    outsider: Session,
}

impl Cast {
    async fn new(world: &World) -> Self {
        let names = ["stranger", "member", "muted", "admin", "owner", "other admin", "talker", "outsider"];
        let [stranger, member, muted, admin, owner, other_admin, talker, outsider] =
            world.people(names).await;
        Self { stranger, member, muted, admin, owner, other_admin, talker, outsider }
    }

    fn who(&self, who: Who) -> &Session {
        match who {
            Who::Stranger => &self.stranger,
            Who::Member => &self.member,
            Who::Muted => &self.muted,
            Who::Admin => &self.admin,
            Who::Owner => &self.owner,
        }
    }
}

async fn scene(world: &World, cast: &Cast, place: Place, who: Who) -> Scene {
    let room = match place {
        Place::Lobby => world.chat.lobby(),
        Place::Direct => world.chat.open_direct(&cast.member, cast.talker.user_id()).await.unwrap().0.id,
        Place::PublicGroup => open(world, cast, RoomKind::Group, Visibility::Public).await,
        Place::PrivateGroup => open(world, cast, RoomKind::Group, Visibility::Private).await,
        Place::PublicChannel => open(world, cast, RoomKind::Channel, Visibility::Public).await,
        Place::PrivateChannel => open(world, cast, RoomKind::Channel, Visibility::Private).await,
    };
    let is_channel = matches!(place, Place::PublicChannel | Place::PrivateChannel);
    let put = |role| PutMember { role: Some(role), muted_until: None };
    if is_channel {
        // A member of a channel said it while they were its admin.
        world.chat.put_member(&cast.owner, room, cast.talker.user_id(), put(Role::Admin)).await.unwrap();
    }
    let said = world.chat.send(&cast.talker, room, draft(None, "tea?")).await.unwrap().message.id;
    if is_channel {
        world.chat.put_member(&cast.owner, room, cast.talker.user_id(), put(Role::Member)).await.unwrap();
    }
    Scene {
        caller: cast.who(who).clone(),
        room,
        owner: cast.owner.clone(),
        admin: cast.other_admin.clone(),
        member: cast.talker.clone(),
        said,
        outsider: cast.outsider.clone(),
    }
}

async fn open(world: &World, cast: &Cast, kind: RoomKind, visibility: Visibility) -> RoomId {
    let members = [&cast.member, &cast.muted, &cast.admin, &cast.other_admin, &cast.talker];
    let room = world.room(&cast.owner, kind, visibility, &members).await;
    world.make_admin(&cast.owner, room, cast.admin.user_id()).await;
    world.make_admin(&cast.owner, room, cast.other_admin.user_id()).await;
    world.mute(&cast.owner, room, cast.muted.user_id(), Duration::from_secs(600)).await;
    room
}

async fn perform(world: &World, act: &str, scene: &Scene) -> Result<(), Error> {
    let Scene { caller, room, owner, admin, member, said, outsider } = scene;
    let (chat, room, said) = (&world.chat, *room, *said);
    let soon = world.clock.now() + Duration::from_secs(60);
    let mute = PutMember { role: None, muted_until: Some(Some(soon)) };
    let make_admin = PutMember { role: Some(Role::Admin), muted_until: None };
    match act {
        "see the room" => chat.room(caller, room).await.map(drop),
        "read the history" => chat.history(caller, room, Window::Newest, 9).await.map(drop),
        "read the log" => chat.events(caller, room, Seq::ZERO, 9).await.map(drop),
        "listen" => world.socket(caller).frame(json!({ "type": "join", "room": room })).await,
        "see a message" => chat.message(caller, said).await.map(drop),
        "list members" => chat.members(caller, room, first_page()).await.map(drop),
        "become a member" => chat.join(caller, room).await.map(drop),
        "send" => chat.send(caller, room, draft(None, "tea!")).await.map(drop),
        "send by socket" => {
            let frame = json!({ "type": "msg", "room": room, "content": "tea!" });
            world.socket(caller).frame(frame).await
        }
        "type" => {
            let mut socket = world.joined(caller, room).await;
            socket.frame(json!({ "type": "typing", "room": room })).await
        }
        "react" => chat.react(caller, said, thumb()).await,
        "edit another's" => chat.edit(caller, said, r#""coffee?""#).await.map(drop),
        "recall another's" => chat.recall(caller, said).await,
        "move the cursor" => chat.read(caller, room, Seq::MAX).await,
        "leave" => chat.leave(caller, room).await,
        "invite" => chat.put_member(caller, room, outsider.user_id(), PutMember::default()).await.map(drop),
        "invite an admin" => chat.put_member(caller, room, outsider.user_id(), make_admin).await.map(drop),
        "mute a member" => chat.put_member(caller, room, member.user_id(), mute).await.map(drop),
        "mute an admin" => chat.put_member(caller, room, admin.user_id(), mute).await.map(drop),
        "make an admin" => chat.put_member(caller, room, member.user_id(), make_admin).await.map(drop),
        "kick a member" => chat.remove_member(caller, room, member.user_id(), false).await,
        "kick the owner" => chat.remove_member(caller, room, owner.user_id(), false).await,
        "ban anybody" => chat.remove_member(caller, room, outsider.user_id(), true).await,
        "list and lift bans" => {
            let listed = chat.bans(caller, room, first_page()).await.map(drop);
            let lifted = chat.unban(caller, room, outsider.user_id()).await;
            assert_eq!(code(&listed), code(&lifted), "both or neither");
            listed
        }
        "rename" => {
            let change =
                RoomChange { name: Some(RoomName::new("another").unwrap()), ..RoomChange::default() };
            chat.update_room(caller, room, change).await.map(drop)
        }
        "publish or end it" => {
            let change = RoomChange { visibility: Some(Visibility::Public), ..RoomChange::default() };
            chat.update_room(caller, room, change).await.map(drop)?;
            chat.delete_room(caller, room).await
        }
        other => panic!("no such act: {other}"),
    }
}

fn code(result: &Result<(), Error>) -> Option<ErrorCode> {
    result.as_ref().err().map(Error::code)
}

fn sign(result: &Result<(), Error>) -> char {
    match code(result) {
        None => '+',
        Some(ErrorCode::RoomNotFound | ErrorCode::MessageNotFound) => '?',
        Some(ErrorCode::NotAMember) => '-',
        Some(ErrorCode::NotAllowed) => 'x',
        Some(ErrorCode::Muted) => 'm',
        Some(ErrorCode::Conflict) => 'c',
        Some(ErrorCode::Banned) => 'b',
        Some(other) => panic!("unexpected: {other}"),
    }
}

/// The signs of a row, one a column: they stand below each other.
fn cells(row: &str) -> Vec<char> {
    const PLACES: [usize; 14] = [0, 2, 4, 6, 8, 15, 24, 26, 28, 30, 32, 41, 43, 48];
    PLACES.iter().map(|place| row.chars().nth(*place).unwrap_or(' ')).collect()
}

/// Tries every act of one column, and returns what was otherwise than the table says.
async fn try_column(world: &World, cast: &Cast, column: usize) -> Vec<String> {
    let (place, who) = COLUMNS[column];
    let shared = scene(world, cast, place, who).await;
    let mut wrong = Vec::new();
    for (act, row) in TABLE {
        let expected = cells(row)[column];
        if expected == ' ' {
            continue;
        }
        let own = if expected == '+' && CHANGES.contains(&act) {
            Some(scene(world, cast, place, who).await)
        } else {
            None
        };
        let found = sign(&perform(world, act, own.as_ref().unwrap_or(&shared)).await);
        if found != expected {
            wrong.push(format!("{who:?} in {place:?}: {act}: {found} for {expected}"));
        }
    }
    wrong
}

on_both! {
    async fn each_act_by_each_role_in_each_kind_of_room(world: World) {
        let world = Arc::new(world);
        let cast = Arc::new(Cast::new(&world).await);
        let columns = (0..COLUMNS.len()).map(|column| {
            let (world, cast) = (Arc::clone(&world), Arc::clone(&cast));
            tokio::spawn(async move { try_column(&world, &cast, column).await })
        });
        let columns: Vec<_> = columns.collect();
        let mut wrong = Vec::new();
        for column in columns {
            wrong.extend(column.await.unwrap());
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}
