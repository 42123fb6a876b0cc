//! A member: its socket and the frames that wait for it.

use std::{
    cell::{Cell, RefCell},
    collections::VecDeque,
    io::{self, IoSlice},
};

use bytes::{Buf as _, Bytes};
use tokio::net::TcpStream;

/// Frames written by one call; Linux takes up to 1024.
const FRAMES_A_WRITE: usize = 256;

/// How far a flush got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Flushed {
    All,
    SocketFull,
    PeerGone,
}

pub(super) struct Member {
    pub(super) id: u64,
    pub(super) room: String,
    pub(super) stream: TcpStream,
    frames: RefCell<VecDeque<Bytes>>,
    /// Whether the writer, or a slow flush, knows already that something waits.
    announced: Cell<bool>,
}

impl Member {
    pub(super) fn new(id: u64, room: String, stream: TcpStream) -> Self {
        Self { id, room, stream, frames: RefCell::default(), announced: Cell::new(false) }
    }

    /// Queues a frame; `true` if the writer has to be told.
    pub(super) fn queue(&self, frame: Bytes) -> bool {
        self.frames.borrow_mut().push_back(frame);
        !self.announced.replace(true)
    }

    /// Writes what waits, as far as the socket takes it.
    pub(super) fn flush(&self) -> Flushed {
        let mut frames = self.frames.borrow_mut();
        while !frames.is_empty() {
            match write_some(&self.stream, &mut frames) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Flushed::SocketFull,
                Err(_) => {
                    frames.clear();
                    return Flushed::PeerGone;
                }
            }
        }
        self.announced.set(false);
        Flushed::All
    }

    /// Writes what waits and what comes meanwhile, whenever the socket has room again.
    pub(super) async fn flush_slowly(&self) {
        while self.stream.writable().await.is_ok() {
            if self.flush() != Flushed::SocketFull {
                return;
            }
        }
    }
}

fn write_some(stream: &TcpStream, frames: &mut VecDeque<Bytes>) -> io::Result<()> {
    let mut slices = [IoSlice::new(&[]); FRAMES_A_WRITE];
    let count = frames.len().min(FRAMES_A_WRITE);
    for (slice, frame) in slices.iter_mut().zip(frames.iter()) {
        *slice = IoSlice::new(frame);
    }
    let mut written = stream.try_write_vectored(&slices[..count])?;
    while let Some(front) = frames.front_mut() {
        if written < front.len() {
            front.advance(written);
            break;
        }
        written -= front.len();
        frames.pop_front();
    }
    Ok(())
}
