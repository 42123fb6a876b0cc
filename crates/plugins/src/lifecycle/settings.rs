//! Settings: saved once the schema and the plugin itself find nothing wrong with them. Secrets go in and never out.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value, json};
use teahouse_plugin_package::{Field, Manifest, PluginId, Problem, Problems, Schema, Shape};
use teahouse_store::entity::plugin;
use teahouse_store::plugins::PluginEdit;
use zeroize::Zeroizing;

use super::trial::Trial;
use super::{By, Lifecycle, LifecycleError as Error, Secrets};
use crate::policy::Policy;

/// Bytes of a secret at most: keys and tokens are shorter by far.
const MAX_SECRET_BYTES: usize = 4 * 1024;

/// Secrets to set, by name; `None` deletes one, and those not named stay.
pub type SecretChanges = BTreeMap<String, Option<Zeroizing<String>>>;

/// What a plugin is set to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SettingsView {
    /// The settings, with the defaults of what was not set.
    pub values: Value,
    /// The schema as its author wrote it.
    pub schema: String,
    /// Each secret's name, and whether it is set.
    pub secrets: Vec<(String, bool)>,
}

/// What a version's `init` gets of the settings in the column `plugins.settings`: the defaults of what was not set, and
/// nothing that the version does not know. So a version can be put back that does not know the newest settings.
#[must_use]
pub fn effective_settings(schema: &Schema, stored: &str) -> Value {
    let stored: Value = serde_json::from_str(stored).unwrap_or_default();
    schema.complete(&known(schema.fields(), &stored))
}

fn known(fields: &[Field], given: &Value) -> Value {
    let mut kept = Map::new();
    for field in fields {
        let Some(value) = given.get(&field.name) else { continue };
        let value = match &field.shape {
            Shape::Group(inner) if value.is_object() => known(inner, value),
            _ => value.clone(),
        };
        kept.insert(field.name.clone(), value);
    }
    Value::Object(kept)
}

impl Lifecycle {
    /// What `plugin` is set to.
    ///
    /// # Errors
    /// [`LifecycleError::NotInstalled`](Error::NotInstalled), [`LifecycleError::Store`](Error::Store).
    pub async fn settings(&self, plugin: &PluginId) -> Result<SettingsView, Error> {
        let row = self.require_plugin(plugin).await?;
        let package = self.current_package(&row).await?;
        let secrets = self.open_secrets(&row);
        let names = package.manifest().secrets.iter();
        Ok(SettingsView {
            values: effective_settings(package.schema(), &row.settings),
            schema: package.schema().source().to_owned(),
            secrets: names.map(|name| (name.clone(), secrets.contains_key(name))).collect(),
        })
    }

    /// Saves settings, once the schema and a trial of `init` have nothing against them. The plugin goes on with the old
    /// ones until then, and with the new ones from then on.
    ///
    /// # Errors
    /// [`LifecycleError::Settings`](Error::Settings) with what is wrong beside each field: nothing is saved;
    /// [`LifecycleError::Component`](Error::Component) when `init` traps on them;
    /// [`LifecycleError::NotInstalled`](Error::NotInstalled), [`LifecycleError::Changed`](Error::Changed),
    /// [`LifecycleError::Trial`](Error::Trial), [`LifecycleError::Store`](Error::Store).
    pub async fn configure(
        &self,
        plugin: &PluginId,
        values: &Value,
        secrets: &SecretChanges,
        by: &By,
    ) -> Result<(), Error> {
        let row = self.require_plugin(plugin).await?;
        let package = self.current_package(&row).await?;
        let schema = package.schema();
        let mut problems = schema.validate(&schema.complete(values));
        problems.extend(secret_problems(package.manifest(), secrets));
        if !values.is_object() {
            problems.insert(0, Problem::new("", "settings are one JSON object", "设置必须是一个 JSON 对象"));
        }
        Problems::check(problems).map_err(Error::Settings)?;
        let settings = values.to_string();
        let effective = effective_settings(schema, &settings);
        let memory_mib = Policy::from_stored(&row.policy).limits.memory_mib(package.manifest());
        self.parts().trials.run(Trial { package: &package, settings: &effective, memory_mib }).await?;
        let edit = PluginEdit {
            settings: Some(settings),
            secrets_sealed: self.sealed_with(&row, secrets)?,
            ..PluginEdit::default()
        };
        let tx = self.db().begin().await?;
        self.edit(&tx, &row, edit).await?;
        // Never the values: they may be what an admin would not show.
        let detail = json!({"secrets": secrets.keys().collect::<Vec<_>>()});
        self.note(&tx, by, "plugin.configured", &row.id, detail).await?;
        self.commit(tx).await
    }

    fn open_secrets(&self, row: &plugin::Model) -> Secrets {
        let sealed = row.secrets_sealed.as_deref();
        sealed.and_then(|sealed| self.parts().secrets.open(&row.id, sealed)).unwrap_or_default()
    }

    /// The secrets of `row` with `changes`, encrypted; the outer `None`: they stay as they are.
    fn sealed_with(
        &self,
        row: &plugin::Model,
        changes: &SecretChanges,
    ) -> Result<Option<Option<Vec<u8>>>, Error> {
        if changes.is_empty() {
            return Ok(None);
        }
        let mut secrets = self.open_secrets(row);
        for (name, secret) in changes {
            match secret {
                Some(secret) => secrets.insert(name.clone(), secret.clone()),
                None => secrets.remove(name),
            };
        }
        if secrets.is_empty() {
            return Ok(Some(None));
        }
        let sealed = self.parts().secrets.seal(&row.id, &secrets).ok_or(Error::Seal)?;
        Ok(Some(Some(sealed)))
    }
}

fn secret_problems(manifest: &Manifest, secrets: &SecretChanges) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (name, secret) in secrets {
        let field = format!("secrets.{name}");
        if !manifest.secrets.contains(name) {
            problems.push(Problem::new(field, "the plugin has no such secret", "插件没有这个密钥项"));
        } else if secret.as_ref().is_some_and(|secret| secret.is_empty() || secret.len() > MAX_SECRET_BYTES) {
            let en = format!("a secret has 1 to {MAX_SECRET_BYTES} bytes");
            problems.push(Problem::new(field, en, format!("密钥须为 1 到 {MAX_SECRET_BYTES} 字节")));
        }
    }
    problems
}
