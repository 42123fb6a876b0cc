//! Frames that break RFC 6455, or come in an unusual but lawful way.

use teahouse_tests::{Opcode, RawFrame, RawSocket, Settings, TestServer, server_test};

async fn connect(server: &TestServer) -> RawSocket {
    let ann = server.person("ann").await;
    let mut socket = RawSocket::connect(server.address(), &format!("/ws?token={}", ann.token)).await;
    assert_eq!(socket.event().await["type"], "hello");
    socket
}

/// The server closes with `code`, or hangs up where the stream can't be read any more.
async fn ends(mut socket: RawSocket, bytes: &[u8], code: u16) {
    socket.send(bytes).await;
    let (_, closed) = socket.rest().await;
    assert_eq!(closed, Some(code), "after {:?}", &bytes[..bytes.len().min(16)]);
}

/// A message in pieces is one message, with control frames between them.
#[server_test]
async fn a_fragmented_message_is_put_together(server: TestServer) {
    let mut socket = connect(&server).await;
    socket.send(&RawFrame::part(Opcode::Text, r#"{"type":"pi"#).masked()).await;
    socket.send(&RawFrame::whole(Opcode::Ping, "between").masked()).await;
    socket.send(&RawFrame::part(Opcode::Continuation, r#"ng","id":"#).masked()).await;
    socket.send(&RawFrame::whole(Opcode::Continuation, r#""f"}"#).masked()).await;
    let pong = socket.receive().await.expect("a pong");
    assert_eq!((pong.head & 0x0f, pong.payload.as_slice()), (Opcode::Pong as u8, &b"between"[..]));
    assert_eq!(socket.event().await["id"], "f");
}

/// A character cut in two by the fragments is whole in the message.
#[server_test]
async fn a_character_may_be_cut_by_fragments(server: TestServer) {
    let mut socket = connect(&server).await;
    let frame = r#"{"type":"ping","id":"茶"}"#.as_bytes();
    let (left, right) = frame.split_at(22);
    socket.send(&RawFrame::part(Opcode::Text, left).masked()).await;
    socket.send(&RawFrame::whole(Opcode::Continuation, right).masked()).await;
    assert_eq!(socket.event().await["id"], "茶");
}

/// Several frames in one packet, and one frame in many, byte by byte.
#[server_test]
async fn packets_need_not_be_frames(server: TestServer) {
    let mut socket = connect(&server).await;
    let ping = |id: &str| RawFrame::whole(Opcode::Text, format!(r#"{{"type":"ping","id":"{id}"}}"#)).masked();
    socket.send(&[ping("1"), ping("2"), ping("3")].concat()).await;
    for byte in ping("4") {
        socket.send(&[byte]).await;
    }
    for id in ["1", "2", "3", "4"] {
        assert_eq!(socket.event().await["id"], id);
    }
}

#[server_test]
async fn an_unmasked_frame_is_a_protocol_error(server: TestServer) {
    ends(connect(&server).await, &RawFrame::whole(Opcode::Text, r#"{"type":"ping"}"#).unmasked(), 1002).await;
}

#[server_test]
async fn reserved_bits_and_opcodes_are_protocol_errors(server: TestServer) {
    for head in [0xC1, 0xA1, 0x91, 0x83, 0x8B] {
        ends(connect(&server).await, &RawFrame { head, payload: b"{}".to_vec() }.masked(), 1002).await;
    }
}

#[server_test]
async fn fragments_out_of_order_are_protocol_errors(server: TestServer) {
    ends(connect(&server).await, &RawFrame::whole(Opcode::Continuation, "{}").masked(), 1002).await;
    let two_starts =
        [RawFrame::part(Opcode::Text, "{").masked(), RawFrame::whole(Opcode::Text, "}").masked()].concat();
    ends(connect(&server).await, &two_starts, 1002).await;
}

#[server_test]
async fn control_frames_are_short_and_whole(server: TestServer) {
    ends(connect(&server).await, &RawFrame::whole(Opcode::Ping, vec![0; 126]).masked(), 1002).await;
    ends(connect(&server).await, &RawFrame::part(Opcode::Ping, "a").masked(), 1002).await;
    ends(connect(&server).await, &RawFrame::whole(Opcode::Close, vec![3]).masked(), 1002).await;
}

#[server_test]
async fn invalid_utf8_ends_the_connection(server: TestServer) {
    ends(connect(&server).await, &RawFrame::whole(Opcode::Text, vec![b'"', 0xC3, 0x28, b'"']).masked(), 1007)
        .await;
    // Surrogates and overlong forms are no UTF-8 either.
    ends(connect(&server).await, &RawFrame::whole(Opcode::Text, vec![0xED, 0xA0, 0x80]).masked(), 1007).await;
    ends(connect(&server).await, &RawFrame::whole(Opcode::Text, vec![0xC0, 0xAF]).masked(), 1007).await;
}

fn with_small_frames(settings: Settings) -> Settings {
    settings.set("limits.frame_bytes", 4096)
}

/// At the limit a frame is read; one past it ends the connection, before its content was sent.
#[server_test(with_small_frames)]
async fn an_oversized_frame_ends_the_connection(server: TestServer) {
    let frame = |length: usize| {
        let empty = r#"{"type":"ping","x":""}"#.len();
        format!(r#"{{"type":"ping","x":"{}"}}"#, "x".repeat(length - empty))
    };
    let mut socket = connect(&server).await;
    socket.send(&RawFrame::whole(Opcode::Text, frame(4096)).masked()).await;
    assert_eq!(socket.event().await["type"], "pong");
    socket.send(&RawFrame::whole(Opcode::Text, frame(4097)).masked()).await;
    assert_eq!(socket.rest().await.1, Some(1009));
}

/// A header that promises a terabyte is answered at once, not waited for.
#[server_test]
async fn a_promised_terabyte_is_refused_at_once(server: TestServer) {
    let mut header = vec![0x81, 0x80 | 127];
    header.extend((1_u64 << 40).to_be_bytes());
    header.extend([0; 4]);
    ends(connect(&server).await, &header, 1009).await;
}

/// Fragments count together: many small ones are one large message.
#[server_test(with_small_frames)]
async fn fragments_that_add_up_past_the_limit_end_the_connection(server: TestServer) {
    let mut socket = connect(&server).await;
    socket.send(&RawFrame::part(Opcode::Text, vec![b' '; 2048]).masked()).await;
    for _ in 0..4 {
        // The server may hang up in between.
        let _ = socket.try_send(&RawFrame::part(Opcode::Continuation, vec![b' '; 2048]).masked()).await;
    }
    assert_eq!(socket.rest().await.1, Some(1009));
}

/// A close is answered with a close of the same code.
#[server_test]
async fn a_close_is_answered(server: TestServer) {
    ends(connect(&server).await, &RawFrame::whole(Opcode::Close, 1000_u16.to_be_bytes()).masked(), 1000)
        .await;
}
