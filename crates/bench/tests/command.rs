//! The program as it is called, with the bare loop as the one server: the others are not there on every machine.

use std::process::{Command, Output};

fn bench(arguments: &[&str]) -> (Output, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let output = Command::new(env!("CARGO_BIN_EXE_teahouse-bench"))
        .args(arguments)
        .current_dir(folder.path())
        .env("CARGO_TARGET_DIR", folder.path())
        .output()
        .expect("the program starts");
    (output, folder)
}

#[test]
fn a_quick_run_prints_a_table_and_writes_the_figures() {
    let arguments =
        ["chat", "--quick", "--only", "bare", "--scenario", "fanout-1x100,idle", "--json", "figures.json"];
    let (output, folder) = bench(&arguments);
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{printed}{}", String::from_utf8_lossy(&output.stderr));
    assert!(printed.contains("bare Rust loop") && printed.contains("0 lost"), "{printed}");
    let figures = std::fs::read(folder.path().join("figures.json")).expect("the figures");
    let figures: serde_json::Value = serde_json::from_slice(&figures).expect("JSON");
    let fan_out = &figures["scenarios"][0]["outcome"]["entries"][0];
    assert!(fan_out["deliveries_per_second"].as_f64() > Some(0.0), "{figures}");
    assert_eq!(fan_out["faults"]["lost"], 0);
    assert_eq!(figures["scenarios"][1]["outcome"]["entries"][0]["connections"], 1000);
}

#[test]
fn a_server_that_was_never_built_is_named_with_the_way_to_build_it() {
    let (output, _folder) = bench(&["chat", "--quick"]);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(complaint.contains("cargo build --release -p teahouse-server"), "{complaint}");
}

#[test]
fn a_program_that_never_listens_is_quoted() {
    let (output, _folder) = bench(&["chat", "--quick", "--only", "history", "--server", "/bin/ls"]);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(complaint.contains("ended before it listened") && complaint.contains("serve"), "{complaint}");
}
