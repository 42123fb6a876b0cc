//! What an operator does with a plugin, over REST.

use serde_json::{Value, json};
use teahouse_tests::{Keeper, Settings, TestServer};

use super::package::Workshop;

pub(super) const PROBE: &str = "house.tea.test.probe";

/// Gives filters all the time that there is: on a busy machine one that is late would be passed over.
pub(crate) fn patient(settings: Settings) -> Settings {
    settings.set("plugins.chain_budget_ms", 500)
}

/// The probe, with as much time as a filter may ask for.
pub(crate) fn probe() -> Workshop {
    let workshop = Workshop::of("probe");
    workshop.change("deadline-ms = 20", "deadline-ms = 50");
    workshop
}

/// The probe, at work in every room.
pub(super) async fn with_probe(server: &TestServer) -> Keeper {
    let keeper = server.keeper().await;
    put_to_work(server, &keeper, probe().pack().await).await;
    keeper
}

/// Takes a package in, agrees to all that it can't do without, enables it, and waits until it runs.
pub(crate) async fn put_to_work(server: &TestServer, keeper: &Keeper, package: Vec<u8>) -> Value {
    let installed = keeper.upload("/plugins", package).await.expect(201);
    agree(keeper, &installed).await;
    let lines = server.lines();
    let plugin = text(&installed, "plugin");
    keeper.act(&format!("/plugins/{plugin}/enable")).await.expect(200);
    runs(server, lines, plugin, text(&installed, "version")).await;
    installed
}

/// Agrees to all that an installed package can't do without.
pub(super) async fn agree(keeper: &Keeper, installed: &Value) {
    let grants = format!("/plugins/{}/grants", text(installed, "plugin"));
    keeper.post(&grants, json!({ "digest": installed["digest"] })).await.expect(200);
}

/// Waits until a version of a plugin runs that did not at the line `from` of the server's log.
pub(super) async fn runs(server: &TestServer, from: usize, plugin: &str, version: &str) {
    server.prints(from, &["a plugin runs", plugin, version]).await;
}

/// A field that is text.
pub(super) fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_else(|| panic!("no {field} in {value}"))
}
