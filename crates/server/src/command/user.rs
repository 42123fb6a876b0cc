//! `teahouse user`: what those who run the server see of somebody, and bans. The commands change the database of the
//! configuration; a server that runs on it sees the change within a second.

use clap::Subcommand;
use teahouse_accounts::{Accounts, BanReason, By, UserRecord};
use teahouse_protocol::{Clock as _, SystemClock, UserId};

use super::moment::Moment;
use crate::config::Loaded;
use crate::serve;

#[derive(Debug, Subcommand)]
pub(super) enum UserCommand {
    /// Show a user: their profile, where they come from, where they are signed in, and their ban
    Show {
        /// The user's id, as it stands in messages and profiles
        user: UserId,
    },
    /// Ban a user from the server: no sign-in, no request, and their connections close
    Ban {
        /// The user's id
        user: UserId,
        /// When the ban ends: a span from now (90m, 2h, 7d), a day (2026-11-20) or a time; without it, never
        #[arg(long)]
        until: Option<Moment>,
        /// What for, as `user show` and the audit log will say; the user is not told
        #[arg(long)]
        reason: Option<String>,
    },
    /// Lift a user's ban
    Unban {
        /// The user's id
        user: UserId,
    },
}

impl UserCommand {
    pub(super) fn run(self, loaded: &Loaded) -> anyhow::Result<()> {
        serve::block_on_one_thread(serve::with_accounts(&loaded.config, async |accounts| {
            self.act(accounts).await
        }))
    }

    async fn act(self, accounts: &Accounts) -> anyhow::Result<()> {
        let by = By::operator();
        match self {
            Self::Show { user } => println!("{}", shown(&accounts.user_record(user).await?)),
            Self::Ban { user, until, reason } => {
                let until = until.map(|until| until.after(SystemClock.now()));
                let reason = reason.as_deref().map(BanReason::parse).transpose()?;
                accounts.ban(&by, user, until, reason).await?;
                match until {
                    Some(until) => println!("{user} is banned until {until}"),
                    None => println!("{user} is banned"),
                }
            }
            Self::Unban { user } => {
                accounts.unban(&by, user).await?;
                println!("{user} is not banned");
            }
        }
        Ok(())
    }
}

fn shown(record: &UserRecord) -> String {
    let profile = &record.profile;
    let kinds =
        [(profile.is_guest, "guest"), (profile.is_bot, "bot"), (profile.is_deactivated, "deactivated")];
    let kind: Vec<_> = kinds.into_iter().filter_map(|(is, kind)| is.then_some(kind)).collect();
    let mut lines = vec![
        format!("{} {}", printable(&profile.name), kind.join(", ")).trim_end().to_owned(),
        format!("id         {}", profile.id),
        format!("joined     {}", profile.joined_at),
    ];
    lines.extend(record.last_seen_at.map(|at| format!("last seen  {at}")));
    lines.push(format!("banned     {}", ban(record)));
    for identity in &record.identities {
        let app = identity.app_id.as_deref().map_or_else(String::new, |app| format!(" {app}"));
        lines.push(format!(
            "known by   {}{} since {}",
            identity.provider,
            printable(&app),
            identity.created_at
        ));
    }
    for session in &record.sessions {
        let device = printable(session.device.as_deref().unwrap_or("an unknown device"));
        lines
            .push(format!("signed in  {}, last seen {}, {device}", session.created_at, session.last_seen_at));
    }
    lines.join("\n")
}

fn ban(record: &UserRecord) -> String {
    let Some(ban) = &record.ban else { return "no".to_owned() };
    let until = ban.until.map_or_else(String::new, |until| format!(" until {until}"));
    let reason = ban.reason.as_deref().map_or_else(String::new, |reason| format!(": {}", printable(reason)));
    format!("since {}{until}{reason}", ban.at)
}

/// Nothing that a terminal would obey: strangers wrote it.
pub(super) fn printable(text: &str) -> String {
    text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect()
}

#[cfg(test)]
mod tests {
    use teahouse_accounts::Ban;
    use teahouse_protocol::{Timestamp, UserProfile};

    use super::*;

    #[test]
    fn a_user_is_shown_with_the_ban_and_nothing_that_a_terminal_obeys() {
        let (id, at) = (UserId::generate(), Timestamp::from_millis(1_477_314_187_005));
        let profile = UserProfile {
            id,
            name: "ann\u{1b}[2J".to_owned(),
            avatar: None,
            is_bot: false,
            is_guest: true,
            is_deactivated: false,
            joined_at: at,
        };
        let ban = Ban { at, until: Some(at), reason: Some("spam\u{7}".to_owned()) };
        let mut record = UserRecord {
            profile,
            last_seen_at: None,
            ban: Some(ban),
            identities: Vec::new(),
            sessions: Vec::new(),
        };
        let time = "2016-10-24T13:03:07.005Z";
        let text = shown(&record);
        assert_eq!(
            text,
            format!(
                "ann [2J guest\nid         {id}\njoined     {time}\nbanned     since {time} until {time}: spam "
            )
        );
        record.ban = None;
        assert!(shown(&record).ends_with("banned     no"));
    }
}
