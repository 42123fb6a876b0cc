//! One client connection: a non-blocking socket, the bytes of an incomplete frame, and what waits to be sent.

use std::{
    io::{self, Read as _, Write as _},
    net::TcpStream,
    os::fd::{AsFd, BorrowedFd},
};

use anyhow::{Context as _, bail};

use crate::wire::{self, Header};

/// Read at once from one socket. Large, so that a queue that a server wrote in one call is read in one.
const READ_BYTES: usize = 256 * 1024;
/// Masking guards proxies against chosen bytes; there are none here, so that any constant key serves.
const MASK_KEY: [u8; 4] = [0x5A, 0x17, 0xC3, 0x88];
/// Longest upgrade response accepted.
const RESPONSE_BYTES: usize = 16 * 1024;

/// The one buffer that all connections read into, one after the other.
#[derive(Debug)]
pub(crate) struct ReadBuffer(Vec<u8>);

impl ReadBuffer {
    pub(crate) fn new() -> Self {
        Self(vec![0; READ_BYTES])
    }
}

/// Whether the peer is still there after a read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Life {
    Open,
    /// The peer has closed, with the code and reason of its close frame if it sent one.
    Closed(String),
}

/// A client's end of a WebSocket.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    /// What came of a frame whose rest is still on its way.
    partial: Vec<u8>,
    out: Vec<u8>,
    scratch: Vec<u8>,
    upgraded: bool,
}

impl Connection {
    /// Takes over a connected, non-blocking socket, and queues the upgrade request.
    pub(crate) fn new(stream: TcpStream, host: &str, path: &str) -> Self {
        let mut connection =
            Self { stream, partial: Vec::new(), out: Vec::new(), scratch: Vec::new(), upgraded: false };
        connection.out.extend_from_slice(
            format!(
                "GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                 Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {}\r\n\r\n",
                wire::CLIENT_KEY
            )
            .as_bytes(),
        );
        connection
    }

    /// Queues a text frame whose payload `write` appends.
    #[inline]
    pub(crate) fn queue_text(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        self.scratch.clear();
        write(&mut self.scratch);
        wire::put_client_frame(&mut self.out, wire::TEXT, MASK_KEY, &self.scratch);
    }

    /// Sends what waits. What the socket doesn't take now stays; see [`Self::wants_to_write`].
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        while !self.out.is_empty() {
            match self.stream.write(&self.out) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => drop(self.out.drain(..written)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Whether the socket was too full for all that waits.
    pub(crate) fn wants_to_write(&self) -> bool {
        !self.out.is_empty()
    }

    /// Whether the upgrade's response has come.
    pub(crate) fn is_upgraded(&self) -> bool {
        self.upgraded
    }

    /// Reads once, and calls `on_text` with each text frame's payload. Answers pings by itself.
    pub(crate) fn receive(
        &mut self,
        buffer: &mut ReadBuffer,
        mut on_text: impl FnMut(&[u8]),
    ) -> anyhow::Result<Life> {
        let kept = self.partial.len();
        if buffer.0.len() < kept + READ_BYTES / 2 {
            buffer.0.resize(kept + READ_BYTES, 0);
        }
        buffer.0[..kept].copy_from_slice(&self.partial);
        let read = match self.stream.read(&mut buffer.0[kept..]) {
            Ok(0) => return Ok(Life::Closed("without a close frame".to_owned())),
            Ok(read) => read,
            Err(error) if is_for_later(&error) => return Ok(Life::Open),
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => {
                return Ok(Life::Closed("reset".to_owned()));
            }
            Err(error) => return Err(error).context("reading from the server"),
        };
        let bytes = &buffer.0[..kept + read];
        let mut at = if self.upgraded { 0 } else { self.read_response(bytes)? };
        while self.upgraded
            && let Some(header) = Header::parse(&bytes[at..])
        {
            let end = header.frame_len().context("a frame of impossible length")?;
            let Some(payload) = bytes[at..].get(header.len..end) else { break };
            at += end;
            if header.opcode == wire::TEXT && header.fin {
                on_text(payload);
            } else if let Some(closed) = self.control(header, payload)? {
                return Ok(closed);
            }
        }
        self.partial.clear();
        self.partial.extend_from_slice(&bytes[at..]);
        Ok(Life::Open)
    }

    /// How long the upgrade's response is; 0 while it is incomplete.
    fn read_response(&mut self, bytes: &[u8]) -> anyhow::Result<usize> {
        let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else {
            anyhow::ensure!(bytes.len() < RESPONSE_BYTES, "the upgrade's response has no end");
            return Ok(0);
        };
        let head = String::from_utf8_lossy(&bytes[..end]);
        if !head.starts_with("HTTP/1.1 101 ") || !head.contains(wire::CLIENT_ACCEPT) {
            bail!("the upgrade was refused:\n{}", String::from_utf8_lossy(&bytes[..bytes.len().min(600)]));
        }
        self.upgraded = true;
        Ok(end + 4)
    }

    #[cold]
    fn control(&mut self, header: Header, payload: &[u8]) -> anyhow::Result<Option<Life>> {
        match header.opcode {
            wire::PING => {
                wire::put_client_frame(&mut self.out, wire::PONG, MASK_KEY, payload);
                self.flush().context("answering a ping")?;
                Ok(None)
            }
            wire::PONG => Ok(None),
            wire::CLOSE => Ok(Some(Life::Closed(close_reason(payload)))),
            opcode => bail!("a frame of opcode {opcode} (fin {}) was not expected", header.fin),
        }
    }
}

impl AsFd for Connection {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

fn is_for_later(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}

fn close_reason(payload: &[u8]) -> String {
    match payload.split_first_chunk() {
        Some((code, reason)) => {
            format!("{} {}", u16::from_be_bytes(*code), String::from_utf8_lossy(reason))
        }
        None => "without a code".to_owned(),
    }
}
