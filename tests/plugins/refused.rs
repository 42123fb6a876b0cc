//! Packages that are not taken in: each is refused with a word of its own, and leaves nothing behind.

use serde_json::json;
use teahouse_tests::{Keeper, Settings, TestServer, program_output, server_test};
use tempfile::TempDir;

use super::house::text;
use super::package::{Workshop, packed_by_hand, unpacked};

/// A component that asks for WASI's environment, in the fewest bytes: an empty instance type, and the import.
const WASI: &[u8] = b"\0asm\x0d\0\x01\0\x07\x03\x01\x42\0\x0a\x1f\x01\0\x1awasi:cli/environment@0.2.0\x05\0";

fn with_signatures_required(settings: Settings) -> Settings {
    settings.set("plugins.require_signature", true)
}

/// What is no package, and what has no component that could run.
#[server_test]
async fn what_is_no_plugin_is_refused_by_its_name(server: TestServer) {
    let keeper = server.keeper().await;
    let noise: Vec<u8> = (0..4096).map(|_| rand::random()).collect();
    keeper.upload("/plugins", noise).await.refused(422, "plugin_invalid");

    let workshop = Workshop::of("noop-filter");
    let package = workshop.pack().await;
    let half = package[..package.len() / 2].to_vec();
    keeper.upload("/plugins", half).await.refused(422, "plugin_invalid");

    let component = std::fs::read(workshop.path("plugin.wasm")).expect("the component");
    for bytes in [&component[..component.len() / 2], b"(component)", WASI] {
        std::fs::write(workshop.path("plugin.wasm"), bytes).expect("another component");
        keeper
            .upload("/plugins", packed_by_hand(&workshop.path("")))
            .await
            .refused(422, "plugin_component_refused");
    }
    nothing_is_there(&keeper).await;
}

/// A package whose signature is of other files is refused whether signatures are asked for or not.
#[server_test]
async fn a_package_that_was_changed_after_it_was_signed_is_refused(server: TestServer) {
    let keeper = server.keeper().await;
    let key = Key::make().await;
    let workshop = Workshop::of("noop-filter");
    let signed = workshop.pack_with(&["--key", key.file()]).await;
    let folder = unpacked(&signed);
    let manifest = folder.path().join("plugin.toml");
    let forged = std::fs::read_to_string(&manifest).expect("the manifest");
    std::fs::write(&manifest, forged.replace("No-op filter", "Bank of Tea")).expect("the manifest");
    keeper.upload("/plugins", packed_by_hand(folder.path())).await.refused(422, "plugin_invalid");
    nothing_is_there(&keeper).await;
}

/// Where signatures are asked for, neither an unsigned package nor a stranger's gets in.
#[server_test(with_signatures_required)]
async fn a_stranger_is_refused_where_signatures_are_required(server: TestServer) {
    let keeper = server.keeper().await;
    let workshop = Workshop::of("noop-filter");
    keeper.upload("/plugins", workshop.pack().await).await.refused(403, "signature_required");
    let key = Key::make().await;
    let signed = workshop.pack_with(&["--key", key.file()]).await;
    keeper.upload("/plugins", signed).await.refused(403, "signature_required");
    nothing_is_there(&keeper).await;
}

/// A plugin that somebody signed is not followed by another's of the same name.
#[server_test]
async fn another_key_does_not_take_a_plugin_over(server: TestServer) {
    let keeper = server.keeper().await;
    let workshop = Workshop::of("noop-filter");
    let (author, thief) = (Key::make().await, Key::make().await);
    let first = workshop.pack_with(&["--key", author.file()]).await;
    let first = keeper.upload("/plugins", first).await.expect(201);
    workshop.change("version = \"0.1.0\"", "version = \"0.2.0\"");
    let stolen = workshop.pack_with(&["--key", thief.file()]).await;
    keeper.upload("/plugins", stolen).await.refused(409, "plugin_key_changed");
    let shown = keeper.get(&format!("/plugins/{}", text(&first, "plugin"))).await.expect(200);
    assert_eq!(shown["versions"].as_array().map(Vec::len), Some(1), "{shown}");
}

/// An operator who names a digest gets that package or none.
#[server_test]
async fn a_package_with_another_digest_is_not_installed(server: TestServer) {
    let workshop = Workshop::of("noop-filter");
    let file = workshop.path("a.teaplugin");
    std::fs::write(&file, workshop.pack().await).expect("the package");
    let file = file.to_str().expect("a path in UTF-8");
    let other = "0".repeat(64);
    let installed = server.command(&["plugin", "install", file, "--digest", &other]).await;
    assert_eq!(installed.code, 1, "{installed:?}");
    assert!(installed.errors.contains("digest"), "{installed:?}");
    nothing_is_there(&server.keeper().await).await;
}

async fn nothing_is_there(keeper: &Keeper) {
    let list = keeper.get("/plugins").await.expect(200);
    assert_eq!(list, json!({ "items": [] }));
}

/// A key to sign with.
struct Key {
    /// It goes with the key.
    _folder: TempDir,
    file: String,
}

impl Key {
    async fn make() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("author.key").to_str().expect("a path in UTF-8").to_owned();
        let made = program_output(&["plugin", "key", &file], &[]).await;
        assert_eq!(made.code, 0, "{made:?}");
        Self { _folder: folder, file }
    }

    fn file(&self) -> &str {
        &self.file
    }
}
