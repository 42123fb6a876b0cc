//! The reference of all keys, written from the code: `docs/configuration.md`.

use std::fmt::Write as _;

use super::keys::{self, Key};

const HEAD: &str = "# Configuration

<!-- Written from the code by a test of crates/server; see the end. Don't edit it here. -->

Settings come in layers, the later over the earlier: the defaults below, the file `teahouse.toml` in the working folder
(or the file named by `--config FILE`), environment variables, and flags (`--set KEY=VALUE` for every key).
An environment variable is named `TEAHOUSE__SECTION__KEY`; one that is empty counts as not there. A list is written
`a, b` or `[\"a\", \"b\"]` there.

Unknown keys and wrong values are errors that name the place: `teahouse config check` explains them, and
`teahouse config print` shows the settings in force with the source of each, secrets masked.
";

const TAIL: &str = "
## A production configuration

```toml
mode = \"production\"
data_dir = \"/var/lib/teahouse\"

[server]
public_url = \"https://chat.example.com\"
# What only operators ask, not for the world.
metrics_listen = \"127.0.0.1:9464\"

[database]
url = \"postgres://teahouse@localhost/teahouse\"

[[wechat.apps]]
app_id = \"wx0123456789abcdef\"
secret = \"from the mini-program console\"

[secrets]
# Better as TEAHOUSE__SECRETS__KEY, from where your other secrets are.
key = \"the output of openssl rand -base64 32\"
```

Production refuses WeChat's simulator, a missing or weak `secrets.key`, and a database whose schema is not the newest;
guests come in only where `guests.allowed = true` is written. See [operations](operations.md).

This file is what `teahouse config reference` prints; `UPDATE_GOLDEN=1 cargo test -p teahouse-server` renews it.
";

/// The whole document.
pub(crate) fn document() -> String {
    let mut text = HEAD.to_owned();
    section(&mut text, "The root", keys::ALL.iter().filter(|key| key.section().is_empty()));
    for name in keys::sections() {
        section(&mut text, &format!("`[{name}]`"), keys::in_section(name));
    }
    text.push_str(TAIL);
    text
}

fn section<'a>(text: &mut String, title: &str, keys: impl Iterator<Item = &'a Key>) {
    let _ = writeln!(text, "\n## {title}\n");
    text.push_str("| key | value | default | environment | meaning |\n| --- | --- | --- | --- | --- |\n");
    for key in keys {
        let default = key.default.map_or_else(|| "none".to_owned(), |default| format!("`{default}`"));
        let (name, variable) = (key.name(), keys::variable(key.path));
        let _ = writeln!(text, "| `{name}` | {} | {default} | `{variable}` | {} |", key.kind, key.meaning);
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_reference_in_docs_is_what_the_code_says() {
        crate::golden::check("../../docs/configuration.md", &super::document());
    }
}
