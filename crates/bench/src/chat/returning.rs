//! A server with a long history, to which many come back at once.

use std::{collections::HashMap, thread, time::Duration};

use anyhow::{Context as _, bail, ensure};

use crate::{
    args::Throng,
    connection::Life,
    contestant::Contestant,
    cores::Cores,
    crowd::{self, Crowd},
    dialect::{Dialect, Incoming, Returned, Seat},
    http::Http,
    measure::{Connects, Measure},
    meter::Meter,
    process::Server,
    scenario::CROWD_ROOM,
    stamp::Stamp,
};

/// Messages that a sender keeps unacknowledged while the history is written.
const IN_FLIGHT: u32 = 64;
/// How long a server has to put away what went before.
const SETTLE: Duration = Duration::from_millis(1500);
/// Without an acknowledgement for so long, writing the history fails.
const PATIENCE_MS: u16 = 20_000;

pub(super) struct Returning {
    server: Server,
    seats: Vec<Seat>,
    /// The newest number of each room.
    heads: HashMap<String, i64>,
}

impl Returning {
    /// Starts the server, fills its rooms with people, and has one of each room write its history.
    pub(super) fn new(mut contestant: Box<dyn Contestant>, throng: Throng) -> anyhow::Result<Self> {
        let server = contestant.start()?;
        let rooms = throng.returning / CROWD_ROOM;
        let seats = contestant.seats(&server, rooms, CROWD_ROOM)?;
        let writers: Vec<Seat> = seats.iter().step_by(CROWD_ROOM).cloned().collect();
        let each = u32::try_from(throng.stored / rooms).context("too much to store")?;
        write_history(&server, &writers, each, &mut *contestant.dialect())?;
        let mut http = Http::connect(server.address)?;
        let mut heads = HashMap::with_capacity(rooms);
        for seat in &writers {
            let room = seat.room.clone().context("a writer without a room")?;
            let path = format!("/v1/rooms/{room}");
            let answer = http.request("GET", &path, Some(&seat.token), b"")?.success()?;
            let answer: serde_json::Value = serde_json::from_slice(&answer)?;
            let head = answer["last_seq"].as_i64().context("a room without a head")?;
            ensure!(head >= i64::from(each), "{head} of {each} messages were stored");
            heads.insert(room, head);
        }
        // Everybody's token is known to the process, as after a moment without the network.
        let doors: Vec<Seat> = seats.iter().map(|seat| Seat { room: None, ..seat.clone() }).collect();
        Crowd::new(server.address)?.seat_all(&doors, &*contestant.dialect())?;
        Ok(Self { server, seats, heads })
    }

    /// All come, each to its room, of which it missed the last `missed` events; measured until the last one has them.
    pub(super) fn come(&mut self, cores: Cores, missed: i64) -> anyhow::Result<Measure> {
        thread::sleep(SETTLE);
        let dialect = Returned::new(&self.heads, missed);
        let meter = Meter { cores, server: self.server.pid() };
        let mut crowd = Crowd::new(self.server.address)?;
        let before = meter.read()?;
        crowd.seat_all(&self.seats, &dialect)?;
        let spent = meter.read()?.since(before);
        Ok(Measure::Connects(Connects::of(self.seats.len(), spent)))
    }
}

/// Each of `writers` sends `each` messages, acknowledged.
fn write_history(
    server: &Server,
    writers: &[Seat],
    each: u32,
    dialect: &mut dyn Dialect,
) -> anyhow::Result<()> {
    let mut crowd = Crowd::new(server.address)?;
    crowd.seat_all(writers, dialect)?;
    let mut sent = vec![0; writers.len()];
    let mut acked = vec![0; writers.len()];
    for (index, sent) in sent.iter_mut().enumerate() {
        send(&mut crowd, writers, index, sent, each.min(IN_FLIGHT), dialect)?;
    }
    while acked.iter().any(|acked| *acked < each) {
        let ready = crowd::wait(&crowd.epoll, &mut crowd.events, PATIENCE_MS)?;
        ensure!(ready > 0, "nothing was acknowledged for {PATIENCE_MS} ms");
        let ready: Vec<usize> = crowd.events[..ready].iter().map(|event| event.data() as usize).collect();
        for index in ready {
            let mut refused = None;
            let life = crowd.connections[index].receive(&mut crowd.buffer, |payload| {
                match dialect.read(payload) {
                    Incoming::Ack(_) => acked[index] += 1,
                    Incoming::Refusal(why) => refused = Some(why),
                    Incoming::Message(_) | Incoming::Other => {}
                }
            })?;
            if let Some(why) = refused {
                bail!("a message of the history was refused: {why}");
            }
            if let Life::Closed(why) = life {
                bail!("a writer of the history was closed: {why}");
            }
            let up_to = each.min(acked[index] + IN_FLIGHT);
            send(&mut crowd, writers, index, &mut sent[index], up_to, dialect)?;
        }
    }
    Ok(())
}

/// Sends what writer `index` has not sent of its messages up to number `up_to`.
fn send(
    crowd: &mut Crowd,
    writers: &[Seat],
    index: usize,
    sent: &mut u32,
    up_to: u32,
    dialect: &dyn Dialect,
) -> anyhow::Result<()> {
    let connection = &mut crowd.connections[index];
    while *sent < up_to {
        let stamp = Stamp { sender: u32::try_from(index)?, number: *sent, micros: 0 };
        connection.queue_text(|out| dialect.write(&writers[index], stamp, out));
        *sent += 1;
    }
    connection.flush().context("sending the history")
}
