//! Prints so many made-up words, the same each time, one a line: `cargo run --example synthetic_words -- 10000`.
//!
//! Nine of ten are of two to four ideographs, the others of four to ten Latin letters. For tests of speed and memory.

#[path = "../tests/synthetic/mod.rs"]
mod synthetic;

fn main() {
    let count = std::env::args().nth(1).and_then(|count| count.parse().ok()).unwrap_or(10_000);
    print!("{}", synthetic::words(count));
}
