//! What a plugin keeps, and what a bot was to hear, outlives the server.

use serde_json::Value;
use teahouse_tests::{Socket, TestServer, server_test};

use super::house::{patient, with_probe};

/// What a plugin's store took is there after a kill.
#[server_test(patient)]
async fn a_plugins_store_outlives_a_kill(mut server: TestServer) {
    let _keeper = with_probe(&server).await;
    let ann = server.person("ann").await;
    let mut socket = ann.connect().await;
    let lobby = socket.lobby();
    socket.join(&lobby).await;
    socket.send("1", "set tea").await;
    answer(&mut socket, "Ok(())").await;
    server.kill().await;
    server.start_again().await;
    let mut socket = ann.connect().await;
    socket.join(&lobby).await;
    socket.send("2", "get tea").await;
    answer(&mut socket, "Ok(Some(\"set\"))").await;
}

async fn answer(socket: &mut Socket, text: &str) {
    let said = socket.find(text, is_a_bots).await;
    assert_eq!(said["content"], text, "{said}");
}

fn is_a_bots(event: &Value) -> bool {
    event["type"] == "msg" && event["sender"]["is_bot"] == true
}
