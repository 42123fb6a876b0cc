//! Makes `data/alike.txt` of Unicode's table of confusable characters (UTS 39).

#[path = "../tests/confusables/mod.rs"]
mod confusables;

fn main() -> std::io::Result<()> {
    std::fs::write(concat!(env!("CARGO_MANIFEST_DIR"), "/data/alike.txt"), confusables::table())
}
