//! The floor table: a crate may use those on floors below its own, and no others.

use anyhow::Result;

use super::Finding;
use crate::workspace::{Package, Use, Workspace};

/// Where a crate stands.
enum Place {
    /// May use whatever stands on a lower floor.
    Floor(u8),
    /// Beside the house: may use just these.
    Side(&'static [&'static str]),
}

use Place::{Floor, Side};

/// The table of `ARCHITECTURE.md`, as data.
const TABLE: &[(&str, Place)] = &[
    ("teahouse-protocol", Floor(0)),
    ("teahouse-wechat", Floor(0)),
    ("teahouse-plugin-sdk", Floor(0)),
    ("teahouse-plugin-package", Floor(0)),
    ("teahouse-outbound", Floor(0)),
    ("teahouse-migrations", Floor(0)),
    ("teahouse-store", Floor(1)),
    ("teahouse-media", Floor(1)),
    ("teahouse-bus", Floor(1)),
    ("teahouse-plugin-host", Floor(1)),
    ("teahouse-jobs", Floor(2)),
    ("teahouse-accounts", Floor(2)),
    ("teahouse-plugin-tool", Floor(2)),
    ("teahouse-chat", Floor(3)),
    ("teahouse-moderation", Floor(4)),
    ("teahouse-plugins", Floor(4)),
    ("teahouse-api", Floor(5)),
    ("teahouse-gateway", Floor(5)),
    ("teahouse-web-admin", Floor(5)),
    ("teahouse-server", Floor(6)),
    ("teahouse-wechat-sim", Side(&["teahouse-wechat", "teahouse-outbound"])),
    ("teahouse-testkit", Side(&["teahouse-protocol", "teahouse-store"])),
    ("teahouse-bench", Side(&["teahouse-protocol"])),
    ("xtask", Side(&[])),
    ("teahouse-tests", Side(&["teahouse-protocol", "teahouse-tests-macro"])),
    ("teahouse-tests-macro", Side(&[])),
];

/// What a crate that has no business with it must not even link: the last column of the table, where a
/// library stands for what the crate knows nothing of.
const UNKNOWN_TO: &[(&str, &[&str])] = &[
    ("teahouse-protocol", &["tokio", "poem", "sea-orm", "reqwest"]),
    ("teahouse-wechat", &["poem", "sea-orm", "sqlx"]),
    ("teahouse-store", &["poem", "hyper", "http"]),
    ("teahouse-bus", &["poem", "sea-orm", "sqlx"]),
    ("teahouse-plugin-package", &["tokio", "wasmtime", "poem", "sea-orm"]),
    ("teahouse-plugin-host", &["poem", "sea-orm", "sqlx"]),
    ("teahouse-plugin-tool", &["poem", "sea-orm", "sqlx"]),
    ("teahouse-plugins", &["poem", "poem-openapi", "hyper", "wasmtime"]),
    ("teahouse-accounts", &["poem", "hyper"]),
    ("teahouse-chat", &["poem", "poem-openapi", "hyper", "http"]),
    ("teahouse-moderation", &["poem", "poem-openapi", "hyper", "http"]),
    ("teahouse-api", &["sea-orm", "sqlx", "askama"]),
    ("teahouse-gateway", &["sea-orm", "sqlx", "askama"]),
    ("teahouse-web-admin", &["sea-orm", "sqlx"]),
];

/// The one that embeds the simulator in development mode.
const EMBEDS_THE_SIMULATOR: &str = "teahouse-server";
const SIMULATOR: &str = "teahouse-wechat-sim";
/// For any crate's tests, and for nothing else.
const TESTKIT: &str = "teahouse-testkit";

pub(super) fn check(workspace: &Workspace) -> Result<Vec<Finding>> {
    Ok(findings(&workspace.packages))
}

fn findings(packages: &[Package]) -> Vec<Finding> {
    let mut found = Vec::new();
    for package in packages {
        let Some(place) = place(&package.name) else {
            found.push(Finding::Wrong(format!("{} stands in no row of the floor table", package.name)));
            continue;
        };
        for used in &package.uses {
            if is_ours(packages, &used.name) && !may_use(&package.name, place, used) {
                found.push(Finding::Wrong(format!("{} must not use {}", package.name, used.name)));
            }
            if !used.for_tests && is_unknown_to(&package.name, &used.name) {
                found.push(Finding::Wrong(format!("{} is to know nothing of {}", package.name, used.name)));
            }
        }
    }
    found
}

fn place(name: &str) -> Option<&'static Place> {
    TABLE.iter().find(|(listed, _)| *listed == name).map(|(_, place)| place)
}

fn is_ours(packages: &[Package], name: &str) -> bool {
    packages.iter().any(|package| package.name == name)
}

fn is_unknown_to(name: &str, library: &str) -> bool {
    UNKNOWN_TO.iter().any(|(listed, libraries)| *listed == name && libraries.contains(&library))
}

fn may_use(name: &str, place: &Place, used: &Use) -> bool {
    if used.name == TESTKIT {
        return used.for_tests;
    }
    // The simulator is for development mode and for tests, so any crate's tests may speak to it.
    if used.name == SIMULATOR {
        return used.for_tests || name == EMBEDS_THE_SIMULATOR;
    }
    match (place, self::place(&used.name)) {
        (Floor(own), Some(Floor(other))) => other < own,
        (Side(allowed), _) => allowed.contains(&used.name.as_str()),
        (Floor(_), _) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, uses: &[(&str, bool)]) -> Package {
        let uses = uses.iter().map(|(name, for_tests)| Use { name: (*name).into(), for_tests: *for_tests });
        Package { name: name.into(), folder: "".into(), crate_root: None, uses: uses.collect() }
    }

    /// One package that uses one other, both in the workspace.
    #[track_caller]
    fn check(user: &str, used: &str, for_tests: bool, allowed: bool) {
        let packages = [package(user, &[(used, for_tests)]), package(used, &[])];
        assert_eq!(findings(&packages).is_empty(), allowed, "{user} uses {used}");
    }

    #[test]
    fn down_is_allowed_and_up_or_beside_is_not() {
        check("teahouse-chat", "teahouse-store", false, true);
        check("teahouse-store", "teahouse-chat", false, false);
        check("teahouse-jobs", "teahouse-accounts", false, false);
        check("teahouse-store", "teahouse-chat", true, false);
    }

    #[test]
    fn side_crates_use_what_their_row_says() {
        check("teahouse-bench", "teahouse-protocol", false, true);
        check("teahouse-bench", "teahouse-server", false, false);
        check("xtask", "teahouse-protocol", false, false);
        check("teahouse-chat", "teahouse-bench", false, false);
    }

    #[test]
    fn the_simulator_is_for_the_server_and_for_tests() {
        check("teahouse-server", "teahouse-wechat-sim", false, true);
        check("teahouse-accounts", "teahouse-wechat-sim", true, true);
        check("teahouse-accounts", "teahouse-wechat-sim", false, false);
    }

    #[test]
    fn the_testkit_is_for_tests() {
        check("teahouse-store", "teahouse-testkit", true, true);
        check("teahouse-store", "teahouse-testkit", false, false);
        check("teahouse-testkit", "teahouse-chat", false, false);
    }

    #[test]
    fn a_crate_links_nothing_that_it_knows_nothing_of() {
        assert_eq!(findings(&[package("teahouse-chat", &[("poem", false)])]).len(), 1);
        assert!(findings(&[package("teahouse-chat", &[("poem", true)])]).is_empty());
        assert!(findings(&[package("teahouse-gateway", &[("poem", false)])]).is_empty());
    }

    #[test]
    fn a_crate_without_a_row_is_wrong() {
        assert_eq!(findings(&[package("teahouse-utils", &[])]).len(), 1);
    }
}
