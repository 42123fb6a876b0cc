//! What an admin decides about a plugin's limits, in place of what it asked for.

use serde_json::json;
use teahouse_tests::{TestServer, server_test};

use super::house::{PROBE, agree, patient, probe, runs};

/// By command or by REST, within the server's bounds, and taken back likewise.
#[server_test(patient)]
async fn a_limit_is_decided_held_to_and_taken_back(server: TestServer) {
    let keeper = server.keeper().await;
    let installed = keeper.upload("/plugins", probe().pack().await).await.expect(201);
    agree(&keeper, &installed).await;
    let decide = async |change: &str| server.command(&["plugin", "policy", PROBE, "--change", change]).await;
    let done = decide("limits.kv_quota_kib=2").await;
    assert!(done.code == 0 && done.printed.contains("\"kv_quota_kib\": 2"), "{done:?}");
    let lines = server.lines();
    keeper.act(&format!("/plugins/{PROBE}/enable")).await.expect(200);
    runs(&server, lines, PROBE, "1.0.0").await;

    let mut socket = server.person("ann").await.connect().await;
    let lobby = socket.lobby();
    socket.join(&lobby).await;
    socket.send("1", "fill 100").await;
    let kept =
        |event: &serde_json::Value| event["content"].as_str().is_some_and(|text| text.starts_with("kept"));
    let told = socket.find("what was kept", kept).await;
    assert_eq!(told["content"], "kept 1, then Quota(2048)", "{told}");

    for wrong in ["limits.kv_quota_kib=70000", "limits.kv=2", "limits.filter_data_kib=63"] {
        let refused = decide(wrong).await;
        assert!(refused.code == 1 && !refused.errors.is_empty(), "{wrong}: {refused:?}");
    }
    let policy = format!("/plugins/{PROBE}/policy");
    let refused = keeper.put(&policy, json!({ "filter_wall_ms": 201 })).await;
    refused.refused(refused.status, "plugin_policy_refused");
    let plugin = keeper.get(&format!("/plugins/{PROBE}")).await.expect(200);
    assert_eq!(plugin["policy"]["kv_quota_kib"], 2, "{plugin}");

    assert_eq!(decide("limits.kv_quota_kib=").await.code, 0);
    let plugin = keeper.get(&format!("/plugins/{PROBE}")).await.expect(200);
    assert_eq!(plugin["policy"].get("kv_quota_kib"), None, "{plugin}");
}
