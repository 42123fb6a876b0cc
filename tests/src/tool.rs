//! A command that goes on until it is ended, and talks meanwhile.

use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

/// How long it may work between two lines: it may have to build something on a busy machine.
const PATIENCE: Duration = Duration::from_secs(300);

/// A running command; ended with the test.
pub struct Tool {
    printed: Lines<BufReader<ChildStdout>>,
    seen: Vec<String>,
    _process: Child,
}

impl Tool {
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut process = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the command starts");
        let printed = BufReader::new(process.stdout.take().expect("its output")).lines();
        Self { printed, seen: Vec::new(), _process: process }
    }

    /// The next line with all these words; those before it are gone then.
    ///
    /// # Panics
    /// When it ends, or there is none in time; shows all that it printed.
    pub async fn says(&mut self, words: &[&str]) -> String {
        let seen = &mut self.seen;
        let waiting = async {
            while let Ok(Some(line)) = self.printed.next_line().await {
                seen.push(line.clone());
                if words.iter().all(|word| line.contains(word)) {
                    return Some(line);
                }
            }
            None
        };
        let found = tokio::time::timeout(PATIENCE, waiting).await.unwrap_or_default();
        found.unwrap_or_else(|| panic!("it says nothing with {words:?}:\n{}", self.seen.join("\n")))
    }
}
