//! A WebSocket spoken by hand, for the frames that no honest client library sends.

use std::net::SocketAddr;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::PATIENCE;

/// The low four bits of a frame's first byte (RFC 6455 §5.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Opcode {
    /// The rest of a fragmented message.
    Continuation = 0,
    /// UTF-8.
    Text = 1,
    /// Bytes.
    Binary = 2,
    /// The end.
    Close = 8,
    /// A question.
    Ping = 9,
    /// Its answer.
    Pong = 10,
}

/// A frame as it stands on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawFrame {
    /// The first byte: FIN, the reserved bits and the opcode.
    pub head: u8,
    /// Unmasked.
    pub payload: Vec<u8>,
}

impl RawFrame {
    /// A whole message of one frame.
    pub fn whole(opcode: Opcode, payload: impl Into<Vec<u8>>) -> Self {
        Self { head: 0x80 | opcode as u8, payload: payload.into() }
    }

    /// A part that is not the last.
    pub fn part(opcode: Opcode, payload: impl Into<Vec<u8>>) -> Self {
        Self { head: opcode as u8, payload: payload.into() }
    }

    /// As the bytes of a client's frame, masked with a fixed key.
    #[must_use]
    pub fn masked(&self) -> Vec<u8> {
        const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
        let mut bytes = self.header(0x80);
        bytes.extend(KEY);
        bytes.extend(self.payload.iter().zip(KEY.iter().cycle()).map(|(byte, key)| byte ^ key));
        bytes
    }

    /// As the bytes of a frame without a mask, which a client must not send.
    #[must_use]
    pub fn unmasked(&self) -> Vec<u8> {
        let mut bytes = self.header(0);
        bytes.extend(&self.payload);
        bytes
    }

    fn header(&self, mask: u8) -> Vec<u8> {
        let length = self.payload.len();
        let mut bytes = vec![self.head];
        match length {
            0..126 => bytes.push(mask | u8::try_from(length).expect("below 126")),
            126..0x1_0000 => {
                bytes.push(mask | 126);
                bytes.extend(u16::try_from(length).expect("below 65536").to_be_bytes());
            }
            _ => {
                bytes.push(mask | 127);
                bytes.extend((length as u64).to_be_bytes());
            }
        }
        bytes
    }
}

/// A TCP connection after its upgrade.
pub struct RawSocket {
    stream: TcpStream,
}

impl RawSocket {
    /// Upgrades `target` (path and query).
    ///
    /// # Panics
    /// When the server does not answer 101.
    pub async fn connect(address: SocketAddr, target: &str) -> Self {
        let mut stream = TcpStream::connect(address).await.expect("a TCP connection");
        let request = format!(
            "GET {target} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.expect("the request leaves");
        let answer = read_head(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 101"), "no upgrade: {answer}");
        assert!(answer.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "the accept key is wrong: {answer}");
        Self { stream }
    }

    /// Sends bytes as they are.
    ///
    /// # Panics
    /// When the connection is gone.
    pub async fn send(&mut self, bytes: &[u8]) {
        self.try_send(bytes).await.expect("the bytes leave");
    }

    /// Sends bytes, where the server may have hung up.
    ///
    /// # Errors
    /// What the system says.
    pub async fn try_send(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.stream.write_all(bytes).await
    }

    /// The next frame; nothing when the connection ended.
    ///
    /// # Panics
    /// When nothing comes in time, or a frame is masked.
    pub async fn receive(&mut self) -> Option<RawFrame> {
        let read = tokio::time::timeout(PATIENCE, read_frame(&mut self.stream));
        read.await.expect("a frame, or the end").ok()
    }

    /// The next text frame's JSON; control frames are passed over.
    ///
    /// # Panics
    /// When the connection ends before.
    pub async fn event(&mut self) -> Value {
        loop {
            let frame = self.receive().await.expect("an event before the end");
            assert_ne!(frame.head & 0x0f, Opcode::Close as u8, "closed instead: {frame:?}");
            if frame.head & 0x0f == Opcode::Text as u8 {
                return serde_json::from_slice(&frame.payload).expect("JSON");
            }
        }
    }

    /// Reads to the end; returns the events that came, and the close code, if a close frame came.
    pub async fn rest(&mut self) -> (Vec<Value>, Option<u16>) {
        let (mut events, mut code) = (Vec::new(), None);
        while let Some(frame) = self.receive().await {
            match (frame.head & 0x0f, frame.payload.as_slice()) {
                (1, text) => events.push(serde_json::from_slice(text).expect("JSON")),
                (8, [high, low, ..]) => code = Some(u16::from_be_bytes([*high, *low])),
                _ => {}
            }
        }
        (events, code)
    }
}

async fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.expect("an HTTP answer"));
    }
    String::from_utf8_lossy(&head).into_owned()
}

async fn read_frame(stream: &mut TcpStream) -> std::io::Result<RawFrame> {
    let head = stream.read_u8().await?;
    let length = match stream.read_u8().await? {
        126 => u64::from(stream.read_u16().await?),
        127 => stream.read_u64().await?,
        short @ 0..126 => u64::from(short),
        masked => panic!("the server masks its frames: {masked:#x}"),
    };
    let mut payload = vec![0; usize::try_from(length).expect("a length that fits")];
    stream.read_exact(&mut payload).await?;
    Ok(RawFrame { head, payload })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6455 §5.7: the same word unmasked, masked, and in two parts.
    #[test]
    fn frames_stand_on_the_wire_as_the_rfc_shows_them() {
        let hello = RawFrame::whole(Opcode::Text, "Hello");
        assert_eq!(hello.unmasked(), [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]);
        assert_eq!(hello.masked(), [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]);
        assert_eq!(RawFrame::part(Opcode::Text, "Hel").unmasked(), [0x01, 0x03, 0x48, 0x65, 0x6c]);
        assert_eq!(RawFrame::whole(Opcode::Continuation, "lo").unmasked(), [0x80, 0x02, 0x6c, 0x6f]);
    }

    #[test]
    fn long_frames_carry_their_length_in_more_bytes() {
        assert_eq!(RawFrame::whole(Opcode::Binary, vec![0; 256]).unmasked()[..4], [0x82, 0x7e, 0x01, 0x00]);
        let long = RawFrame::whole(Opcode::Binary, vec![0; 65536]).unmasked();
        assert_eq!(long[..10], [0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0]);
    }
}
