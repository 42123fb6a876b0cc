//! The upgrade, and nothing else of HTTP.

use std::io;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::member::Member;
use crate::wire;

/// Longest request accepted.
const REQUEST_BYTES: usize = 8 * 1024;

/// Answers the upgrade request on `stream`; the room is the query `room`.
pub(super) async fn receive(mut stream: TcpStream, id: u64) -> io::Result<Member> {
    let request = read_request(&mut stream).await?;
    let room = query_room(&request).to_owned();
    let key = header(&request, "sec-websocket-key").ok_or(io::ErrorKind::InvalidData)?;
    let response = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {}\r\n\r\n",
        wire::accept_key(key)
    );
    stream.write_all(response.as_bytes()).await?;
    Ok(Member::new(id, room, stream))
}

/// Clients wait for the answer before they send frames, so that nothing follows the request.
async fn read_request(stream: &mut TcpStream) -> io::Result<String> {
    let mut bytes = Vec::with_capacity(512);
    while !bytes.ends_with(b"\r\n\r\n") {
        if stream.read_buf(&mut bytes).await? == 0 || bytes.len() > REQUEST_BYTES {
            return Err(io::ErrorKind::InvalidData.into());
        }
    }
    String::from_utf8(bytes).map_err(|_| io::ErrorKind::InvalidData.into())
}

fn query_room(request: &str) -> &str {
    let target = request.split(' ').nth(1).unwrap_or_default();
    target.split_once("room=").map_or("", |(_, room)| room.split('&').next().unwrap_or_default())
}

fn header<'a>(request: &'a str, name: &str) -> Option<&'a str> {
    request.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}
