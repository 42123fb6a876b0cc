//! Counting tests from what `cargo test` prints: how many passed and failed, and how many ran on each database.

use std::ops::AddAssign;

/// What ran.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u32,
    pub(crate) failed: u32,
    pub(crate) ignored: u32,
    /// Of those that ran, the ones on SQLite.
    pub(crate) sqlite: u32,
    /// Of those that ran, the ones on PostgreSQL.
    pub(crate) postgres: u32,
}

impl Tally {
    /// Counts one line of output, if it is a test's result.
    ///
    /// Which database a test ran on stands in its path: tests that are written once for both are expanded
    /// into a module for each, `sqlite` and `postgres` (or carry the word in their own name).
    pub(crate) fn count(&mut self, line: &str) {
        let Some((name, outcome)) = result_line(line) else { return };
        match outcome {
            Outcome::Passed => self.passed += 1,
            Outcome::Failed => self.failed += 1,
            Outcome::Ignored => {
                self.ignored += 1;
                return;
            }
        }
        let mut words = name.split("::").flat_map(|part| part.split('_'));
        match words.find(|word| matches!(*word, "sqlite" | "postgres" | "postgresql")) {
            Some("sqlite") => self.sqlite += 1,
            Some(_) => self.postgres += 1,
            None => {}
        }
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.ignored += other.ignored;
        self.sqlite += other.sqlite;
        self.postgres += other.postgres;
    }
}

enum Outcome {
    Passed,
    Failed,
    Ignored,
}

/// `test rooms::mute::sqlite ... ok` is a result; `test result: ok. 3 passed` is a sum.
fn result_line(line: &str) -> Option<(&str, Outcome)> {
    let (name, outcome) = line.strip_prefix("test ")?.rsplit_once(" ... ")?;
    let outcome = match outcome.split(' ').next()?.trim_end_matches(',') {
        "ok" => Outcome::Passed,
        "FAILED" => Outcome::Failed,
        "ignored" => Outcome::Ignored,
        _ => return None,
    };
    Some((name, outcome))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(lines: &[&str], expected: Tally) {
        let mut tally = Tally::default();
        for line in lines {
            tally.count(line);
        }
        assert_eq!(tally, expected);
    }

    #[test]
    fn results_are_counted_and_sums_are_not() {
        check(
            &[
                "running 3 tests",
                "test a ... ok",
                "test b ... FAILED",
                "test c ... ignored, too slow",
                "test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out",
            ],
            Tally { passed: 1, failed: 1, ignored: 1, ..Tally::default() },
        );
    }

    #[test]
    fn the_database_stands_in_the_path_or_the_name() {
        check(
            &[
                "test messages::sent_twice::sqlite ... ok",
                "test messages::sent_twice::postgres ... ok",
                "test store::pages_on_postgres ... FAILED",
                "test crates/chat/src/lib.rs - (line 3) ... ok",
            ],
            Tally { passed: 3, failed: 1, sqlite: 1, postgres: 2, ..Tally::default() },
        );
    }

    #[test]
    fn a_doc_test_that_only_compiles_is_a_result() {
        check(&["test a.rs - b (line 1) - compile ... ok"], Tally { passed: 1, ..Tally::default() });
    }
}
