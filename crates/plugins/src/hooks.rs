//! Where the conversation asks plugins, and tells them.

use std::sync::Arc;

use teahouse_chat::{
    CommandInfo, CommandOption, CommandRefusal, Committed, Decision, Heard, Hooks, JoinPassage, Later,
    NamePassage, Passage, Press, Proposed, ProposedJoin, ProposedName, Watched,
};
use teahouse_plugin_host::wit::Review;
use teahouse_plugin_package::{Command, CommandRole, EventKind};
use teahouse_protocol::{Kind, Role, RoomId, RoomKind, Timestamp, UserId};

use crate::chain::Chain;
use crate::convert;
use crate::plugins::Inner;

impl Hooks for Inner {
    fn watches(&self, room: RoomId, kind: Kind, what: Watched) -> bool {
        self.registry.current().watch.looks_at(room, kind, what)
    }

    fn check<'a>(&'a self, message: &'a Proposed) -> Later<'a, Passage> {
        Box::pin(self.judge(None, message))
    }

    fn check_edit<'a>(&'a self, before: &'a Proposed, after: &'a Proposed) -> Later<'a, Passage> {
        Box::pin(self.judge(Some(before), after))
    }

    fn check_name<'a>(&'a self, name: &'a ProposedName) -> Later<'a, NamePassage> {
        Box::pin(async move {
            let snapshot = self.registry.snapshot();
            self.chain(&snapshot).check_name(name, self.grounds.clock.now()).await
        })
    }

    fn check_join<'a>(&'a self, join: &'a ProposedJoin) -> Later<'a, JoinPassage> {
        Box::pin(async move {
            let snapshot = self.registry.snapshot();
            self.chain(&snapshot).check_join(join, self.grounds.clock.now()).await
        })
    }

    fn command(&self, room: RoomId, role: Role, text: &str) -> Result<(), CommandRefusal> {
        let Some((name, rest)) = Command::split(text) else { return Ok(()) };
        let snapshot = self.registry.current();
        let Some((_, command)) = snapshot.find_command(room, &name) else { return Ok(()) };
        if role < least(command.role) {
            return Err(CommandRefusal::RoleTooLow);
        }
        match command.read(rest) {
            Ok(_) => Ok(()),
            Err(text) => Err(CommandRefusal::Arguments(format!("{} {}", text.zh, text.en))),
        }
    }

    fn commands(&self, room: RoomId, role: Role) -> Vec<CommandInfo> {
        let snapshot = self.registry.current();
        let usable =
            snapshot.commands_in(room).into_iter().filter(|(_, command)| role >= least(command.role));
        let info = usable.filter_map(|(running, command)| {
            Some(CommandInfo {
                name: command.name.clone(),
                description: command.description.clone(),
                by: running.speaker.name.clone(),
                bot: running.bot_user()?,
                role: least(command.role),
                options: command.options.iter().map(option).collect(),
            })
        });
        info.collect()
    }

    fn name_of(&self, plugin: &str) -> Option<Arc<str>> {
        Some(Arc::clone(&self.registry.current().find(plugin)?.speaker.name))
    }

    fn hears(&self, room: RoomId, what: Heard<'_>) -> bool {
        let snapshot = self.registry.current();
        let kind = match what {
            Heard::Message(content) => return snapshot.hears_message(room, content),
            Heard::Edit => EventKind::Edited,
            Heard::Recall => EventKind::Recalled,
            Heard::Reaction => EventKind::Reacted,
            Heard::Member => EventKind::Member,
        };
        snapshot.audience.hears(room, kind)
    }

    fn came(
        &self,
        lobby: RoomId,
        user: UserId,
        at: Timestamp,
    ) -> Later<'_, Result<(), teahouse_chat::Error>> {
        Box::pin(async move { self.arrivals.came(lobby, user, at).await.map_err(told) })
    }

    fn pressed(&self, press: Press) -> Later<'_, Result<(), teahouse_chat::Error>> {
        Box::pin(async move { self.arrivals.pressed(&press).await.map_err(told) })
    }

    fn committed<'a>(&'a self, batch: &'a Committed) -> Later<'a, Result<(), teahouse_chat::Error>> {
        Box::pin(async move { self.arrivals.committed(batch).await.map_err(told) })
    }
}

impl Inner {
    fn chain<'a>(&'a self, snapshot: &'a crate::registry::Snapshot) -> Chain<'a> {
        Chain { snapshot, verdicts: &self.verdicts, spans: self.grounds.config.chain_spans() }
    }

    async fn judge(&self, before: Option<&Proposed>, message: &Proposed) -> Passage {
        let snapshot = self.registry.snapshot();
        let passage = self.chain(&snapshot).check(before, message).await;
        // In a conversation of two nothing waits: it is refused.
        if let Decision::Hold(flag) = &passage.decision
            && message.room.kind != RoomKind::Direct
        {
            let review = Review {
                code: flag.code.clone(),
                note: flag.note.clone(),
                severity: flag.severity,
                hold: true,
            };
            Box::pin(self.tell_holder(&snapshot, &flag.plugin, message, review)).await;
        }
        passage
    }

    /// The bot half of a full plugin hears of what its own filter half held.
    async fn tell_holder(
        &self,
        snapshot: &crate::registry::Snapshot,
        plugin: &str,
        message: &Proposed,
        review: Review,
    ) {
        let holder = snapshot.find(plugin).filter(|running| running.hears(EventKind::Held));
        let Some(holder) = holder else { return };
        let told = convert::proposed(message);
        let queued = self.arrivals.held(holder, message.room.id, told, review, message.id, message.at).await;
        if let Err(error) = queued {
            // A moderator still sees it: it is held all the same.
            tracing::error!(plugin.id = plugin, %error, "a plugin was not told of what it held");
        }
    }
}

/// The conversation's own word for what went wrong.
fn told(error: crate::Error) -> teahouse_chat::Error {
    match error {
        crate::Error::Store(error) => error.into(),
        crate::Error::Chat(error) => error,
        crate::Error::Accounts(error) => error.into(),
        crate::Error::NotInstalled | crate::Error::NotRunning(_) => teahouse_chat::Error::Busy,
    }
}

/// The least role of a command. A guest is a member as far as a room's roles go.
pub(crate) const fn least(role: CommandRole) -> Role {
    match role {
        CommandRole::Guest | CommandRole::Member => Role::Member,
        CommandRole::Admin => Role::Admin,
        CommandRole::Owner => Role::Owner,
    }
}

fn option(option: &teahouse_plugin_package::CommandOption) -> CommandOption {
    CommandOption {
        name: option.name.clone(),
        description: option.description.clone().unwrap_or_default(),
        kind: option.kind.as_str().to_owned(),
        choices: option.choices.clone(),
        required: option.required,
    }
}
