//! Where users stand in rooms: what is unread to them, counted without reading it.

use sea_orm::ConnectionTrait;
use teahouse_protocol::{Emoji, MessageId, RoomId, Seq, UserId};
use teahouse_store::log::LogRow;
use teahouse_store::reads;
use teahouse_store::standing::{self, OwnMessages};
use teahouse_store::writer::{ChangeKind, Entry};

use crate::world::{World, at, change, message, on_both};

async fn unread(world: &World, user: UserId, room: RoomId) -> u32 {
    standing::find(world.db.conn(), user, &[room]).await.unwrap()[&room].unread(0)
}

/// What [`unread`] must be: others' messages after what `user` has read, but for recalled ones.
async fn counted(world: &World, user: UserId, room: RoomId) -> u32 {
    let read = standing::find(world.db.conn(), user, &[room]).await.unwrap()[&room].read_seq.get();
    let is_unread = |row: &LogRow| match row {
        LogRow::Message(row) => {
            row.seq > read && row.sender_id != user.uuid() && row.recalled_at_ms.is_none()
        }
        LogRow::Event(_) => false,
    };
    world.log(room).await.iter().filter(|row| is_unread(row)).count().try_into().unwrap()
}

/// Everything said in a room, as the conversation tallies it.
struct Talk<'a> {
    world: &'a World,
    room: RoomId,
    said: Vec<(UserId, MessageId)>,
}

impl Talk<'_> {
    async fn say(&mut self, user: UserId, count: u32) {
        let entries: Vec<Entry> = (0..count).map(|_| message(self.room, user, None, "tea")).collect();
        self.said.extend(entries.iter().filter_map(Entry::message).map(|message| (user, message.id)));
        self.world.write(entries).await;
        let last = self.head().await;
        let own = OwnMessages { room: self.room, user, count, last };
        standing::tally_own(self.world.db.writer(), &[own]).await.unwrap();
    }

    async fn recall(&self, place: usize) {
        let (user, message) = self.said[place];
        self.world.write_one(change(self.room, user, ChangeKind::Recall { message })).await;
    }

    async fn react(&self, user: UserId, count: usize) {
        for (_, message) in self.said.iter().take(count) {
            let react = ChangeKind::React { message: *message, emoji: Emoji::new("🍵").unwrap() };
            self.world.write_one(change(self.room, user, react)).await;
        }
    }

    async fn head(&self) -> Seq {
        let here = standing::find(self.world.db.conn(), self.said[0].0, &[self.room]).await.unwrap();
        here[&self.room].last_seq
    }

    async fn read(&self, user: UserId, seq: i64) {
        let seq = Seq::new(seq).unwrap();
        reads::advance(self.world.db.writer(), self.room, user, seq, at()).await.unwrap();
    }

    async fn all_stand_right(&self, users: &[UserId]) {
        for (place, user) in users.iter().enumerate() {
            let (unread, counted) =
                (unread(self.world, *user, self.room).await, counted(self.world, *user, self.room).await);
            assert_eq!(unread, counted, "user {place}");
        }
    }
}

on_both! {
    async fn unread_are_others_messages_however_many(world: World) {
        let users = [world.person().await, world.person().await, world.person().await];
        let [ann, bob, cid] = users;
        let mut talk = Talk { world: &world, room: world.room(ann).await, said: Vec::new() };
        talk.say(ann, 20).await;
        talk.say(bob, 10).await;
        talk.react(cid, 15).await;
        talk.recall(3).await;
        talk.recall(25).await;
        talk.all_stand_right(&users).await;
        talk.read(bob, 12).await;
        talk.all_stand_right(&users).await;
        // Past what is counted one by one.
        talk.say(ann, 150).await;
        talk.say(bob, 150).await;
        talk.react(cid, 30).await;
        for place in [40, 41, 200, 201] {
            talk.recall(place).await;
        }
        talk.all_stand_right(&users).await;
        assert!(unread(&world, cid, talk.room).await > 300);
        // A tally begins anew once its messages are read.
        let head = talk.head().await.get();
        talk.read(ann, head).await;
        talk.all_stand_right(&users).await;
        talk.say(bob, 70).await;
        talk.say(ann, 70).await;
        talk.all_stand_right(&users).await;
        talk.read(bob, head + 10).await;
        talk.all_stand_right(&users).await;
        for user in users {
            talk.read(user, talk.head().await.get()).await;
            assert_eq!(unread(&world, user, talk.room).await, 0);
        }
    }

    /// Nobody who only writes has anything to read.
    async fn own_messages_are_never_unread(world: World) {
        let ann = world.person().await;
        let mut talk = Talk { world: &world, room: world.room(ann).await, said: Vec::new() };
        talk.say(ann, 150).await;
        assert_eq!(unread(&world, ann, talk.room).await, 0);
        talk.recall(10).await;
        assert_eq!(unread(&world, ann, talk.room).await, 0);
        // Those that wait to be tallied.
        world.write((0..30).map(|_| message(talk.room, ann, None, "tea")).collect()).await;
        let here = standing::find(world.db.conn(), ann, &[talk.room]).await.unwrap()[&talk.room];
        assert_eq!((here.unread(0), here.unread(30)), (30, 0));
    }

    /// Nodes of two versions run side by side: the older one numbers no events.
    async fn events_of_an_older_version_are_counted(world: World) {
        let users = [world.person().await, world.person().await];
        let mut talk = Talk { world: &world, room: world.room(users[0]).await, said: Vec::new() };
        talk.say(users[0], 10).await;
        talk.react(users[1], 8).await;
        let forget = "UPDATE room_events SET ordinal = NULL WHERE ordinal > 4";
        world.db.writer().execute_unprepared(forget).await.unwrap();
        talk.all_stand_right(&users).await;
        // By a writer that remembers nothing of the room.
        talk.react(users[0], 2).await;
        assert_eq!(world.count("SELECT MAX(ordinal) FROM room_events").await, 11);
        talk.say(users[0], 3).await;
        talk.all_stand_right(&users).await;
        world.db.writer().execute_unprepared("UPDATE room_events SET ordinal = NULL").await.unwrap();
        talk.all_stand_right(&users).await;
    }

    async fn many_rooms_are_asked_of_at_once(world: World) {
        let [ann, bob] = [world.person().await, world.person().await];
        let mut rooms = Vec::new();
        for count in 0..5 {
            let mut talk = Talk { world: &world, room: world.room(ann).await, said: Vec::new() };
            if count > 0 {
                talk.say(ann, count).await;
            }
            rooms.push(talk.room);
        }
        rooms.push(RoomId::generate());
        let standings = standing::find(world.db.conn(), bob, &rooms).await.unwrap();
        let unread: Vec<Option<u32>> =
            rooms.iter().map(|room| standings.get(room).map(|standing| standing.unread(0))).collect();
        assert_eq!(unread, [Some(0), Some(1), Some(2), Some(3), Some(4), None]);
        assert_eq!(standings[&rooms[0]].last, None);
        assert!(standings[&rooms[1]].last.is_some());
        assert!(standing::find(world.db.conn(), bob, &[]).await.unwrap().is_empty());
    }
}
