//! A tiny stand-in for our server that keeps to the protocol, or breaks it in one chosen way. A thread a connection:
//! slow, and simple enough to be believed.

use std::{
    collections::HashMap,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use serde_json::{Value, json};

use crate::wire::{self, Header};

/// How it breaks the protocol, once for every hundredth message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whim {
    Honest,
    LosesADelivery,
    DoublesADelivery,
    DeliversToTheSender,
    LosesAnAck,
    Refuses,
    /// Closes the first listener with 4029.
    ClosesAListener,
    /// Delivers to one listener only after the next message.
    DeliversLate,
}

/// A running fake.
pub(crate) struct Fake {
    pub(crate) address: SocketAddr,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    users: usize,
    /// Members by room, as their tokens.
    members: HashMap<String, Vec<String>>,
    /// Live listeners by room, in the order in which they came.
    listeners: HashMap<String, Vec<(String, TcpStream)>>,
    held: Option<(TcpStream, Vec<u8>)>,
    messages: u64,
}

impl Fake {
    /// Starts one; its threads end with their connections.
    pub(crate) fn start(whim: Whim) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let state = Arc::clone(&shared);
                thread::spawn(move || serve(stream, &state, whim));
            }
        });
        Self { address, state }
    }

    /// How many members each room has, largest first.
    pub(crate) fn room_sizes(&self) -> Vec<usize> {
        let mut sizes: Vec<_> =
            self.state.lock().expect("not poisoned").members.values().map(Vec::len).collect();
        sizes.sort_unstable_by(|a, b| b.cmp(a));
        sizes
    }
}

fn serve(stream: TcpStream, state: &Mutex<State>, whim: Whim) {
    let mut reader = BufReader::new(stream);
    while let Some((target, token, body)) = read_request(&mut reader) {
        if target.starts_with("/ws") {
            let token = target.split_once("token=").map_or("", |(_, token)| token).to_owned();
            return chat(reader, state, &token, whim);
        }
        let answer = rest(&target, &token, &body, &mut state.lock().expect("not poisoned")).to_string();
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{answer}", answer.len());
        reader.get_mut().write_all(head.as_bytes()).expect("the client reads");
    }
}

fn read_request(reader: &mut BufReader<TcpStream>) -> Option<(String, String, Value)> {
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let target = line.split(' ').nth(1)?.to_owned();
    let (mut length, mut token) = (0, String::new());
    loop {
        line.clear();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        match name {
            "Content-Length" => length = value.parse().ok()?,
            "Authorization" => token = value.trim_start_matches("Bearer ").to_owned(),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((target, token, serde_json::from_slice(&body).unwrap_or_default()))
}

fn rest(target: &str, token: &str, _body: &Value, state: &mut State) -> Value {
    match target {
        "/v1/auth/guest" => {
            state.users += 1;
            json!({"token": format!("token-{}", state.users)})
        }
        "/v1/rooms" => {
            let room = format!("room-{}", state.members.len());
            state.members.insert(room.clone(), vec![token.to_owned()]);
            json!({"id": room})
        }
        join => {
            let room = join.trim_start_matches("/v1/rooms/").trim_end_matches("/join");
            state.members.get_mut(room).expect("a room that exists").push(token.to_owned());
            json!({})
        }
    }
}

fn chat(mut reader: BufReader<TcpStream>, state: &Mutex<State>, token: &str, whim: Whim) {
    let accept = wire::accept_key(wire::CLIENT_KEY);
    let mut hello = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    )
    .into_bytes();
    hello.extend(frame(&json!({"type": "hello"})));
    reader.get_mut().write_all(&hello).expect("the client reads");
    while let Some(said) = read_frame(&mut reader) {
        let room = said["room"].as_str().expect("a room").to_owned();
        let mut state = state.lock().expect("not poisoned");
        if said["type"] == "join" {
            let stream = reader.get_ref().try_clone().expect("a second handle");
            state.listeners.entry(room.clone()).or_default().push((token.to_owned(), stream));
            let joined = frame(&json!({"type": "joined", "room": room}));
            reader.get_mut().write_all(&joined).expect("the client reads");
        } else if state.publish(&said, &room, token, whim).is_err() {
            return;
        }
    }
}

fn read_frame(reader: &mut BufReader<TcpStream>) -> Option<Value> {
    let mut bytes = Vec::new();
    loop {
        let needed = Header::parse(&bytes).map_or(bytes.len() + 1, |header| header.len + header.payload_len);
        if needed == bytes.len() {
            break;
        }
        let mut more = vec![0; needed - bytes.len()];
        reader.read_exact(&mut more).ok()?;
        bytes.extend(more);
    }
    let header = Header::parse(&bytes)?;
    wire::apply_mask(&mut bytes[header.len..], header.mask?);
    (header.opcode == wire::TEXT).then(|| serde_json::from_slice(&bytes[header.len..]).expect("JSON"))
}

fn frame(value: &Value) -> Vec<u8> {
    let payload = value.to_string();
    let mut out = Vec::new();
    wire::put_server_header(&mut out, wire::TEXT, payload.len());
    out.extend_from_slice(payload.as_bytes());
    out
}

impl State {
    fn publish(&mut self, said: &Value, room: &str, token: &str, whim: Whim) -> std::io::Result<()> {
        self.messages += 1;
        let odd = self.messages % 10 == 7;
        let event =
            frame(&json!({"type": "msg", "room": room, "seq": self.messages, "content": said["content"]}));
        let released = self.held.take();
        let listeners = self.listeners.get_mut(room).expect("somebody listens");
        let mut sender =
            listeners.iter().find(|(other, _)| other == token).expect("the sender").1.try_clone()?;
        if odd && whim == Whim::Refuses {
            let id = &said["id"];
            let error = json!({"type": "error", "id": id, "code": "rejected", "message": "no"});
            return sender.write_all(&frame(&error));
        }
        // Whoever joined last is not always a listener: the sender may have.
        let last = listeners.iter().rposition(|(other, _)| other != token);
        for (at, (other, stream)) in listeners.iter_mut().enumerate() {
            let is_sender = other == token;
            let times = match whim {
                Whim::LosesADelivery if odd && Some(at) == last => 0,
                Whim::DoublesADelivery if odd && Some(at) == last => 2,
                Whim::DeliversToTheSender if odd && is_sender => 1,
                Whim::DeliversLate if odd && Some(at) == last => {
                    self.held = Some((stream.try_clone()?, event.clone()));
                    0
                }
                _ if is_sender => 0,
                _ => 1,
            };
            for _ in 0..times {
                stream.write_all(&event)?;
            }
        }
        if whim == Whim::ClosesAListener
            && self.messages == 7
            && let Some(last) = last
        {
            let mut close = Vec::new();
            wire::put_server_header(&mut close, wire::CLOSE, 6);
            close.extend_from_slice(&4029_u16.to_be_bytes());
            close.extend_from_slice(b"slow");
            listeners[last].1.write_all(&close)?;
        }
        if let Some((mut stream, event)) = released {
            stream.write_all(&event)?;
        }
        if odd && whim == Whim::LosesAnAck {
            return Ok(());
        }
        sender.write_all(&frame(
            &json!({"type": "ack", "id": said["id"], "state": "sent", "seq": self.messages}),
        ))
    }
}
