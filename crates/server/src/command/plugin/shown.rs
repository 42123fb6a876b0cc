//! How plugins look on a terminal.

use teahouse_plugin_package::Severity;
use teahouse_plugins::lifecycle::{Consent, PluginView, SettingsView, SignerView, Standing};

pub(super) fn list(plugins: &[PluginView]) {
    if plugins.is_empty() {
        println!("No plugin is installed. Install one: teahouse plugin install FILE.teaplugin");
        return;
    }
    let width = plugins.iter().map(|plugin| plugin.id.as_str().len()).max().unwrap_or_default();
    for plugin in plugins {
        let state = match (plugin.enabled, plugin.agreed) {
            (true, _) => "enabled",
            (false, true) => "disabled",
            (false, false) => "waits for agreement",
        };
        println!("{:width$}  {:10}  {state:20}  {}", plugin.id.as_str(), plugin.version, plugin.name);
    }
}

pub(super) fn plugin(plugin: &PluginView) {
    println!("{} ({})", plugin.name, plugin.id);
    if let Some(description) = &plugin.description {
        println!("{description}");
    }
    println!("\nversion    {} {}", plugin.version, plugin.digest);
    println!("signed by  {}", signer(&plugin.signer));
    println!("enabled    {}", if plugin.enabled { "yes" } else { "no" });
    println!("hooks      {}", plugin.hooks.join(", "));
    rooms(plugin);
    println!();
    grants(plugin);
    println!("\nVersions that are kept:");
    for version in &plugin.versions {
        let current = if version.is_current { " (in use)" } else { "" };
        println!(
            "  {} {} {} by {}{current}",
            version.version, version.digest, version.installed_at, version.installed_by
        );
    }
}

pub(super) fn grants(plugin: &PluginView) {
    if plugin.grants.is_empty() {
        println!("Nothing is granted.");
    }
    for grant in &plugin.grants {
        println!("granted    {} ({}, {})", grant.sentence.text.en, grant.by, grant.at);
    }
    for capability in &plugin.not_granted {
        println!("not        {capability}");
    }
}

pub(super) fn rooms(plugin: &PluginView) {
    println!(
        "works in   {}",
        match plugin.works_in {
            teahouse_plugin_package::Rooms::All => "every room".to_owned(),
            teahouse_plugin_package::Rooms::Chosen if plugin.rooms.is_empty() => {
                "no room yet: choose some with `teahouse plugin rooms`".to_owned()
            }
            teahouse_plugin_package::Rooms::Chosen => {
                plugin.rooms.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
            }
        }
    );
}

pub(super) fn consent(consent: &Consent) {
    println!("{} {}, signed by {}", consent.name, consent.version, signer(&consent.signer));
    for hook in &consent.hooks {
        println!("  - {}", hook.text.en);
    }
    for item in &consent.items {
        let standing = match item.standing {
            Standing::New => "new",
            Standing::Grown { .. } => "more than before",
            Standing::Granted => "granted",
            Standing::Declined => "not granted",
        };
        let optional = if item.ask.optional { ", optional" } else { "" };
        let mark = if item.sentence.severity == Severity::Red { "!" } else { "-" };
        println!("  {mark} {} [{}: {standing}{optional}]", item.sentence.text.en, item.capability);
        if let Some(why) = &item.ask.why {
            println!("      why: {why}");
        }
    }
}

pub(super) fn settings(settings: &SettingsView) {
    println!("{}", serde_json::to_string_pretty(&settings.values).unwrap_or_default());
    for (name, is_set) in &settings.secrets {
        println!("secret {name}: {}", if *is_set { "set" } else { "not set" });
    }
}

fn signer(signer: &SignerView) -> String {
    match signer {
        SignerView::Unsigned => "nobody".to_owned(),
        SignerView::Bundled => "this server's release".to_owned(),
        SignerView::Unknown { key } => format!("{key} (not a trusted key)"),
        SignerView::Trusted { key, name } => format!("{name} ({key})"),
    }
}
