//! The bare Rust broadcast loop that everything else is measured against: tokio on one thread, a frame shared by all
//! receivers, a queue a member, one `writev` for all that waits, TCP_NODELAY. No sessions, no JSON, no storage.
//!
//! Its shape is the whole point: readers only queue and name who has something waiting; one task, which runs when the
//! readers have had their turn, writes for everybody. Under load a write carries many frames, and a lone frame leaves
//! at once.

mod handshake;
mod member;

use std::{
    cell::{Cell, RefCell},
    collections::HashMap,
    io::Read as _,
    net::{Ipv4Addr, SocketAddr},
    rc::Rc,
};

use anyhow::Context as _;
use bytes::{BufMut as _, Bytes, BytesMut};
use tokio::{net::TcpListener, sync::Notify, task::LocalSet};

use crate::{
    dialect::RAW_ACK,
    wire::{self, Header},
};
use member::{Flushed, Member};

const BACKLOG: i32 = 4096;
/// Read at once; one buffer serves all connections, as no task keeps it across an await.
const READ_BYTES: usize = 64 * 1024;

/// Serves until standard input ends, which is when the benchmark is gone.
pub(crate) fn run() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().context("tokio")?;
    LocalSet::new().block_on(&runtime, async {
        let listener = listen()?;
        println!("listening on http://{}", listener.local_addr().context("local address")?);
        let hall = Rc::new(Hall::new());
        tokio::task::spawn_local(write_for_all(Rc::clone(&hall)));
        let gone = end_of_stdin();
        tokio::select! {
            served = accept_all(listener, hall) => served,
            () = gone.notified() => Ok(()),
        }
    })
}

/// Everything that the connections share.
struct Hall {
    rooms: RefCell<HashMap<String, Vec<Rc<Member>>>>,
    /// Members whose queues were empty and are not any more.
    waiting: RefCell<Vec<Rc<Member>>>,
    wake_writer: Notify,
    buffer: RefCell<Vec<u8>>,
    ack: Bytes,
    next_id: Cell<u64>,
}

impl Hall {
    fn new() -> Self {
        Self {
            rooms: RefCell::default(),
            waiting: RefCell::default(),
            wake_writer: Notify::new(),
            buffer: RefCell::new(vec![0; READ_BYTES]),
            ack: server_frame(wire::TEXT, RAW_ACK),
            next_id: Cell::new(0),
        }
    }

    fn enter(&self, member: &Rc<Member>) {
        self.rooms.borrow_mut().entry(member.room.clone()).or_default().push(Rc::clone(member));
    }

    fn leave(&self, member: &Member) {
        if let Some(room) = self.rooms.borrow_mut().get_mut(&member.room) {
            room.retain(|other| other.id != member.id);
        }
    }

    fn broadcast(&self, from: &Rc<Member>, frame: &Bytes) {
        if let Some(room) = self.rooms.borrow().get(&from.room) {
            for member in room.iter().filter(|member| member.id != from.id) {
                self.queue(member, frame.clone());
            }
        }
        self.queue(from, self.ack.clone());
    }

    fn queue(&self, member: &Rc<Member>, frame: Bytes) {
        if member.queue(frame) {
            self.waiting.borrow_mut().push(Rc::clone(member));
            self.wake_writer.notify_one();
        }
    }
}

fn listen() -> anyhow::Result<TcpListener> {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM.nonblocking(), None)
        .context("socket")?;
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).context("bind")?;
    socket.listen(BACKLOG).context("listen")?;
    TcpListener::from_std(socket.into()).context("registering the listener")
}

async fn accept_all(listener: TcpListener, hall: Rc<Hall>) -> anyhow::Result<()> {
    loop {
        let (stream, _) = listener.accept().await.context("accept")?;
        stream.set_nodelay(true).context("TCP_NODELAY")?;
        let hall = Rc::clone(&hall);
        tokio::task::spawn_local(async move {
            if let Ok(member) = handshake::receive(stream, hall.next_id.get()).await {
                hall.next_id.set(hall.next_id.get() + 1);
                let member = Rc::new(member);
                hall.enter(&member);
                read_all(&hall, &member).await;
                hall.leave(&member);
            }
        });
    }
}

/// Reads until the peer is gone or breaks the protocol.
async fn read_all(hall: &Hall, member: &Rc<Member>) {
    let mut partial = Vec::new();
    while member.stream.readable().await.is_ok() {
        match read_once(hall, member, &mut partial) {
            Ok(true) => {}
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Ok(false) | Err(_) => return,
        }
    }
}

/// Reads once and broadcasts what came; `false` at the end of the stream.
fn read_once(hall: &Hall, member: &Rc<Member>, partial: &mut Vec<u8>) -> std::io::Result<bool> {
    let mut buffer = hall.buffer.borrow_mut();
    let kept = partial.len();
    if buffer.len() < kept + READ_BYTES / 2 {
        buffer.resize(kept + READ_BYTES, 0);
    }
    buffer[..kept].copy_from_slice(partial);
    let read = member.stream.try_read(&mut buffer[kept..])?;
    let bytes = &mut buffer[..kept + read];
    let mut at = 0;
    while let Some(header) = Header::parse(&bytes[at..]) {
        let Some(end) = header.frame_len() else { return Ok(false) };
        let Some(payload) = bytes[at..].get_mut(header.len..end) else { break };
        at += end;
        wire::apply_mask(payload, header.mask.unwrap_or_default());
        match header.opcode {
            wire::TEXT => hall.broadcast(member, &server_frame(wire::TEXT, payload)),
            wire::PING => hall.queue(member, server_frame(wire::PONG, payload)),
            wire::PONG => {}
            _ => return Ok(false),
        }
    }
    partial.clear();
    partial.extend_from_slice(&bytes[at..]);
    if partial.is_empty() {
        partial.shrink_to_fit();
    }
    Ok(read > 0)
}

/// Writes for everybody who has something waiting, each time the readers have had their turn.
async fn write_for_all(hall: Rc<Hall>) {
    let mut waiting = Vec::new();
    loop {
        hall.wake_writer.notified().await;
        std::mem::swap(&mut waiting, &mut hall.waiting.borrow_mut());
        for member in waiting.drain(..) {
            if member.flush() == Flushed::SocketFull {
                tokio::task::spawn_local(async move { member.flush_slowly().await });
            }
        }
    }
}

fn server_frame(opcode: u8, payload: &[u8]) -> Bytes {
    let mut header = Vec::with_capacity(10);
    wire::put_server_header(&mut header, opcode, payload.len());
    let mut frame = BytesMut::with_capacity(header.len() + payload.len());
    frame.put_slice(&header);
    frame.put_slice(payload);
    frame.freeze()
}

fn end_of_stdin() -> Rc<Notify> {
    let (sender, receiver) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        let mut sink = [0; 64];
        while std::io::stdin().read(&mut sink).is_ok_and(|read| read > 0) {}
        // The server may have ended on its own.
        let _ = sender.send(());
    });
    let gone = Rc::new(Notify::new());
    let told = Rc::clone(&gone);
    tokio::task::spawn_local(async move {
        let _ = receiver.await;
        told.notify_one();
    });
    gone
}
