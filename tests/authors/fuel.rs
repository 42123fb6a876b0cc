//! `teahouse plugin test --fuel`: what a call costs, as a figure that the next run gives again.

use std::path::Path;

use teahouse_tests::{Output, program_output};

/// A bundled plugin's folder, where the tool may leave things, without its sources.
fn copied(name: &str) -> tempfile::TempDir {
    let from = repository().join("plugins").join(name);
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("locales")).expect("made");
    for file in ["plugin.toml", "config.schema.json", "cases.jsonl", "locales/en.json", "locales/zh-CN.json"]
    {
        std::fs::copy(from.join(file), folder.path().join(file)).expect("copied");
    }
    let component = repository().join("plugins/dist").join(format!("{name}.wasm"));
    std::fs::copy(component, folder.path().join("plugin.wasm")).expect("copied");
    folder
}

fn repository() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

async fn test(folder: &Path, arguments: &[&str]) -> Output {
    let folder = folder.to_str().expect("a path in UTF-8");
    program_output(&[&["plugin", "test", "-C", folder], arguments].concat(), &[]).await
}

/// For each case what stands behind the memory: ` 12 345 fuel`.
fn costs(output: &Output) -> Vec<&str> {
    assert_eq!(output.code, 0, "{output:?}");
    let costs: Vec<_> = output.printed.lines().filter_map(|line| line.split_once("KiB ·")).collect();
    assert!(!costs.is_empty(), "{output:?}");
    costs.into_iter().map(|(_, cost)| cost).collect()
}

#[tokio::test]
async fn two_runs_cost_the_same_fuel() {
    for name in ["sensitive-words", "welcome-bot"] {
        let folder = copied(name);
        let (first, second) =
            (test(folder.path(), &["--fuel"]).await, test(folder.path(), &["--fuel"]).await);
        assert_eq!(costs(&first), costs(&second), "{name}");
        assert!(costs(&first).iter().all(|cost| cost.contains("fuel")), "{first:?}");
        let fresh = [&["--fuel", "--fresh"]; 2].map(|arguments| test(folder.path(), arguments));
        let [first, second] = fresh;
        assert_eq!(costs(&first.await), costs(&second.await), "{name}, on fresh instances");
    }
}

#[tokio::test]
async fn a_call_may_be_given_a_limit() {
    let folder = copied("sensitive-words");
    let dear = test(folder.path(), &["--max-fuel", "1000"]).await;
    assert_eq!(dear.code, 1, "{dear:?}");
    assert!(dear.printed.contains("fuel, more than 1 000"), "{dear:?}");
    costs(&test(folder.path(), &["--max-fuel", "1000000000"]).await);
    let without = test(folder.path(), &[]).await;
    assert!(without.code == 0 && !without.printed.contains("fuel"), "{without:?}");
}
