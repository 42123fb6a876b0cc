//! After the commit: a batch's outcomes become events that every node's hub hears, and answers to who waits.

use std::collections::HashMap;
use std::sync::Arc;

use teahouse_bus::{Bus, Subscription};
use teahouse_protocol::{
    Ack, AckState, ErrorEvent, MemberChange, Message, RoomId, Sender, Seq, ServerEvent, UserId, Visibility,
};
use teahouse_store::entity::room_event;
use teahouse_store::log::Detail;
use teahouse_store::writer::{
    Appended, Change, ChangeKind, Entry, Finished, NewMessage, Outcome, Release, Released,
};

use uuid::Uuid;

use crate::connection::{Core, follow};
use crate::history::unknown_person;
use crate::news::{Logged, News, Origin};
use crate::pipeline::{Changed, Noted, ReplacedNote, Sent, Ticket, ack_of, published};
use crate::{Chat, Error, hub, reason};

/// Answers that leave after the events are published, so that who is answered finds the event delivered.
type Answers = Vec<Box<dyn FnOnce() + Send>>;

/// Publishes every batch until the writer has ended, then that this node is closing.
pub(crate) async fn publish_batches(chat: Chat, mut finished: Finished<Ticket>, bus: Bus<News>) {
    while let Some(batch) = finished.recv().await {
        chat.metrics().batch(batch.len());
        let mut events = Vec::with_capacity(batch.len());
        let mut repeated = Vec::new();
        let mut answers = Answers::new();
        let mut known = Known::of(&chat, &batch).await;
        let has_consequences = batch.iter().any(|appended| appended.entry.has_consequences());
        for appended in batch {
            tally_own(&chat, &appended);
            settle(&chat, appended, &mut known, &mut events, &mut repeated, &mut answers);
        }
        if !events.is_empty() {
            bus.publish(News::Logged(Arc::new(events))).await;
        }
        if !repeated.is_empty() {
            bus.publish(News::Repeated(Arc::new(repeated))).await;
        }
        for answer in answers {
            answer();
        }
        if has_consequences {
            chat.committed();
        }
    }
    chat.write_own_tallies().await;
    bus.publish(News::Closing).await;
}

/// What somebody wrote is not unread to them. Without history nothing is.
fn tally_own(chat: &Chat, appended: &Appended<Ticket>) {
    if let (Some(message), Ok(Outcome::Written(seq))) = (appended.entry.message(), &appended.outcome)
        && chat.config().history
    {
        chat.own_tallies().note(message.room, message.sender, *seq);
    }
}

/// What the events of a batch's changes need of the database, read for all of them at once: a look for each would make
/// every message of the batch wait for it.
#[derive(Default)]
struct Known {
    /// The event of each row.
    events: HashMap<(Uuid, i64), ServerEvent>,
    /// Who wrote what is released now.
    senders: HashMap<UserId, Sender>,
}

impl Known {
    async fn of(chat: &Chat, batch: &[Appended<Ticket>]) -> Self {
        let outcomes = batch.iter().filter_map(|appended| appended.outcome.as_ref().ok());
        let rows: Vec<room_event::Model> = outcomes.flat_map(Outcome::rows).cloned().collect();
        let senders: Vec<UserId> = batch.iter().filter_map(released_sender).collect();
        let mut known = Self::default();
        if !rows.is_empty() {
            match chat.events_of_rows(rows).await {
                Ok(events) => known.events = events,
                Err(error) => {
                    tracing::warn!(%error, "events could not be published: their listeners will ask for them");
                }
            }
        }
        if !senders.is_empty() {
            match chat.accounts().profiles(&senders).await {
                Ok(senders) => known.senders = senders,
                Err(error) => tracing::warn!(%error, "who wrote what was released could not be read"),
            }
        }
        known
    }

    /// How the sender of a message signs it, also when the database is away for a moment.
    fn sender(&self, user: UserId) -> Sender {
        self.senders.get(&user).cloned().unwrap_or_else(|| unknown_person(user))
    }

    /// The event of a row just committed. Where it could not be read, the listeners see a jump and ask for what they
    /// miss.
    fn take_event(&mut self, row: &room_event::Model) -> Option<Logged> {
        let event = self.events.remove(&(row.room_id, row.seq))?;
        Some(Logged { room: RoomId::from_uuid(row.room_id), seq: Seq::new(row.seq)?, event, origin: None })
    }
}

fn released_sender(appended: &Appended<Ticket>) -> Option<UserId> {
    match &appended.entry {
        Entry::Change(Change {
            kind: ChangeKind::Release(Release { what: Released::Message(message), .. }),
            ..
        }) => Some(message.sender),
        _ => None,
    }
}

fn settle(
    chat: &Chat,
    appended: Appended<Ticket>,
    known: &mut Known,
    events: &mut Vec<Logged>,
    repeated: &mut Vec<Origin>,
    answers: &mut Answers,
) {
    let Appended { entry, ticket, outcome } = appended;
    match (entry, ticket) {
        (Entry::Message(message), Ticket::Socket(core, Noted { replaced, turn, is_flagged })) => {
            drop(turn);
            wake_moderators(chat, is_flagged, message.room, answers);
            settle_socket(message, core, replaced, outcome, events, repeated);
        }
        (Entry::Message(message), Ticket::Sender(session, tell, Noted { replaced, turn, is_flagged })) => {
            drop(turn);
            wake_moderators(chat, is_flagged, message.room, answers);
            let sent = match outcome {
                Ok(Outcome::Written(seq)) => {
                    let message = published(message, seq, session.sender());
                    events.push(logged(message.clone(), None, None));
                    Ok(Sent::New(Box::new(message), replaced))
                }
                Ok(Outcome::Repeated(first)) => Ok(Sent::Repeated(first)),
                Ok(Outcome::IdTaken) => Err(Error::ClientIdTaken),
                Ok(_) => Err(Error::RoomNotFound),
                Err(error) => Err(error.into()),
            };
            answers.push(Box::new(move || drop(tell.send(sent))));
        }
        (Entry::Change(change), Ticket::Changer(tell)) => {
            let changed = settle_change(chat, change, outcome, known, events);
            answers.push(Box::new(move || drop(tell.send(changed))));
        }
        // An entry is made with its own kind of ticket.
        (Entry::Message(_), Ticket::Changer(_)) | (Entry::Change(_), _) => {}
    }
}

/// A note is shown once its message is there, so nobody is sent to look before.
fn wake_moderators(chat: &Chat, is_flagged: bool, room: RoomId, answers: &mut Answers) {
    if is_flagged {
        let chat = chat.clone();
        answers.push(Box::new(move || chat.wake_moderators(room)));
    }
}

fn settle_socket(
    message: NewMessage,
    core: Arc<Core>,
    replaced: ReplacedNote,
    outcome: Result<Outcome, teahouse_store::Error>,
    events: &mut Vec<Logged>,
    repeated: &mut Vec<Origin>,
) {
    match outcome {
        Ok(Outcome::Written(seq)) => {
            let message = published(message, seq, core.session().sender());
            events.push(logged(message, Some(core), replaced));
        }
        Ok(Outcome::Repeated(first)) => {
            let ack = ack_of(message.client_id, first, replaced);
            repeated.push(Origin { core, ack: ServerEvent::Ack(ack) });
        }
        Ok(Outcome::IdTaken) => refuse(&core, message, &Error::ClientIdTaken),
        Ok(_) => refuse(&core, message, &Error::RoomNotFound),
        Err(error) => refuse(&core, message, &error.into()),
    }
}

fn refuse(core: &Core, message: NewMessage, error: &Error) {
    let mut event = ErrorEvent::new(error.code());
    event.id = message.client_id;
    event.retry_after_ms = error.retry_after().and_then(|span| u64::try_from(span.as_millis()).ok());
    core.mailbox().send(&ServerEvent::Error(event));
}

fn logged(message: Message, origin: Option<Arc<Core>>, replaced: ReplacedNote) -> Logged {
    let ack = |message: &Message| {
        ServerEvent::Ack(Ack {
            id: message.client_id.clone(),
            message: message.id,
            state: AckState::Sent,
            seq: Some(message.seq),
            at: message.at,
            replaced,
        })
    };
    let origin = origin.map(|core| Origin { ack: ack(&message), core });
    Logged { room: message.room, seq: message.seq, event: ServerEvent::Msg(message), origin }
}

fn settle_change(
    chat: &Chat,
    change: Change,
    outcome: Result<Outcome, teahouse_store::Error>,
    known: &mut Known,
    events: &mut Vec<Logged>,
) -> Result<Changed, Error> {
    match outcome? {
        Outcome::Logged(rows) => {
            for row in &rows {
                forget_access(chat, row);
                events.extend(known.take_event(row));
            }
            Ok(Changed::Logged(rows))
        }
        // Only a release puts a message into the log by a change.
        Outcome::Written(seq) => {
            if let ChangeKind::Release(Release { what: Released::Message(message), .. }) = change.kind {
                let sender = known.sender(message.sender);
                events.push(logged(published(*message, seq, sender), None, None));
            }
            Ok(Changed::Logged(Vec::new()))
        }
        Outcome::Repeated(_) => Ok(Changed::Logged(Vec::new())),
        Outcome::IdTaken => Err(Error::ClientIdTaken),
        Outcome::NoRoom => Err(Error::RoomNotFound),
        Outcome::TooManyKinds => Err(Error::Conflict(reason::TOO_MANY_REACTIONS)),
        Outcome::LastOwner => Err(Error::Conflict(reason::LAST_OWNER)),
        Outcome::Unchanged => Ok(Changed::Unchanged),
    }
}

/// Whoever is answered that somebody is muted or put out must find it so. Delivery forgets as well, on every node, but
/// it comes after the answer.
fn forget_access(chat: &Chat, row: &room_event::Model) {
    let Some(room) = chat.hub().find(RoomId::from_uuid(row.room_id)) else { return };
    match Detail::from_row(row) {
        Some(Detail::Member(member)) => room.forget_membership(member.user),
        Some(Detail::Room(_)) => room.facts.forget(),
        _ => {}
    }
}

/// Hears what every node publishes, and delivers it here, until the node is closing: then every connection closes after
/// what waits for it.
pub(crate) async fn deliver_news(chat: Chat, mut news: Subscription<News>) {
    while let Some(news) = news.next().await {
        match news {
            News::Logged(events) => {
                for logged in events.iter() {
                    deliver(&chat, logged).await;
                }
            }
            News::Passing { room, event, except } => chat.hub().deliver_passing(room, &event, except),
            News::Personal { user, event } => {
                for core in chat.hub().connections_of(user) {
                    core.mailbox().send(&event);
                }
            }
            News::Shadowed { room, user, event, except } => {
                for core in chat.hub().connections_of(user) {
                    if Some(core.id()) != except && core.seat(room).is_some() {
                        core.mailbox().send(&event);
                    }
                }
            }
            News::Repeated(acks) => {
                for Origin { core, ack } in acks.iter() {
                    core.mailbox().send(ack);
                }
            }
            News::Closing => {
                for core in chat.hub().all() {
                    hub::go_away(&core);
                }
                return;
            }
        }
    }
}

/// Delivers one event of a log. What it changes about access is forgotten first, so that nobody acts on the old; who
/// came in listens before, and who went out only hears that they did.
async fn deliver(chat: &Chat, logged: &Logged) {
    let hub = chat.hub();
    match &logged.event {
        ServerEvent::Member(member) => {
            let user = member.user.id;
            if let Some(room) = hub.find(logged.room) {
                room.forget_membership(user);
            }
            if member.change == MemberChange::Joined {
                for core in hub.connections_of(user).iter().filter(|core| core.listens_to_all()) {
                    follow(chat, core, logged.room, logged.seq);
                }
            }
            hub.deliver(logged);
            if matches!(member.change, MemberChange::Left | MemberChange::Kicked | MemberChange::Banned) {
                for core in hub.connections_of(user) {
                    if let Some(seat) = core.remove_seat(logged.room) {
                        hub.stop_listening(&seat.room, &core);
                    }
                }
            }
        }
        ServerEvent::Room(change) => {
            if let Some(room) = hub.find(logged.room) {
                room.facts.forget();
            }
            hub.deliver(logged);
            if change.visibility == Some(Visibility::Private) {
                show_out_passers_by(chat, logged.room).await;
            }
            if change.deleted
                && let Some(room) = hub.find(logged.room)
            {
                for core in room.remove_all_listeners() {
                    core.remove_seat(logged.room);
                }
                hub.release(logged.room);
            }
        }
        _ => hub.deliver(logged),
    }
}

/// The room is private from now on: who only looked in hears no more of it. One look for all of whom it is not known what
/// they are here: everybody's messages wait for it.
async fn show_out_passers_by(chat: &Chat, room: RoomId) {
    let Some(live) = chat.hub().find(room) else { return };
    let mut unknown = Vec::new();
    let mut out = Vec::new();
    for core in live.listening() {
        match live.membership(core.user_id()).get() {
            Some(Some(_)) => {}
            Some(None) => out.push(core),
            None => unknown.push(core),
        }
    }
    if !unknown.is_empty() {
        let mut users: Vec<UserId> = unknown.iter().map(|core| core.user_id()).collect();
        users.sort_unstable();
        users.dedup();
        // Not knowing is no reason to let somebody go on reading.
        let members = chat.access().members_among(room, &users).await.unwrap_or_default();
        out.extend(unknown.into_iter().filter(|core| !members.contains_key(&core.user_id())));
    }
    for core in out {
        core.remove_seat(room);
        chat.hub().stop_listening(&live, &core);
    }
}
