//! What holds the house together, checked: who may use whom, that documents name what exists, and that
//! files stay short and crates explain themselves.

mod floors;
mod lengths;
mod paths;
mod readmes;

use anyhow::Result;

use crate::process::say;
use crate::tally::Tally;
use crate::workspace::Workspace;

/// Something that a check found.
#[derive(Debug, PartialEq, Eq)]
enum Finding {
    /// Fails the check.
    Wrong(String),
    /// Is only said.
    Doubtful(String),
}

/// A name, and the function that looks.
type Check = (&'static str, fn(&Workspace) -> Result<Vec<Finding>>);

const CHECKS: &[Check] = &[
    ("crates use only what stands on floors below", floors::check),
    ("the paths named in ARCHITECTURE.md and README.md exist", paths::check),
    ("no Rust file is too long", lengths::check),
    ("every crate has a README, and shows it as its documentation", readmes::check),
];

/// Runs all checks, prints what they found, and counts each check that found something wrong as failed.
pub(crate) fn run(workspace: &Workspace) -> Result<Tally> {
    say("checking the architecture");
    let mut tally = Tally::default();
    for (name, check) in CHECKS {
        let findings = check(workspace)?;
        let mut wrong = false;
        for finding in &findings {
            match finding {
                Finding::Wrong(text) => {
                    wrong = true;
                    println!("  wrong: {text}");
                }
                Finding::Doubtful(text) => println!("  look at: {text}"),
            }
        }
        println!("check {name} ... {}", if wrong { "FAILED" } else { "ok" });
        tally.passed += u32::from(!wrong);
        tally.failed += u32::from(wrong);
    }
    Ok(tally)
}
