//! What the plugin with its defaults finds in texts: reads one text a line, and prints for each that has a word its line
//! number from 1, what would be done, and the words, parted by tabs. `cargo xtask words` counts with it.

use std::io::{BufRead as _, Write as _};

use guard_text::Fold;
use sensitive_words::judge::Judge;
use sensitive_words::settings::Settings;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let fold = Fold::new();
    let settings = Settings::default();
    let dictionary = settings.dictionary(&fold)?;
    let mut judge = Judge::new(fold, dictionary, settings.skip, '*');
    let mut out = std::io::stdout().lock();
    for (line, text) in std::io::stdin().lock().lines().enumerate() {
        if let Some(found) = judge.look(&text?) {
            writeln!(out, "{}\t{:?}\t{}", line + 1, found.action, found.words.join(" "))?;
        }
    }
    Ok(())
}
