//! People as the sandbox knows them: a number each, on whose behalf plugins are called.

use teahouse_plugin_host::{Party, wit};
use teahouse_protocol::{UserId, UserProfile};

/// All guests together: anybody is as many of them as they like.
const GUESTS: Party = Party::new(0);

/// Somebody on whose behalf a plugin is called: the part of their id that is not its time.
pub(crate) fn party(user: UserId) -> Party {
    Party::new(user.uuid().as_u64_pair().1)
}

/// For whom a failure counts.
pub(crate) fn blame(user: &UserProfile) -> Option<Party> {
    Some(if user.is_guest { GUESTS } else { party(user.id) })
}

/// As it stands in the database, which has no number without a sign.
pub(crate) const fn stored(party: Party) -> i64 {
    party.number().cast_signed()
}

/// From the database.
pub(crate) const fn from_stored(number: i64) -> Party {
    Party::new(number.cast_unsigned())
}

/// Whose doing an event is; none: nobody's, such as a timer.
pub(crate) fn of_event(event: &wit::Event) -> Option<Party> {
    let by = |membership: &wit::Membership| {
        membership.extra.iter().find(|(name, _)| name == "by").map(|(_, by)| by.clone())
    };
    let user = match event {
        wit::Event::Member(membership) => by(membership).unwrap_or_else(|| membership.user.id.clone()),
        other => person(other)?.id.clone(),
    };
    user.parse().ok().map(party)
}

/// For whom a failure to handle an event counts.
pub(crate) fn blame_of_event(event: &wit::Event, party: Option<Party>) -> Option<Party> {
    if person(event).is_some_and(|person| person.is_guest) { Some(GUESTS) } else { party }
}

/// Who stands in an event.
fn person(event: &wit::Event) -> Option<&wit::User> {
    match event {
        wit::Event::Posted(message) | wit::Event::Recalled(message) => Some(&message.sender),
        wit::Event::Held(holding) => Some(&holding.message.sender),
        wit::Event::Edited(edit) => Some(&edit.after.sender),
        wit::Event::Reacted(reaction) => Some(&reaction.user),
        wit::Event::Member(membership) => Some(&membership.user),
        wit::Event::Command(command) => Some(&command.message.sender),
        wit::Event::Pressed(press) => Some(&press.user),
        wit::Event::Timer(_) | wit::Event::Other(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(id: UserId, is_guest: bool) -> wit::User {
        let name = String::new();
        wit::User { id: id.to_string(), name, is_bot: false, is_guest, joined_at: 0.0, extra: Vec::new() }
    }

    fn membership(user: wit::User, extra: Vec<(String, String)>) -> wit::Event {
        let (id, name, kind) = (String::new(), String::new(), "group".to_owned());
        let room = wit::Room { id, name, kind, members: 1, extra: Vec::new() };
        wit::Event::Member(wit::Membership { room, user, change: "joined".to_owned(), extra })
    }

    #[test]
    fn a_party_comes_back_from_the_database() {
        for number in [0, 1, u64::MAX, 1 << 63] {
            assert_eq!(from_stored(stored(Party::new(number))), Party::new(number));
        }
    }

    #[test]
    fn who_puts_somebody_into_a_room_did_it() {
        let [ann, bob] = [UserId::generate(), UserId::generate()];
        assert_eq!(of_event(&membership(user(bob, false), Vec::new())), Some(party(bob)));
        let by = vec![("by".to_owned(), ann.to_string())];
        assert_eq!(of_event(&membership(user(bob, false), by)), Some(party(ann)));
    }

    #[test]
    fn all_guests_are_blamed_as_one() {
        let [ann, bob] = [UserId::generate(), UserId::generate()];
        let [one, other] = [ann, bob].map(|id| membership(user(id, true), Vec::new()));
        assert_ne!(of_event(&one), of_event(&other));
        assert_eq!(blame_of_event(&one, of_event(&one)), blame_of_event(&other, of_event(&other)));
        let member = membership(user(ann, false), Vec::new());
        assert_eq!(blame_of_event(&member, of_event(&member)), Some(party(ann)));
    }
}
