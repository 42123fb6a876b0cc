//! The documents for who writes a client, followed to the letter: their examples are taken out of them and run against the
//! server, so that an example that is wrong fails.

mod api;
mod mini_program;
mod protocol;

use std::path::Path;

/// A document of `docs`.
fn document(name: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name);
    std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// Its blocks of code in `language`, in their order.
fn blocks(document: &str, language: &str) -> Vec<String> {
    let mut blocks = Vec::new();
    let mut rest = document;
    while let Some((_, begun)) = rest.split_once(&format!("```{language}\n")) {
        let (block, after) = begun.split_once("```").expect("a block ends");
        blocks.push(block.to_owned());
        rest = after;
    }
    assert!(!blocks.is_empty(), "the document has no block of {language}");
    blocks
}

/// What stands between backticks in a line or in a text without blocks.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}
