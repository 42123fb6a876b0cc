//! What a bot is told, made of what a case says of it.

use anyhow::{Context as _, Result};
use serde_json::Value;
use teahouse_plugin_host::wit::{
    Command, Edit, Event, Holding, Membership, Message, OtherEvent, Press, Reaction, Review, Timer,
};
use teahouse_plugin_package::Manifest;

use super::Runner;
use crate::cases::input::{
    CommandInput, EditInput, EventInput, HeldInput, MemberInput, MessageInput, PressInput, ReactionInput,
    room, user,
};
use crate::house::{ROOM, instant};

/// An event, and how many plugins in a row answered each other before it.
type Made = (Event, u8);

impl Runner<'_> {
    /// The event; else what the server says to whoever would cause it.
    pub(super) async fn made(&mut self, input: EventInput) -> Result<Result<Made, String>> {
        let made = match input {
            EventInput::Posted(input) => about(self.posted(input).await, Event::Posted),
            EventInput::Recalled(input) => about(self.posted(input).await, Event::Recalled),
            EventInput::Edited(input) => self.edited(input).await,
            EventInput::Reacted(input) => (Event::Reacted(self.reaction(input).await), 0),
            EventInput::Member(input) => (Event::Member(self.membership(input).await), 0),
            EventInput::Command(input) => match self.command(input).await? {
                Ok(command) => (Event::Command(command), 0),
                Err(refused) => return Ok(Err(refused)),
            },
            EventInput::Pressed(input) => (Event::Pressed(self.press(input).await), 0),
            EventInput::Timer { name, payload, due, missed } => {
                let due = instant(due.unwrap_or_else(|| self.house.now()));
                (Event::Timer(Timer { name, payload, due, missed }), 0)
            }
            EventInput::Held(input) => self.held(input).await,
            EventInput::Other { name, data } => {
                (Event::Other(OtherEvent { name, data: data.to_string() }), 0)
            }
        };
        Ok(Ok(made))
    }

    /// A message that stands in its room.
    async fn posted(&mut self, input: MessageInput) -> Message {
        self.posted += 1;
        let message = self.message(input, Some(self.posted)).await;
        self.house.meet(&message, true).await;
        message
    }

    async fn edited(&mut self, input: EditInput) -> Made {
        let before = self.posted(input.before).await;
        let after = MessageInput { id: Some(before.id.clone()), ..input.after };
        let after = self.message(after, Some(self.posted)).await;
        let hops = after.hops;
        (Event::Edited(Edit { before, after }), hops)
    }

    async fn reaction(&self, input: ReactionInput) -> Reaction {
        let (room, user) = (input.room.unwrap_or_else(|| ROOM.to_owned()), user(input.user));
        self.house.meet_user(&user, None, "member").await;
        let message = input.message.or_else(|| self.last_sent()).unwrap_or_default();
        Reaction { message, room, user, emoji: input.emoji, added: input.added, extra: Vec::new() }
    }

    async fn membership(&self, input: MemberInput) -> Membership {
        let (room, user) = (room(input.room), user(input.user));
        self.house.meet_user(&user, Some(&room), "member").await;
        Membership { room, user, change: input.change, extra: input.extra }
    }

    async fn press(&self, input: PressInput) -> Press {
        let (card, value) = self.pressed(&input.button);
        let room = input.room.or_else(|| card.as_ref()?["room"].as_str().map(str::to_owned));
        let user = user(input.user);
        self.house.meet_user(&user, None, "member").await;
        let message = match input.message.or_else(|| id_of_card(card.as_ref()?)) {
            Some(message) => message,
            // A card from before the case, when none of its own is meant.
            None => self.house.next_id().await,
        };
        Press {
            message,
            room: room.unwrap_or_else(|| ROOM.to_owned()),
            user,
            button: input.button,
            value: input.value.or(value).unwrap_or_default(),
            locale: input.locale,
            extra: Vec::new(),
        }
    }

    async fn held(&self, input: HeldInput) -> Made {
        let HeldInput { message, code, note, severity } = input;
        let message = self.message(message, None).await;
        self.house.meet(&message, false).await;
        let review = Review { code, note, severity, hold: true };
        about(message, |message| Event::Held(Holding { message, review }))
    }

    /// A command as the server hands it over: its name is known and its arguments fit.
    async fn command(&mut self, input: CommandInput) -> Result<Result<Command, String>> {
        let manifest: &Manifest = &self.project.manifest;
        let known = manifest.commands.iter().find(|command| command.name == input.name);
        let known = known.with_context(|| format!("plugin.toml has no command {:?}", input.name))?;
        let args = input.args.trim().to_owned();
        let options = match known.read(&args) {
            Ok(options) => options,
            Err(refused) => return Ok(Err(refused.en)),
        };
        let text =
            if args.is_empty() { format!("/{}", input.name) } else { format!("/{} {args}", input.name) };
        let message = MessageInput {
            text,
            sender: input.sender.or(input.message.sender),
            role: input.role.or(input.message.role),
            ..input.message
        };
        let message = self.posted(message).await;
        let options = Value::from(options).to_string();
        Ok(Ok(Command { name: input.name, args, options, message, locale: input.locale, extra: Vec::new() }))
    }

    /// The newest card with such a button, and the button's value.
    fn pressed(&self, button: &str) -> (Option<Value>, Option<String>) {
        let on = |card: &Value| -> Option<String> {
            let rows = card["buttons"].as_array()?;
            let found =
                rows.iter().filter_map(Value::as_array).flatten().find(|found| found["id"] == button)?;
            Some(found["value"].as_str().unwrap_or_default().to_owned())
        };
        let card = self.sent.iter().rev().find_map(|card| Some((card.clone(), on(card)?)));
        card.map_or((None, None), |(card, value)| (Some(card), Some(value)))
    }

    fn last_sent(&self) -> Option<String> {
        self.sent.last().and_then(id_of_card)
    }
}

fn about(message: Message, event: impl FnOnce(Message) -> Event) -> Made {
    let hops = message.hops;
    (event(message), hops)
}

/// The id of a message that was sent, or of the one that an edit changed.
fn id_of_card(card: &Value) -> Option<String> {
    card["id"].as_str().or_else(|| card["message"].as_str()).map(str::to_owned)
}
