//! The compiler as a child process: a component that makes it take forever, or all memory, ends only the child.

use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use nix::sys::resource::{Resource, setrlimit};
use parking_lot::{Condvar, Mutex};

use super::precompile;
use crate::engine::Metering;
use crate::error::CompileError;

/// The argument that makes a program the compiler.
const ARGUMENT: &str = "__compile-component";
/// The longest that compiling may take, by default. The compiler of a development build is itself unoptimised in part, and its machine is busy building: a plugin in
/// Python would not be through by then.
pub const COMPILE_TIME: Duration = Duration::from_secs(if cfg!(debug_assertions) { 120 } else { 20 });
/// The most memory that compiling may take.
pub const COMPILE_MEMORY_BYTES: u64 = 1 << 30;
/// More machine code than a component of the largest size becomes.
const CODE_BYTES: u64 = 512 << 20;
/// Compilers at once in a process: each may take [`COMPILE_MEMORY_BYTES`], and all cores.
const AT_ONCE: u32 = 2;
/// The child's last words.
const WORDS_BYTES: u64 = 4 * 1024;
/// The child's own way to say that the component is at fault.
const EXIT_INVALID: i32 = 65;

/// Compiles what comes on stdin to stdout, within the limits, and returns the exit code. Call it first thing in the
/// program that [`Compile::Child`](super::Compile::Child) names, when its one argument is `__compile-component`.
#[must_use]
pub fn compile_child() -> i32 {
    match limit().map_err(CompileError::from).and_then(|()| pipe()) {
        Ok(()) => 0,
        Err(CompileError::Invalid(why)) => {
            eprint!("{why}");
            EXIT_INVALID
        }
        Err(error) => {
            eprint!("{error}");
            1
        }
    }
}

fn limit() -> io::Result<()> {
    // On top of what the program has before it compiles anything: an allocator's first arena counts too.
    let most = mapped_bytes() + COMPILE_MEMORY_BYTES;
    setrlimit(Resource::RLIMIT_DATA, most, most)?;
    // If whoever waits for us dies, we end by ourselves. Several threads compile, so this is more than the wall time.
    let cpu_seconds = COMPILE_TIME.as_secs() * 8;
    setrlimit(Resource::RLIMIT_CPU, cpu_seconds, cpu_seconds)?;
    setrlimit(Resource::RLIMIT_CORE, 0, 0)?;
    setrlimit(Resource::RLIMIT_FSIZE, 0, 0)?;
    Ok(())
}

/// Writable memory of this process, as `RLIMIT_DATA` counts it (proc(5), `VmData`); 0 where that can't be read.
fn mapped_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let data = status.lines().find_map(|line| line.strip_prefix("VmData:"));
    let kib = data.and_then(|data| data.trim().trim_end_matches("kB").trim().parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}

fn pipe() -> Result<(), CompileError> {
    let mut component = Vec::new();
    io::stdin().lock().read_to_end(&mut component)?;
    let code = precompile(&component, Metering::Time)?;
    let mut out = io::stdout().lock();
    out.write_all(&code)?;
    out.flush()?;
    Ok(())
}

/// Whoever compiles has one of the places.
// Made by hand: the standard library has no semaphore, and tokio's is waited for in a runtime, of which the threads here
// need know nothing.
struct Place;

static FREE: Mutex<u32> = Mutex::new(AT_ONCE);
static FREED: Condvar = Condvar::new();

impl Place {
    fn wait() -> Self {
        let mut free = FREE.lock();
        while *free == 0 {
            FREED.wait(&mut free);
        }
        *free -= 1;
        Self
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        *FREE.lock() += 1;
        FREED.notify_one();
    }
}

/// Runs `program` as the compiler, and ends it when its time is over. Blocks, also while others compile.
pub(super) fn run(program: &Path, component: &[u8], time: Duration) -> Result<Vec<u8>, CompileError> {
    let _place = Place::wait();
    let mut child = Command::new(program)
        .arg(ARGUMENT)
        // Nothing of ours is the compiler's business: not the database's address, not a key.
        .env_clear()
        // The program's allocator would reserve gigabytes at once, and nothing would be left of the limit.
        .env("MIMALLOC_ARENA_RESERVE", "64MiB")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let ended = talk(&mut child, component, time);
    if ended.is_none() {
        child.kill()?;
    }
    let status = child.wait()?;
    let Some((code, words)) = ended else {
        return Err(CompileError::TooSlow { seconds: time.as_secs() });
    };
    match status.code() {
        Some(0) => Ok(code),
        Some(EXIT_INVALID) => Err(CompileError::Invalid(words)),
        Some(_) => Err(CompileError::Compiler(words)),
        None => Err(CompileError::Compiler(format!("it was ended ({status}), perhaps for its memory"))),
    }
}

/// Gives the child its component, and waits for its code and its words; none when it takes too long.
fn talk(child: &mut Child, component: &[u8], time: Duration) -> Option<(Vec<u8>, String)> {
    let (stdin, stdout, stderr) = (child.stdin.take()?, child.stdout.take()?, child.stderr.take()?);
    let (done, ended) = channel();
    thread::scope(|scope| {
        scope.spawn(move || {
            let mut stdin = stdin;
            // A child that ended early closes its side: then it has words for it.
            let _ = stdin.write_all(component);
        });
        scope.spawn(move || {
            let words = thread::scope(|inner| {
                let words = inner.spawn(|| read(stderr, WORDS_BYTES));
                let code = read(stdout, CODE_BYTES);
                (code, words.join().unwrap_or_default())
            });
            let _ = done.send((words.0, String::from_utf8_lossy(&words.1).into_owned()));
        });
        match ended.recv_timeout(time) {
            Ok(said) => Some(said),
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                // Its pipes close with it, and so the threads above end.
                let _ = child.kill();
                None
            }
        }
    })
}

fn read(from: impl Read, limit: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Half of what was said is an exit code's matter.
    let _ = from.take(limit).read_to_end(&mut bytes);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compiler_that_never_ends_is_ended() {
        let folder = tempfile::tempdir().expect("a folder");
        let program = script(folder.path(), "while :; do :; done");
        let ended = run(&program, b"component", Duration::from_millis(200));
        assert!(matches!(ended, Err(CompileError::TooSlow { .. })), "{ended:?}");
    }

    #[test]
    fn a_compiler_that_dies_is_told_from_one_that_refuses() {
        let folder = tempfile::tempdir().expect("a folder");
        let dies = script(folder.path(), "kill -9 $$");
        assert!(matches!(run(&dies, b"c", COMPILE_TIME), Err(CompileError::Compiler(_))));
        let refuses = script(folder.path(), "printf 'no good' >&2; exit 65");
        let refused = run(&refuses, b"c", COMPILE_TIME);
        assert!(matches!(refused, Err(CompileError::Invalid(why)) if why == "no good"));
    }

    /// Each says how many of them run: a folder has a file for each.
    #[test]
    fn no_more_than_two_compile_at_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let running = folder.path().join("running");
        std::fs::create_dir(&running).expect("made");
        let text = format!(
            "cd {}; : > $$; set -- *; i=0; while [ $i -lt 2000 ]; do i=$((i+1)); done; set -- *; printf $#; rm $$",
            running.display()
        );
        let program = script(folder.path(), &text);
        let most = thread::scope(|scope| {
            let runs: Vec<_> = (0..6)
                .map(|_| scope.spawn(|| run(&program, b"c", COMPILE_TIME).expect("compiled")))
                .collect();
            let counts = runs.into_iter().map(|run| run.join().expect("no panic"));
            counts.map(|count| String::from_utf8_lossy(&count).parse::<u32>().expect("a number")).max()
        });
        assert!(most <= Some(AT_ONCE), "{most:?}");
    }

    fn script(folder: &Path, text: &str) -> std::path::PathBuf {
        use std::os::unix::fs::PermissionsExt;
        let path = folder.join(format!("compiler-{}", text.len()));
        std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("executable");
        path
    }
}
