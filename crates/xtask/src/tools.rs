//! What the tests need of the machine, and its installation where absent (Debian and its kin).

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::postgres;
use crate::process::{find_program, is_root, run, say, succeeds};

/// One need of the tests.
struct Tool {
    name: &'static str,
    /// Debian packages that bring it.
    packages: &'static [&'static str],
    present: fn() -> bool,
}

/// Everything that the tests need beside the Rust toolchain and a C compiler.
const TOOLS: &[Tool] = &[
    Tool { name: "PostgreSQL", packages: &["postgresql"], present: || postgres::programs().is_ok() },
    Tool { name: "Chromium", packages: &["chromium"], present: || find_program("chromium").is_some() },
    Tool { name: "Chinese fonts", packages: &["fonts-noto-cjk"], present: has_chinese_fonts },
    // Without them the page's pictures show boxes, and nobody sees whether an emoji stands where it should.
    Tool { name: "emoji", packages: &["fonts-noto-color-emoji"], present: has_emoji },
    Tool { name: "Node.js", packages: &["nodejs"], present: || find_program("node").is_some() },
    Tool { name: "npm", packages: &["npm"], present: || find_program("npm").is_some() },
    // The certificate authority of Let's Encrypt's makers, for tests.
    Tool { name: "Pebble", packages: &["pebble"], present: || find_program("pebble").is_some() },
    Tool {
        name: "Python environments",
        packages: &["python3", "python3-venv"],
        present: has_python_environments,
    },
];

/// Installs what is absent; does nothing, quickly, where nothing is.
pub(crate) fn install_missing() -> Result<()> {
    install_absent(TOOLS)
}

/// Installs `packages`, and says why.
pub(crate) fn install_because(why: &str, packages: &[&str]) -> Result<()> {
    say(&format!("{why}; installing {}", packages.join(" ")));
    install(packages)
}

fn install_absent(tools: &[Tool]) -> Result<()> {
    let missing: Vec<&Tool> = tools.iter().filter(|tool| !(tool.present)()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names = missing.iter().map(|tool| tool.name).collect::<Vec<_>>().join(", ");
    let packages: Vec<&str> = missing.iter().flat_map(|tool| tool.packages).copied().collect();
    say(&format!("absent here: {names}; installing {}", packages.join(" ")));
    install(&packages)?;
    match missing.iter().find(|tool| !(tool.present)()) {
        Some(tool) => bail!("{} is still absent after installing {}", tool.name, tool.packages.join(" ")),
        None => Ok(()),
    }
}

fn install(packages: &[&str]) -> Result<()> {
    if find_program("apt-get").is_none() {
        bail!("this machine has no apt-get; install by hand what {} bring on Debian", packages.join(", "));
    }
    // A list that could not be fetched whole may still know the packages, so only the install decides.
    if run(&mut apt(&["update", "-qq"])?).is_err() {
        say("the package lists could not be updated; trying with those that are here");
    }
    let mut command = apt(&["install", "-y", "-qq", "--no-install-recommends"])?;
    run(command.args(packages)).context("installing failed")
}

/// `apt-get`, by whichever right there is.
fn apt(arguments: &[&str]) -> Result<Command> {
    let mut command = match (is_root(), find_program("sudo")) {
        (true, _) => Command::new("apt-get"),
        (false, Some(sudo)) => {
            let mut command = Command::new(sudo);
            command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]);
            command
        }
        (false, None) => {
            bail!("installing needs root or sudo, and there is neither; run `cargo xtask test` as root once")
        }
    };
    command.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
    Ok(command)
}

fn has_chinese_fonts() -> bool {
    Path::new("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc").exists()
        || Command::new("fc-list").arg(":lang=zh").output().is_ok_and(|fonts| !fonts.stdout.is_empty())
}

fn has_emoji() -> bool {
    Path::new("/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf").exists()
        || Command::new("fc-list").arg(":lang=und-zsye").output().is_ok_and(|fonts| !fonts.stdout.is_empty())
}

fn has_python_environments() -> bool {
    succeeds(Command::new("python3").args(["-c", "import ensurepip, venv"]))
}
