//! Comparing a text with the file in the repository that others rely on.

use std::path::Path;

/// Set, it renews the files instead of comparing them.
const UPDATE: &str = "UPDATE_GOLDEN";

/// Fails unless the file at `path` (from the crate's folder) holds `text`.
#[track_caller]
pub(crate) fn check(path: &str, text: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os(UPDATE).is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        return std::fs::write(&file, text).unwrap();
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(kept == text, "{path} is not what the code says; {UPDATE}=1 renews it. Now:\n{text}");
}
