//! A fake plugin: the first word of a text says what becomes of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use parking_lot::Mutex;
use teahouse_chat::{
    CommandInfo, CommandRefusal, Committed, Decision, Error, Flag, Heard, Hooks, JoinPassage, Later,
    NamePassage, Passage, Press, Proposed, ProposedJoin, ProposedName, Refusal, Replaced, Watched,
};
use teahouse_protocol::{CardContent, Content, Kind, Role, RoomId, Seq, Timestamp, UserId};
use tokio::sync::{Notify, Semaphore};

use crate::world::World;

pub(super) const NAME: &str = "Guard";
pub(super) const ID: &str = "org.example.guard";

/// Decides by the first word: `spam`, `hold`, `shadow`, `rude` (replaced), `odd` (flagged), `slow` (waits for a permit),
/// `hang` (for ever), `huge` (replaced by too much), `carded` (replaced by a card).
pub(super) struct FakeHooks {
    /// Refuses everything, whatever it says.
    strict: AtomicBool,
    /// Lets everything pass.
    lenient: AtomicBool,
    pub(super) permits: Semaphore,
    checks: AtomicU32,
    pub(super) seen: Mutex<Vec<Proposed>>,
    pub(super) presses: Mutex<Vec<Press>>,
    pub(super) came: Mutex<Vec<(UserId, Timestamp)>>,
    pub(super) batches: Mutex<Vec<Committed>>,
    /// Somebody told of a batch.
    pub(super) told: Notify,
    /// How often to fail when told of a batch.
    pub(super) failures: AtomicU32,
    /// Nobody hears of messages.
    pub(super) deaf: AtomicBool,
    /// Whether to fail when next told who came.
    pub(super) arrivals_fail: AtomicBool,
}

impl FakeHooks {
    pub(super) fn at_work(world: &World) -> Arc<Self> {
        let hooks = Arc::new(Self {
            strict: AtomicBool::new(false),
            lenient: AtomicBool::new(false),
            permits: Semaphore::new(0),
            checks: AtomicU32::new(0),
            seen: Mutex::default(),
            presses: Mutex::default(),
            came: Mutex::default(),
            batches: Mutex::default(),
            told: Notify::new(),
            failures: AtomicU32::new(0),
            deaf: AtomicBool::new(false),
            arrivals_fail: AtomicBool::new(false),
        });
        assert!(world.chat.set_hooks(hooks.clone()));
        hooks
    }

    pub(super) fn refuse_everything(&self) {
        self.strict.store(true, Ordering::SeqCst);
    }

    pub(super) fn let_everything_pass(&self) {
        self.strict.store(false, Ordering::SeqCst);
        self.lenient.store(true, Ordering::SeqCst);
    }

    /// How many messages and edits were looked at.
    pub(super) fn checks(&self) -> u32 {
        self.checks.load(Ordering::SeqCst)
    }

    async fn judge(&self, proposed: &Proposed) -> Passage {
        self.checks.fetch_add(1, Ordering::SeqCst);
        self.seen.lock().push(proposed.clone());
        let text = proposed.content.plain_text();
        if self.strict.load(Ordering::SeqCst) {
            return decided(Decision::Reject(refusal()));
        }
        if self.lenient.load(Ordering::SeqCst) {
            return decided(Decision::Accept);
        }
        match text.split_whitespace().next().unwrap_or_default() {
            "spam" => decided(Decision::Reject(refusal())),
            "hold" => decided(Decision::Hold(flag())),
            "shadow" => decided(Decision::Shadow(flag())),
            "broken" => decided(Decision::Hold(Flag { code: Flag::FAILED.to_owned(), ..flag() })),
            "busy" => decided(Decision::Overloaded),
            "odd" => Passage { flags: vec![flag()], ..decided(Decision::Accept) },
            "rude" => replaced(Content::Text(text.replace("rude", "kind"))),
            "huge" => replaced(Content::Text("x".repeat(5_000))),
            "carded" => {
                let title = "a card".to_owned();
                replaced(Content::Card(CardContent { title, text: None, image_url: None, buttons: None }))
            }
            "slow" => {
                self.permits.acquire().await.expect("open").forget();
                decided(Decision::Accept)
            }
            "hang" => std::future::pending().await,
            _ => decided(Decision::Accept),
        }
    }
}

fn decided(decision: Decision) -> Passage {
    Passage { decision, replaced: None, flags: Vec::new() }
}

fn replaced(content: Content) -> Passage {
    let replaced = Replaced { by: NAME.into(), note: "be kind".to_owned(), content };
    Passage { replaced: Some(replaced), ..decided(Decision::Accept) }
}

pub(super) fn refusal() -> Refusal {
    Refusal { by: NAME.into(), plugin: ID.into(), rule: "spam".to_owned(), reason: "no spam".to_owned() }
}

pub(super) fn flag() -> Flag {
    Flag { by: NAME.into(), plugin: ID.into(), code: "odd".to_owned(), note: "look".to_owned(), severity: 2 }
}

impl Hooks for FakeHooks {
    fn watches(&self, _: RoomId, kind: Kind, _: Watched) -> bool {
        kind != Kind::Location
    }

    fn check<'a>(&'a self, message: &'a Proposed) -> Later<'a, Passage> {
        Box::pin(self.judge(message))
    }

    fn check_edit<'a>(&'a self, _: &'a Proposed, after: &'a Proposed) -> Later<'a, Passage> {
        Box::pin(self.judge(after))
    }

    fn check_name<'a>(&'a self, name: &'a ProposedName) -> Later<'a, NamePassage> {
        let Passage { decision, .. } = match name.text.split_whitespace().next().unwrap_or_default() {
            "spam" => decided(Decision::Reject(refusal())),
            "hold" => decided(Decision::Hold(flag())),
            "shadow" => decided(Decision::Shadow(flag())),
            "busy" => decided(Decision::Overloaded),
            _ => decided(Decision::Accept),
        };
        let replaced = name.text.contains("rude").then(|| name.text.replace("rude", "kind"));
        let flags = if name.text.contains("odd") { vec![flag()] } else { Vec::new() };
        Box::pin(std::future::ready(NamePassage { decision, replaced, flags }))
    }

    fn check_join<'a>(&'a self, join: &'a ProposedJoin) -> Later<'a, JoinPassage> {
        let passage = match join.user.name.as_str() {
            "spammer" => JoinPassage::Reject(refusal()),
            "stranger" => JoinPassage::Ask(flag()),
            "hurried" => JoinPassage::Overloaded,
            _ => JoinPassage::Allow,
        };
        Box::pin(std::future::ready(passage))
    }

    fn command(&self, _: RoomId, role: Role, text: &str) -> Result<(), CommandRefusal> {
        match text.split_whitespace().collect::<Vec<_>>()[..] {
            ["/guard", ..] if role < Role::Admin => Err(CommandRefusal::RoleTooLow),
            ["/guard"] => Err(CommandRefusal::Arguments("/guard off|on".to_owned())),
            _ => Ok(()),
        }
    }

    fn commands(&self, _: RoomId, role: Role) -> Vec<CommandInfo> {
        let guard = CommandInfo {
            name: "guard".to_owned(),
            description: "Sets the guard".to_owned(),
            by: NAME.into(),
            bot: UserId::from_uuid(uuid::Uuid::nil()),
            role: Role::Admin,
            options: Vec::new(),
        };
        if role < Role::Admin { Vec::new() } else { vec![guard] }
    }

    fn came(&self, _: RoomId, user: UserId, at: Timestamp) -> Later<'_, Result<(), Error>> {
        let fails = self.arrivals_fail.swap(false, Ordering::SeqCst);
        self.came.lock().push((user, at));
        self.told.notify_one();
        Box::pin(std::future::ready(if fails { Err(Error::Busy) } else { Ok(()) }))
    }

    fn pressed(&self, press: Press) -> Later<'_, Result<(), Error>> {
        Box::pin(async move {
            if press.button == "slow" {
                self.permits.acquire().await.expect("open").forget();
            }
            self.presses.lock().push(press);
            Ok(())
        })
    }

    fn hears(&self, _: RoomId, what: Heard<'_>) -> bool {
        !self.deaf.load(Ordering::SeqCst) || !matches!(what, Heard::Message(_))
    }

    fn committed<'a>(&'a self, batch: &'a Committed) -> Later<'a, Result<(), Error>> {
        let one_less = |left: u32| left.checked_sub(1);
        // A batch without a mention may be another's: that of the people and rooms which the test began with.
        let fails = !batch.mentioning.is_empty()
            && self.failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less).is_ok();
        self.batches.lock().push(batch.clone());
        self.told.notify_one();
        Box::pin(std::future::ready(if fails { Err(Error::Busy) } else { Ok(()) }))
    }
}

/// Whether `batches` hold this number of a room.
pub(super) fn holds(batches: &[Committed], room: RoomId, seq: Seq) -> usize {
    let holds = |batch: &&Committed| {
        batch
            .ranges
            .iter()
            .any(|(other, first, last)| *other == room.uuid() && (*first..=*last).contains(&seq.get()))
    };
    batches.iter().filter(holds).count()
}
