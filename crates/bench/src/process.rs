//! A server process under test: started on its core, awaited until it listens, and gone when dropped.

use std::{
    fs::File,
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};

use crate::cores::Cores;

/// The line that says where the server listens contains this; other lines may contain addresses as well.
const READY: &str = "listening on http://";
/// A server that has not said where it listens after so long is given up.
const START_PATIENCE: Duration = Duration::from_secs(30);
/// A server that has not ended so long after SIGTERM is killed.
const STOP_PATIENCE: Duration = Duration::from_secs(10);

/// A running server.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Server {
    /// Starts `command` on the server's core and waits until it says where it listens. Its standard error goes
    /// to the file `log`; its standard input stays open as long as the server is wanted.
    pub(crate) fn start(cores: Cores, command: &mut Command, log: &Path) -> anyhow::Result<Self> {
        let stderr = File::create(log).with_context(|| format!("creating {}", log.display()))?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(stderr);
        let mut child = cores.spawn_server(command)?;
        let stdout = child.stdout.take().context("the server's standard output is not there")?;
        let lines = read_lines(stdout);
        match await_address(&lines) {
            Ok(address) => Ok(Self { child, address }),
            Err(error) => {
                // Ended or not: it serves nobody.
                let _ = child.kill();
                let _ = child.wait();
                let complaint = std::fs::read_to_string(log).unwrap_or_default();
                Err(error.context(format!(
                    "{} did not start; it said:\n{}",
                    command.get_program().display(),
                    last_lines(&complaint, 15)
                )))
            }
        }
    }

    /// The process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends the server as an operator would, and waits for it.
    pub(crate) fn stop(mut self) -> anyhow::Result<ExitStatus> {
        self.end()
    }

    fn end(&mut self) -> anyhow::Result<ExitStatus> {
        if let Some(status) = self.child.try_wait().context("waiting for the server")? {
            return Ok(status);
        }
        let pid = Pid::from_raw(i32::try_from(self.child.id()).context("a process id beyond i32")?);
        kill(pid, Signal::SIGTERM).context("asking the server to end")?;
        let asked = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().context("waiting for the server")? {
                return Ok(status);
            }
            if asked.elapsed() > STOP_PATIENCE {
                self.child.kill().context("killing the server")?;
                return self.child.wait().context("waiting for the server");
            }
            thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nobody is left to be told.
        let _ = self.end();
    }
}

/// Reads on for as long as the server writes: one that blocks on a full pipe would serve nobody.
fn read_lines(stdout: ChildStdout) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            // After the address is known nobody listens, and the lines are for nobody.
            let _ = sender.send(line);
        }
    });
    receiver
}

fn await_address(lines: &mpsc::Receiver<String>) -> anyhow::Result<SocketAddr> {
    let deadline = Instant::now() + START_PATIENCE;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        match lines.recv_timeout(left) {
            Ok(line) => {
                if let Some(address) = address_in(&line) {
                    return Ok(address);
                }
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => bail!("it ended before it listened"),
            Err(mpsc::RecvTimeoutError::Timeout) => {
                bail!("no line with \"{READY}ADDRESS\" within {START_PATIENCE:?}")
            }
        }
    }
}

fn address_in(line: &str) -> Option<SocketAddr> {
    let rest = &line[line.find(READY)? + READY.len()..];
    let end = rest.find(|c: char| !c.is_ascii_digit() && !".:[]".contains(c)).unwrap_or(rest.len());
    rest[..end].parse().ok()
}

fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: Option<&str>) {
        assert_eq!(address_in(line).map(|address| address.to_string()).as_deref(), expected);
    }

    #[test]
    fn the_address_is_read_from_the_ready_line_only() {
        check("listening on http://127.0.0.1:40123", Some("127.0.0.1:40123"));
        check("INFO teahouse: listening on http://127.0.0.1:81/ (development)", Some("127.0.0.1:81"));
        check("listening on http://127.0.0.1:81, see the page", Some("127.0.0.1:81"));
        check("chat page: http://127.0.0.1:81/", None);
        check("listening on http://localhost", None);
    }
}
