//! A measured run: senders send at their pace, everybody reads, the books are kept, and the window is timed.

mod pace;
mod ticker;

pub(crate) use pace::Pace;

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use crate::{
    connection::Life,
    crowd::{self, Crowd},
    dialect::{Dialect, Incoming, Seat},
    histogram::Histogram,
    ledger::{Faults, Layout, Ledger},
    meter::{Meter, Spent, Usage},
    stamp::Stamp,
};
use pace::Sender;
use ticker::Ticker;

/// After the window, a run whose messages have not all arrived ends once nothing has come for so long.
const DRAIN_PATIENCE: Duration = Duration::from_secs(3);
/// The event that the ticker of an open loop causes; no connection has this index.
const TICK: u64 = u64::MAX;

/// How a run goes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) layout: Layout,
    pub(crate) pace: Pace,
    pub(crate) warm_up: Duration,
    pub(crate) window: Duration,
}

/// What a run saw, in its window unless said otherwise.
#[derive(Debug)]
pub(crate) struct Tally {
    pub(crate) spent: Spent,
    pub(crate) deliveries: u64,
    pub(crate) acked: u64,
    /// Messages in the whole run, warm-up included.
    pub(crate) sent: u64,
    /// From sending, or in an open loop from being due, to a receiver's hand.
    pub(crate) delivery: Histogram,
    /// From sending to the acknowledgement.
    pub(crate) ack: Histogram,
    /// In the whole run, warm-up and drain included.
    pub(crate) faults: Faults,
    /// The first thing that the server refused or closed, in its words.
    pub(crate) first_complaint: Option<String>,
}

/// Runs `plan` over connections that have taken `seats`, `meter` watching.
pub(crate) fn run(
    plan: Plan,
    crowd: Crowd,
    seats: &[Seat],
    dialect: &mut dyn Dialect,
    meter: Meter,
) -> anyhow::Result<Tally> {
    Run::new(plan, crowd, seats, dialect, meter)?.run()
}

/// Counters at one moment.
#[derive(Debug, Clone, Copy)]
struct Mark {
    usage: Usage,
    deliveries: u64,
    acked: u64,
}

struct Run<'a> {
    plan: Plan,
    crowd: Crowd,
    seats: &'a [Seat],
    dialect: &'a mut dyn Dialect,
    meter: Meter,
    clock: Instant,
    ticker: Ticker,
    ledger: Ledger,
    senders: Vec<Sender>,
    sent: u64,
    /// In an open loop, the number of the next tick.
    ticks: u64,
    sending: bool,
    recording: bool,
    delivery: Histogram,
    ack: Histogram,
    first_complaint: Option<String>,
    /// Seats whose connections the server has closed.
    gone: HashSet<usize>,
}

impl<'a> Run<'a> {
    fn new(
        plan: Plan,
        crowd: Crowd,
        seats: &'a [Seat],
        dialect: &'a mut dyn Dialect,
        meter: Meter,
    ) -> anyhow::Result<Self> {
        let ticker = Ticker::new(&crowd.epoll, TICK)?;
        Ok(Self {
            plan,
            crowd,
            seats,
            dialect,
            meter,
            clock: Instant::now(),
            ticker,
            ledger: Ledger::new(plan.layout),
            senders: (0..plan.layout.all_senders())
                .map(|at| Sender::new(plan.layout.seat_of_sender(at)))
                .collect(),
            sent: 0,
            ticks: 0,
            sending: true,
            recording: false,
            delivery: Histogram::new(),
            ack: Histogram::new(),
            first_complaint: None,
            gone: HashSet::new(),
        })
    }

    fn run(mut self) -> anyhow::Result<Tally> {
        self.start()?;
        let start = self.clock;
        self.turn_until(start + self.plan.warm_up)?;
        self.recording = true;
        let opened = self.mark()?;
        self.turn_until(opened.usage.at + self.plan.window)?;
        let closed = self.mark()?;
        self.recording = false;
        self.sending = false;
        self.drain()?;
        let sent: Vec<u32> = self.senders.iter().map(|sender| sender.next).collect();
        let spent = closed.usage.since(opened.usage);
        Ok(Tally {
            spent,
            deliveries: closed.deliveries - opened.deliveries,
            acked: closed.acked - opened.acked,
            sent: self.sent,
            delivery: self.delivery,
            ack: self.ack,
            faults: self.ledger.close(&sent),
            first_complaint: self.first_complaint,
        })
    }

    fn start(&mut self) -> anyhow::Result<()> {
        self.clock = Instant::now();
        match self.plan.pace {
            Pace::Closed { in_flight } => {
                for sender in 0..self.senders.len() {
                    self.send(sender, in_flight);
                }
            }
            Pace::Lockstep => self.send(0, 1),
            Pace::Open { messages_per_second } => self.ticker.start(messages_per_second)?,
        }
        Ok(())
    }

    fn mark(&self) -> anyhow::Result<Mark> {
        Ok(Mark { usage: self.meter.read()?, deliveries: self.ledger.received(), acked: self.ledger.acked() })
    }

    fn turn_until(&mut self, end: Instant) -> anyhow::Result<()> {
        loop {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            self.turn(left.as_millis().min(50) as u16 + 1)?;
        }
    }

    /// Reads until everything has arrived, or nothing does any more.
    fn drain(&mut self) -> anyhow::Result<()> {
        let mut quiet_since = Instant::now();
        while !self.ledger.complete(self.sent) && quiet_since.elapsed() < DRAIN_PATIENCE {
            let before = (self.ledger.received(), self.ledger.acked());
            self.turn(50)?;
            if before != (self.ledger.received(), self.ledger.acked()) {
                quiet_since = Instant::now();
            }
        }
        // Whatever comes although everything has come would be doubled: give it a moment to show.
        self.turn(20)
    }

    /// One round of events.
    fn turn(&mut self, millis: u16) -> anyhow::Result<()> {
        let ready = crowd::wait(&self.crowd.epoll, &mut self.crowd.events, millis)?;
        for at in 0..ready {
            let event = self.crowd.events[at].data();
            if event == TICK {
                self.tick();
            } else {
                self.read(event as usize)?;
            }
        }
        if let Pace::Lockstep = self.plan.pace
            && self.sending
            && self.ledger.complete(self.sent)
        {
            self.send(self.sent as usize % self.senders.len(), 1);
        }
        Ok(())
    }

    /// Reads one connection, and lets the sender who sits there go on as far as its acknowledgements allow.
    fn read(&mut self, seat: usize) -> anyhow::Result<()> {
        let sender = self.plan.layout.sender_in(seat);
        let mut acks = 0;
        let mut now = None;
        let (ledger, dialect, recording) = (&mut self.ledger, &mut self.dialect, self.recording);
        let (delivery, ack) = (&mut self.delivery, &mut self.ack);
        let (senders, clock, complaint) = (&mut self.senders, self.clock, &mut self.first_complaint);
        let connection = &mut self.crowd.connections[seat];
        let life = connection.receive(&mut self.crowd.buffer, |payload| {
            // One look at the clock a read: the frames of one read arrived together.
            let now = *now.get_or_insert_with(|| clock.elapsed().as_micros() as u64);
            match dialect.read(payload) {
                Incoming::Message(stamp) => {
                    if ledger.delivered(seat, stamp) && recording {
                        delivery.record(now.saturating_sub(stamp.micros));
                    }
                }
                Incoming::Ack(number) => {
                    let Some(sender) = sender else { return };
                    if ledger.acknowledged(sender, number) {
                        acks += 1;
                        let sent = senders[sender].acknowledged();
                        if recording {
                            ack.record(now.saturating_sub(sent));
                        }
                    }
                }
                Incoming::Refusal(why) => {
                    ledger.refused();
                    complaint.get_or_insert(why);
                }
                Incoming::Other => {}
            }
        })?;
        if let Life::Closed(why) = life {
            self.lose(seat, &why);
        } else if let (Some(sender), Pace::Closed { .. }) = (sender, self.plan.pace) {
            self.send(sender, if self.sending { acks } else { 0 });
        }
        Ok(())
    }

    /// The server has closed a connection: it is neither read nor written again.
    #[cold]
    fn lose(&mut self, seat: usize, why: &str) {
        if self.gone.insert(seat) {
            self.ledger.closed();
            self.first_complaint.get_or_insert(format!("connection closed: {why}"));
            // Failing would mean that it isn't watched anyway.
            let _ = self.crowd.epoll.delete(&self.crowd.connections[seat]);
        }
    }

    /// Sends what has become due in an open loop; a late tick's messages still carry the time they were due.
    fn tick(&mut self) {
        self.ticker.acknowledge();
        let Pace::Open { messages_per_second } = self.plan.pace else { return };
        let interval = 1e6 / messages_per_second;
        let now = self.clock.elapsed().as_micros() as u64;
        while self.sending {
            let due = (self.ticks as f64 * interval) as u64;
            if due > now {
                break;
            }
            let sender = self.ticks as usize % self.senders.len();
            self.ticks += 1;
            self.queue(sender, due);
            self.flush(sender);
        }
    }

    /// Sends `count` messages in one write, and what had waited before.
    fn send(&mut self, sender: usize, count: u32) {
        if count > 0 {
            let now = self.clock.elapsed().as_micros() as u64;
            for _ in 0..count {
                self.queue(sender, now);
            }
        }
        self.flush(sender);
    }

    fn queue(&mut self, index: usize, micros: u64) {
        let sender = &mut self.senders[index];
        if self.gone.contains(&sender.seat) {
            return;
        }
        let number = sender.sent(micros);
        let (seat, dialect) = (&self.seats[sender.seat], &self.dialect);
        let stamp = Stamp { sender: index as u32, number, micros };
        self.crowd.connections[sender.seat].queue_text(|out| dialect.write(seat, stamp, out));
        self.sent += 1;
    }

    fn flush(&mut self, sender: usize) {
        let seat = self.senders[sender].seat;
        if self.crowd.connections[seat].wants_to_write()
            && let Err(error) = self.crowd.connections[seat].flush()
        {
            self.lose(seat, &error.to_string());
        }
    }
}

#[cfg(test)]
mod tests;
